"""One sentence about an exception that came out of a strategy."""

import traceback
from pathlib import Path

from backend.domain.signal import plain_text

_LONGEST = 500
_OURS = Path(__file__).parent


def first_line(error: BaseException) -> str:
    """Put any exception in one line, even one whose ``__str__`` raises."""
    lines = traceback.format_exception_only(error)
    line = next((line for line in lines if not line.startswith(" ")), lines[0]).strip()
    return plain_text(line.splitlines()[0][:_LONGEST]) if line else type(error).__name__


def place(error: BaseException) -> str:
    """Name the file and line that raised, or that do not parse: `` (rules.py:12)``."""
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}:{error.lineno})"
    # The strategy's own line says more than ours or the import machinery's.
    theirs = [
        (Path(frame.f_code.co_filename), line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith("<") and Path(frame.f_code.co_filename).parent != _OURS
    ]
    return f" ({theirs[-1][0].name}:{theirs[-1][1]})" if theirs else ""
