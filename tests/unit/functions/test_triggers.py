"""What the triggers decide for themselves: which minute, which day, what is tried again, and for how long."""

import os
import subprocess
import sys
import threading
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from backend.domain import errors
from backend.domain.errors import MaestroError, TaskTimedOut
from functions.triggers.deadline import hanging, retire_if_hanging, within
from functions.triggers.delivery import attempt_of, is_retryable
from functions.triggers.jobs import local_day
from functions.triggers.schedules import scheduled_minute

NOTE: ContextVar[str] = ContextVar("note", default="")


def test_scheduled_minute_of_two_deliveries_is_the_same() -> None:
    eastern = timezone(timedelta(hours=-5))
    first = datetime(2026, 3, 2, 15, 5, 0, 17, tzinfo=UTC)
    again = datetime(2026, 3, 2, 10, 5, 43, tzinfo=eastern)
    assert scheduled_minute(first) == scheduled_minute(again) == datetime(2026, 3, 2, 15, 5, tzinfo=UTC)


def test_local_day_is_the_date_in_new_york() -> None:
    assert local_day(datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "America/New_York") == date(2025, 12, 31)
    assert local_day(datetime(2026, 1, 1, 5, 0, tzinfo=UTC), "America/New_York") == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.StoreUnavailable, True),
        (errors.CommitConflict, True),
        (errors.BrokerUnavailable, True),
        (errors.OrderUnresolved, True),
        (errors.MarketDataError, True),
        (errors.TaskTimedOut, True),
        (errors.ConfigurationError, False),
        (errors.BrokerRefused, False),
        (errors.LeaseHeld, False),
        (errors.StoreCorrupt, False),
        (errors.TrackRecordError, False),
        (errors.StrategyLoadError, False),
    ],
)
def test_is_retryable_only_where_waiting_helps(error: type[MaestroError], expected: bool) -> None:
    assert is_retryable(error("why")) is expected


@pytest.mark.parametrize(("header", "expected"), [(None, 1), ("0", 1), ("4", 5), ("", 1), ("-1", 1), ("²", 1)])
def test_attempt_of_counts_from_one(header: str | None, expected: int) -> None:
    assert attempt_of(header) == expected


def test_within_returns_raises_and_sees_the_callers_context() -> None:
    token = NOTE.set("mine")
    assert within(5.0, NOTE.get) == "mine"
    NOTE.reset(token)
    with pytest.raises(ZeroDivisionError):
        within(5.0, lambda: 1 // 0)


def test_within_gives_up_what_hangs_and_names_it() -> None:
    release = threading.Event()
    with pytest.raises(TaskTimedOut, match=r"within 0\.05 s"):
        within(0.05, release.wait)
    assert hanging() == ["task"]
    assert "K_SERVICE" not in os.environ
    assert retire_if_hanging() is False  # this process is nobody's function
    release.set()


def test_retire_if_hanging_ends_a_functions_process_after_its_answer() -> None:
    script = (
        "import threading, time\n"
        "from functions.triggers.deadline import retire_if_hanging, within\n"
        "assert retire_if_hanging() is False\n"
        "try:\n"
        "    within(0.05, threading.Event().wait)\n"
        "except Exception as e:\n"
        "    print(type(e).__name__, retire_if_hanging(), flush=True)\n"
        "time.sleep(30)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "K_SERVICE": "tenanttick", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == "TaskTimedOut True\n"
