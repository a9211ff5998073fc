"""Which strategies move, and what every file says afterwards: switched off with the old bot, on with Maestro."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from backend.domain.errors import ConfigurationError
from maestro.migration.mapping import Migration
from maestro.migration.reading import read_files
from maestro.migration.source import SourceFile
from maestro.migration.strategies import MigratedStrategy
from maestro.migration.switching import switched

_OLD, _NEW = False, True


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """New texts by file, in the order in which they are to be written: the old bot's first.

    Whoever is stopped in between has switched strategies off, and none on twice.
    """

    strategies: tuple[str, ...]
    texts: tuple[tuple[Path, str], ...]


def move_of(files: Sequence[SourceFile], migration: Migration, *, output: Path, root: Path) -> Move:
    """Return what moving the enabled strategies of a migration writes.

    An output that is there keeps everything in it; only the switches of what moves are set.

    Raises
    ------
    ConfigurationError
        Nothing moves, the output does not have a strategy that moves, or a switch cannot be set by itself.
    """
    moving = [each for each in migration.strategies if each.enabled]
    if not moving:
        raise ConfigurationError("migrate: expected a strategy that is enabled and known, found none; see analyze")
    names = tuple(each.name for each in moving)
    if output.exists():
        (there,) = read_files([output], root=root)
        text = switched(there, dict.fromkeys(names, _NEW))
    else:
        text = migration.text()
    return Move(strategies=names, texts=(*_switched_off(files, moving, root), (output, text)))


def expect_known(migration: Migration, chosen: Sequence[str]) -> None:
    """Check names that a person chose.

    Raises
    ------
    ConfigurationError
        No strategy has one of them.
    """
    known = sorted(each.source for each in migration.strategies)
    for name in chosen:
        if name not in known:
            raise ConfigurationError(f"--strategies: expected some of {', '.join(known)}, found {name}; correct it")


def _switched_off(
    files: Sequence[SourceFile], moving: Sequence[MigratedStrategy], root: Path
) -> Iterator[tuple[Path, str]]:
    for file in files:
        names = [each.source for each in moving if each.place.file == file.name]
        if names:
            yield root / file.name, switched(file, dict.fromkeys(names, _OLD))
