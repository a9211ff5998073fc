"""The last daily returns of every strategy as one matrix: what a tick scores from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import TrackRecordError
from backend.domain.signal import StrategyId

WINDOW_DAYS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyReturn:
    """One strategy's return of one day: day's P&L of its sleeve ÷ the sleeve's capital at the start of the day."""

    strategy: StrategyId
    day: date
    value: float
    is_virtual: bool = False

    def __post_init__(self) -> None:
        if not np.isfinite(self.value):
            raise TrackRecordError(
                f"{self.strategy} {self.day}: expected a finite daily return, found {self.value}; correct the document"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackRecord:
    """Returns in a matrix, shape (days, strategies), oldest day first, NaN where there is none.

    ``returns`` is kept row by row, however it comes: sums are taken in the order of memory, so another layout of the
    same numbers has other last digits.
    """

    strategies: tuple[StrategyId, ...]
    days: tuple[date, ...]
    returns: NDArray[np.float64]
    is_virtual: NDArray[np.bool_]
    checked_on: date | None = None

    def __post_init__(self) -> None:
        shape = (len(self.days), len(self.strategies))
        if self.returns.shape != shape or self.is_virtual.shape != shape:
            raise TrackRecordError(
                f"expected matrices of shape {shape}, found {self.returns.shape} and {self.is_virtual.shape}; "
                "delete the track record so that it is rebuilt from the daily documents"
            )
        if list(self.days) != sorted(set(self.days)):
            raise TrackRecordError("expected distinct days, oldest first; rebuild the track record")
        if np.isinf(self.returns).any():
            raise TrackRecordError("expected finite returns or NaN, found an infinite one; rebuild the track record")
        if not self.returns.flags.c_contiguous:
            object.__setattr__(self, "returns", np.ascontiguousarray(self.returns))

    @property
    def through(self) -> date | None:
        """The last day with a return."""
        return self.days[-1] if self.days else None

    def recorded_on(self, day: date) -> frozenset[StrategyId]:
        """Name the strategies that have a return of that day."""
        if day not in self.days:
            return frozenset()
        row = self.returns[self.days.index(day)]
        return frozenset(name for name, value in zip(self.strategies, row.tolist(), strict=True) if value == value)

    def since(self, first: date) -> NDArray[np.float64]:
        """Return the rows from ``first`` on; shape (days, strategies)."""
        start = next((i for i, day in enumerate(self.days) if day >= first), len(self.days))
        return self.returns[start:]

    def extended(self, additions: Iterable[DailyReturn], *, checked_on: date | None = None) -> "TrackRecord":
        """Add or replace returns and keep the newest ``WINDOW_DAYS`` days."""
        fresh = list(additions)
        if not fresh:
            return self if checked_on in (None, self.checked_on) else _replace_check(self, checked_on)
        days = tuple(sorted({*self.days, *(r.day for r in fresh)}))[-WINDOW_DAYS:]
        strategies = tuple(sorted({*self.strategies, *(r.strategy for r in fresh)}))
        row = {day: i for i, day in enumerate(days)}
        column = {name: j for j, name in enumerate(strategies)}
        returns = np.full((len(days), len(strategies)), np.nan)
        is_virtual = np.zeros(returns.shape, dtype=np.bool_)
        kept = [i for i, day in enumerate(self.days) if day in row]
        if kept:
            rows = np.array([row[self.days[i]] for i in kept])
            columns = np.array([column[name] for name in self.strategies], dtype=np.intp)
            returns[np.ix_(rows, columns)] = self.returns[kept]
            is_virtual[np.ix_(rows, columns)] = self.is_virtual[kept]
        for r in fresh:
            if r.day in row:
                returns[row[r.day], column[r.strategy]] = r.value
                is_virtual[row[r.day], column[r.strategy]] = r.is_virtual
        return TrackRecord(
            strategies=strategies,
            days=days,
            returns=returns,
            is_virtual=is_virtual,
            checked_on=checked_on or self.checked_on,
        )

    def is_behind(self, today: date) -> bool:
        """Say whether daily documents may exist that this record has not seen: asked once a day."""
        return self.checked_on != today


def _replace_check(record: TrackRecord, checked_on: date | None) -> TrackRecord:
    return TrackRecord(
        strategies=record.strategies,
        days=record.days,
        returns=record.returns,
        is_virtual=record.is_virtual,
        checked_on=checked_on,
    )


EMPTY_TRACK_RECORD = TrackRecord(
    strategies=(), days=(), returns=np.empty((0, 0)), is_virtual=np.empty((0, 0), dtype=np.bool_)
)
