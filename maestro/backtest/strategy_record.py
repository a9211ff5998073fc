"""One strategy's days as series: what its tear sheet draws, and what its figures are taken from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import TrackRecordError
from backend.domain.performance import FloatArray
from backend.domain.signal import StrategyId
from backend.domain.snapshot import StrategyPerformanceSnapshot

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyRecord:
    """The daily snapshots of one strategy, at least one, oldest first.

    ``earlier`` are days before them, which only look-backs see.
    """

    strategy: StrategyId
    snapshots: tuple[StrategyPerformanceSnapshot, ...]
    earlier: tuple[StrategyPerformanceSnapshot, ...] = ()

    def __post_init__(self) -> None:
        days = [each.period_start for each in (*self.earlier, *self.snapshots)]
        if not self.snapshots or days != sorted(set(days)):
            raise TrackRecordError(
                f"{self.strategy}: expected at least one day, each once, oldest first, found {len(days)} days; "
                "read them from the performance history"
            )

    @property
    def days(self) -> tuple[date, ...]:
        return tuple(each.period_start for each in self.snapshots)

    @property
    def returns(self) -> FloatArray:
        """One scored return a day; NaN on a day without capital."""
        return scored_returns(self.snapshots)

    @property
    def is_virtual(self) -> NDArray[np.bool_]:
        return np.array([each.is_virtual for each in self.snapshots])


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthReturn:
    """One month, compounded over its scored days; ``virtual_days`` of its ``days`` were the virtual sleeve's."""

    year: int
    month: int
    value: float
    days: int
    virtual_days: int


def strategy_records(snapshots: Iterable[StrategyPerformanceSnapshot]) -> tuple[StrategyRecord, ...]:
    """Group days by strategy, in the order of the names."""
    ordered = sorted(snapshots, key=lambda each: (each.strategy_id, each.period_start))
    return tuple(
        StrategyRecord(strategy=name, snapshots=tuple(days))
        for name, days in groupby(ordered, key=lambda each: each.strategy_id)
    )


def scored_returns(days: Iterable[StrategyPerformanceSnapshot]) -> FloatArray:
    return np.array([np.nan if each.daily_return is None else each.daily_return for each in days])


def wealth(returns: FloatArray) -> FloatArray:
    """Compound 1.0 day by day: one value after each day. A day without a return changes nothing; nothing is below 0."""
    return np.multiply.accumulate(np.maximum(1.0 + np.nan_to_num(returns, nan=0.0), 0.0), dtype=np.float64)


def total_return(returns: FloatArray) -> float:
    """Compound a series: Π(1+r) − 1, at least −1; NaN without returns."""
    return float(wealth(returns)[-1]) - 1.0 if (~np.isnan(returns)).any() else float("nan")


def drawdowns(returns: FloatArray) -> FloatArray:
    """Return how far compounded wealth stood below its highest so far, the start among it, in [−1, 0]."""
    curve = wealth(returns)
    return curve / np.maximum(np.maximum.accumulate(curve), 1.0) - 1.0


def month_returns(record: StrategyRecord) -> tuple[MonthReturn, ...]:
    """Compound each month that has days, oldest first."""
    days, returns, is_virtual = record.days, record.returns, record.is_virtual
    months = groupby(range(len(days)), key=lambda position: (days[position].year, days[position].month))
    return tuple(_month(key, list(positions), returns, is_virtual) for key, positions in months)


def _month(
    key: tuple[int, int], positions: Sequence[int], returns: FloatArray, is_virtual: NDArray[np.bool_]
) -> MonthReturn:
    rows = slice(positions[0], positions[-1] + 1)
    scored = ~np.isnan(returns[rows])
    return MonthReturn(
        year=key[0],
        month=key[1],
        value=total_return(returns[rows]),
        days=int(scored.sum()),
        virtual_days=int((is_virtual[rows] & scored).sum()),
    )


def year_returns(months: Sequence[MonthReturn]) -> dict[int, float]:
    """Compound each year from its months; NaN where none of them has a return."""
    return {
        year: total_return(np.array([each.value for each in within]))
        for year, within in groupby(months, key=lambda each: each.year)
    }
