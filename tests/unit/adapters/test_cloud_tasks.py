"""The name and payload of a tick's task."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone

from backend.adapters.cloud_tasks import task_id, to_payload
from backend.domain.tick import PortfolioKey, TickRequest
from functions.triggers.tasks import tick_request

AT = datetime(2026, 3, 2, 15, 5, tzinfo=UTC)


def request(tenant: str = "acme", portfolio: str = "main", at: datetime = AT) -> TickRequest:
    return TickRequest(key=PortfolioKey(tenant_id=tenant, portfolio_id=portfolio, uid="u"), scheduled_at=at)


def test_task_id_is_one_a_tick_whatever_the_clock_it_was_told_in() -> None:
    eastern = AT.astimezone(timezone(timedelta(hours=-5)))
    assert task_id(request()) == task_id(request(at=eastern))


def test_task_id_differs_by_tenant_portfolio_and_time() -> None:
    requests = [
        request(),
        request(tenant="globex"),
        request(portfolio="other"),
        request(at=AT + timedelta(minutes=5)),
        request(tenant="acme-main", portfolio="x"),
        request(tenant="acme", portfolio="main-x"),
    ]
    assert len({task_id(each) for each in requests}) == len(requests)


def test_task_id_is_one_that_cloud_tasks_takes() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,500}", task_id(request(tenant="ä/ö x", portfolio="1.2")))


def test_payload_arrives_as_the_request_that_was_queued() -> None:
    payload = json.loads(json.dumps(to_payload(request())))
    assert tick_request(payload["data"]) == request()
