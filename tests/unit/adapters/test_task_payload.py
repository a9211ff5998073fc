"""The name and the payload of a task."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from backend.adapters.task_payload import from_payload, to_payload
from backend.domain.errors import ConfigurationError
from backend.domain.task import Task, TaskKind
from backend.domain.tick import PortfolioKey

AT = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)
PAYLOAD = {"tenant_id": "t", "portfolio_id": "main", "uid": "u", "scheduled_at": "2026-03-02T15:05:00+00:00"}


def task(tenant: str = "acme", portfolio: str = "main", at: datetime = AT, kind: TaskKind = TaskKind.TICK) -> Task:
    return Task(kind=kind, key=PortfolioKey(tenant_id=tenant, portfolio_id=portfolio, uid="u"), scheduled_at=at)


def test_task_id_is_one_a_minute_whatever_the_clock_it_was_told_in() -> None:
    eastern = AT.astimezone(timezone(timedelta(hours=-5)))
    assert task().task_id == task(at=eastern).task_id


def test_task_id_differs_by_kind_tenant_portfolio_and_time() -> None:
    tasks = [
        task(),
        task(tenant="globex"),
        task(portfolio="other"),
        task(at=AT + timedelta(minutes=5)),
        task(tenant="acme-main", portfolio="x"),
        task(tenant="acme", portfolio="main-x"),
        *(task(kind=kind) for kind in TaskKind if kind is not TaskKind.TICK),
    ]
    assert len({each.task_id for each in tasks}) == len(tasks)


@pytest.mark.parametrize("kind", TaskKind)
def test_task_id_is_one_that_cloud_tasks_takes(kind: TaskKind) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]{1,500}", task(tenant="ä/ö x", portfolio="1.2", kind=kind).task_id)


def test_payload_arrives_as_the_task_that_was_queued() -> None:
    plain = task(kind=TaskKind.CLOSE_DAY)
    whole = Task(
        kind=TaskKind.TICK,
        key=plain.key,
        scheduled_at=AT,
        correlation_id="a" * 32,
        expires_at=AT + timedelta(minutes=5),
    )
    for each in (plain, whole):
        assert from_payload(json.loads(json.dumps(to_payload(each)))) == each


def test_payload_without_a_kind_is_a_tick() -> None:
    assert from_payload(PAYLOAD).kind is TaskKind.TICK


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (None, "tenant_id, portfolio_id, uid, scheduled_at"),
        ({**PAYLOAD, "tenant_id": ""}, "found none in tenant_id"),
        ({**PAYLOAD, "uid": 7}, "found none in uid"),
        ({**PAYLOAD, "scheduled_at": "soon"}, "'soon'"),
        ({**PAYLOAD, "scheduled_at": "2026-03-02T15:05:00"}, "instant with its offset"),
        ({**PAYLOAD, "expires_at": "2026-03-02"}, "expires_at to be an instant with its offset"),
        ({**PAYLOAD, "kind": "dance"}, "kind among tick, reconcile, close_day, close_month, found 'dance'"),
    ],
)
def test_payload_that_is_no_task_is_refused(payload: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        from_payload(payload)
