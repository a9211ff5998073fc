"""Daily closes by symbol, and which of them are known on a day."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSeries:
    """The closes of one symbol, oldest first."""

    symbol: str
    days: tuple[date, ...]
    closes: tuple[Decimal, ...]

    def close_on(self, day: date) -> Decimal | None:
        """Return the last close on or before `day`; None before the first."""
        index = bisect_right(self.days, day)
        return self.closes[index - 1] if index else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceHistory:
    """All series of one price file, and every day on which anything traded."""

    series: Mapping[str, PriceSeries]
    days: tuple[date, ...]

    def close_on(self, symbol: str, day: date) -> Decimal | None:
        found = self.series.get(symbol)
        return found.close_on(day) if found else None

    def days_between(self, after: date, until: date) -> tuple[date, ...]:
        """Return the trading days after `after` up to and including `until`."""
        return self.days[bisect_right(self.days, after) : bisect_right(self.days, until)]
