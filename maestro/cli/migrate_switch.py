"""``maestro migrate migrate``: copy, generate, check, replay, ask, switch."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.errors import ConfigurationError
from maestro.cli.chosen_store import JsonOption
from maestro.cli.config_check import Finding
from maestro.cli.migrate_check import checked, findings_json, is_valid, print_findings
from maestro.cli.migrate_comparison import (
    DEFAULT_PRICES,
    DEFAULT_START,
    REPORTS,
    CashOption,
    Comparison,
    DaysOption,
    PricesOption,
    ReportsOption,
    StartOption,
    compare,
    comparison_json,
    print_comparison,
    write_reports,
)
from maestro.cli.migrate_files import backup_json, print_backup
from maestro.cli.migrate_replay import RecordedDays
from maestro.cli.migrate_report import print_report, print_strategies, report_json, strategies_json
from maestro.cli.migrate_sources import (
    DEFAULT_OUTPUT,
    ConfigOption,
    DrawdownOption,
    FrequencyOption,
    MethodOption,
    OutputOption,
    PackageOption,
    choices_of,
    source_paths,
)
from maestro.cli.operator import YesOption, confirm
from maestro.migration.backup import Backup, replace_file, save
from maestro.migration.mapping import Choices, Migration, migrated
from maestro.migration.moving import Move, expect_known, move_of
from maestro.migration.reading import read_files


@dataclass(slots=True)
class _Steps:
    """What was done so far, told at the end as JSON or on the way as text."""

    console: Console | None
    migration: Migration
    move: Move
    saved: Backup
    findings: Sequence[Finding] = ()
    findings_said: Sequence[dict[str, Any]] = ()
    comparison: Comparison | None = None
    reports: tuple[Path, ...] = ()
    is_switched: bool = False
    written: list[str] = field(default_factory=list)


def migrate(
    config: ConfigOption = None,
    output: OutputOption = DEFAULT_OUTPUT,
    strategies: Annotated[
        str | None, typer.Option(help="Only these, parted by commas; the others stay with the old bot.", metavar="A,B")
    ] = None,
    allocation_method: MethodOption = None,
    rebalance_frequency: FrequencyOption = None,
    max_drawdown: DrawdownOption = None,
    package: PackageOption = None,
    prices: PricesOption = DEFAULT_PRICES,
    start: StartOption = DEFAULT_START,
    days: DaysOption = 250,
    cash: CashOption = 100_000,
    reports: ReportsOption = REPORTS,
    skip_replay: Annotated[bool, typer.Option("--skip-replay", help="Switch without having played both.")] = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Move a bot's strategies to Maestro: copy, generate, check, play both over recorded days, ask, switch.

    What moves is enabled in Maestro's file and disabled in the bot's, comments and all else left as they are. With
    --strategies it can be done bit by bit: a file of Maestro's that is there keeps what is in it. Stop the bot before
    you start Maestro. rollback undoes it.

    Example: maestro migrate migrate --strategies moving_average --yes
    """
    chosen = None if strategies is None else [each.strip() for each in strategies.split(",") if each.strip()]
    choices = choices_of(allocation_method, rebalance_frequency, max_drawdown, package, chosen)
    steps = _begun(source_paths(config), output, choices, None if as_json else Console())
    with TemporaryDirectory() as folder:
        candidate = Path(folder) / "maestro.yaml"
        candidate.write_text(steps.move.texts[-1][1], encoding="utf-8")
        _check(steps, candidate, output)
        if not skip_replay:
            days_played = RecordedDays.of(prices, start=start.date(), days=days, cash=Decimal(str(cash)))
            _compare(steps, candidate, days_played, reports)
    names = ", ".join(steps.move.strategies)
    confirm(f"Move {names} to {output}, and disable them in the old bot?", yes=yes)
    _switch(steps)
    _finish(steps, output)


def _begun(paths: Sequence[Path], output: Path, choices: Choices, console: Console | None) -> _Steps:
    """Read, map and copy; nothing is copied when there is nothing to move."""
    if choices.only is None and output.exists():
        raise ConfigurationError(
            f"{output}: expected no file to be there, found one; name another, or move some with --strategies"
        )
    files = read_files(paths, root=Path())
    migration = migrated(files, choices)
    expect_known(migration, sorted(choices.only or ()))
    move = move_of(files, migration, output=output, root=Path())
    there = [output] if output.exists() else []
    saved = save([*paths, *there], root=Path(), at=datetime.now(UTC), why="migrate", absent=[output])
    return _Steps(console=console, migration=migration, move=move, saved=saved)


def _check(steps: _Steps, candidate: Path, output: Path) -> None:
    """Stop before anything is changed when the file would not run."""
    steps.findings = checked(candidate)
    steps.findings_said = findings_json(candidate, steps.findings, name=str(output))
    if steps.console is not None:
        print_backup(steps.saved, steps.console)
        print_strategies(steps.migration, steps.console)
        print_report(steps.migration.report, steps.console)
        print_findings(candidate, steps.findings, steps.console, name=str(output))
    if not is_valid(steps.findings):
        if steps.console is None:
            print(json.dumps(_json(steps, output), indent=2))
        raise typer.Exit(2)


def _compare(steps: _Steps, candidate: Path, recorded: RecordedDays, reports: Path) -> None:
    steps.comparison = compare(steps.migration, candidate, recorded, quiet=steps.console is None)
    steps.reports = write_reports(steps.comparison, reports)
    if steps.console is not None:
        print_comparison(steps.comparison, steps.console)
        steps.console.print(f"  pages: {', '.join(map(str, steps.reports))}", highlight=False, markup=False)


def _switch(steps: _Steps) -> None:
    """Write the old bot's files first: whoever is stopped in between trades less, and nothing twice."""
    for path, text in steps.move.texts:
        replace_file(path, text.encode())
        steps.written.append(str(path))
    steps.is_switched = True


def _finish(steps: _Steps, output: Path) -> None:
    if steps.console is None:
        print(json.dumps(_json(steps, output), indent=2))
        return
    said = f"moved {', '.join(steps.move.strategies)} to {output}; wrote {', '.join(steps.written)}"
    steps.console.print(said, highlight=False, soft_wrap=True)
    steps.console.print(
        "next: stop the old bot, let it start anew for what is left, then maestro start", highlight=False
    )
    undo = f"back: maestro migrate rollback --timestamp {steps.saved.timestamp}"
    steps.console.print(undo, highlight=False, markup=False)


def _json(steps: _Steps, output: Path) -> dict[str, Any]:
    return {
        "output": str(output),
        "is_switched": steps.is_switched,
        "moved": list(steps.move.strategies),
        "written": steps.written,
        "backup": backup_json(steps.saved),
        "strategies": strategies_json(steps.migration),
        "findings": list(steps.findings_said),
        "replay": None if steps.comparison is None else comparison_json(steps.comparison),
        "reports": [str(each) for each in steps.reports],
        "report": report_json(steps.migration.report),
    }
