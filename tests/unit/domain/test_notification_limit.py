import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError
from backend.domain.notification_limit import (
    WITHHELD,
    NotificationHistory,
    NotificationLimit,
    admitted,
    history_of,
)

NOON = datetime(2026, 3, 13, 12, tzinfo=UTC)
LIMIT = NotificationLimit(repeat_minutes=30, hourly=3)


def alert(subject: str = "trend", *, minute: float = 0, kind: str = "underperformance") -> Alert:
    return Alert(
        tenant_id="acme",
        portfolio_id="main",
        kind=kind,
        subject=subject,
        severity=Severity.WARNING,
        message=f"{subject} fell",
        at=NOON + timedelta(minutes=minute),
    )


def sent(alerts: list[Alert], limit: NotificationLimit = LIMIT) -> list[tuple[float, str]]:
    """Pass alerts one by one, each at its own time; return the minute and subject (or words) of what goes out."""
    history, found = NotificationHistory(), []
    for each in alerts:
        passed = admitted([each], history, limit, tenant_id="acme", now=each.at)
        history = passed.history
        minute = (each.at - NOON) / timedelta(minutes=1)
        found += [(minute, out.message if out.kind == WITHHELD else out.subject) for out in passed.alerts]
    return found


def test_same_alert_goes_out_once_in_its_time() -> None:
    minutes = [0, 10, 29.9, 30, 59.9, 60]
    assert sent([alert(minute=minute) for minute in minutes]) == [(0, "trend"), (30, "trend"), (60, "trend")]


def test_alert_that_goes_out_again_says_how_often_it_was_raised_meanwhile() -> None:
    history, said = NotificationHistory(), []
    for minute in (0, 10, 20, 30, 31):
        passed = admitted([alert(minute=minute)], history, LIMIT, tenant_id="acme", now=alert(minute=minute).at)
        history = passed.history
        said += [each.message for each in passed.alerts]
    assert said == ["trend fell", "trend fell (raised 2 more times since it last went out)"]


def test_next_alert_that_goes_out_says_how_many_were_withheld_before_it() -> None:
    minutes = {"a": 0.0, "b": 40.0, "c": 50.0, "d": 51.0, "e": 52.0, "f": 53.0, "g": 61.0}
    batch = [alert(name, minute=minute) for name, minute in minutes.items()]
    history, said = NotificationHistory(), []
    for each in batch:
        passed = admitted([each], history, LIMIT, tenant_id="acme", now=each.at)
        history = passed.history
        said += [out.message for out in passed.alerts]
    assert said[3].startswith("1 more alert was withheld, beyond 3 an hour: 1 underperformance")  # d, in a line at once
    assert said[4:] == ["g fell (2 other withheld before it: 2 underperformance)"]


def test_history_takes_an_alert_that_was_told_at_the_time_it_was_told() -> None:
    """One that is raised again and again has one document: when it was raised last says nothing."""
    raised = replace(alert(minute=25), told_at=NOON, repeats=5)
    history = history_of([raised], LIMIT, tenant_id="acme")
    assert history.last_sent == {raised.key: NOON}
    again = admitted([alert(minute=30)], history, LIMIT, tenant_id="acme", now=NOON + timedelta(minutes=30))
    assert [each.message for each in again.alerts] == ["trend fell (raised 5 more times since it last went out)"]


def test_alerts_that_differ_in_any_part_of_their_key_are_not_the_same() -> None:
    assert sent([alert("a"), alert("b"), alert("a", kind="strategy_failure")]) == [(0, "a"), (0, "b"), (0, "a")]


def test_beyond_the_hourly_limit_one_line_says_how_many() -> None:
    batch = [alert(name) for name in "abcde"] + [alert("f", kind="strategy_failure")]
    passed = admitted(batch, NotificationHistory(), LIMIT, tenant_id="acme", now=NOON)
    assert [each.subject for each in passed.alerts[:-1]] == ["a", "b", "c"]
    line = passed.alerts[-1]
    assert (line.kind, line.severity) == (WITHHELD, Severity.WARNING)
    assert line.message.startswith(
        "3 more alerts were withheld, beyond 3 an hour: 1 strategy failure, 2 underperformance"
    )


def test_what_is_withheld_later_is_summed_up_an_hour_after_the_last_line() -> None:
    minutes = {"a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0, "e": 4.0, "f": 5.0}
    found = sent([alert(name, minute=minute) for name, minute in minutes.items()])
    assert [minute for minute, _ in found] == [0, 1, 2, 3]  # three alerts, and the line for d
    assert found[-1][1].startswith("1 more alert was withheld")
    history = history_of([alert(name, minute=minute) for name, minute in minutes.items()], LIMIT, tenant_id="acme")
    early = admitted([], history, LIMIT, tenant_id="acme", now=NOON + timedelta(minutes=62.9))
    assert early.alerts == ()
    late = admitted([], history, LIMIT, tenant_id="acme", now=NOON + timedelta(minutes=63))
    assert [each.message[:31] for each in late.alerts] == ["2 more alerts were withheld, be"]
    assert admitted([], late.history, LIMIT, tenant_id="acme", now=NOON + timedelta(hours=9)).alerts == ()


@pytest.mark.parametrize("wrong", [{"repeat_minutes": -1}, {"hourly": 0}])
def test_limits_out_of_range_are_named(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="expected repeat_minutes of at least 0 and hourly of at least 1"):
        NotificationLimit(**wrong)


def counted(message: str, what: str) -> int:
    found = re.search(rf"(\d+) {what}", message)
    return int(found[1]) if found else 0


drawn = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(min_value=0, max_value=90)), max_size=60).map(
    lambda steps: [
        alert(name, minute=sum(wait for _, wait in steps[: number + 1])) for number, (name, _) in enumerate(steps)
    ]
)


@given(drawn, st.integers(0, 120), st.integers(1, 5))
def test_no_hour_ever_has_more_than_its_alerts_and_one_line(alerts: list[Alert], repeat: int, hourly: int) -> None:
    found = sent(alerts, NotificationLimit(repeat_minutes=repeat, hourly=hourly))
    for start, _ in found:
        within = [what for minute, what in found if start <= minute < start + 60]
        lines = [what for what in within if "withheld" in what]
        assert len(within) - len(lines) <= hourly
        assert len(lines) <= 1


@given(drawn, st.integers(1, 120), st.integers(1, 5))
def test_no_alert_is_lost_without_being_said_or_waiting_to_be(alerts: list[Alert], repeat: int, hourly: int) -> None:
    """Each alert went out, repeats one that did within its time, or is counted."""
    limit = NotificationLimit(repeat_minutes=repeat, hourly=hourly)
    history = NotificationHistory()
    counts: Counter[str] = Counter()
    for each in alerts:
        passed = admitted([each], history, limit, tenant_id="acme", now=each.at)
        last = history.last_sent.get(each.key)
        is_repeated = last is not None and each.at - last < timedelta(minutes=repeat)
        lines = [out for out in passed.alerts if out.kind == WITHHELD]
        counts["said"] += sum(int(line.message.split()[0]) for line in lines)
        counts["said"] += sum(counted(out.message, "other withheld") for out in passed.alerts)
        counts["told"] += sum(counted(out.message, "more time") for out in passed.alerts)
        counts["out"] += len(passed.alerts) - len(lines)
        counts["repeated"] += is_repeated
        history = passed.history
    waiting = sum(history.withheld.values())
    assert counts["said"] + counts["out"] + counts["repeated"] + waiting == len(alerts)
    assert counts["told"] + sum(history.repeated.values()) == counts["repeated"]


@given(drawn, st.integers(1, 120), st.integers(1, 5))
def test_history_is_derived_from_what_is_stored(alerts: list[Alert], repeat: int, hourly: int) -> None:
    limit = NotificationLimit(repeat_minutes=repeat, hourly=hourly)
    history = NotificationHistory()
    for each in alerts:
        history = admitted([each], history, limit, tenant_id="acme", now=each.at).history
    if len({each.at for each in alerts}) == len(alerts):  # those of one instant are taken together
        assert history_of(reversed(alerts), limit, tenant_id="acme") == history
