"""When jobs are due: cron lines on New York's clock, through both changes of it, and intervals."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.errors import ConfigurationError
from backend.settings_blocks import ScheduleSettings
from maestro.live.timetable import Due, Job, timetable

NEVER = "0 0 1 1 *"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(**lines: str) -> ScheduleSettings:
    """Return a schedule on which only the given lines come due often."""
    others = dict.fromkeys(("tick", "daily_snapshot", "monthly_snapshot", "reconciliation"), NEVER)
    return ScheduleSettings(**{**others, **lines})


def test_timetable_of_the_defaults_names_what_is_due_together() -> None:
    table = timetable(ScheduleSettings())
    # Friday, 16:14 in New York, four hours behind UTC in summer.
    assert table.after(utc("2026-06-05T20:14:00")) == Due(
        at=utc("2026-06-05T20:15:00"), jobs=(Job.TICK, Job.RECONCILIATION, Job.DAILY_SNAPSHOT)
    )
    assert table.next_tick(utc("2026-06-05T20:55:00")) == utc("2026-06-08T13:00:00")


@pytest.mark.parametrize(
    ("line", "after", "expected"),
    [
        # Over the weekend of 8 March 2026 New York moves from five to four hours behind UTC.
        ("*/5 9-16 * * 1-5", "2026-03-06T21:55:00", ["2026-03-09T13:00:00"]),
        # Debian's cron(8): what falls into the hour that is skipped runs immediately after it, at 3:00.
        ("30 2 * * *", "2026-03-08T05:00:00", ["2026-03-08T07:00:00", "2026-03-09T06:30:00"]),
        # Debian's cron(8): what falls into the hour that comes twice, on 1 November 2026, runs once …
        ("30 1 * * *", "2026-11-01T04:00:00", ["2026-11-01T05:30:00", "2026-11-02T06:30:00"]),
        # … and a line with wildcards goes by the clock on the wall.
        ("*/30 * * * *", "2026-11-01T05:00:00", ["2026-11-01T05:30:00", "2026-11-01T06:00:00", "2026-11-01T06:30:00"]),
    ],
)
def test_timetable_goes_through_the_changes_of_the_clock(line: str, after: str, expected: list[str]) -> None:
    table, instant = timetable(schedule(tick=line)), utc(after)
    for each in expected:
        instant = table.after(instant).at
        assert instant == utc(each)


def test_timetable_is_strictly_after() -> None:
    table = timetable(schedule(tick="* * * * *"))
    due = utc("2026-06-05T15:00:00")
    assert table.after(due).at == due + timedelta(minutes=1)
    assert table.after(due - timedelta(microseconds=1)).at == due
    assert table.after(due + timedelta(seconds=59)).at == due + timedelta(minutes=1)


def test_timetable_with_an_interval_ticks_at_multiples_that_every_process_names_alike() -> None:
    table = timetable(schedule(reconciliation="* * * * *"), timedelta(seconds=7))
    due = table.after(utc("2026-06-05T15:00:00.5"))
    assert due.jobs == (Job.TICK,)
    assert (due.at.timestamp() % 7, due.at - utc("2026-06-05T15:00:00.5") < timedelta(seconds=7)) == (0, True)
    assert table.after(due.at).at == due.at + timedelta(seconds=7)


def test_timetable_names_the_newest_of_what_was_missed() -> None:
    table = timetable(schedule(tick="* * * * *", daily_snapshot="15 16 * * *"))
    # From Thursday noon to Saturday noon in New York.
    missed = table.missed(utc("2026-06-04T16:00:00"), utc("2026-06-06T16:00:30"))
    assert missed == {Job.TICK: utc("2026-06-06T16:00:00"), Job.DAILY_SNAPSHOT: utc("2026-06-05T20:15:00")}
    assert table.missed(utc("2026-06-06T16:00:00"), utc("2026-06-06T16:00:30")) == {}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tick": "*/5 9-16 * *"}, "schedule.tick: expected a cron line of five fields"),
        ({"tick": "0 */5 9-16 * * 1-5"}, "6 fields"),
        ({"daily_snapshot": "61 * * * *"}, "schedule.daily_snapshot"),
        ({"reconciliation": "0 0 31 2 *"}, "schedule.reconciliation"),
        ({"time_zone": "Mars/Olympus"}, "found 'Mars/Olympus'"),
        ({"time_zone": "../etc"}, "schedule.time_zone"),
    ],
)
def test_timetable_refuses_what_never_comes_due(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        timetable(ScheduleSettings(**wrong))


def test_timetable_refuses_an_interval_of_nothing() -> None:
    with pytest.raises(ConfigurationError, match="more than 0"):
        timetable(ScheduleSettings(), timedelta(0))
