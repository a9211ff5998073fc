"""Two replays of the same days beside each other: orders, weights and risk."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from maestro.backtest.headline import order_counts, performance
from maestro.backtest.outcome import ReplayOutcome

DAYS_A_YEAR = 252


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayFigures:
    """What one replay came to.

    ``volatility`` is the annualised sample deviation of daily returns of equity, NaN below two. ``gross_mean`` and
    ``gross_max`` are what all strategies hold ÷ equity at the close. ``turnover`` is the value traded ÷ mean equity, a
    year. ``weights`` are each strategy's mean part of equity at the close.
    """

    orders: int
    buys: int
    sells: int
    final: float
    total_return: float
    max_drawdown: float
    volatility: float
    gross_mean: float
    gross_max: float
    turnover: float
    weights: Mapping[str, float]


def replay_figures(outcome: ReplayOutcome) -> ReplayFigures:
    """Sum one replay up.

    Raises
    ------
    MarketDataError
        The replay holds no day, or its curves are not parallel to its days.
    """
    counts, curve = order_counts(outcome), performance(outcome.equity)
    equity = np.asarray(outcome.equity)
    gross = np.zeros(len(equity))
    for path in outcome.paths.values():
        gross += path.allocation
    returns = equity[1:] / equity[:-1] - 1.0
    traded = sum(each.traded for each in counts)
    return ReplayFigures(
        orders=sum(each.orders for each in counts),
        buys=sum(each.buys for each in counts),
        sells=sum(each.sells for each in counts),
        final=curve.final,
        total_return=curve.total_return,
        max_drawdown=curve.max_drawdown,
        volatility=float(returns.std(ddof=1) * math.sqrt(DAYS_A_YEAR)) if len(returns) > 1 else math.nan,
        gross_mean=float(gross.mean()),
        gross_max=float(gross.max()),
        turnover=float(traded / equity.mean() * DAYS_A_YEAR / len(equity)),
        weights={name: float(np.mean(path.allocation)) for name, path in sorted(outcome.paths.items())},
    )
