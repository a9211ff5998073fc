"""What a backup holds: every file with its place, size and SHA-256."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Any

from backend.domain.errors import ConfigurationError

MANIFEST = "manifest.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """One file of a backup.

    ``path`` is where it lies in the backup, ``target`` where it belongs: relative to the folder that was backed up, or
    absolute. ``mode`` are its rights there.
    """

    path: str
    target: str
    sha256: str
    size: int
    mode: int

    def __post_init__(self) -> None:
        _require_plain(self.path, may_be_absolute=False)
        _require_plain(self.target, may_be_absolute=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """``store`` is the target of the SQLite file, None without one; ``packages`` are folders that are kept whole.

    ``absent`` are targets where nothing lay.
    """

    taken_at: datetime
    why: str
    code_version: str
    store: str | None
    packages: tuple[str, ...]
    files: tuple[KeptFile, ...]
    absent: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for each in self.packages:
            _require_plain(each, may_be_absolute=False)
        for each in (*self.absent, *filter(None, [self.store])):
            _require_plain(each, may_be_absolute=True)

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(each.size for each in self.files)

    def to_json(self) -> bytes:
        said = {"format": _FORMAT, **asdict(self), "taken_at": self.taken_at.isoformat()}
        return (json.dumps(said, indent=2) + "\n").encode()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of the backup in ``folder``.

    Raises
    ------
    ConfigurationError
        There is none, or it is not as it was written.
    """
    path = folder / MANIFEST
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return _manifest(said)
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise ConfigurationError(
            f"{path}: expected the manifest of a backup, found {type(e).__name__} ({e}); choose another backup"
        ) from e


def findings(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield what is not as it was when the backup was taken: altered, missing and additional files."""
    for each in manifest.files:
        path = folder / each.path
        if not path.is_file() or path.is_symlink():
            yield f"{each.path}: expected the file, found none"
        elif (size := path.stat().st_size) != each.size:
            yield f"{each.path}: expected {each.size} bytes, found {size}"
        elif (found := sha256_of(path)) != each.sha256:
            yield f"{each.path}: expected SHA-256 {each.sha256}, found {found}"
    known = {each.path for each in manifest.files} | {MANIFEST}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_dir() and name not in known:
            yield f"{name}: expected no such file, found one"


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _manifest(said: dict[str, Any]) -> Manifest:
    if said["format"] != _FORMAT:
        raise ValueError(f"format {said['format']!r}, known is {_FORMAT}")
    return Manifest(
        taken_at=datetime.fromisoformat(said["taken_at"]),
        why=said["why"],
        code_version=said["code_version"],
        store=said["store"],
        packages=tuple(said["packages"]),
        files=tuple(KeptFile(**each) for each in said["files"]),
        absent=tuple(said["absent"]),
    )


def _require_plain(path: str, *, may_be_absolute: bool) -> None:
    """A manifest that somebody wrote must not lead a restore to other places."""
    pure = PurePosixPath(path)
    if not pure.parts or ".." in pure.parts or (pure.is_absolute() and not may_be_absolute):
        raise ConfigurationError(
            f"expected a plain path in the manifest of a backup, found {path!r}; do not restore it"
        )
