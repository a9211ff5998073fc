"""One look at a portfolio over some hours: what ``monitor``, ``summary`` and ``report`` show, read once and alike."""

import math
from datetime import timedelta

from backend.configuration import configured
from backend.domain.equity_change import equity_changes, together
from backend.domain.policy import DecisionPolicy
from functions.strategies.maestro_controller import MaestroController
from maestro.backtest.strategy_figures import portfolio_figures, strategy_figures
from maestro.backtest.strategy_record import strategy_records
from maestro.cli.chosen_store import ChosenStore, end_of_time
from maestro.cli.due import timetable_of
from maestro.cli.money_json import change_json, parts_json
from maestro.cli.monitor_screen import View
from maestro.monitoring.levels import levels_of
from maestro.monitoring.report import report
from maestro.monitoring.strategies import StrategyTotal, Totals
from maestro.monitoring.window import Seen, Sources, Window, read_window

LONGEST_HOURS = 31 * 24


def look(chosen: ChosenStore, hours: int, *, curve_days: int = 0) -> View:
    """Look back from now; ``curve_days`` more days are read for curves."""
    seen = seen_over(chosen, hours, curve_days=curve_days)
    policy = policy_in_force(chosen, seen)
    newest = seen.standing.newest
    due = timetable_of(chosen).next_tick(newest.timestamp) if newest else None
    owner = owner_of(chosen)
    return View(report={**owner, **report(seen, _totals(seen, policy), levels_of(policy), next_tick=due)}, seen=seen)


def owner_of(chosen: ChosenStore) -> dict[str, str]:
    return {"store": chosen.name, "tenant": chosen.key.tenant_id, "portfolio_id": chosen.key.portfolio_id}


def policy_in_force(chosen: ChosenStore, seen: Seen) -> DecisionPolicy:
    defaults = chosen.settings.policy(MaestroController.default_policy())
    return configured(defaults, seen.standing.observed.configuration)


def seen_over(chosen: ChosenStore, hours: int, *, curve_days: int = 0) -> Seen:
    """Read what the last hours hold; a demo's end with its last decision."""
    end = end_of_time(chosen)
    sources = Sources(
        log=chosen.log,
        control=chosen.control,
        performances=chosen.performances,
        alerts=chosen.alerts,
        key=chosen.key,
    )
    window = Window(start=end - timedelta(hours=hours), end=end)
    return read_window(sources, window, look_back_days=curve_days)


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
