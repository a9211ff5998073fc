"""Alpaca's daily bars, adjusted for splits and dividends."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from backend.adapters.alpaca.session import AlpacaSession, CallFailed
from backend.domain.errors import MarketDataError
from backend.domain.market import MarketData, SymbolHistory, last_closed_day
from backend.domain.signal import Symbol

_MARKET = "America/New_York"
_PAGE = 10_000
_SYMBOLS_PER_REQUEST = 200  # keeps the query below the 8 kB that proxies allow
_CALENDAR_DAYS_PER_BAR = 1.6  # 365 / 252, with room for holidays


class AlpacaBars:
    """``Bars`` on alpaca-py's StockHistoricalDataClient.

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
        from alpaca.data.historical.stock import StockHistoricalDataClient

        client = StockHistoricalDataClient(key, secret, raw_data=True, url_override=url)
        self._session = AlpacaSession(client, timeout_seconds=timeout_seconds, sleep=sleep)
        self._feed = feed

    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        market = ZoneInfo(_MARKET)
        last = last_closed_day(until)
        query = {
            "timeframe": "1Day",
            "adjustment": "all",
            "feed": self._feed,
            "start": (last - timedelta(days=int(days * _CALENDAR_DAYS_PER_BAR) + 7)).isoformat(),
            "end": until.isoformat(),
            "limit": _PAGE,
        }
        wanted = list(dict.fromkeys(symbols))
        histories: dict[str, SymbolHistory] = {}
        for first in range(0, len(wanted), _SYMBOLS_PER_REQUEST):
            batch = wanted[first : first + _SYMBOLS_PER_REQUEST]
            bars = self._bars({**query, "symbols": ",".join(batch)})
            for symbol in batch:
                known = [bar for bar in _read_bars(symbol, bars.get(symbol, []), market) if bar[0] <= last][-days:]
                if known:
                    histories[symbol] = _history(symbol, known)
        return MarketData(histories)

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        """Read the close of each symbol's newest minute bar; ``at`` is now, the only time Alpaca answers for."""
        wanted = list(dict.fromkeys(symbols))
        prices: dict[Symbol, Decimal] = {}
        for first in range(0, len(wanted), _SYMBOLS_PER_REQUEST):
            batch = wanted[first : first + _SYMBOLS_PER_REQUEST]
            page = self._page("/stocks/bars/latest", {"symbols": ",".join(batch), "feed": self._feed})
            bars = page.get("bars") or {}
            if not isinstance(bars, Mapping):
                raise _unreadable("bars by symbol", bars)
            prices |= {symbol: _latest_price(symbol, bars[symbol]) for symbol in batch if symbol in bars}
        return prices

    def _bars(self, query: Mapping[str, Any]) -> Mapping[str, list[Any]]:
        collected: dict[str, list[Any]] = defaultdict(list)
        for page in self._pages(query):
            bars = page["bars"] if page.get("bars") is not None else {}
            if not isinstance(bars, Mapping) or not all(isinstance(found, list) for found in bars.values()):
                raise _unreadable("lists of bars by symbol", bars)
            for symbol, found in bars.items():
                collected[symbol].extend(found)
        return collected

    def _pages(self, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        seen: set[str | None] = {None}
        token: str | None = None
        while True:
            page = self._page("/stocks/bars", query if token is None else {**query, "page_token": token})
            yield page
            token = page.get("next_page_token")
            if token is None:
                return
            if token in seen:
                raise _unreadable("a new next_page_token", token)
            seen.add(token)

    def _page(self, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            page = self._session.send_repeatedly("GET", path, query)
        except CallFailed as e:
            advice = "check key and secret" if e.is_refusal else "check URL, network and feed, or try again later"
            raise MarketDataError(f"Alpaca bars: expected a page of bars, found {e}; {advice}") from e
        if not isinstance(page, Mapping):
            raise _unreadable("a page of bars", page)
        return page


def _read_bars(symbol: Symbol, bars: list[Any], market: ZoneInfo) -> list[tuple[date, float, float, float]]:
    """Return (day, close, high, low) of every bar, oldest first."""
    rows: list[tuple[date, float, float, float]] = []
    for bar in bars:
        try:
            day = datetime.fromisoformat(bar["t"]).astimezone(market).date()
            row = (day, float(bar["c"]), float(bar["h"]), float(bar["l"]))
        except (KeyError, TypeError, ValueError) as e:
            raise _unreadable(f"a bar of {symbol} with t, c, h and l", bar) from e
        if not all(0 < price < np.inf for price in row[1:]) or (rows and rows[-1][0] >= day):
            raise _unreadable(f"bars of {symbol} with positive prices, one a day, oldest first", bar)
        rows.append(row)
    return rows


def _latest_price(symbol: Symbol, bar: Any) -> Decimal:
    try:
        price = Decimal(repr(float(bar["c"])))
    except (KeyError, TypeError, ValueError) as e:
        raise _unreadable(f"the newest bar of {symbol} with c", bar) from e
    if not (price.is_finite() and price > 0):
        raise _unreadable(f"a positive price of {symbol}", bar)
    return price


def _history(symbol: Symbol, rows: list[tuple[date, float, float, float]]) -> SymbolHistory:
    days, close, high, low = zip(*rows, strict=True)
    return SymbolHistory(symbol=symbol, days=days, close=np.array(close), high=np.array(high), low=np.array(low))


def _unreadable(expected: str, found: object) -> MarketDataError:
    return MarketDataError(f"Alpaca bars: expected {expected}, found {str(found)[:200]!r}; check the URL and the feed")
