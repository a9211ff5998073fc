"""One of Alpaca's two APIs of bars, that of shares or that of crypto pairs: read to the last page, each bar checked."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import numpy as np

from backend.adapters.alpaca.pages import MarketDataPages, lists, unreadable
from backend.domain.signal import Symbol

DAILY = "1Day"
_PAGE = 10_000
_SYMBOLS_PER_REQUEST = 200  # keeps the query below the 8 kB that proxies allow


class Row(NamedTuple):
    """One bar; ``start`` is in UTC, ``day`` is that of its source."""

    start: datetime
    day: date
    close: float
    high: float
    low: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarSource:
    """Bars at one place of the API.

    Parameters
    ----------
    path, latest_path : of bars by time, and of each symbol's newest minute bar
    query : what every request says, such as the feed
    zone : where a day begins at midnight
    stamp_within : how long after its midnight a day's bar may be stamped
    has_adjustments : whether prices can be had adjusted for splits and dividends
    """

    pages: MarketDataPages
    path: str
    latest_path: str
    query: Mapping[str, str]
    zone: tzinfo
    stamp_within: timedelta
    has_adjustments: bool

    def midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)

    def rows(
        self, symbols: Sequence[Symbol], timeframe: str, start: str, end: str, adjustment: Literal["all", "raw"] = "all"
    ) -> dict[Symbol, list[Row]]:
        """Read the bars of every symbol that begin from ``start`` to ``end``, both included, oldest first."""
        query = {**self.query, "timeframe": timeframe, "limit": _PAGE, "start": start, "end": end}
        if self.has_adjustments:
            query["adjustment"] = adjustment
        rows: dict[Symbol, list[Row]] = {}
        for batch in batches(symbols):
            bars: dict[str, list[Any]] = defaultdict(list)
            for page in self.pages.pages(self.path, {**query, "symbols": ",".join(batch)}):
                for symbol, found in lists(page, "bars", "lists of bars by symbol").items():
                    bars[symbol].extend(found)
            rows |= {symbol: self._read(symbol, bars.get(symbol, []), timeframe == DAILY) for symbol in batch}
        return rows

    def latest(self, symbols: Sequence[Symbol]) -> dict[Symbol, Decimal]:
        """Read the close of each symbol's newest minute bar."""
        prices: dict[Symbol, Decimal] = {}
        for batch in batches(symbols):
            page = self.pages.page(self.latest_path, {"symbols": ",".join(batch), **self.query})
            bars = page.get("bars") or {}
            if not isinstance(bars, Mapping):
                raise unreadable("bars by symbol", bars)
            prices |= {symbol: _latest_price(symbol, bars[symbol]) for symbol in batch if symbol in bars}
        return prices

    def _read(self, symbol: Symbol, bars: list[Any], is_daily: bool) -> list[Row]:
        rows: list[Row] = []
        for bar in bars:
            try:
                row = self._row(bar)
            except (KeyError, TypeError, ValueError) as e:
                raise unreadable(f"a bar of {symbol} with t, c, h and l", bar) from e
            is_next = not rows or (rows[-1].day < row.day if is_daily else rows[-1].start < row.start)
            if not (is_next and all(0 < price < np.inf for price in (row.close, row.high, row.low))):
                raise unreadable(f"bars of {symbol} with positive prices, one a {_PERIOD[is_daily]}, oldest first", bar)
            rows.append(row)
        return rows

    def _row(self, bar: Any) -> Row:
        start = datetime.fromisoformat(bar["t"])
        if start.tzinfo is None:
            raise ValueError("t without an offset")
        start = start.astimezone(UTC)
        day = start.astimezone(self.zone).date()
        return Row(start, day, float(bar["c"]), float(bar["h"]), float(bar["l"]))


_PERIOD = {True: "day", False: "period"}


def batches(symbols: Sequence[Symbol]) -> Iterator[list[Symbol]]:
    """Part the symbols, each once, into as many as fit into one request."""
    wanted = list(dict.fromkeys(symbols))
    for first in range(0, len(wanted), _SYMBOLS_PER_REQUEST):
        yield wanted[first : first + _SYMBOLS_PER_REQUEST]


def _latest_price(symbol: Symbol, bar: Any) -> Decimal:
    try:
        price = Decimal(repr(float(bar["c"])))
    except (KeyError, TypeError, ValueError) as e:
        raise unreadable(f"the newest bar of {symbol} with c", bar) from e
    if not (price.is_finite() and price > 0):
        raise unreadable(f"a positive price of {symbol}", bar)
    return price
