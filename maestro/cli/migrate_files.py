"""``maestro migrate analyze``, ``backup``, ``generate``, ``merge`` and ``rollback``: files in, files out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.errors import ConfigurationError
from maestro.cli.chosen_store import JsonOption
from maestro.cli.migrate_report import (
    assessment_json,
    print_assessment,
    print_report,
    print_strategies,
    report_json,
    strategies_json,
)
from maestro.cli.migrate_sources import (
    DEFAULT_OUTPUT,
    ConfigOption,
    DrawdownOption,
    ForceOption,
    FrequencyOption,
    MethodOption,
    OutputOption,
    PackageOption,
    choices_of,
    expect_free,
    migration_of,
    source_paths,
)
from maestro.cli.operator import YesOption, confirm
from maestro.migration.backup import BACKUPS, Backup, chosen_backup, replace_file, roll_back, save
from maestro.migration.mapping import Migration
from maestro.migration.readiness import assessed

AllOption = Annotated[bool, typer.Option("--all", help="Print every value, not only those that need a look.")]


def analyze(
    config: ConfigOption = None,
    package: PackageOption = None,
    every: AllOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what a bot's configuration holds, what becomes of every value of it, and what to look at first.

    Every value is mapped, replaced, kept or not mapped, and named by file and line. Secrets are never shown.

    Example: maestro migrate analyze --config config/trading_bot_config.yaml --all
    """
    migration = migration_of(source_paths(config), choices_of(package=package))
    assessment = assessed(migration)
    if as_json:
        said = {"strategies": strategies_json(migration), "venues": list(migration.venues)}
        print(json.dumps({**assessment_json(assessment), **said, **report_json(migration.report)}, indent=2))
        return
    console = Console()
    console.print(f"read {', '.join(migration.report.files)}\n", highlight=False, markup=False)
    print_strategies(migration, console)
    print_report(migration.report, console, every=every)
    print_assessment(assessment, console)


def backup(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Copy the files of a bot byte for byte, with its variables, into .maestro/migrations; only you may read them.

    Example: maestro migrate backup
    """
    saved = save(source_paths(config), root=Path(), at=datetime.now(UTC), why="backup", absent=[DEFAULT_OUTPUT])
    if as_json:
        print(json.dumps(backup_json(saved), indent=2))
    else:
        print_backup(saved, Console())


def generate(
    config: ConfigOption = None,
    output: OutputOption = DEFAULT_OUTPUT,
    allocation_method: MethodOption = None,
    rebalance_frequency: FrequencyOption = None,
    max_drawdown: DrawdownOption = None,
    package: PackageOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write Maestro's settings from a bot's configuration, each value with the line that it comes from.

    The same files give the same text. Nothing is replaced without --force.

    Example: maestro migrate generate --allocation-method risk_parity --rebalance-frequency weekly --max-drawdown 0.08
    """
    choices = choices_of(allocation_method, rebalance_frequency, max_drawdown, package)
    expect_free(output, force=force)
    _write(migration_of(source_paths(config), choices), output, as_json)


def merge(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Configurations of several bots.")],
    output: OutputOption = DEFAULT_OUTPUT,
    allocation_method: MethodOption = None,
    rebalance_frequency: FrequencyOption = None,
    max_drawdown: DrawdownOption = None,
    package: PackageOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Write one file of Maestro's settings from the configurations of several bots.

    Strategies of one name get the file's name before their own. Of limits that differ the stricter one counts.

    Example: maestro migrate merge config/bot1_config.yaml config/bot2_config.yaml --output maestro.yaml
    """
    if len({path.resolve() for path in files}) < 2:
        raise ConfigurationError("merge: expected two files or more, found one; use maestro migrate generate for one")
    choices = choices_of(allocation_method, rebalance_frequency, max_drawdown, package)
    expect_free(output, force=force)
    _write(migration_of(source_paths(files), choices), output, as_json)


def rollback(
    timestamp: Annotated[
        str | None, typer.Option(help="Backup to go back to; by default the newest.", metavar="T")
    ] = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put a bot's files back as they were, byte for byte, and take away what the migration made.

    Every copy is checked against its SHA-256 before anything is written. What is replaced is kept in a backup.

    Example: maestro migrate rollback --timestamp 20260105T150000Z
    """
    chosen = chosen_backup(Path(), timestamp)
    names = ", ".join(each.path for each in chosen.files)
    gone = f", and take away {', '.join(chosen.absent)}" if chosen.absent else ""
    confirm(f"Put back {names} as of {chosen.timestamp}{gone}?", yes=yes)
    done = roll_back(chosen, root=Path(), at=datetime.now(UTC))
    if as_json:
        said = {"restored": list(done.restored), "removed": list(done.removed), "kept": backup_json(done.kept)}
        print(json.dumps({"timestamp": chosen.timestamp, **said}, indent=2))
        return
    console = Console()
    console.print(f"put back as of {chosen.timestamp}: {', '.join(done.restored)}", highlight=False, markup=False)
    if done.removed:
        console.print(f"taken away: {', '.join(done.removed)}", highlight=False, markup=False)
    console.print(f"what was there is kept in {done.kept.folder}", highlight=False, markup=False)


def backup_json(saved: Backup) -> dict[str, Any]:
    """Return a backup as JSON-ready values."""
    return {
        "timestamp": saved.timestamp,
        "folder": str(saved.folder),
        "files": [{"path": each.path, "sha256": each.sha256, "size": each.size} for each in saved.files],
        "absent": list(saved.absent),
    }


def print_backup(saved: Backup, console: Console) -> None:
    for each in saved.files:
        console.print(f"{each.sha256[:12]}  {each.size:>7,}  {each.path}", highlight=False, markup=False)
    console.print(f"backup {saved.timestamp} in {BACKUPS}", highlight=False, markup=False)


def _write(migration: Migration, output: Path, as_json: bool) -> None:
    if not any(each.has_type for each in migration.strategies):
        raise ConfigurationError(
            f"{output}: expected a strategy whose class is known, found none; it is not written, since Maestro runs "
            "everything that it finds where none is listed"
        )
    replace_file(output, migration.text().encode())
    if as_json:
        said = {"output": str(output), "strategies": strategies_json(migration), **report_json(migration.report)}
        print(json.dumps(said, indent=2))
        return
    console = Console()
    print_strategies(migration, console)
    print_report(migration.report, console)
    console.print(f"\nwrote {output}; next: maestro migrate validate {output}", highlight=False, markup=False)
