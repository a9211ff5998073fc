"""What the commands of ``maestro migrate`` are given: files of a bot, classes of one's own, and what to choose."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from backend.domain.errors import ConfigurationError, StrategyLoadError
from functions.strategies.roster import discover
from maestro.migration.discovery import found_files, named_files
from maestro.migration.mapping import Choices, Migration, migrated
from maestro.migration.reading import read_files

DEFAULT_OUTPUT = Path("maestro.yaml")

ConfigOption = Annotated[
    list[Path] | None,
    typer.Option("--config", help="File of the bot; repeatable. By default those that genebot reads from here."),
]
OutputOption = Annotated[Path, typer.Option("--output", help="File to write.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace a file that is there.")]
MethodOption = Annotated[AllocationMethod | None, typer.Option("--allocation-method", help="How capital is shared.")]
FrequencyOption = Annotated[
    RebalanceFrequency | None, typer.Option("--rebalance-frequency", help="When it is shared anew.")
]
DrawdownOption = Annotated[
    float | None, typer.Option("--max-drawdown", help="Part of equity, above 0 to 1; counts instead of the files'.")
]
PackageOption = Annotated[
    list[str] | None, typer.Option("--package", help="Package with strategy classes of yours; repeatable.")
]


def source_paths(config: Sequence[Path] | None) -> tuple[Path, ...]:
    """Return the files that are meant: those that were named with what lies beside them, else those that are found."""
    return named_files(config) if config else found_files(Path())


def migration_of(paths: Sequence[Path], choices: Choices) -> Migration:
    """Read and map files."""
    return migrated(read_files(paths, root=Path()), choices)


def choices_of(
    method: AllocationMethod | None = None,
    frequency: RebalanceFrequency | None = None,
    max_drawdown: float | None = None,
    package: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
) -> Choices:
    """Check what was chosen.

    Raises
    ------
    ConfigurationError
        A drawdown that there is not.
    """
    if max_drawdown is not None and not 0 < max_drawdown <= 1:
        raise ConfigurationError(
            f"--max-drawdown: expected a part of equity above 0 and at most 1, found {max_drawdown:g}; 8 % is 0.08"
        )
    return Choices(
        allocation_method=method,
        rebalance_frequency=frequency,
        max_drawdown=max_drawdown,
        classes=own_classes(package or ()),
        only=None if only is None else frozenset(only),
    )


def own_classes(packages: Sequence[str]) -> dict[str, str]:
    """Return the strategy classes in packages by class name, with the package of each.

    Raises
    ------
    StrategyLoadError
        A package or a class in it does not load.
    """
    found: dict[str, str] = {}
    for package in packages:
        roster = discover([package])
        for name, reason in roster.load_errors.items():
            raise StrategyLoadError(f"{name}: {reason}")
        found.update({each.__name__: package for each in roster.classes.values()})
    return found


def expect_free(path: Path, *, force: bool) -> None:
    """Refuse to write over a file unless that is meant.

    Raises
    ------
    ConfigurationError
        There is a file, or a folder.
    """
    if path.is_dir() or (path.exists() and not force):
        raise ConfigurationError(f"{path}: expected no file to be there, found one; name another or add --force")
