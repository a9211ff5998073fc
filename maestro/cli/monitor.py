"""``maestro monitor``: what happened over the last hours, as a screen that stays current or as one JSON object."""

import json
import math
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from time import monotonic, sleep
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from backend.configuration import configured
from backend.domain.equity_change import equity_changes, together
from backend.domain.errors import MaestroError
from backend.domain.policy import DecisionPolicy
from functions.strategies.maestro_controller import MaestroController
from maestro.backtest.strategy_figures import portfolio_figures, strategy_figures
from maestro.backtest.strategy_record import strategy_records
from maestro.cli.chosen_store import ChosenStore, StoreOption, TenantOption, choose_store, end_of_time
from maestro.cli.money_json import change_json, parts_json
from maestro.cli.monitor_screen import View, screen
from maestro.cli.operator import told
from maestro.monitoring.levels import levels_of
from maestro.monitoring.report import report
from maestro.monitoring.schedule import next_tick
from maestro.monitoring.strategies import StrategyTotal, Totals
from maestro.monitoring.window import Seen, Sources, Window, read_window

CURVE_DAYS = 92  # calendar days that the screen's curves go back
LONGEST_HOURS = 31 * 24
_BEAT_SECONDS = 1.0  # how often ages move on


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"


def monitor(
    hours: Annotated[int, typer.Option(min=1, max=LONGEST_HOURS, help="How far to look back.")] = 24,
    refresh: Annotated[float, typer.Option(min=1, help="Seconds between two looks at the store, on a terminal.")] = 30,
    output: Annotated[Format, typer.Option("--format", help="Screen or JSON.")] = Format.TABLE,
    store: StoreOption = None,
    tenant: TenantOption = None,
) -> None:
    """Show what happened over the last hours: on a terminal until Ctrl-C, elsewhere once.

    Returns, money and attribution are those of the days that were closed in
    these hours; a demo's hours end with its last decision.

    The object of --format json holds store, tenant, portfolio_id, period,
    trading, equity, allocation_metrics, risk_metrics, strategies (each with
    mode and its changes, Sharpe ratio, weight, return, P&L, and contribution
    to the change of equity), decisions, orders and alerts. Money is decimal
    text, a fraction is a number, null is unknown.

    Example: maestro monitor --hours 168 --format json
    """
    chosen = choose_store(store, tenant)
    if output is Format.JSON:
        print(json.dumps(_view(chosen, hours, curve_days=0).report, indent=2))
        return
    console = Console()
    if not console.is_terminal:
        view = _view(chosen, hours, curve_days=CURVE_DAYS)
        console.print(screen(view, now=view.seen.window.end, width=console.width))
        return
    try:
        _watch(lambda: _view(chosen, hours, curve_days=CURVE_DAYS), refresh, console)
    except KeyboardInterrupt:
        return


def _watch(look: Callable[[], View], refresh: float, console: Console) -> None:
    """Look again and again; a look that fails leaves the one before it on the screen, and says so."""
    view, problem = look(), ""
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            looked_at = monotonic()
            while (elapsed := monotonic() - looked_at) < refresh:
                now = view.seen.window.end + timedelta(seconds=elapsed)
                live.update(screen(view, now=now, width=console.width, problem=problem), refresh=True)
                sleep(min(_BEAT_SECONDS, refresh - elapsed))
            try:
                view, problem = look(), ""
            except MaestroError as e:
                problem = told(e)


def _view(chosen: ChosenStore, hours: int, *, curve_days: int) -> View:
    end = end_of_time(chosen)
    sources = Sources(
        log=chosen.log,
        control=chosen.control,
        performances=chosen.performances,
        alerts=chosen.alerts,
        key=chosen.key,
    )
    seen = read_window(sources, Window(start=end - timedelta(hours=hours), end=end), look_back_days=curve_days)
    policy = configured(
        chosen.settings.policy(MaestroController.default_policy()), seen.standing.observed.configuration
    )
    schedule, newest = chosen.settings.schedule, seen.standing.newest
    due = next_tick(schedule.tick, schedule.time_zone, after=newest.timestamp) if newest else None
    owner = {"store": chosen.name, "tenant": chosen.key.tenant_id, "portfolio_id": chosen.key.portfolio_id}
    return View(report={**owner, **report(seen, _totals(seen, policy), levels_of(policy), next_tick=due)}, seen=seen)


def _totals(seen: Seen, policy: DecisionPolicy) -> Totals:
    portfolio = portfolio_figures(seen.days)
    records = strategy_records(seen.strategy_days)
    changes = equity_changes(seen.days, seen.strategy_days)
    change = together(changes) if changes else None
    return Totals(
        total_return=portfolio.total_return if portfolio else math.nan,
        max_drawdown=portfolio.max_drawdown if portfolio else math.nan,
        strategies={
            record.strategy: StrategyTotal(total_return=each.total_return, pnl=each.pnl)
            for record, each in zip(records, strategy_figures(records, policy), strict=True)
        },
        attribution=change_json(change) if change else None,
        contributions={
            name: {**parts_json(parts), "total": f"{parts.total:f}"}
            for name, parts in (change.strategies if change else {}).items()
        },
    )
