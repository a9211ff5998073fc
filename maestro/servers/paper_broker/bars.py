"""Daily bars, cut into pages: each close is one bar, stamped with its day's midnight in New York.

A price file knows closes alone, so open = high = low = close, and volume and trade count are 0.
"""

import base64
import binascii
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from maestro.servers.paper_broker.errors import Refusal
from maestro.servers.paper_broker.prices import PriceHistory, PriceSeries
from maestro.servers.paper_broker.sessions import last_known_day, local_day, midnight_at
from maestro.servers.paper_broker.wire import encode, instant


@dataclass(frozen=True, slots=True, kw_only=True)
class BarQuery:
    """Bars of `symbols` whose stamp lies from `start` to `end`; `token` is where an earlier page ended."""

    symbols: tuple[str, ...]
    start: datetime
    end: datetime
    limit: int
    is_descending: bool
    token: str | None


class BarPages:
    """Serves bars from text that is made once for each symbol."""

    def __init__(self, prices: PriceHistory) -> None:
        self._prices = prices
        self._encoded: dict[str, list[bytes]] = {}

    def page(self, query: BarQuery, now: datetime) -> bytes:
        """Return one page as JSON, ordered by symbol, then time; nothing whose close is not known at `now`."""
        token_symbol, token_day = _read_token(query.token)
        chunks: list[bytes] = []
        room, next_token = query.limit, b"null"
        for symbol in sorted(set(query.symbols) & self._prices.series.keys()):
            if symbol < token_symbol:
                continue
            series = self._prices.series[symbol]
            low, high = _window(series, query, now)
            if symbol == token_symbol and token_day is not None:
                low, high = _resume(series, query, low, high, token_day)
            if low >= high:
                continue
            if room == 0:
                next_token = _token(symbol, series.days[high - 1 if query.is_descending else low])
                break
            bars = self._bars(series)[low:high]
            shown = bars[::-1][:room] if query.is_descending else bars[:room]
            chunks.append(b'"%s":[%s]' % (symbol.encode(), b",".join(shown)))
            room -= len(shown)
            if len(shown) < len(bars):
                following = high - 1 - len(shown) if query.is_descending else low + len(shown)
                next_token = _token(symbol, series.days[following])
                break
        return b'{"bars":{%s},"next_page_token":%s}' % (b",".join(chunks), next_token)

    def latest(self, symbols: tuple[str, ...], now: datetime) -> bytes:
        chunks = []
        for symbol in sorted(set(symbols) & self._prices.series.keys()):
            series = self._prices.series[symbol]
            count = bisect_right(series.days, last_known_day(now))
            if count:
                chunks.append(b'"%s":%s' % (symbol.encode(), self._bars(series)[count - 1]))
        return b'{"bars":{%s}}' % b",".join(chunks)

    def _bars(self, series: PriceSeries) -> list[bytes]:
        if series.symbol not in self._encoded:
            self._encoded[series.symbol] = [
                _bar(day, float(close)) for day, close in zip(series.days, series.closes, strict=True)
            ]
        return self._encoded[series.symbol]


def _bar(day: date, close: float) -> bytes:
    prices = {"o": close, "h": close, "l": close, "c": close, "vw": close}
    return encode({"t": instant(midnight_at(day)), **prices, "v": 0, "n": 0})


def _window(series: PriceSeries, query: BarQuery, now: datetime) -> tuple[int, int]:
    first = local_day(query.start)
    if midnight_at(first) < query.start:
        first += timedelta(days=1)
    last = min(local_day(query.end), last_known_day(now))
    return bisect_left(series.days, first), bisect_right(series.days, last)


def _resume(series: PriceSeries, query: BarQuery, low: int, high: int, day: date) -> tuple[int, int]:
    if query.is_descending:
        return low, min(high, bisect_right(series.days, day))
    return max(low, bisect_left(series.days, day)), high


def _token(symbol: str, day: date) -> bytes:
    return b'"%s"' % base64.urlsafe_b64encode(f"{symbol}|D|{day.isoformat()}".encode())


def _read_token(token: str | None) -> tuple[str, date | None]:
    if not token:
        return "", None
    try:
        symbol, _, day = base64.urlsafe_b64decode(token).decode().split("|")
        return symbol, date.fromisoformat(day)
    except (binascii.Error, ValueError) as e:
        raise Refusal(400, None, f"invalid page_token: {token}") from e
