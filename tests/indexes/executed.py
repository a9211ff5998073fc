"""What was run of some files, instruction by instruction, as spans of their text."""

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Span(NamedTuple):
    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{Path(self.file).relative_to(ROOT)}:{self.line}"

    def holds(self, other: "Span") -> bool:
        return self.file == other.file and self[1:3] <= other[1:3] and other[3:] <= self[3:]


@dataclass(slots=True)
class Executed:
    """Traces while it is entered."""

    files: frozenset[str]
    _counts: "Counter[tuple[CodeType, int]]" = field(default_factory=Counter)  # by instruction
    _spans: dict[CodeType, list[Span | None]] = field(default_factory=dict)
    _before: Any = None

    def __enter__(self) -> "Executed":
        self._before = sys.gettrace()
        sys.settrace(self._enter)
        threading.settrace(self._enter)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(self._before)
        threading.settrace(self._before)

    def has_run(self, span: Span) -> bool:
        """Say whether what exactly this text was made into was run."""
        return any(each == span for each, _ in self._run())

    def times(self, span: Span) -> int:
        """Return how often the instruction within a span was run that was run most often."""
        return max((count for each, count in self._run() if span.holds(each)), default=0)

    def _run(self) -> Iterator[tuple[Span, int]]:
        for (code, at), count in self._counts.items():
            span = self._spans[code][at]
            if span is not None:
                yield span, count

    def _enter(self, frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in self.files:
            return None
        frame.f_trace_opcodes = True
        return self._step

    def _step(self, frame: FrameType, event: str, _argument: Any) -> Callable[..., Any]:
        if event == "opcode":
            code = frame.f_code
            if code not in self._spans:
                self._spans[code] = list(_positions(code))
            self._counts[code, frame.f_lasti // 2] += 1
        return self._step


def _positions(code: CodeType) -> Iterator[Span | None]:
    for line, end_line, column, end_column in code.co_positions():
        known = (line, column, end_line, end_column)
        yield None if None in known else Span(code.co_filename, *known)  # type: ignore[arg-type]
