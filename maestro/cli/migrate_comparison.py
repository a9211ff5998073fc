"""The old bot and Maestro over the same days: a table, JSON, and a page for each."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from backend.domain.tick import TickResult
from maestro.backtest.comparison import ReplayFigures, replay_figures
from maestro.backtest.notation import change, money, percent
from maestro.backtest.outcome import ReplayOutcome
from maestro.backtest.report import write_report
from maestro.cli.demo import PRICES
from maestro.cli.migrate_replay import RecordedDays, enabled_in, play_new, play_old
from maestro.cli.tables import plain_table, sparklines
from maestro.migration.mapping import Migration

REPORTS = Path("build/migration")
_SPARK_WIDTH = 32

PricesOption = Annotated[Path, typer.Option(help="Wide CSV of daily closes to play both over: date,AAPL,AMD,…")]
StartOption = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First trading day to play.")]
DaysOption = Annotated[int, typer.Option(min=2, help="Trading days to play.")]
CashOption = Annotated[float, typer.Option(min=1000, help="Cash at the start, in dollars.")]
ReportsOption = Annotated[Path, typer.Option(help="Folder for the pages of both replays.")]
DEFAULT_START = datetime(2019, 9, 3)  # noqa: DTZ001  # a day, as typer reads one
DEFAULT_PRICES = PRICES


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both replays; ``without_prices`` are symbols that could not be played."""

    old: ReplayOutcome
    new: ReplayOutcome
    without_prices: tuple[str, ...]


def compare(migration: Migration, file: Path, recorded: RecordedDays, *, quiet: bool) -> Comparison:
    """Play both over recorded days: the old bot with what is enabled in Maestro's file, moved now or earlier.

    Raises
    ------
    ConfigurationError
        The file is not one of Maestro's settings.
    """
    enabled = enabled_in(file)
    with _progress(len(recorded.days), quiet=quiet) as progress_of:
        old = play_old(migration, recorded, progress_of("the old bot"), enabled)
        new = play_new(file, recorded, progress_of("Maestro"))
    return Comparison(old=old, new=new, without_prices=recorded.without_prices(migration, enabled))


def comparison_json(found: Comparison) -> dict[str, Any]:
    """Return both replays' figures as JSON-ready values; what is undefined is null."""
    days = found.old.days
    return {
        "from": days[0].isoformat(),
        "to": days[-1].isoformat(),
        "days": len(days),
        "old": _figures_json(replay_figures(found.old)),
        "new": {**_figures_json(replay_figures(found.new)), "mode_changes": len(found.new.mode_changes)},
        "without_prices": list(found.without_prices),
    }


def write_reports(found: Comparison, folder: Path) -> tuple[Path, Path]:
    """Write a page for each replay."""
    days = f"{found.old.days[0]} to {found.old.days[-1]}"
    options = {"rules": "each strategy by itself, a fixed part of equity for a position, no modes"}
    old = write_report(found.old, folder / "old.html", title=f"The old bot, {days}", options=options)
    new = write_report(
        found.new, folder / "new.html", title=f"Maestro, {days}", options={"rules": "the generated file"}
    )
    return old, new


def print_comparison(found: Comparison, console: Console) -> None:
    """Print orders, weights and risk of both."""
    old, new = replay_figures(found.old), replay_figures(found.new)
    days = found.old.days
    table = plain_table(console, f"Replay {days[0]} to {days[-1]}", [""], ["Old bot", "Maestro", "Difference"])
    for name, before, after, write in _rows(old, new):
        table.add_row(name, write(before), write(after), _difference(before, after, write))
    console.print(table)
    table = plain_table(console, "Mean part of equity", ["Name"], ["Old bot", "Maestro"])
    for name in sorted({*old.weights, *new.weights}):
        table.add_row(Text(name), *(percent(each.weights.get(name, 0.0)) for each in (old, new)))
    console.print(table)
    sparks = sparklines([found.old.equity, found.new.equity], width=_SPARK_WIDTH)
    for name, spark, style in zip(("Old bot", "Maestro"), sparks, ("yellow", "cyan"), strict=True):
        console.print(Text.assemble(f"  {name:<14}", (spark, style)))
    if found.without_prices:
        console.print(f"  no prices, so not played: {', '.join(found.without_prices)}", highlight=False, markup=False)


def _rows(old: ReplayFigures, new: ReplayFigures) -> Iterator[tuple[str, float, float, Callable[[float], str]]]:
    fields: tuple[tuple[str, str, Callable[[float], str]], ...] = (
        ("Orders", "orders", _count),
        ("Buys", "buys", _count),
        ("Sells", "sells", _count),
        ("Turnover a year", "turnover", _times),
        ("Gross exposure, mean", "gross_mean", percent),
        ("Gross exposure, most", "gross_max", percent),
        ("Volatility a year", "volatility", percent),
        ("Max drawdown", "max_drawdown", percent),
        ("Return", "total_return", change),
        ("Final equity", "final", money),
    )
    for name, field, write in fields:
        yield name, getattr(old, field), getattr(new, field), write


def _difference(before: float, after: float, write: Callable[[float], str]) -> str:
    if not (math.isfinite(before) and math.isfinite(after)):
        return "–"
    gap = after - before
    return change(gap) if write in (percent, change) else f"{'+' if gap >= 0 else '−'}{write(abs(gap))}"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _times(number: float) -> str:
    return f"{number:.2f}×"


def _figures_json(figures: ReplayFigures) -> dict[str, Any]:
    return {
        name: value if not isinstance(value, float) or math.isfinite(value) else None
        for name, value in asdict(figures).items()
    }


@contextmanager
def _progress(days: int, *, quiet: bool) -> Iterator[Callable[[str], Callable[[date, TickResult], None]]]:
    """Show which of both is being played, on standard error."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as bar:

        def start(name: str) -> Callable[[date, TickResult], None]:
            task = bar.add_task(name, total=days)
            return lambda _day, _result: bar.update(task, advance=1)

        yield start
