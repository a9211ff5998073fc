"""When each job is due, by the cron lines of the settings on their own clock; never in the past."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from backend.domain.errors import ConfigurationError
from backend.settings_blocks import ScheduleSettings


class Job(StrEnum):
    """What runs on a schedule, in the order in which jobs of the same minute run."""

    TICK = "tick"
    RECONCILIATION = "reconciliation"
    DAILY_SNAPSHOT = "daily_snapshot"
    MONTHLY_SNAPSHOT = "monthly_snapshot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Jobs that are due at one instant, UTC."""

    at: datetime
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """A cron line for each job, as Debian's cron reads them on the clock of ``time_zone``, its changes included.

    ``interval``, when given, takes the place of the tick's cron line: instants that are whole multiples of it, so that
    two processes name the same ticks.

    Raises
    ------
    ConfigurationError
        A line is no cron line, the zone is unknown, or the interval is not above 0.
    """

    lines: Mapping[Job, str]
    time_zone: str
    interval: timedelta | None = None

    def __post_init__(self) -> None:
        if self.interval is not None and self.interval <= timedelta(0):
            raise ConfigurationError(f"--interval: expected more than 0 seconds, found {self.interval}; correct it")
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError) as e:
            raise ConfigurationError(
                f"schedule.time_zone: expected a zone like America/New_York, found {self.time_zone!r}; correct it"
            ) from e
        for job in Job:
            self._first(job, self.lines[job], datetime(2000, 1, 1, tzinfo=UTC))

    def after(self, instant: datetime) -> Due:
        """Return what is due next, strictly after ``instant``."""
        first = {job: self._first(job, line, instant) for job, line in self.lines.items()}
        if self.interval is not None:
            first[Job.TICK] = _next_multiple(self.interval, instant)
        at = min(first.values())
        return Due(at=at, jobs=tuple(job for job in Job if first.get(job) == at))

    def missed(self, since: datetime, until: datetime) -> dict[Job, datetime]:
        """Return, by job, the newest instant after ``since`` and up to ``until`` at which it was due."""
        newest = {job: self._newest(job, until) for job in Job}
        return {job: at for job, at in newest.items() if since < at <= until}

    def next_tick(self, instant: datetime) -> datetime:
        """Return the instant of the first tick after ``instant``."""
        if self.interval is not None:
            return _next_multiple(self.interval, instant)
        return self._first(Job.TICK, self.lines[Job.TICK], instant)

    def _newest(self, job: Job, until: datetime) -> datetime:
        if job is Job.TICK and self.interval is not None:
            return _next_multiple(self.interval, until) - self.interval
        just_after = (until + timedelta(seconds=1)).astimezone(ZoneInfo(self.time_zone))
        return next(CronSim(self.lines[job], just_after, reverse=True)).astimezone(UTC)

    def _first(self, job: Job, line: str, instant: datetime) -> datetime:
        fields = line.split()
        try:
            if len(fields) != 5:
                raise CronSimError(f"{len(fields)} fields")
            return next(CronSim(line, instant.astimezone(ZoneInfo(self.time_zone)))).astimezone(UTC)
        except (CronSimError, StopIteration) as e:
            raise ConfigurationError(
                f"schedule.{job.value}: expected a cron line of five fields that comes due, like */5 9-16 * * 1-5, "
                f"found {line!r} ({e or 'never due'}); correct it"
            ) from e


def timetable(schedule: ScheduleSettings, interval: timedelta | None = None) -> Timetable:
    """Return the timetable that the settings ask for."""
    lines = {
        Job.TICK: schedule.tick,
        Job.RECONCILIATION: schedule.reconciliation,
        Job.DAILY_SNAPSHOT: schedule.daily_snapshot,
        Job.MONTHLY_SNAPSHOT: schedule.monthly_snapshot,
    }
    return Timetable(lines=lines, time_zone=schedule.time_zone, interval=interval)


def _next_multiple(interval: timedelta, instant: datetime) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return epoch + ((instant - epoch) // interval + 1) * interval
