"""firebase-tools, asked what it would do; nothing here needs a login."""

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIREBASE = ROOT / "node_modules" / ".bin" / "firebase"
SCHEMA = ROOT / "node_modules" / "firebase-tools" / "schema" / "firebase-config.json"
CALL_SECONDS = 120.0
_PROGRAM = Path(__file__).with_suffix(".cjs")


class ToolRefused(Exception):
    """firebase-tools ended with an error; its message says why."""


def package(project_folder: Path, archive: Path) -> None:
    """Write what ``firebase deploy`` would upload of the functions to ``archive``, a zip file."""
    _run(["node", str(_PROGRAM), "package", str(project_folder.resolve()), str(archive)], project_folder)


def validate_indexes(file: Path) -> None:
    """Judge a file of indexes as ``firebase deploy`` does before it talks to Firestore."""
    _run(["node", str(_PROGRAM), "indexes", str(file.resolve())], file.parent)


def discover(project_folder: Path, project: str) -> tuple[str, float]:
    """Return the functions that firebase-tools finds, as JSON, and for how many seconds it waited for the code.

    Raises
    ------
    ToolRefused
        The code cannot be imported, or not in time.
    """
    log = project_folder / "firebase-debug.log"
    command = [str(FIREBASE), "internaltesting:functions:discover", "--project", project, "--json", "--debug"]
    try:
        answer = _run(command, project_folder, FIREBASE_CLI_EXPERIMENTS="internaltesting")
        asked, answered = (_logged_at(log.read_text(), each) for each in ("Running admin server", "Got response from"))
    finally:
        log.unlink(missing_ok=True)
    return answer, (answered - asked).total_seconds()


def _logged_at(log: str, message: str) -> datetime:
    found = re.search(rf"^\[debug\] \[(\S+)\] {message}", log, re.MULTILINE)
    if found is None:
        raise ToolRefused(f"firebase-tools logged no {message!r}; its version is not the one in package-lock.json")
    return datetime.fromisoformat(found[1])


def _run(command: Sequence[str], folder: Path, **variables: str) -> str:
    """Run in ``folder`` with a configuration of its own.

    Raises
    ------
    ToolRefused
        With the last of what it printed.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "FUNCTIONS_DISCOVERY_TIMEOUT"}
    with tempfile.TemporaryDirectory(prefix="maestro-firebase-") as own:
        answer = subprocess.run(
            command,
            cwd=folder,
            env={**inherited, "XDG_CONFIG_HOME": own, "NO_UPDATE_NOTIFIER": "1", **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=CALL_SECONDS,
            check=False,
        )
    if answer.returncode:
        raise ToolRefused((answer.stderr.strip() or answer.stdout.strip())[-2000:])
    return answer.stdout
