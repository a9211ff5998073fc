"""The runner of snippets: what passes, and that it fails where a reader would be misled."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.document_session import read_blocks

SESSION = Path(__file__).with_name("document_session.py")


def run(folder: Path, text: str) -> "subprocess.CompletedProcess[str]":
    """Work through a document in an empty folder."""
    document = folder / "page.md"
    document.write_text(text)
    return subprocess.run(
        [sys.executable, str(SESSION), str(document)], cwd=folder, capture_output=True, text=True, check=False
    )


def test_session_passes_names_files_and_exports_on(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        "```python file=word.py\nWORD = 'saved'\n```\n"
        "```python\nimport word\n```\n"
        "```python\nprint(word.WORD)\n```\n"
        "```text output\n  saved\n```\n"
        "```bash\nexport KEPT='a b'\n```\n"
        '```console\n$ echo "$KEPT"\n```\n'
        "```text output\n…\na b\n```\n",
    )
    assert (done.returncode, done.stdout) == (0, "saved\na b\n")


@pytest.mark.parametrize(
    "block",
    [
        "```python\nraise ValueError\n```\n",
        "```bash\nfalse\n```\n",
        "```bash\ncat missing | sort\n```\n",
        "```python\nprint('one')\n```\n```text output\ntwo\n```\n",
        "```python\nprint('one\\ntwo')\n```\n```text output\ntwo\none\n```\n",
        '```text output-of="echo one"\ntwo\n```\n',
        "```python\nprint('never closed')\n",
    ],
)
def test_session_fails_on_what_would_mislead(tmp_path: Path, block: str) -> None:
    assert run(tmp_path, block).returncode != 0


def test_session_leaves_out_blocks_that_say_why(tmp_path: Path) -> None:
    assert run(tmp_path, '```bash not-run="needs an account"\nfalse\n```\n').returncode == 0


def test_blocks_know_their_line_and_lose_their_indent(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("Title\n\n- item\n  ```python\n  if True:\n      pass\n  ```\n")
    (block,) = read_blocks(document)
    assert (block.line, block.language, block.text) == (5, "python", "if True:\n    pass\n")
