"""What the closed days brought."""

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import numpy as np

from backend.configuration import configured
from backend.domain.errors import RequestInvalid
from backend.domain.performance import FloatArray, max_drawdown, sharpe_ratio, volatility
from backend.domain.policy import DecisionPolicy
from backend.domain.snapshot import ZERO, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from functions import stores
from functions.api import performance_answers as answers
from functions.api.calls import Call
from functions.api.takes import PerformanceQuery, TenantPath
from functions.strategies.maestro_controller import MaestroController

SHOWN = timedelta(days=60)
MOST = timedelta(days=400)


def performance(call: Call, path: TenantPath, query: PerformanceQuery) -> answers.Performance:
    """Closed days of every strategy and of the portfolio, oldest first, and what they add up to."""
    last = query.last or call.served.now().date()
    first = query.first or last - min(SHOWN, timedelta(days=last.toordinal() - 1))
    if not first <= last <= first + MOST:
        raise RequestInvalid(
            f"first, last: expected at most {MOST.days} days, the first before the last, found {first} to {last}"
        )
    key, history = call.portfolio(query.portfolio_id), stores.performances(call.settings)
    configuration = stores.store(call.settings).observe_book(key).configuration
    policy = configured(call.settings.policy(MaestroController.default_policy()), configuration)
    days = sorted(
        history.strategy_days(key, first=first, last=last), key=lambda each: (each.strategy_id, each.period_start)
    )
    return answers.Performance(
        tenant_id=call.tenant_id,
        portfolio_id=key.portfolio_id,
        uid=key.uid,
        first=first.isoformat(),
        last=last.isoformat(),
        strategies=[
            _strategy(name, list(own), policy) for name, own in groupby(days, key=lambda each: each.strategy_id)
        ],
        portfolio=[_portfolio_day(each) for each in history.portfolio_days(key, first=first, last=last)],
    )


def _strategy(
    name: str, days: Sequence[StrategyPerformanceSnapshot], policy: DecisionPolicy
) -> answers.StrategyPerformance:
    returns: FloatArray = np.array([each.daily_return for each in days if each.daily_return is not None], dtype=float)
    periods = policy.periods_per_year
    sharpe = sharpe_ratio(returns, periods_per_year=periods, risk_free_rate=policy.risk_free_rate)
    return answers.StrategyPerformance(
        strategy=name,
        returns=len(returns),
        sharpe_ratio=_number(sharpe),
        volatility=_number(volatility(returns, periods_per_year=periods)),
        max_drawdown=_number(max_drawdown(returns)) if len(returns) else None,
        real_pnl=f"{sum((each.real_pnl for each in days), ZERO):f}",
        days=[_day(each) for each in days],
    )


def _day(day: StrategyPerformanceSnapshot) -> answers.StrategyDay:
    return answers.StrategyDay(
        day=day.period_start.isoformat(),
        mode=day.mode,
        is_virtual=day.is_virtual,
        daily_return=day.daily_return,
        capital=None if day.capital is None else f"{day.capital:f}",
        pnl=f"{day.pnl:f}",
        real_pnl=f"{day.real_pnl:f}",
    )


def _portfolio_day(day: PortfolioPerformanceSnapshot) -> answers.PortfolioDay:
    return answers.PortfolioDay(
        day=day.day.isoformat(),
        equity=f"{day.equity:f}",
        previous_equity=None if day.previous_equity is None else f"{day.previous_equity:f}",
        strategies=f"{day.strategies:f}",
        external=f"{day.external:f}",
        residual=f"{day.residual:f}",
    )


def _number(value: float) -> float | None:
    """Say null where a statistic is undefined: JSON has no NaN."""
    return value if math.isfinite(value) else None
