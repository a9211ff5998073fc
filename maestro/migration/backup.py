"""Copies of a configuration, byte for byte, and the way back.

A backup is a folder with a manifest: for every file its path, SHA-256, size and mode, and the paths that held no file,
so that what a migration makes is taken away again. It appears at once: it is written beside and renamed.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from backend.domain.errors import ConfigurationError

BACKUPS = Path(".maestro/migrations")
MANIFEST = "manifest.json"

_STAMP = "%Y%m%dT%H%M%SZ"
_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """One file as it was; ``copy`` is its name in the backup, ``mode`` its permissions."""

    path: str
    copy: str
    sha256: str
    size: int
    mode: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """``absent`` are the paths that held no file."""

    timestamp: str
    why: str
    folder: Path
    files: tuple[SavedFile, ...]
    absent: tuple[str, ...] = ()


def save(
    files: Sequence[Path], *, root: Path, at: datetime, why: str, absent: Sequence[Path] = (), folder: Path = BACKUPS
) -> Backup:
    """Copy files into a backup below ``root / folder`` that nobody else may read.

    Raises
    ------
    ConfigurationError
        A file cannot be read, or the backup cannot be written.
    """
    home = root / folder
    try:
        home.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        (home / ".gitignore").write_text("*\n")  # there are secrets among the copies
        target = _fresh(home, at.strftime(_STAMP))
        partial = home / f".{target.name}.partial"
        partial.mkdir(mode=_PRIVATE_FOLDER)
        saved = tuple(_copy(path, f"{number:02d}_{path.name}", partial, root) for number, path in enumerate(files))
        backup = Backup(
            timestamp=target.name,
            why=why,
            folder=target,
            files=saved,
            absent=tuple(_relative(path, root) for path in absent if not path.exists()),
        )
        _write(partial / MANIFEST, _manifest(backup).encode(), _PRIVATE_FILE)
        partial.rename(target)
    except OSError as e:
        raise ConfigurationError(
            f"backup: expected to copy the files to {home}, found {e.strerror}: {e.filename}"
        ) from e
    return backup


def backups(root: Path, folder: Path = BACKUPS) -> tuple[Backup, ...]:
    """Return the backups of a folder, newest first.

    Raises
    ------
    ConfigurationError
        A manifest cannot be read.
    """
    found = sorted((root / folder).glob(f"*/{MANIFEST}"), key=_age, reverse=True)
    return tuple(_read(path) for path in found if not path.parent.name.startswith("."))


def chosen_backup(root: Path, timestamp: str | None, folder: Path = BACKUPS) -> Backup:
    """Return the backup with a timestamp, else the newest that is not itself what a rollback kept.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    known = backups(root, folder)
    for each in known:
        if each.timestamp == timestamp or (timestamp is None and each.why != KEPT):
            return each
    listed = ", ".join(each.timestamp for each in known) or "none"
    raise ConfigurationError(
        f"--timestamp: expected one of the backups in {folder}, found {timestamp}; there are {listed}"
    )


KEPT = "kept by rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack:
    """What a rollback did; ``kept`` is the backup of what it replaced."""

    backup: Backup
    kept: Backup
    restored: tuple[str, ...]
    removed: tuple[str, ...]


def roll_back(backup: Backup, *, root: Path, at: datetime, folder: Path = BACKUPS) -> RolledBack:
    """Put every file back as it was, and take away those that were not there.

    All hashes are checked before anything is written, and what is replaced is kept in a backup of its own.

    Raises
    ------
    ConfigurationError
        A copy is missing or altered; nothing was changed.
    """
    contents = {each.path: _verified(each, backup) for each in backup.files}
    now = [path for path in (root / name for name in (*contents, *backup.absent)) if path.is_file()]
    kept = save(now, root=root, at=at, why=KEPT, absent=[root / name for name in contents], folder=folder)
    for each in backup.files:
        replace_file(root / each.path, contents[each.path], mode=each.mode)
    removed = tuple(name for name in backup.absent if (root / name).is_file())
    for name in removed:
        (root / name).unlink()
    return RolledBack(backup=backup, kept=kept, restored=tuple(contents), removed=removed)


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Write a file so that a reader finds the old one or the new one whole; its mode stays unless one is given.

    Raises
    ------
    ConfigurationError
        It cannot be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = path.stat().st_mode & 0o777 if mode is None and path.exists() else mode
        beside = path.with_name(f".{path.name}.new")
        beside.unlink(missing_ok=True)
        _write(beside, content, 0o644 if kept is None else kept)
        beside.replace(path)
    except OSError as e:
        raise ConfigurationError(f"{path}: expected to write a file there, found {e.strerror}; name another") from e


def _fresh(home: Path, stamp: str) -> Path:
    """Return a name that no backup has; a second one in the same second gets a number."""
    number = 1
    while (home / (stamp if number == 1 else f"{stamp}-{number}")).exists():
        number += 1
    return home / (stamp if number == 1 else f"{stamp}-{number}")


def _copy(path: Path, name: str, folder: Path, root: Path) -> SavedFile:
    content = path.read_bytes()
    _write(folder / name, content, _PRIVATE_FILE)
    return SavedFile(
        path=_relative(path, root),
        copy=name,
        sha256=sha256(content).hexdigest(),
        size=len(content),
        mode=path.stat().st_mode & 0o777,
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a new file that never had a wider mode, and force it to disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)


def _relative(path: Path, root: Path) -> str:
    full, base = path.absolute(), root.absolute()
    return str(full.relative_to(base)) if full.is_relative_to(base) else str(full)


def _manifest(backup: Backup) -> str:
    said = {"timestamp": backup.timestamp, "why": backup.why, "files": [asdict(each) for each in backup.files]}
    return json.dumps({**said, "absent": list(backup.absent)}, indent=2) + "\n"


def _read(path: Path) -> Backup:
    try:
        said: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return Backup(
            timestamp=path.parent.name,
            why=str(said["why"]),
            folder=path.parent,
            files=tuple(SavedFile(**each) for each in said["files"]),
            absent=tuple(map(str, said["absent"])),
        )
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise ConfigurationError(
            f"{path}: expected the manifest of a backup, found {type(e).__name__}; restore it"
        ) from e


def _verified(each: SavedFile, backup: Backup) -> bytes:
    copy = backup.folder / each.copy
    try:
        content = copy.read_bytes()
    except OSError as e:
        raise ConfigurationError(f"{copy}: expected the copy of {each.path}, found none; choose another backup") from e
    if sha256(content).hexdigest() != each.sha256:
        raise ConfigurationError(
            f"{copy}: expected the bytes of {each.path} as they were saved ({each.sha256[:12]}…), found others; "
            "choose another backup"
        )
    return content


def _age(manifest: Path) -> tuple[str, int]:
    stamp, _, number = manifest.parent.name.partition("-")
    return stamp, int(number) if number.isdigit() else 1
