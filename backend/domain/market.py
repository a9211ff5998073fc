"""Prices as strategies see them: daily bars, and shorter ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol

_CLOSE = time(16)
_NEW_YORK = "America/New_York"


def is_pair(symbol: str) -> bool:
    """Return whether it is a crypto pair such as BTC/USD, which is traded on every day of the week."""
    return "/" in symbol


def start_of(day: date) -> datetime:
    """Return the instant at which a New York day begins."""
    return datetime.combine(day, time(), ZoneInfo(_NEW_YORK))


def new_york_day(at: datetime) -> date:
    """Return the date in New York."""
    return at.astimezone(ZoneInfo(_NEW_YORK)).date()


def end_of(day: date) -> datetime:
    """Return the instant at which a New York day ends."""
    return start_of(day + timedelta(days=1))


def in_utc(until: datetime) -> datetime:
    """Return the same instant in UTC, where a difference of instants is one of clock times.

    Raises
    ------
    MarketDataError
        ``until`` is naive.
    """
    if until.tzinfo is None:
        raise MarketDataError(f"until: expected an aware instant, found {until.isoformat()}; pass UTC")
    return until.astimezone(UTC)


def last_closed_day(until: datetime) -> date:
    """Return the newest day whose close is known at ``until``: a day's from 16:00 New York on.

    Raises
    ------
    MarketDataError
        ``until`` is naive.
    """
    local = in_utc(until).astimezone(ZoneInfo(_NEW_YORK))
    return local.date() if local.time() >= _CLOSE else local.date() - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SymbolHistory:
    """One symbol's bars, oldest first; every array has shape (bars,).

    ``days`` is the day of each bar. ``starts`` are the UTC instants at which bars shorter than a day begin, of which
    many have one day; daily bars, and those that are joined from them, have none.
    """

    symbol: Symbol
    days: tuple[date, ...]
    close: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    starts: tuple[datetime, ...] = ()

    def __post_init__(self) -> None:
        if not self.days or self.close.shape != (len(self.days),):
            raise MarketDataError(f"{self.symbol}: expected one close a day, found {self.close.shape}; reload the bars")
        if self.starts and len(self.starts) != len(self.days):
            raise MarketDataError(
                f"{self.symbol}: expected no start, or one for each of {len(self.days)} bars, found "
                f"{len(self.starts)}; reload the bars"
            )
        if not (np.isfinite(self.close).all() and (self.close > 0).all()):
            raise MarketDataError(f"{self.symbol}: expected positive finite closes; correct the price source")

    @property
    def price(self) -> float:
        """The newest close."""
        return float(self.close[-1])


class MarketData(Mapping[str, SymbolHistory]):
    """Histories by symbol: ``market_data["AAPL"].close``."""

    def __init__(self, histories: Mapping[str, SymbolHistory]) -> None:
        self._histories = dict(histories)

    def __getitem__(self, symbol: str) -> SymbolHistory:
        return self._histories[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._histories)

    def __len__(self) -> int:
        return len(self._histories)

    def prices(self) -> dict[Symbol, Decimal]:
        """The newest close of every symbol, exact to the digits that were published."""
        return {Symbol(symbol): Decimal(repr(history.price)) for symbol, history in self._histories.items()}
