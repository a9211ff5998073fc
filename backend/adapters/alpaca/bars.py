"""Alpaca's daily bars, adjusted and raw, with the splits and dividends behind the difference."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backend.adapters.alpaca.corporate_actions import ACTION_TYPES, read_actions
from backend.adapters.alpaca.pages import MarketDataPages, lists, unreadable
from backend.adapters.alpaca.session import AlpacaSession
from backend.domain.corporate_action import CorporateAction
from backend.domain.market import MarketData, SymbolHistory, last_closed_day, start_of
from backend.domain.signal import Symbol

_MARKET = "America/New_York"
_PAGE = 10_000
_ACTIONS_PAGE = 1_000
_SYMBOLS_PER_REQUEST = 200  # keeps the query below the 8 kB that proxies allow
_CALENDAR_DAYS_PER_BAR = 1.6  # 365 / 252, with room for holidays
_CLOSE_AGE_DAYS = 10
_PAST_STAMP = timedelta(hours=1)  # a daily bar is stamped with its day's midnight in New York
_PROCESSED_BEFORE_DAYS = 7  # a special dividend may be paid before its ex-date
_PROCESSED_AFTER_DAYS = 120

_Row = tuple[date, float, float, float]  # day, close, high, low


class AlpacaBars:
    """``Bars`` on alpaca-py's StockHistoricalDataClient and CorporateActionsClient: shares, no crypto.

    A day's bar counts from 16:00 New York on; before that it is still growing and is left out.

    Parameters
    ----------
    key, secret : Alpaca's credentials
    url : another server that speaks Alpaca's REST
    feed : "iex" (free), "sip", …
    timeout_seconds : how long to wait for each answer
    sleep : waits between repeated reads
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        url: str | None = None,
        feed: str = "iex",
        timeout_seconds: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        from alpaca.data.historical.corporate_actions import CorporateActionsClient
        from alpaca.data.historical.stock import StockHistoricalDataClient

        bars = StockHistoricalDataClient(key, secret, raw_data=True, url_override=url)
        actions = CorporateActionsClient(key, secret, raw_data=True, url_override=url)
        patience: dict[str, Any] = {"timeout_seconds": timeout_seconds, "sleep": sleep}
        self._bars = MarketDataPages(AlpacaSession(bars, **patience), "bars")
        self._actions = MarketDataPages(AlpacaSession(actions, **patience), "corporate actions")
        self._feed = feed

    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        last = last_closed_day(until)
        query = {
            "adjustment": "all",
            "start": (last - timedelta(days=int(days * _CALENDAR_DAYS_PER_BAR) + 7)).isoformat(),
            "end": until.isoformat(),
        }
        rows = self._rows(symbols, query)
        known = {symbol: [row for row in found if row[0] <= last][-days:] for symbol, found in rows.items()}
        return MarketData({symbol: _history(symbol, found) for symbol, found in known.items() if found})

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        """Read the close of each symbol's newest minute bar; ``at`` is now, the only time Alpaca answers for."""
        prices: dict[Symbol, Decimal] = {}
        for batch in _batches(symbols):
            page = self._bars.page("/stocks/bars/latest", {"symbols": ",".join(batch), "feed": self._feed})
            bars = page.get("bars") or {}
            if not isinstance(bars, Mapping):
                raise unreadable("bars by symbol", bars)
            prices |= {symbol: _latest_price(symbol, bars[symbol]) for symbol in batch if symbol in bars}
        return prices

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        """Read the newest close up to ``day``; until 16:00 New York, today's bar is still growing."""
        query = {
            "adjustment": "raw",
            "start": start_of(day - timedelta(days=_CLOSE_AGE_DAYS - 1)).isoformat(),
            "end": (start_of(day) + _PAST_STAMP).isoformat(),
        }
        newest = {symbol: rows[-1] for symbol, rows in self._rows(symbols, query).items() if rows}
        return {symbol: Decimal(repr(close)) for symbol, (_, close, _, _) in newest.items()}

    def corporate_actions(self, symbols: Sequence[Symbol], first: date, last: date) -> Sequence[CorporateAction]:
        """Read splits and cash dividends; stock dividends, spin-offs and mergers are left out.

        Alpaca tells of an action with some delay, and lists it by the day on which it processes it: a dividend on its
        pay date, which may be months after its ex-date.
        """
        query = {
            "types": ACTION_TYPES,
            "start": (first - timedelta(days=_PROCESSED_BEFORE_DAYS)).isoformat(),
            "end": (last + timedelta(days=_PROCESSED_AFTER_DAYS)).isoformat(),
            "limit": _ACTIONS_PAGE,
        }
        pages = [
            page
            for batch in _batches(symbols)
            for page in self._actions.pages("/corporate-actions", {**query, "symbols": ",".join(batch)})
        ]
        return read_actions(pages, first, last)

    def _rows(self, symbols: Sequence[Symbol], query: Mapping[str, Any]) -> dict[Symbol, list[_Row]]:
        """Read daily bars of every symbol, oldest first."""
        market = ZoneInfo(_MARKET)
        shared = {"timeframe": "1Day", "feed": self._feed, "limit": _PAGE}
        rows: dict[Symbol, list[_Row]] = {}
        for batch in _batches(symbols):
            bars: dict[str, list[Any]] = defaultdict(list)
            for page in self._bars.pages("/stocks/bars", {**shared, **query, "symbols": ",".join(batch)}):
                for symbol, found in lists(page, "bars", "lists of bars by symbol").items():
                    bars[symbol].extend(found)
            rows |= {symbol: _read_bars(symbol, bars.get(symbol, []), market) for symbol in batch}
        return rows


def _batches(symbols: Sequence[Symbol]) -> Iterator[list[Symbol]]:
    wanted = list(dict.fromkeys(symbols))
    for first in range(0, len(wanted), _SYMBOLS_PER_REQUEST):
        yield wanted[first : first + _SYMBOLS_PER_REQUEST]


def _read_bars(symbol: Symbol, bars: list[Any], market: ZoneInfo) -> list[_Row]:
    """Return (day, close, high, low) of every bar, oldest first."""
    rows: list[_Row] = []
    for bar in bars:
        try:
            day = datetime.fromisoformat(bar["t"]).astimezone(market).date()
            row = (day, float(bar["c"]), float(bar["h"]), float(bar["l"]))
        except (KeyError, TypeError, ValueError) as e:
            raise unreadable(f"a bar of {symbol} with t, c, h and l", bar) from e
        if not all(0 < price < np.inf for price in row[1:]) or (rows and rows[-1][0] >= day):
            raise unreadable(f"bars of {symbol} with positive prices, one a day, oldest first", bar)
        rows.append(row)
    return rows


def _latest_price(symbol: Symbol, bar: Any) -> Decimal:
    try:
        price = Decimal(repr(float(bar["c"])))
    except (KeyError, TypeError, ValueError) as e:
        raise unreadable(f"the newest bar of {symbol} with c", bar) from e
    if not (price.is_finite() and price > 0):
        raise unreadable(f"a positive price of {symbol}", bar)
    return price


def _history(symbol: Symbol, rows: list[_Row]) -> SymbolHistory:
    days, close, high, low = zip(*rows, strict=True)
    return SymbolHistory(symbol=symbol, days=days, close=np.array(close), high=np.array(high), low=np.array(low))
