"""When a venue trades, from the package exchange_calendars."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from typing import Any

from backend.domain.errors import ConfigurationError, MarketDataError
from backend.domain.session import Session

_EARLIEST, _LATEST = date(1678, 1, 1), date(2261, 12, 31)  # the whole years that pandas' nanoseconds reach


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """The sessions from ``first`` to ``last``, and the vendor's calendar that they were read from."""

    first: date
    last: date
    sessions: Sequence[Session]
    vendor: Any


class ExchangeCalendar:
    """``Calendar`` of one venue; knows the half days, holidays and closures that the installed package knows.

    The package, and pandas with it, is imported when the first session is asked for. Sessions are kept: at first
    those of the package's own window (20 years back, one ahead), later also those of the years asked for.

    Parameters
    ----------
    name : the venue's MIC ("XNYS"), or "24/7", whose sessions are UTC days

    Raises
    ------
    ConfigurationError
        The name is unknown; said when the first session is asked for.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._window: _Window | None = None

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        if last < first:
            return ()
        window = self._window or self._opened()
        if first < window.first or last > window.last:
            window = self._extended(window, first, last)
        self._window = window  # replaced whole: another thread sees the old one or the new one
        start = bisect_left(window.sessions, first, key=_day)
        return window.sessions[start : bisect_right(window.sessions, last, key=_day)]

    def _opened(self) -> _Window:
        from exchange_calendars import get_calendar_names

        names = {name.upper(): name for name in get_calendar_names()}
        if self._name not in names.values():
            near = [names[each] for each in get_close_matches(self._name.upper(), names)]
            hint = f"did you mean {' or '.join(near)}?" if near else "set the venue's MIC, such as XNYS, or 24/7"
            raise ConfigurationError(
                f"calendar: expected a name that exchange_calendars knows, found {self._name!r}; {hint}"
            )
        vendor = _vendor(self._name)
        return _read(vendor, vendor.default_start().date(), vendor.default_end().date())

    def _extended(self, window: _Window, first: date, last: date) -> _Window:
        """Read whole years, so that whoever walks through a year day by day extends once."""
        earliest, latest = _bounds(window.vendor)
        since = max(date(min(first, window.first).year, 1, 1), earliest)
        until = min(date(max(last, window.last).year, 12, 31), latest)
        if first < since or last > until:
            raise MarketDataError(
                f"calendar {self._name}: expected days from {earliest} to {latest}, found {first} to {last}; "
                "ask for days between them, or install a newer exchange-calendars"
            )
        return _read(_vendor(self._name, since, until), since, until)


def _vendor(name: str, since: date | None = None, until: date | None = None) -> Any:
    from exchange_calendars import get_calendar

    try:
        return get_calendar(name, start=since, end=until)
    except (ValueError, NotImplementedError) as e:  # rules that break off centuries away, or with a newer pandas
        days = "" if since is None else f" from {since} to {until}"
        raise MarketDataError(
            f"calendar {name}: expected its sessions{days} from exchange_calendars, found {type(e).__name__} "
            f"({str(e)[:100]}); ask for days nearer to now, or install a newer exchange-calendars"
        ) from e


def _bounds(vendor: Any) -> tuple[date, date]:
    """Return the first and the last day for which the venue's rules are known."""
    earliest, latest = vendor.bound_min(), vendor.bound_max()
    return (
        _EARLIEST if earliest is None else earliest.date(),
        _LATEST if latest is None else latest.date(),
    )


def _read(vendor: Any, first: date, last: date) -> _Window:
    rows = vendor.schedule[["open", "close"]].itertuples()
    sessions = (Session(day=day.date(), opens_at=_utc(opens), closes_at=_utc(closes)) for day, opens, closes in rows)
    return _Window(first=first, last=last, sessions=tuple(sessions), vendor=vendor)


def _utc(stamp: Any) -> datetime:
    instant: datetime = stamp.to_pydatetime().astimezone(UTC)
    return instant


def _day(session: Session) -> date:
    return session.day
