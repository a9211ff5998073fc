"""The tables of a tear sheet: returns by year and month, best and worst days."""

import math
from collections.abc import Sequence

from backend.domain.snapshot import StrategyPerformanceSnapshot
from maestro.backtest.cents import cents, gain
from maestro.backtest.markup import Column, Markup, escaped, mode_badge, table
from maestro.backtest.notation import UNDEFINED, change
from maestro.backtest.strategy_record import MONTHS, MonthReturn, StrategyRecord, month_returns, year_returns

EXTREME_DAYS = 5
VIRTUAL_SIGN = "○"


def month_table(record: StrategyRecord) -> Markup:
    """Make year × month with the year's total; a month with virtual days carries a sign."""
    months = month_returns(record)
    cells = {(each.year, each.month): each for each in months}
    largest = max((abs(each.value) for each in months if math.isfinite(each.value)), default=0.0)
    columns = [Column(title=title, is_number=True) for title in (*MONTHS, "Year")]
    rows = [
        (
            str(year),
            *(_month(cells.get((year, month)), largest) for month in range(1, 13)),
            Markup(f"<strong>{escaped(change(total))}</strong>"),
        )
        for year, total in sorted(year_returns(months).items(), reverse=True)
    ]
    return table("Returns by month, newest year first", [Column(title=""), *columns], rows, empty="No month.")


def _month(month: MonthReturn | None, largest: float) -> str:
    if month is None:
        return Markup('<span class="none"></span>')
    if not math.isfinite(month.value):
        return UNDEFINED
    heat = abs(month.value) / largest if largest else 0.0
    kind = "loss" if month.value < 0 else "gain"
    sign = f"{VIRTUAL_SIGN} " if month.virtual_days else ""
    return Markup(f'<span class="heat {kind}" style="--heat: {heat:.2f}">{sign}{escaped(change(month.value))}</span>')


def extreme_days(record: StrategyRecord) -> Markup:
    """Make a table of the best days and one of the worst, each with at most five."""
    scored = [(each.daily_return, each) for each in record.snapshots if each.daily_return]
    ordered = sorted(scored, key=lambda pair: (pair[0], pair[1].period_start))
    best = [day for value, day in reversed(ordered) if value > 0][:EXTREME_DAYS]
    worst = [day for value, day in ordered if value < 0][:EXTREME_DAYS]
    return Markup(_days("Best days", best, "No day gained.") + _days("Worst days", worst, "No day lost."))


def _days(caption: str, days: Sequence[StrategyPerformanceSnapshot], empty: str) -> Markup:
    columns = [
        Column(title="Day"),
        Column(title="Return", is_number=True),
        Column(title="P&L", is_number=True),
        Column(title="Sleeve"),
        Column(title="Mode"),
    ]
    rows = [
        (
            f"{day.period_start:%a} {day.period_start}",
            change(day.daily_return),
            gain(cents(day.pnl)),
            "virtual" if day.is_virtual else "real",
            UNDEFINED if day.mode is None else mode_badge(day.mode),
        )
        for day in days
    ]
    return table(caption, columns, rows, empty=empty)
