"""Sharpe ratios with what they can be believed to: of whole records, and day by day as a tick saw them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from backend.domain.performance import FloatArray
from backend.domain.policy import DecisionPolicy
from backend.domain.sharpe_inference import confidence_bands, estimate, probabilistic_sharpe_ratios
from maestro.backtest.mode_rule import mode_rule
from maestro.backtest.strategy_record import StrategyRecord, scored_returns

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class SharpeBand:
    """An annualised Sharpe ratio over ``n`` returns between the bounds of its 95% band; NaN where undefined.

    ``psr`` is the probability that the true ratio is above zero.
    """

    sharpe: float
    low: float
    high: float
    psr: float
    n: int


def sharpe_bands(series: Sequence[FloatArray], policy: DecisionPolicy) -> list[SharpeBand]:
    """Judge many series of daily returns at once; they may be of different lengths, NaN is no return."""
    longest = max((len(each) for each in series), default=0)
    matrix = np.full((longest, len(series)), np.nan)
    for column, each in enumerate(series):
        matrix[: len(each), column] = each
    found = estimate(matrix, periods_per_year=policy.periods_per_year, risk_free_rate=policy.risk_free_rate)
    low, high = confidence_bands(found, confidence=CONFIDENCE)
    columns = (found.annualised, low, high, probabilistic_sharpe_ratios(found), found.n)
    return [
        SharpeBand(sharpe=sharpe, low=low, high=high, psr=psr, n=n)
        for sharpe, low, high, psr, n in zip(*(column.tolist() for column in columns), strict=True)
    ]


def sharpe_bands_seen_on(on: Sequence[date], record: StrategyRecord, policy: DecisionPolicy) -> list[SharpeBand]:
    """Judge on each day of ``on`` what a tick on that day saw: the returns of the look-back before it."""
    known = (*record.earlier, *record.snapshots)
    days, returns, first = [each.period_start for each in known], scored_returns(known), mode_rule(policy).first
    return sharpe_bands([returns[first(days, day) : bisect_left(days, day)] for day in on], policy)
