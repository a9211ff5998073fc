"""Trading sessions in New York: when a day opens, and from when its close is known."""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo

_OPEN = time(9, 30)
_CLOSE = time(16, 0)
_SATURDAY = 5


@cache
def new_york() -> ZoneInfo:
    return ZoneInfo("America/New_York")


@lru_cache(maxsize=16_384)
def close_at(day: date) -> datetime:
    """Return the UTC instant from which the close of `day` is known."""
    return datetime.combine(day, _CLOSE, new_york()).astimezone(UTC)


@lru_cache(maxsize=16_384)
def midnight_at(day: date) -> datetime:
    """Return the UTC instant at which `day` begins in New York: the time stamp of its daily bar."""
    return datetime.combine(day, time(0), new_york()).astimezone(UTC)


def open_at(day: date) -> datetime:
    return datetime.combine(day, _OPEN, new_york()).astimezone(UTC)


def local_day(now: datetime) -> date:
    return now.astimezone(new_york()).date()


def last_known_day(now: datetime) -> date:
    """Return the latest calendar day whose close is known at `now`."""
    today = local_day(now)
    return today if now >= close_at(today) else today - timedelta(days=1)


def next_trading_day(after: date, days: Sequence[date]) -> date:
    """Return the first trading day after `after`: from `days`, or beyond them the next weekday."""
    index = bisect_right(days, after)
    if index < len(days):
        return days[index]
    following = after + timedelta(days=1)
    while following.weekday() >= _SATURDAY:
        following += timedelta(days=1)
    return following


def is_trading_day(day: date, days: Sequence[date]) -> bool:
    index = bisect_right(days, day)
    if index == len(days) and (not days or day > days[-1]):
        return day.weekday() < _SATURDAY
    return index > 0 and days[index - 1] == day


def session_day(now: datetime, days: Sequence[date]) -> date:
    """Return the day at whose close a day order placed at `now` expires."""
    today = local_day(now)
    if is_trading_day(today, days) and now < close_at(today):
        return today
    return next_trading_day(today, days)
