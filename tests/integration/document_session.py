"""Run the fenced blocks of one Markdown file in order, as a reader would: ``python document_session.py FILE``.

A fence's first word is its language; marks follow it:

- ``python``                      runs in the file's one namespace;
- ``bash``                        runs with ``-eu`` and passes its exports on; ``console`` is the same after ``$ ``;
- ``any file=PATH``               is saved as that file instead of being run;
- ``text output``                 must appear in what the block before it printed: line by line, in order, blanks apart;
- ``text output-of="COMMAND"``    the same for a command that no block shows; a line ``…`` stands for any lines;
- ``fixture=firestore``           the file needs the Firestore emulator, and finds it in its environment;
- ``not-run="REASON"``            cannot run in a test.
"""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"```(?P<info>[^`]*)")
_RUNNABLE = frozenset({"python", "bash", "console"})
_PROMPT = re.compile(r"^\$ ", re.MULTILINE)
_SKIPPED_LINE = "…"
_EXPORTS = ".exports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block; ``line`` is the number of its first line in the file."""

    path: Path
    line: int
    language: str
    marks: Mapping[str, str]
    text: str

    @property
    def is_run(self) -> bool:
        return self.language in _RUNNABLE and "not-run" not in self.marks and "file" not in self.marks

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


def read_blocks(path: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a file.

    Raises
    ------
    ValueError
        A fence is not closed.
    """
    lines = iter(enumerate(path.read_text().splitlines(), start=1))
    for number, line in lines:
        opening = _FENCE.fullmatch(line.strip())
        if opening is None:
            continue
        indent = len(line) - len(line.lstrip())
        language, *marks = shlex.split(opening["info"]) or [""]
        content: list[str] = []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            content.append(inner[indent:])
        else:
            raise ValueError(f"{path}:{number}: expected a closing ```, found the end of the file; close the block")
        pairs = (mark.partition("=") for mark in marks)
        yield Block(
            path=path,
            line=number + 1,
            language=language,
            marks={name: value for name, _, value in pairs},
            text="\n".join(content) + "\n",
        )


class Session:
    """One reader working through one file in the working directory."""

    def __init__(self) -> None:
        self._namespace: dict[str, Any] = {"__name__": "__main__"}
        self._printed = ""

    def take(self, block: Block) -> None:
        """Do what a block asks for."""
        if "file" in block.marks:
            target = Path(block.marks["file"])
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text)
        elif block.is_run and block.language == "python":
            self._printed = self._python(block)
        elif block.is_run:
            self._printed = _bash(_PROMPT.sub("", block.text), block.place)
        elif "output" in block.marks:
            _expect(block, self._printed)
        elif "output-of" in block.marks:
            _expect(block, _bash(block.marks["output-of"], block.place))

    def _python(self, block: Block) -> str:
        printed = io.BytesIO()
        code = compile("\n" * (block.line - 1) + block.text, str(block.path), "exec")
        # As a terminal has it: firebase_functions reconfigures the encoding of its standard output.
        terminal = io.TextIOWrapper(printed, encoding="utf-8", write_through=True)
        try:
            with redirect_stdout(terminal):
                exec(code, self._namespace)
        finally:
            sys.stdout.write(printed.getvalue().decode())
        return printed.getvalue().decode()


def _bash(script: str, place: str) -> str:
    exports = Path(_EXPORTS).resolve()
    exports.touch()
    # Exported variables last until the end of the file, as they do in a reader's terminal.
    wrapped = f'source "{exports}"\n{script}\nexport -p > "{exports}"\n'
    with Path(".printed").open("w+b") as printed:  # a file: a server in the background would keep a pipe open
        status = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", wrapped],
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
        printed.seek(0)
        text = printed.read().decode()
    sys.stdout.write(text)
    if status:
        raise SystemExit(f"{place}: expected exit status 0, found {status} of:\n{script}")
    return text


def _expect(block: Block, printed: str) -> None:
    found = iter([_words(line) for line in printed.splitlines()])
    for expected in block.text.splitlines():
        wanted = _words(expected)
        if wanted not in ("", _SKIPPED_LINE) and not any(wanted == line for line in found):
            raise SystemExit(f"{block.place}: expected this line, next in order, among what was printed:\n{expected}")


def _words(line: str) -> str:
    return " ".join(line.split())


def main() -> None:
    """Run the file that the command line names."""
    sys.path[0] = os.getcwd()  # noqa: PTH109  # as in an interpreter started here
    session = Session()
    for block in list(read_blocks(Path(sys.argv[1]))):
        session.take(block)


if __name__ == "__main__":
    main()
