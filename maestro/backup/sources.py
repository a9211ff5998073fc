"""What belongs into a backup: settings, secrets, the strategies of one's own, and the store."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backend.domain.errors import ConfigurationError
from backend.settings import DEFAULT_FILE, FILE_VARIABLE, Settings

SECRETS_FILE = ".env"
SECRETS_MODE = 0o600
CACHE = "__pycache__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Files as they lie, folders that are kept whole, and a SQLite file that others may be writing.

    ``left_out`` are strategy packages that lie elsewhere, as installed ones do.
    """

    files: tuple[Path, ...]
    packages: tuple[Path, ...]
    store: Path | None
    left_out: tuple[str, ...] = ()

    def every(self) -> tuple[Path, ...]:
        """Return all files but the store, each once."""
        inside = (file for package in self.packages for file in package_files(package))
        return tuple(dict.fromkeys((*self.files, *inside)))


def sources(settings: Settings, environment: Mapping[str, str], *, with_store: bool) -> Sources:
    """Return what a backup of the working folder holds.

    Raises
    ------
    ConfigurationError
        The store is in Firestore, and was not left out.
    """
    if with_store and settings.store != "sqlite":
        raise ConfigurationError(
            "expected a SQLite store to back up, found one in Firestore, whose documents cannot all be listed from "
            "here; export it with `gcloud firestore export`, and add --without-store for settings and strategies"
        )
    settings_file = Path(environment.get(FILE_VARIABLE) or DEFAULT_FILE)
    packages = {name: _package(name) for name in settings.strategies.packages}
    return Sources(
        files=tuple(each for each in (settings_file, Path(SECRETS_FILE)) if each.is_file()),
        packages=tuple(path for path in packages.values() if path is not None),
        store=settings.sqlite_path if with_store and settings.sqlite_path.exists() else None,
        left_out=tuple(name for name, path in packages.items() if path is None),
    )


def package_files(package: Path) -> list[Path]:
    """Return the files of a strategy package, or the module that it is; compiled ones are left out."""
    if package.is_file():
        return [package]
    return sorted(path for path in package.rglob("*") if path.is_file() and CACHE not in path.parts)


def _package(name: str) -> Path | None:
    """Return where a package of the working folder lies; None where it comes from elsewhere."""
    path = Path(*name.split("."))
    module = path.with_suffix(".py")
    return path if path.is_dir() else module if module.is_file() else None


def in_folder(path: Path) -> str:
    """Return a path relative to the working folder where it lies in there, else absolute."""
    absolute, folder = Path(os.path.abspath(path)), Path.cwd()  # noqa: PTH100  # a link stays a link
    return absolute.relative_to(folder).as_posix() if absolute.is_relative_to(folder) else absolute.as_posix()
