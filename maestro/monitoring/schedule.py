"""When the next tick is due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from backend.domain.errors import ConfigurationError


def next_tick(cron: str, time_zone: str, *, after: datetime) -> datetime:
    """Return the first instant after ``after`` that a unix cron line names, in UTC.

    Raises
    ------
    ConfigurationError
        The line is no unix cron line, or names no instant; the zone is unknown.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as e:
        raise ConfigurationError(
            f"schedule.time_zone: expected a zone like America/New_York, found {time_zone!r}; correct it"
        ) from e
    try:
        due = next(CronSim(cron, after.astimezone(zone)))
    except (CronSimError, StopIteration) as e:
        raise ConfigurationError(f"schedule.tick: expected a unix cron line, found {cron!r} ({e}); correct it") from e
    return due.astimezone(UTC)
