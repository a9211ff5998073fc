"""The few numbers that sum a replay up: performance of both curves, and orders per strategy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import MarketDataError
from backend.domain.order import Side
from backend.domain.performance import max_drawdown, sharpe_ratio
from maestro.backtest.outcome import ReplayOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """One curve from its first close to its last: fractions, and the annualised Sharpe ratio (NaN undefined)."""

    start: float
    final: float
    total_return: float
    max_drawdown: float
    sharpe: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    maestro: Performance
    benchmark: Performance
    orders: int
    fills: int
    mode_changes: int
    overrides: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCount:
    """``filled`` counts orders that were filled at least in part; ``traded`` is their value in currency."""

    strategy: str
    orders: int
    buys: int
    sells: int
    filled: int
    traded: float


def headline(outcome: ReplayOutcome) -> Headline:
    """Sum a replay up.

    Raises
    ------
    MarketDataError
        The replay holds no day, or its curves are not parallel to its days.
    """
    days, equity, benchmark = len(outcome.days), len(outcome.equity), len(outcome.benchmark)
    if not days or equity != days or benchmark != days:
        raise MarketDataError(
            f"expected one equity and one benchmark close for each of at least one day, found {days} days, "
            f"{equity} and {benchmark} closes; replay a window that holds trading days"
        )
    return Headline(
        maestro=performance(outcome.equity),
        benchmark=performance(outcome.benchmark),
        orders=len(outcome.orders),
        fills=outcome.fills,
        mode_changes=len(outcome.mode_changes),
        overrides=len(outcome.overrides),
    )


def performance(closes: Sequence[float]) -> Performance:
    """Measure one curve; days without a finite, positive close are left out."""
    series = _known(closes)
    series = series[~np.isnan(series)]
    if series.size == 0:
        return Performance(
            start=math.nan, final=math.nan, total_return=math.nan, max_drawdown=math.nan, sharpe=math.nan
        )
    returns = series[1:] / series[:-1] - 1.0
    return Performance(
        start=float(series[0]),
        final=float(series[-1]),
        total_return=float(series[-1] / series[0]) - 1.0,
        max_drawdown=max_drawdown(returns),
        sharpe=sharpe_ratio(returns),
    )


def drawdowns(closes: Sequence[float]) -> NDArray[np.float64]:
    """Return each close relative to the highest one so far, minus one; NaN where there is no close."""
    series = _known(closes)
    return np.asarray(series / np.fmax.accumulate(series) - 1.0, dtype=np.float64)


def _known(closes: Sequence[float]) -> NDArray[np.float64]:
    """Put NaN where a close is not a finite, positive number."""
    series = np.asarray(closes, dtype=np.float64)
    return np.where(np.isfinite(series) & (series > 0.0), series, np.nan)


def order_counts(outcome: ReplayOutcome) -> tuple[OrderCount, ...]:
    """Count orders per strategy, in the order of the strategy lines; unknown strategies follow by name."""
    return tuple(_count(outcome, name) for name in strategy_order(outcome))


def strategy_order(outcome: ReplayOutcome) -> tuple[str, ...]:
    """Return every strategy that the replay mentions, those of the last tick first."""
    known = [line.strategy for line in outcome.strategies]
    others = {*outcome.paths, *(order.strategy for order in outcome.orders), *outcome.failures} - set(known)
    return (*known, *sorted(others))


def _count(outcome: ReplayOutcome, strategy: str) -> OrderCount:
    orders = [order for order in outcome.orders if order.strategy == strategy]
    buys = sum(1 for order in orders if order.side == Side.BUY)
    filled = [(order.quantity, order.price) for order in orders if order.quantity]
    values = [abs(quantity * price) for quantity, price in filled if quantity and price is not None]
    return OrderCount(
        strategy=strategy,
        orders=len(orders),
        buys=buys,
        sells=len(orders) - buys,
        filled=len(filled),
        traded=math.fsum(value for value in values if math.isfinite(value)),
    )
