"""Restore a backup: verify, keep what is replaced, replace file by file.

1. every file of the backup must be as it was taken, or nothing is touched;
2. what lies there now becomes a backup of its own, byte by byte, damaged or not;
3. a note says that a restore is under way, and names both backups;
4. files are replaced one by one, each whole; of a store the write-ahead log goes first, for it belongs to the old file;
5. the note is removed.

Whoever finds the note, after a crash, restores either of the two backups that it names: both are whole.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backend.adapters.replaced_file import replaced_file
from backend.domain.errors import ConfigurationError
from maestro.backup.manifest import KeptFile, Manifest, findings, read_manifest
from maestro.backup.sources import package_files
from maestro.backup.taking import keep_as_they_lie

NOTE = Path(".maestro/restore.json")
_LOGS = ("-wal", "-shm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and the backup of what it replaced."""

    manifest: Manifest
    before: Path
    removed: tuple[str, ...]


def verified(folder: Path) -> Manifest:
    """Return the manifest of a backup whose every file is as it was taken.

    Raises
    ------
    ConfigurationError
        One is not.
    """
    manifest = read_manifest(folder)
    found = list(findings(folder, manifest))
    if found:
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        raise ConfigurationError(
            f"{folder}: expected every file as it was taken, found: {'; '.join(found[:3])}{more}; nothing was "
            "restored, choose another backup"
        )
    return manifest


def restore(folder: Path, manifest: Manifest, root: Path, now: datetime) -> Restored:
    """Put a verified backup back; what it replaces becomes a backup below ``root``. No process may use the store."""
    targets = {each.target for each in manifest.files}
    present = [path.as_posix() for package in manifest.packages for path in package_files(Path(package))]
    unwanted = dict.fromkeys([*present, *manifest.absent])
    removed = [path for path in unwanted if path not in targets and Path(path).is_file()]
    note = _note()
    if note is None:
        before = _kept_before(manifest, [*targets, *removed], root, now, why=f"before the restore of {folder.name}")
    else:
        before = Path(note["before"])  # what lies here now is neither of the two
    with replaced_file(NOTE) as file:
        file.write(json.dumps({"restoring": str(folder), "before": str(before)}).encode())
    for each in removed:
        Path(each).unlink()
    if manifest.store is not None:
        for end in _LOGS:
            Path(manifest.store + end).unlink(missing_ok=True)
    for kept in sorted(manifest.files, key=lambda each: each.target):  # a store before its log
        _put_back(folder, kept)
    NOTE.unlink()
    return Restored(manifest=manifest, before=before, removed=tuple(removed))


def _kept_before(manifest: Manifest, targets: Sequence[str], root: Path, now: datetime, *, why: str) -> Path:
    log = [] if manifest.store is None else [f"{manifest.store}-wal"]
    files = [Path(each) for each in dict.fromkeys([*targets, *log])]
    folder, _ = keep_as_they_lie(files, root, now, why=why, store=manifest.store, packages=manifest.packages)
    return folder


def require_no_interrupted_restore() -> None:
    """Refuse to go on over files of which some may be of a backup and others not.

    Raises
    ------
    ConfigurationError
        A restore did not end; the message names both ways out.
    """
    note = _note()
    if note is None:
        return
    restoring, before = Path(note["restoring"]), Path(note["before"])
    raise ConfigurationError(
        f"{NOTE}: expected no restore under way, found that of {restoring} interrupted; run it again "
        f"(maestro restore --timestamp {restoring.name} --from {restoring.parent}) or go back "
        f"(maestro restore --timestamp {before.name} --from {before.parent})"
    )


def _note() -> Mapping[str, str] | None:
    try:
        note: dict[str, str] = json.loads(NOTE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return note


def _put_back(folder: Path, each: KeptFile) -> None:
    with (folder / each.path).open("rb") as kept, replaced_file(Path(each.target), each.mode) as file:
        shutil.copyfileobj(kept, file)
