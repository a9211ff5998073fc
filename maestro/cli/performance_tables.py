"""Performance in a terminal, and as one JSON object."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from maestro.backtest.cents import cents, gain
from maestro.backtest.notation import UNDEFINED, change, percent, ratio
from maestro.backtest.strategy_figures import PortfolioFigures, StrategyFigures
from maestro.backtest.strategy_record import MONTHS, StrategyRecord, month_returns, year_returns
from maestro.cli.tables import mode_text, plain_table

LAST_DAYS = 10
_YEAR_WIDTH = 9  # columns of a terminal that one year of the month table takes


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What was read, and what it adds up to; ``figures`` are parallel to ``records``.

    ``is_detailed`` also shows months and last days; ``written`` are the tear sheets.
    """

    store: str
    key: PortfolioKey
    records: Sequence[StrategyRecord]
    figures: Sequence[StrategyFigures]
    policy: DecisionPolicy
    modes_now: Mapping[StrategyId, Mode]
    portfolio: PortfolioFigures | None = None
    is_detailed: bool = False
    written: Sequence[Path] = ()


def performance_json(said: Performance) -> dict[str, Any]:
    """Return JSON-ready values: money as decimal text, statistics as numbers, null where undefined."""
    pairs = zip(said.records, said.figures, strict=True)
    return {
        "store": said.store,
        "tenant": said.key.tenant_id,
        "portfolio_id": said.key.portfolio_id,
        "uid": said.key.uid,
        "strategies": [
            {**_strategy(record, figures, said), **(_details(record) if said.is_detailed else {})}
            for record, figures in pairs
        ],
        "portfolio": None if said.portfolio is None else _portfolio(said.portfolio),
        "html": [str(path) for path in said.written],
    }


def _strategy(record: StrategyRecord, figures: StrategyFigures, said: Performance) -> dict[str, Any]:
    sharpe = figures.sharpe
    return {
        "strategy": record.strategy,
        "mode": said.modes_now.get(record.strategy),
        "first_day": record.days[0].isoformat(),
        "last_day": record.days[-1].isoformat(),
        "days": figures.days,
        "returns": sharpe.n,
        "total_return": _number(figures.total_return),
        "annualised_return": _number(figures.annualised_return),
        "volatility": _number(figures.volatility),
        "sharpe": _number(sharpe.sharpe),
        "sharpe_low": _number(sharpe.low),
        "sharpe_high": _number(sharpe.high),
        "psr": _number(sharpe.psr),
        "max_drawdown": _number(figures.max_drawdown),
        "win_rate": _number(figures.win_rate),
        "virtual_share": figures.virtual_share,
        "realised": f"{figures.realised:f}",
        "unrealised": f"{figures.unrealised:f}",
        "pnl": f"{figures.pnl:f}",
    }


def _details(record: StrategyRecord) -> dict[str, Any]:
    return {
        "months": [
            {
                "month": f"{each.year:04d}-{each.month:02d}",
                "return": _number(each.value),
                "days": each.days,
                "virtual_days": each.virtual_days,
            }
            for each in month_returns(record)
        ],
        "last_days": [
            {
                "day": each.period_start.isoformat(),
                "return": each.daily_return,
                "pnl": f"{each.pnl:f}",
                "real_pnl": f"{each.real_pnl:f}",
                "capital": None if each.capital is None else f"{each.capital:f}",
                "is_virtual": each.is_virtual,
                "mode": each.mode,
            }
            for each in record.snapshots[-LAST_DAYS:]
        ],
    }


def _portfolio(figures: PortfolioFigures) -> dict[str, Any]:
    return {
        "first_day": figures.first_day.isoformat(),
        "last_day": figures.last_day.isoformat(),
        "equity_from": f"{figures.equity_from:f}",
        "equity_to": f"{figures.equity_to:f}",
        "strategies": f"{figures.strategies:f}",
        "external": f"{figures.external:f}",
        "residual": f"{figures.residual:f}",
        "total_return": _number(figures.total_return),
        "max_drawdown": _number(figures.max_drawdown),
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def print_performance(said: Performance, console: Console) -> None:
    """Print tables that are readable from 80 columns on: names and numbers are never cut."""
    key = said.key
    where = f"store {said.store}, tenant {key.tenant_id}, portfolio {key.portfolio_id}, user {key.uid}\n"
    console.print(Text(where), soft_wrap=True)
    if said.records:
        _print_returns(said, console)
        _print_sharpe(said, console)
        _print_money(said, console)
    if said.is_detailed:
        for record in said.records:
            _print_months(record, console)
            _print_last_days(record, console)
    if said.portfolio is not None:
        _print_portfolio(said.portfolio, key.portfolio_id, console)
    for path in said.written:
        console.print(Text.assemble("Tear sheet: ", (str(path), "bold")), soft_wrap=True)


def _print_returns(said: Performance, console: Console) -> None:
    days = sorted({day for record in said.records for day in (record.days[0], record.days[-1])})
    title = f"Scored returns, {days[0]} to {days[-1]}"
    numbers = ["Days", "Return", "A year", "Vol", "Drawdown", "Wins"]
    table = plain_table(console, title, ["Strategy"], numbers)
    for record, each in zip(said.records, said.figures, strict=True):
        table.add_row(
            Text(record.strategy),
            f"{each.days:,}",
            change(each.total_return),
            change(each.annualised_return),
            percent(each.volatility),
            percent(each.max_drawdown),
            percent(each.win_rate),
        )
    console.print(table)


def _print_sharpe(said: Performance, console: Console) -> None:
    table = plain_table(console, "Sharpe ratio", ["Strategy"], ["Sharpe", "n", "95% band", "PSR(0)", "Virtual"])
    for record, each in zip(said.records, said.figures, strict=True):
        sharpe = each.sharpe
        band = f"{ratio(sharpe.low)} to {ratio(sharpe.high)}" if math.isfinite(sharpe.low) else UNDEFINED
        cells = (ratio(sharpe.sharpe), f"{sharpe.n:,}", band, percent(sharpe.psr), percent(each.virtual_share))
        table.add_row(Text(record.strategy), *cells)
    console.print(table)


def _print_money(said: Performance, console: Console) -> None:
    table = plain_table(console, "Real money", ["Strategy", "Mode now"], ["Realised", "Unrealised", "P&L"])
    for record, each in zip(said.records, said.figures, strict=True):
        mode = said.modes_now.get(record.strategy)
        amounts = (gain(cents(amount)) for amount in (each.realised, each.unrealised, each.pnl))
        table.add_row(Text(record.strategy), mode_text(mode) if mode else UNDEFINED, *amounts)
    console.print(table)


def _print_months(record: StrategyRecord, console: Console) -> None:
    """Print a column for each year, as many of the newest as fit."""
    months = month_returns(record)
    totals = year_returns(months)
    years = sorted(totals)[-max(1, console.width // _YEAR_WIDTH - 1) :]
    values = {(each.year, each.month): each.value for each in months}
    table = plain_table(console, "Months", ["Month"], [str(year) for year in years])
    for number, name in enumerate(MONTHS, start=1):
        known = (values.get((year, number)) for year in years)
        table.add_row(name, *("" if value is None else change(value) for value in known))
    table.add_section()
    table.add_row("Year", *(change(totals[year]) for year in years))
    console.print(table)


def _print_last_days(record: StrategyRecord, console: Console) -> None:
    table = plain_table(console, "Last days", ["Day", "Sleeve", "Mode"], ["Return", "P&L", "Real P&L"])
    for each in record.snapshots[-LAST_DAYS:]:
        table.add_row(
            each.period_start.isoformat(),
            "virtual" if each.is_virtual else "real",
            UNDEFINED if each.mode is None else mode_text(each.mode),
            change(each.daily_return),
            gain(cents(each.pnl)),
            gain(cents(each.real_pnl)),
        )
    console.print(table)


def _print_portfolio(figures: PortfolioFigures, portfolio_id: str, console: Console) -> None:
    lines = [
        f"Portfolio {portfolio_id}, {figures.first_day} to {figures.last_day}: "
        f"equity ${cents(figures.equity_from):,} → ${cents(figures.equity_to):,}, "
        f"return {change(figures.total_return)}, max drawdown {percent(figures.max_drawdown)}",
        f"strategies {gain(cents(figures.strategies))}, external {gain(cents(figures.external))}, "
        f"unexplained {gain(cents(figures.residual))}",
    ]
    for line in lines:
        console.print(Text(line), soft_wrap=True)
