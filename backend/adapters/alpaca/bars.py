"""Alpaca's bars of shares and crypto pairs, adjusted and raw, with the splits and dividends behind the difference."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from backend.adapters.alpaca.bar_source import DAILY, BarSource, Row, batches
from backend.adapters.alpaca.corporate_actions import ACTION_TYPES, read_actions
from backend.adapters.alpaca.pages import MarketDataPages
from backend.adapters.alpaca.session import AlpacaSession, data_client, unheard
from backend.domain.corporate_action import CorporateAction
from backend.domain.market import MarketData, SymbolHistory, in_utc, is_pair, last_closed_day
from backend.domain.signal import Symbol

_MARKET = "America/New_York"
_ACTIONS_PAGE = 1_000
_CALENDAR_DAYS_PER_BAR = 1.6  # 365 / 252, with room for holidays
_SESSION_MINUTES = 390
_ROOM_FOR_QUIET_PERIODS = 2  # a pair has no bar of a period in which nothing happened
_CLOSE_AGE_DAYS = 10
_PROCESSED_BEFORE_DAYS = 7  # a special dividend may be paid before its ex-date
_PROCESSED_AFTER_DAYS = 120


class AlpacaBars:
    """``Bars`` on alpaca-py's REST client, for shares, for crypto pairs and for corporate actions.

    A symbol with a slash, such as BTC/USD, is a crypto pair; all others are shares. A day's bar of a share counts from
    16:00 New York on, any other bar when it has ended; before that it is still growing and is left out. The days of
    pairs are those of UTC.

    Parameters
    ----------
    key, secret : Alpaca's credentials
    url : another server that speaks Alpaca's REST
    feed : of shares: "iex" (free), "sip", …
    timeout_seconds : how long to wait for each answer
    sleep : waits between repeated reads
    on_refused : called whenever Alpaca refuses the credentials
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
        on_refused: Callable[[], None] = unheard,
    ) -> None:
        def pages(api_version: str, subject: str) -> MarketDataPages:
            client = data_client(key, secret, api_version=api_version, url=url)
            session = AlpacaSession(client, timeout_seconds=timeout_seconds, sleep=sleep, on_refused=on_refused)
            self._sessions.append(session)
            return MarketDataPages(session, subject)

        self._sessions: list[AlpacaSession] = []
        self._actions = pages("v1", "corporate actions")
        self._shares = BarSource(
            pages=pages("v2", "bars"),
            path="/stocks/bars",
            latest_path="/stocks/bars/latest",
            query={"feed": feed},
            zone=ZoneInfo(_MARKET),
            stamp_within=timedelta(hours=1),
            has_adjustments=True,
        )
        self._pairs = BarSource(
            pages=pages("v1beta3", "crypto bars"),
            path="/crypto/us/bars",
            latest_path="/crypto/us/latest/bars",
            query={},
            zone=UTC,
            stamp_within=timedelta(hours=12),  # midnight in UTC; until July 2025 it was Chicago's
            has_adjustments=False,
        )

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions:
            session.close()

    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        last = last_closed_day(until)
        start = (last - timedelta(days=int(days * _CALENDAR_DAYS_PER_BAR) + 7)).isoformat()
        shares, pairs = _parted(symbols)
        known = {
            symbol: [row for row in rows if row.day <= last]
            for symbol, rows in self._shares.rows(shares, DAILY, start, until.isoformat()).items()
        }
        begun = in_utc(until) - timedelta(days=1)
        known |= _ended(self._pairs.rows(pairs, DAILY, start, begun.isoformat()), begun)
        return _market(symbols, known, days)

    def intraday(self, symbols: Sequence[Symbol], *, minutes: int, until: datetime, count: int) -> MarketData:
        """Read bars as Alpaca makes them: from full hours on, and of shares those before and after the session too."""
        begun = in_utc(until) - timedelta(minutes=minutes)  # of the last bar that has ended
        timeframe = f"{minutes}Min" if minutes % 60 else f"{minutes // 60}Hour"
        shares, pairs = _parted(symbols)
        known: dict[Symbol, list[Row]] = {}
        for source, asked, reach in (
            (self._shares, shares, _sessions(minutes, count)),
            (self._pairs, pairs, timedelta(minutes=minutes * count * _ROOM_FOR_QUIET_PERIODS)),
        ):
            rows = source.rows(asked, timeframe, (begun - reach).isoformat(), begun.isoformat())
            known |= _ended(rows, begun)
        return _market(symbols, known, count, has_starts=True)

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        """Read the close of each symbol's newest minute bar; ``at`` is now, the only time Alpaca answers for."""
        shares, pairs = _parted(symbols)
        return {**self._shares.latest(shares), **self._pairs.latest(pairs)}

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        """Read the newest close up to ``day``; before 16:00 New York, for a pair before the end of its UTC day, today's
        bar is still growing.
        """
        closes: dict[Symbol, Decimal] = {}
        for source, asked in zip((self._shares, self._pairs), _parted(symbols), strict=True):
            start = source.midnight(day - timedelta(days=_CLOSE_AGE_DAYS - 1)).isoformat()
            end = (source.midnight(day) + source.stamp_within).isoformat()
            rows = source.rows(asked, DAILY, start, end, "raw")
            closes |= {symbol: Decimal(repr(found[-1].close)) for symbol, found in rows.items() if found}
        return closes

    def corporate_actions(self, symbols: Sequence[Symbol], first: date, last: date) -> Sequence[CorporateAction]:
        """Read splits and cash dividends of shares; stock dividends, spin-offs and mergers are left out.

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
            for batch in batches(_parted(symbols)[0])
            for page in self._actions.pages("/corporate-actions", {**query, "symbols": ",".join(batch)})
        ]
        return read_actions(pages, first, last)


def _parted(symbols: Sequence[Symbol]) -> tuple[list[Symbol], list[Symbol]]:
    """Return shares and pairs."""
    return [each for each in symbols if not is_pair(each)], [each for each in symbols if is_pair(each)]


def _sessions(minutes: int, count: int) -> timedelta:
    """Return a span whose sessions have at least ``count`` bars of a share that is traded all the time."""
    days = math.ceil(count / max(_SESSION_MINUTES // minutes, 1))
    return timedelta(days=int(days * _CALENDAR_DAYS_PER_BAR) + 7)


def _ended(rows: Mapping[Symbol, list[Row]], begun: datetime) -> dict[Symbol, list[Row]]:
    """Keep the bars that began by ``begun``, whatever the server made of the end that it was asked for."""
    return {symbol: [row for row in found if row.start <= begun] for symbol, found in rows.items()}


def _market(
    symbols: Sequence[Symbol], rows: Mapping[Symbol, list[Row]], count: int, *, has_starts: bool = False
) -> MarketData:
    found = {symbol: rows[symbol][-count:] for symbol in symbols if rows[symbol]}
    return MarketData({symbol: _history(symbol, kept, has_starts) for symbol, kept in found.items()})


def _history(symbol: Symbol, rows: list[Row], has_starts: bool) -> SymbolHistory:
    starts, days, close, high, low = zip(*rows, strict=True)
    return SymbolHistory(
        symbol=symbol,
        days=days,
        close=np.array(close),
        high=np.array(high),
        low=np.array(low),
        starts=starts if has_starts else (),
    )
