"""What the triggers decide for themselves: which minute, which day, what is tried again."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from backend.domain import errors
from backend.domain.errors import ConfigurationError, MaestroError, StoreUnavailable
from backend.domain.tick import PortfolioKey, TickRequest
from functions.triggers.schedules import for_each, local_day, scheduled_minute
from functions.triggers.tasks import is_retryable, tick_request

PAYLOAD = {"tenant_id": "t", "portfolio_id": "main", "uid": "u", "scheduled_at": "2026-03-02T15:05:00+00:00"}


def test_scheduled_minute_of_two_deliveries_is_the_same() -> None:
    eastern = timezone(timedelta(hours=-5))
    first = datetime(2026, 3, 2, 15, 5, 0, 17, tzinfo=UTC)
    again = datetime(2026, 3, 2, 10, 5, 43, tzinfo=eastern)
    assert scheduled_minute(first) == scheduled_minute(again) == datetime(2026, 3, 2, 15, 5, tzinfo=UTC)


def test_local_day_is_the_date_in_new_york() -> None:
    assert local_day(datetime(2026, 1, 1, 4, 59, tzinfo=UTC), "America/New_York") == date(2025, 12, 31)
    assert local_day(datetime(2026, 1, 1, 5, 0, tzinfo=UTC), "America/New_York") == date(2026, 1, 1)


def test_tick_request_reads_what_the_schedule_queued() -> None:
    expected = TickRequest(
        key=PortfolioKey(tenant_id="t", portfolio_id="main", uid="u"),
        scheduled_at=datetime(2026, 3, 2, 15, 5, tzinfo=UTC),
    )
    assert tick_request(PAYLOAD) == expected


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (None, "tenant_id, portfolio_id, uid, scheduled_at"),
        ({**PAYLOAD, "tenant_id": ""}, "found none in tenant_id"),
        ({**PAYLOAD, "uid": 7}, "found none in uid"),
        ({**PAYLOAD, "scheduled_at": "soon"}, "'soon'"),
        ({**PAYLOAD, "scheduled_at": "2026-03-02T15:05:00"}, "instant with its offset"),
    ],
)
def test_tick_request_refuses_what_is_no_task(payload: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        tick_request(payload)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.StoreUnavailable, True),
        (errors.CommitConflict, True),
        (errors.BrokerUnavailable, True),
        (errors.OrderUnresolved, True),
        (errors.MarketDataError, True),
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


def test_for_each_goes_on_past_failures_and_raises_what_may_pass_next_time() -> None:
    failures = {"a": ConfigurationError("a"), "c": StoreUnavailable("c"), "d": StoreUnavailable("d")}
    told: list[tuple[str, str]] = []
    done: list[str] = []

    def action(subject: str) -> None:
        if subject in failures:
            raise failures[subject]
        done.append(subject)

    with pytest.raises(StoreUnavailable, match="c"):
        for_each("abcde", action, lambda subject, e: told.append((subject, str(e))))
    assert done == ["b", "e"]
    assert told == [("a", "a"), ("c", "c"), ("d", "d")]


def test_for_each_with_permanent_failures_only_is_not_delivered_again() -> None:
    def action(subject: str) -> str:
        if subject == "a":
            raise ConfigurationError("a")
        return subject

    assert for_each("ab", action, lambda *_: None) == ["b"]
