"""The account's own books at Alpaca: its activities, and its equity at the close of each day."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.adapters.alpaca.activities import booked_at, execution_id, read_activity
from backend.adapters.alpaca.failures import read_error
from backend.adapters.alpaca.fields import instant, mapping, text, unreadable
from backend.adapters.alpaca.session import AlpacaSession, CallFailed, trading_client, unheard
from backend.domain.market import end_of, new_york_day, start_of
from backend.domain.statement import Activity

_PAGE = 100
_SECOND = timedelta(seconds=1)
_FAR_FUTURE = 10**11


class AlpacaStatements:
    """``Statements`` on alpaca-py's REST client.

    An activity belongs to the New York day on which Alpaca booked it, and its cash is what Alpaca booked: a fill's
    to the cent. Alpaca books a split as two activities, the old shares out and the new ones in. Contracts of options
    are read like shares, although each stands for a hundred.

    Parameters
    ----------
    key, secret : Alpaca's credentials
    paper : paper account (default) or live
    url : another server that speaks Alpaca's REST, such as ``http://127.0.0.1:8765``
    timeout_seconds : how long to wait for each answer
    sleep : waits between repeated reads
    on_refused : called whenever Alpaca refuses the credentials
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        paper: bool = True,
        url: str | None = None,
        timeout_seconds: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
        on_refused: Callable[[], None] = unheard,
    ) -> None:
        client = trading_client(key, secret, paper=paper, url=url)
        self._session = AlpacaSession(client, timeout_seconds=timeout_seconds, sleep=sleep, on_refused=on_refused)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        """Read the equity by day; a day whose session has not ended by Alpaca's clock has none yet.

        For hours after a close Alpaca may repeat the day before (alpacahq/Alpaca-API#273).
        """
        now, closed = self._clock()
        last = min(last, closed)
        if first > last:
            return {}
        query = {
            "timeframe": "1D",
            "intraday_reporting": "market_hours",
            "start": start_of(first).isoformat(),
            "end": min(end_of(last) - _SECOND, now).isoformat(),
        }
        history = mapping(self._read("/account/portfolio/history", query), "a portfolio history")
        return {day: equity for day, equity in _points(history) if first <= day <= last}

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        since, until = start_of(first), end_of(last)
        query = {
            "after": _zulu(since - _SECOND),
            "until": _zulu(until),
            "direction": "asc",
            "page_size": _PAGE,
        }
        found: list[Activity] = []
        orders: dict[str, str] = {}
        for fields in self._pages(query):
            at = booked_at(fields)
            if at is not None and not since <= at < until:
                continue
            if fields.get("activity_type") == "FILL":
                orders[execution_id(fields)] = text(fields, "order_id")
            activity = read_activity(fields, orders)
            if activity is not None:
                found.append(activity)
        return tuple(found)

    def _pages(self, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Yield the activities of all pages: each page begins after the last activity of the one before."""
        seen: set[str] = set()
        token: dict[str, str] = {}
        while True:
            page = self._read("/account/activities", {**query, **token})
            if not isinstance(page, list):
                raise unreadable("a list of activities", page)
            if not page:
                return
            for document in page:
                fields = mapping(document, "an activity")
                activity_id = text(fields, "id")
                if activity_id in seen:
                    raise unreadable("each activity once", activity_id)
                seen.add(activity_id)
                yield fields
            token = {"page_token": activity_id}

    def _clock(self) -> tuple[datetime, date]:
        """Return Alpaca's time, and the newest day whose session, if it had one, has ended."""
        fields = mapping(self._read("/clock"), "a clock")
        now, next_open, is_open = instant(fields, "timestamp"), instant(fields, "next_open"), fields.get("is_open")
        if now is None or next_open is None or not isinstance(is_open, bool):
            raise unreadable("a clock with timestamp, next_open and is_open", dict(fields))
        today = new_york_day(now)
        has_ended = not is_open and new_york_day(next_open) > today
        return now, today if has_ended else today - timedelta(days=1)

    def _read(self, path: str, query: Mapping[str, Any] | None = None) -> object:
        try:
            answer: object = self._session.send_repeatedly("GET", path, query)
        except CallFailed as e:
            raise read_error(path, e) from e
        return answer


def _points(history: Mapping[str, Any]) -> Iterator[tuple[date, Decimal]]:
    """Yield each day with its equity; a day that stands empty is left out."""
    stamps, equities = history.get("timestamp"), history.get("equity")
    if not isinstance(stamps, list) or not isinstance(equities, list) or len(stamps) != len(equities):
        raise unreadable("a portfolio history with one equity for each timestamp", dict(history))
    for stamp, equity in zip(stamps, equities, strict=True):
        if equity is None:
            continue
        if not _is_number(equity) or not _is_number(stamp) or not 0 < stamp < _FAR_FUTURE:
            raise unreadable("a timestamp in seconds and an equity", (stamp, equity))
        yield new_york_day(datetime.fromtimestamp(stamp, UTC)), Decimal(repr(equity))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")


def _zulu(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
