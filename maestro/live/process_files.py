"""The files of the process that runs here: who it is, whether it lives, and what it last did.

- ``orchestrator.lock`` is locked (flock) for the life of the process, so that a kill frees it;
- ``orchestrator.json`` is its state, replaced whole at every change and every few seconds;
- ``orchestrator.log`` is its log, ``orchestrator.out`` what a detached process printed beside it.
"""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from backend.adapters.replaced_file import replaced_file
from backend.domain.errors import ConfigurationError

FOLDER = Path(".maestro")
_PATIENCE_SECONDS = 1.0  # somebody who only looks holds the lock for less


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFiles:
    """Where they are."""

    folder: Path = FOLDER

    @property
    def lock(self) -> Path:
        return self.folder / "orchestrator.lock"

    @property
    def state(self) -> Path:
        return self.folder / "orchestrator.json"

    @property
    def log(self) -> Path:
        return self.folder / "orchestrator.log"

    @property
    def output(self) -> Path:
        return self.folder / "orchestrator.out"

    def running_pid(self) -> int | None:
        """Return the process that runs here; None where none does."""
        return holder(self.lock)

    def read_state(self) -> Mapping[str, Any]:
        """Return what the process that runs here, or ran last, wrote; empty where none ever did."""
        try:
            found = json.loads(self.state.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as e:
            raise ConfigurationError(f"{self.state}: expected the state of a process, found {e}; remove it") from e
        return found if isinstance(found, dict) else {}

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Replace the state whole: whoever reads sees the one before or this one."""
        with replaced_file(self.state) as file:
            file.write((json.dumps(state, indent=2) + "\n").encode())


class ProcessLock:
    """A file that one process holds; the kernel frees it when the process ends, however it ends.

    Raises
    ------
    ConfigurationError
        Another process holds it.
    """

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        self._what = what
        self._descriptor: int | None = None

    def __enter__(self) -> "ProcessLock":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        until = time.monotonic() + _PATIENCE_SECONDS
        while not _locked(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= until:
                os.close(descriptor)
                raise self._taken()
            time.sleep(0.05)
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def _taken(self) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: expected no other process on {self._what}, found process {_pid(self._path)}; "
            "see maestro status, or end it with maestro stop"
        )


def holder(path: Path) -> int | None:
    """Return the process that holds a lock; None where nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH) else _pid(path)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(path: Path) -> int:
    text = path.read_text(encoding="utf-8").strip()
    return int(text) if text.isdigit() else 0
