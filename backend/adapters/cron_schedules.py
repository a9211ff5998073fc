"""Schedules as cron lines of five fields, as Debian's cron reads them, each on a clock of its own."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from backend.domain.dispatch import Occurrences
from backend.domain.errors import ConfigurationError

_FIELDS = 5
_ZONED = re.compile(r"CRON_TZ=(\S+)\s+(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class CronSchedules:
    """``Schedules``: ``*/5 9-16 * * 1-5`` on the clock of ``time_zone``, or ``CRON_TZ=Europe/Berlin 0 9 * * *``."""

    time_zone: str

    def occurrences(self, schedule: str, after: datetime, until: datetime) -> Occurrences:
        line, zone = self._parted(schedule)
        try:
            if len(line.split()) != _FIELDS:
                raise CronSimError(f"{len(line.split())} fields")
            runs = CronSim(line, after.astimezone(zone))
            instants: list[datetime] = []
            while (at := next(runs).astimezone(UTC)) <= until:
                instants.append(at)
        except (CronSimError, StopIteration) as e:
            raise ConfigurationError(
                f"schedule: expected a cron line of five fields that comes due, such as */5 9-16 * * 1-5, found "
                f"{schedule!r} ({e or 'never due'}); correct it"
            ) from e
        return Occurrences(instants=tuple(instants), following=at)

    def _parted(self, schedule: str) -> tuple[str, ZoneInfo]:
        zoned = _ZONED.fullmatch(schedule.strip())
        name, line = zoned.groups() if zoned else (self.time_zone, schedule)
        try:
            return line, ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as e:
            raise ConfigurationError(
                f"schedule: expected a time zone like America/New_York, found {name!r} in {schedule!r}; correct it"
            ) from e
