"""The loop on a clock that is set by hand: what runs, what is skipped, what is made late, and how it ends."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from backend.domain.errors import BrokerUnavailable, ConfigurationError
from backend.settings import Settings
from backend.settings_blocks import ScheduleSettings
from maestro.live.orchestrator import Orchestrator
from maestro.live.process_files import ProcessFiles
from maestro.live.process_state import ProcessState
from maestro.live.settings_watch import SettingsWatch
from maestro.live.timetable import Job
from tests.fakes.cycle import SetClock

START = datetime(2026, 6, 5, 15, 0, 30, tzinfo=UTC)  # Friday, 11:00:30 in New York
NEVER = "0 0 1 1 *"
Ran = list[tuple[str, str]]


class TimedJobs:
    """Notes what runs; a job takes the time, or fails with the error, that is set for it."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock
        self.ran: Ran = []
        self.takes: dict[str, timedelta] = {}
        self.fails: dict[str, Exception] = {}
        self.alarms: list[tuple[str, str, str]] = []

    def run(self, job: Job, at: datetime, settings: Settings) -> dict[str, Any]:
        self.ran.append((job.value, f"{at:%H:%M}"))
        if job.value in self.fails:
            raise self.fails.pop(job.value)
        self._clock.time += self.takes.pop(job.value, timedelta(seconds=1))
        return {"tick_id": f"{at:%H:%M}"}

    def alarm(self, kind: str, at: datetime, settings: Settings, *, message: str) -> tuple[str, ...]:
        self.alarms.append((kind, f"{at:%H:%M}", message))
        return ()


class Desk:
    """An orchestrator whose pauses move its clock on, until an instant."""

    def __init__(self, folder: Path, **lines: str) -> None:
        self.clock = SetClock(START)
        self.jobs = TimedJobs(self.clock)
        self.settings: Callable[[], Settings] = lambda: self.of(**lines)
        self.files = ProcessFiles(folder=folder)
        self.sleeps: Iterator[timedelta] = iter(())

    def of(self, **lines: str) -> Settings:
        others = dict.fromkeys(("tick", "daily_snapshot", "monthly_snapshot", "reconciliation"), NEVER)
        return Settings(schedule=ScheduleSettings(**{**others, **lines}))

    def run(self, *, minutes: float) -> Ran:
        end = self.clock.time + timedelta(minutes=minutes)

        def pause(seconds: float) -> bool:
            self.clock.time += timedelta(seconds=seconds)
            if seconds:
                self.clock.time += next(self.sleeps, timedelta(0))
            return self.clock.time >= end

        watch = SettingsWatch(lambda: self.settings())
        Orchestrator(
            self.jobs,  # type: ignore[arg-type]
            watch,
            self.state(),
            clock=self.clock,
            pause=pause,
            log=structlog.get_logger(),
        ).run()
        return self.jobs.ran

    def state(self) -> ProcessState:
        return ProcessState(
            files=self.files,
            pid=1,
            started_at=START,
            is_dry_run=False,
            strategies=None,
            config_file=None,
            store="s",
            sqlite_path=None,
            tenant_id="t",
            interval_seconds=None,
        )


def test_orchestrator_reconciles_first_and_then_ticks_by_the_schedule(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="* * * * *", reconciliation="*/2 * * * *")
    assert desk.run(minutes=3) == [
        ("reconciliation", "15:00"),
        ("tick", "15:01"),
        ("tick", "15:02"),
        ("reconciliation", "15:02"),
        ("tick", "15:03"),
    ]
    said = desk.files.read_state()
    assert (said["last_tick"]["tick_id"], said["last_error"], said["status"]) == ("15:03", None, "running")


def test_orchestrator_skips_the_ticks_that_came_due_while_one_ran(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="* * * * *")
    desk.jobs.takes["tick"] = timedelta(minutes=2, seconds=10)  # that of 15:01 ends at 15:03:10
    assert desk.run(minutes=5)[1:] == [("tick", "15:01"), ("tick", "15:04"), ("tick", "15:05")]
    (alarm,) = desk.jobs.alarms  # one for all that were missed at once
    assert alarm[:2] == ("tick_missed", "15:03")
    assert "skipped, it came due while nobody could run it" in alarm[2]


def test_orchestrator_makes_a_close_late_that_came_due_while_a_tick_ran(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="*/5 * * * *", daily_snapshot="6 11 * * *")
    desk.jobs.takes["tick"] = timedelta(minutes=2)  # that of 15:05
    assert desk.run(minutes=10)[1:] == [("tick", "15:05"), ("daily_snapshot", "15:06"), ("tick", "15:10")]


def test_orchestrator_skips_ticks_and_makes_the_close_late_after_the_machine_slept(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="*/5 * * * *", daily_snapshot="15 16 * * *")
    desk.sleeps = iter([timedelta(hours=6)])  # in the first pause: from 15:00 to 21:00, past 16:15 in New York
    assert desk.run(minutes=6 * 60 + 8)[1:] == [("daily_snapshot", "20:15"), ("tick", "21:05")]


def test_orchestrator_goes_on_after_what_maestro_raised(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="* * * * *")
    desk.jobs.fails["tick"] = BrokerUnavailable("try again later")
    assert desk.run(minutes=2)[1:] == [("tick", "15:01"), ("tick", "15:02")]
    said = desk.files.read_state()
    assert said["last_error"]["message"] == "BrokerUnavailable: try again later"
    assert desk.jobs.alarms == [
        ("tick_failed", "15:01", "the tick of 2026-06-05T15:01:00+00:00 failed: try again later")
    ]
    assert (said["last_error"]["scheduled_at"], said["last_tick"]["is_done"]) == ("2026-06-05T15:01:00+00:00", True)


def test_orchestrator_ends_on_anything_else(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="* * * * *")
    desk.jobs.fails["tick"] = KeyError("a defect")
    with pytest.raises(KeyError, match="a defect"):
        desk.run(minutes=5)


def test_orchestrator_follows_a_new_schedule_and_keeps_the_last_good_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, tick="*/5 * * * *")

    def read() -> Settings:
        if desk.clock.time < START + timedelta(minutes=6):
            return desk.of(tick="*/5 * * * *")
        if desk.clock.time < START + timedelta(minutes=8):
            return desk.of(tick="* * * * *")
        raise ConfigurationError("the file is broken")

    desk.settings = read
    assert desk.run(minutes=9)[1:] == [("tick", "15:05"), ("tick", "15:07"), ("tick", "15:08"), ("tick", "15:09")]
    assert desk.files.read_state()["settings_error"] == "the file is broken"
