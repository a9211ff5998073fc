"""The outcome of a replay in a terminal, and as one JSON object."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backend.domain.equity_change import together
from backend.domain.mode import Mode
from maestro.backtest.demotion_table import demotion_table
from maestro.backtest.headline import headline, order_counts
from maestro.backtest.money_words import demotion_words, parts_words
from maestro.backtest.notation import change, mode_words, money, percent, ratio
from maestro.backtest.outcome import ModeEvent, ReplayOutcome
from maestro.cli.money_json import change_json, demotion_json

_SHOWN = 12  # events listed before the rest is only counted
_BARS = "▁▂▃▄▅▆▇█"
_SPARK_WIDTH = 32
_NUMBERS_WIDTH = 52  # what the other columns of the widest table of numbers take
_WIDE = 110  # columns from which the reasons fit beside the numbers
_STYLES = {Mode.ACTIVE: "green", Mode.REDUCED: "yellow", Mode.SHADOW_MODE: "dim", Mode.DISABLED: "red"}


def print_outcome(outcome: ReplayOutcome, console: Console, *, report: Path) -> None:
    """Print strategies, mode changes, overrides, orders, money, and equity against buy and hold.

    Readable from 80 columns on: names and numbers are never cut, reasons wrap.

    Raises
    ------
    MarketDataError
        The replay holds no day, or its curves are not parallel to its days.
    """
    _print_strategies(outcome, console)
    _print_mode_changes(outcome, console)
    _print_overrides(outcome, console)
    _print_orders(outcome, console)
    _print_money(outcome, console)
    _print_performance(outcome, console)
    console.print(Text.assemble("\nReport: ", (str(report), "bold")), soft_wrap=True)


def outcome_json(outcome: ReplayOutcome, *, store: str, report: str) -> dict[str, Any]:
    """Return the outcome as JSON-ready values; ``final_equity`` in currency, to the cent.

    ``demotions`` are oldest first; ``attribution`` is None where no day with an equity before it was closed.
    """
    return {
        "ticks": outcome.ticks,
        "orders": len(outcome.orders),
        "fills": outcome.fills,
        "mode_changes": [
            {
                "day": event.day.isoformat(),
                "strategy": event.strategy,
                "before": event.before,
                "after": event.after,
                "reason": event.reason,
            }
            for event in outcome.mode_changes
        ],
        "systemic_overrides": [
            {"day": event.day.isoformat(), "sellers": list(event.sellers), "held": list(event.held)}
            for event in outcome.overrides
        ],
        "modes": {line.strategy: line.mode for line in outcome.strategies},
        "final_equity": round(headline(outcome).maestro.final, 2),
        "demotions": [demotion_json(each) for each in outcome.demotions],
        "attribution": change_json(together(outcome.equity_changes)) if outcome.equity_changes else None,
        "store": store,
        "report": report,
    }


def _print_strategies(outcome: ReplayOutcome, console: Console) -> None:
    is_wide = console.width >= _WIDE
    table = plain_table(console, "Strategies", ["Strategy", "Mode"], ["Sharpe", "n", "Original → final"])
    if is_wide:
        table.add_column("Why", overflow="fold")
    for each in outcome.strategies:
        allocation = f"{percent(each.original_allocation):>6} → {percent(each.final_allocation):>6}"
        cells = [
            Text(each.strategy),
            mode_text(each.mode),
            Text(ratio(each.sharpe)),
            Text(str(each.n)),
            Text(allocation),
        ]
        table.add_row(*cells, *([Text(each.why)] if is_wide else []))
    console.print(table)
    if not is_wide:
        reasons = plain_table(console, "", ["Strategy"], [])
        reasons.add_column("Why", overflow="fold")
        for each in outcome.strategies:
            reasons.add_row(Text(each.strategy), Text(each.why))
        console.print(reasons)
    for strategy, ticks in sorted(outcome.failures.items()):
        console.print(Text(f"  {strategy} failed on {ticks:,} of {outcome.ticks:,} ticks", style="red"))


def _print_mode_changes(outcome: ReplayOutcome, console: Console) -> None:
    if not outcome.mode_changes:
        console.print("\nMode changes: none")
        return
    count = len(outcome.mode_changes)
    table = plain_table(console, f"Mode changes: {count:,}", ["Day", "Strategy"], [])
    table.add_column("Change and why", overflow="fold")
    for event in outcome.mode_changes[-_SHOWN:]:
        table.add_row(Text(event.day.isoformat()), Text(event.strategy), _change(event))
    console.print(table)
    _print_rest(console, count, "changes")


def _change(event: ModeEvent) -> Text:
    return Text.assemble(mode_text(event.before), " → ", mode_text(event.after), "\n", (event.reason, "dim"))


def _print_overrides(outcome: ReplayOutcome, console: Console) -> None:
    if not outcome.overrides:
        console.print("\nSystemic overrides: none")
        return
    count = len(outcome.overrides)
    table = plain_table(console, f"Systemic overrides: {count:,}", ["Day"], [])
    table.add_column("Sold at once", overflow="fold", ratio=1)
    table.add_column("Entries held", overflow="fold", ratio=1)
    for event in outcome.overrides[-_SHOWN:]:
        table.add_row(
            Text(event.day.isoformat()), Text(", ".join(event.sellers)), Text(", ".join(event.held) or "none")
        )
    console.print(table)
    _print_rest(console, count, "overrides")


def _print_rest(console: Console, count: int, noun: str) -> None:
    if count > _SHOWN:
        console.print(Text(f"  {count - _SHOWN:,} earlier {noun} are in the report", style="dim"))


def _print_orders(outcome: ReplayOutcome, console: Console) -> None:
    title = f"Orders: {len(outcome.orders):,}, fills: {outcome.fills:,}"
    table = plain_table(console, title, ["Strategy"], ["Orders", "Buys", "Sells", "Filled", "Traded"])
    for each in order_counts(outcome):
        counts = (f"{number:,}" for number in (each.orders, each.buys, each.sells, each.filled))
        table.add_row(Text(each.strategy), *counts, money(each.traded))
    console.print(table)


def _print_money(outcome: ReplayOutcome, console: Console) -> None:
    """Print what demotions saved or cost, and what equity came from, in a sentence each."""
    console.print(Text.assemble("\n", demotion_words(demotion_table(outcome.demotions).total)))
    if outcome.equity_changes:
        console.print(Text.assemble("\nChange of equity ", parts_words(outcome.equity_changes), "."))
    console.print()


def _print_performance(outcome: ReplayOutcome, console: Console) -> None:
    summary = headline(outcome)
    title = f"{outcome.days[0]} to {outcome.days[-1]}: {outcome.ticks:,} ticks"
    table = plain_table(console, title, [""], ["Final", "Return", "Max drawdown", "Sharpe"])
    curves = (("Maestro", summary.maestro), ("Buy and hold", summary.benchmark))
    for name, curve in curves:
        numbers = (money(curve.final), change(curve.total_return), percent(curve.max_drawdown), ratio(curve.sharpe))
        table.add_row(Text(name, style="bold" if curve is summary.maestro else ""), *numbers)
    console.print(table)
    sparks = sparklines([outcome.equity, outcome.benchmark], width=_SPARK_WIDTH)
    for (name, _), spark, style in zip(curves, sparks, ("cyan", "yellow"), strict=True):
        console.print(Text.assemble(f"  {name:<14}", (spark, style)))


def sparklines(series: Sequence[Sequence[float]], *, width: int) -> list[str]:
    """Draw curves on one common scale, ``width`` characters each; a day without a number is a space."""
    known = [value for values in series for value in values if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    step = (high - low) / (len(_BARS) - 1) or 1.0
    return ["".join(_bar(value, low, step) for value in _sampled(values, width)) for values in series]


def _bar(value: float, low: float, step: float) -> str:
    return _BARS[round((value - low) / step)] if math.isfinite(value) else " "


def _sampled(values: Sequence[float], width: int) -> list[float]:
    """Pick ``width`` values evenly, the first and the last among them."""
    if len(values) <= width:
        return list(values)
    return [values[round(i * (len(values) - 1) / (width - 1))] for i in range(width)]


def mode_text(mode: str) -> Text:
    """Return a mode with its sign and colour."""
    return Text(mode_words(mode), style=_STYLES.get(Mode(mode), "") if mode in set(Mode) else "")


def plain_table(console: Console, title: str, texts: Sequence[str], numbers: Sequence[str]) -> Table:
    """Return an empty table whose columns of text come before those of numbers."""
    table = Table(
        title=title or None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 1),
        pad_edge=False,
    )
    for heading in texts:
        # A long name folds rather than losing its end or the numbers beside it.
        name_width = max(16, console.width - _NUMBERS_WIDTH)
        is_name = heading == "Strategy"
        table.add_column(heading, no_wrap=not is_name, overflow="fold", max_width=name_width if is_name else None)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
