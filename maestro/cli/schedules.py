"""Schedules of portfolios as they are given on the command line, and as they come due."""

from datetime import UTC, date, datetime, timedelta

from backend.adapters.cron_schedules import CronSchedules
from backend.domain.dispatch import DispatchRecord, ScheduledPortfolio, is_open
from backend.domain.session import Session
from backend.settings import Settings
from functions import clients, dispatch

_FARTHEST = timedelta(days=14)


def checked_schedule(settings: Settings, schedule: str) -> str:
    """Return a schedule; ConfigurationError when it is none."""
    now = datetime.now(UTC)
    CronSchedules(time_zone=settings.schedule.time_zone).occurrences(schedule, now, now)
    return schedule.strip()


def checked_calendar(calendar: str) -> str:
    """Return the name of a calendar; ConfigurationError when there is none of that name."""
    _sessions(calendar, datetime.now(UTC).date())
    return calendar


def tell_dispatcher(settings: Settings, schedule: str) -> None:
    """Let the cloud's dispatcher know of a schedule at once, not only when it reads all portfolios next."""
    if settings.store != "firestore" or not schedule:
        return
    cloud = dispatch.portfolios(settings)
    record = cloud.record()
    if schedule not in record.schedules:
        cloud.keep(DispatchRecord(until=record.until, schedules=record.schedules | {schedule}))


def next_ticks(settings: Settings, portfolio: ScheduledPortfolio, now: datetime, count: int = 3) -> list[datetime]:
    """Return when a portfolio ticks next, within two weeks, as a dispatch would have it."""
    named = CronSchedules(time_zone=settings.schedule.time_zone)
    line = portfolio.schedule or settings.schedule.tick
    sessions = _sessions(portfolio.calendar or settings.calendar, now.date()) if portfolio.market_hours else []
    found: list[datetime] = []
    day = now
    while len(found) < count and day < now + _FARTHEST:
        instants = named.occurrences(line, day, day + timedelta(days=1)).instants
        found += [at for at in instants if not portfolio.market_hours or is_open(sessions, at)]
        day += timedelta(days=1)
    return found[:count]


def _sessions(calendar: str, first: date) -> list[Session]:
    return list(clients.exchange_calendar(calendar).sessions(first - timedelta(days=1), first + _FARTHEST))
