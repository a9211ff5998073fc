"""Take a backup: copy, hash, write the manifest, and give the folder its name at the very end.

A SQLite store is copied through SQLite's online backup, in one transaction: it is consistent however many ticks run
meanwhile. A backup that was interrupted has no name, and is never taken for one.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from backend.adapters.replaced_file import replaced_file, sync_folder
from backend.domain.errors import StoreCorrupt, StoreUnavailable
from backend.engine.code_version import code_version
from maestro.backup.manifest import MANIFEST, KeptFile, Manifest, sha256_of
from maestro.backup.sources import SECRETS_FILE, SECRETS_MODE, Sources, in_folder

BACKUPS = Path(".maestro/backups")
UNFINISHED = ".unfinished-"
_OWNER_ONLY = 0o700
_OWNER_FILE = 0o600


def take_backup(sources: Sources, root: Path, now: datetime, *, why: str) -> tuple[Path, Manifest]:
    """Back everything up into a folder of its own below ``root``; return the folder and its manifest.

    Raises
    ------
    StoreCorrupt
        The store is damaged: restore an earlier backup.
    StoreUnavailable
        The store could not be read.
    """
    with _unfinished(root, now) as folder:
        kept = [_copied(path, folder) for path in sources.every()]
        if sources.store is not None:
            kept.append(_kept(_copied_store(sources.store, folder), sources.store, folder))
        manifest = _manifest(
            now,
            kept,
            why=why,
            store=None if sources.store is None else in_folder(sources.store),
            packages=tuple(map(in_folder, sources.packages)),
        )
        return _finished(folder, root, manifest), manifest


def keep_as_they_lie(
    files: Iterable[Path], root: Path, now: datetime, *, why: str, store: str | None, packages: Sequence[str]
) -> tuple[Path, Manifest]:
    """Back files up byte by byte, a damaged store among them; nobody may be writing them."""
    with _unfinished(root, now) as folder:
        wanted = list(files)
        kept = [_copied(path, folder) for path in wanted if path.is_file()]
        absent = [in_folder(path) for path in wanted if not path.is_file()]
        manifest = _manifest(now, kept, why=why, store=store, packages=packages, absent=absent)
        return _finished(folder, root, manifest), manifest


@contextmanager
def _unfinished(root: Path, now: datetime) -> Iterator[Path]:
    """Give a folder without a name yet; nothing stays of one that did not come to its end."""
    root.mkdir(parents=True, exist_ok=True)
    folder = root / f"{UNFINISHED}{_stamp(now)}-{os.getpid()}"
    folder.mkdir(mode=_OWNER_ONLY)
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder)
        raise


def _manifest(
    now: datetime,
    kept: Sequence[KeptFile],
    *,
    why: str,
    store: str | None,
    packages: Sequence[str],
    absent: Sequence[str] = (),
) -> Manifest:
    return Manifest(
        taken_at=now,
        why=why,
        code_version=code_version(),
        store=store,
        packages=tuple(packages),
        files=tuple(kept),
        absent=tuple(absent),
    )


def _finished(unfinished: Path, root: Path, manifest: Manifest) -> Path:
    """Write the manifest, and give the folder its name."""
    with replaced_file(unfinished / MANIFEST, _OWNER_FILE) as file:
        file.write(manifest.to_json())
    stamp = _stamp(manifest.taken_at)
    folder, number = root / stamp, 1
    while folder.exists():
        number += 1
        folder = root / f"{stamp}-{number}"
    unfinished.rename(folder)
    sync_folder(root)
    return folder


def _copied(source: Path, folder: Path) -> KeptFile:
    place = folder / _place(source)
    _make_folders(place, folder)
    with source.open("rb") as original, replaced_file(place, _OWNER_FILE) as file:
        shutil.copyfileobj(original, file)
    return _kept(place, source, folder)


def _copied_store(source: Path, folder: Path) -> Path:
    place = folder / _place(source)
    _make_folders(place, folder)
    place.touch(mode=_OWNER_FILE)
    try:
        with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(place)) as copy:
            original.backup(copy)
            ((verdict,), *_) = copy.execute("PRAGMA quick_check").fetchall()
    except sqlite3.DatabaseError as e:
        if isinstance(e, sqlite3.OperationalError):
            raise StoreUnavailable(f"{source}: expected a store that can be read, found {e}; run it again") from e
        verdict = str(e)
    if verdict != "ok":
        raise StoreCorrupt(f"{source}: expected a sound store, found {verdict}; restore an earlier backup")
    return place


def _kept(place: Path, source: Path, folder: Path) -> KeptFile:
    mode = SECRETS_MODE if source.name == SECRETS_FILE else source.stat().st_mode & 0o777
    return KeptFile(
        path=place.relative_to(folder).as_posix(),
        target=in_folder(source),
        sha256=sha256_of(place),
        size=place.stat().st_size,
        mode=mode,
    )


def _place(source: Path) -> Path:
    """Return where a file lies in a backup: as in the folder, or as on the machine below ``outside``."""
    target = Path(in_folder(source))
    return Path("outside", *target.parts[1:]) if target.is_absolute() else Path("files") / target


def _make_folders(place: Path, folder: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=_OWNER_ONLY)


def _stamp(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
