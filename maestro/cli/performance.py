"""``maestro performance``: what the days brought, of every strategy and of the portfolio."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from backend.configuration import configured
from backend.domain.errors import ConfigurationError
from backend.domain.signal import StrategyId
from backend.domain.track_record import WINDOW_DAYS
from functions.strategies.maestro_controller import MaestroController
from maestro.backtest.strategy_figures import portfolio_figures, strategy_figures
from maestro.backtest.strategy_record import StrategyRecord, strategy_records
from maestro.backtest.tear_sheet import write_tear_sheet
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.performance_tables import Performance, performance_json, print_performance
from maestro.cli.span import FirstDay, LastDay, span

_LOOK_BACK_DAYS = 2 * WINDOW_DAYS  # calendar days that hold at least the trading days of a track record

_Strategy = Annotated[
    str | None, typer.Argument(metavar="STRATEGY", help="One strategy, in detail; all when left out.")
]
_Html = Annotated[
    Path | None,
    typer.Option(help="Write STRATEGY's tear sheet to this file; without STRATEGY one of each into this folder."),
]


def performance(
    strategy: _Strategy = None,
    first: FirstDay = None,
    last: LastDay = None,
    html: _Html = None,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the closed days brought: scored returns, real money, and the portfolio's equity.

    While it is in shadow, a strategy's day is scored from its virtual sleeve,
    else from its real one. Realised, unrealised and P&L are real money alone.
    The portfolio's return leaves out what Maestro did not do, such as deposits.

    The object of --json holds store, tenant, portfolio_id, uid, strategies,
    portfolio (null with STRATEGY, or without a closed day) and html, the paths
    that were written. Of a strategy: strategy, mode (that of now), first_day,
    last_day, days, returns (how many), total_return, annualised_return,
    volatility, sharpe, sharpe_low, sharpe_high (its 95% band), psr (probability
    that the true ratio is above 0), max_drawdown, win_rate, virtual_share,
    realised, unrealised, pnl; with STRATEGY also months and last_days. Of the
    portfolio: first_day, last_day, equity_from, equity_to, strategies, external,
    residual, total_return, max_drawdown. Money is decimal text, a fraction is a
    number, null is undefined.

    Example: maestro performance rsi_reversion --html build/rsi_reversion.html
    """
    days, chosen = span(first, last), choose_store(store, tenant)
    said = _read(chosen, days, None if strategy is None else StrategyId(strategy))
    if html is not None:
        said = replace(said, written=_write(said, _with_look_back(said, days[0], chosen), html))
    if as_json:
        print(json.dumps(performance_json(said), indent=2))
        return
    console = Console()
    print_performance(said, console)
    if not said.records:
        is_bounded = first is not None or last is not None
        advice = "choose other days" if is_bounded else "run [bold]maestro demo[/] or [bold]maestro close-day[/]"
        console.print(f"no closed day{_words(days)}: {advice}", highlight=False)


def _read(chosen: ChosenStore, days: tuple[date, date], name: StrategyId | None) -> Performance:
    history, key, (first, last) = chosen.performances, chosen.key, days
    records = strategy_records(history.strategy_days(key, first=first, last=last, strategy=name))
    if name is not None and not records:
        raise _nothing_of(name, days, chosen)
    observed = chosen.log.observe_book(key)
    policy = configured(chosen.settings.policy(MaestroController.default_policy()), observed.configuration)
    modes = {known: book.mode.mode for known, book in observed.book.strategies.items() if book.mode is not None}
    return Performance(
        store=chosen.name,
        key=key,
        records=records,
        policy=policy,
        figures=strategy_figures(records, policy),
        modes_now=modes,
        portfolio=None if name is not None else portfolio_figures(history.portfolio_days(key, first=first, last=last)),
        is_detailed=name is not None,
    )


def _words(days: tuple[date, date]) -> str:
    start = "" if days[0] == date.min else f" from {days[0]}"
    return start if days[1] == date.max else f"{start} to {days[1]}"


def _nothing_of(name: StrategyId, asked: tuple[date, date], chosen: ChosenStore) -> ConfigurationError:
    """Say whether the strategy is unknown or its days are others; reads everything, on this way out only."""
    days = chosen.performances.strategy_days(chosen.key, first=date.min, last=date.max)
    known = {record.strategy: record for record in strategy_records(days)}
    if name in known:
        own = known[name].days
        return ConfigurationError(
            f"{name}: expected a closed day{_words(asked)}, found none; its days are {own[0]} to {own[-1]}"
        )
    near = [other for other in known if name.lower() in other.lower()] or get_close_matches(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"on record: {', '.join(known) or 'none'}"
    return ConfigurationError(f"STRATEGY: expected a strategy with a closed day, found {str(name)!r}; {hint}")


def _with_look_back(said: Performance, first: date, chosen: ChosenStore) -> list[StrategyRecord]:
    """Add what a tick on the first day saw, which lies before the days that were asked for."""
    if first == date.min:
        return list(said.records)
    start = date.fromordinal(max(1, first.toordinal() - _LOOK_BACK_DAYS))
    only = said.records[0].strategy if said.is_detailed else None
    before = chosen.performances.strategy_days(chosen.key, first=start, last=first - timedelta(days=1), strategy=only)
    earlier = {record.strategy: record.snapshots for record in strategy_records(before)}
    return [replace(record, earlier=earlier.get(record.strategy, ())) for record in said.records]


def _write(said: Performance, records: Sequence[StrategyRecord], html: Path) -> list[Path]:
    """Write the sheet of the one strategy that was asked for to a file, or those of all into a folder."""
    if not records:
        raise ConfigurationError("--html: expected a closed day to show, found none; choose other days or close one")
    options = {"Store": said.store, "Tenant": said.key.tenant_id, "Portfolio": said.key.portfolio_id}
    try:
        return [
            write_tear_sheet(
                record,
                html if said.is_detailed else html / f"{quote(record.strategy, safe='')}.html",
                policy=said.policy,
                mode_now=said.modes_now.get(record.strategy),
                options=options,
            )
            for record in records
        ]
    except OSError as e:
        place = "a file" if said.is_detailed else "a folder"
        raise ConfigurationError(
            f"--html {html}: expected {place} that can be written, found {e.strerror}; name another"
        ) from e
