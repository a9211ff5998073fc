"""Alerts that no tick stores, from several processes, over Apprise on loopback: each is told once, none is lost."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from backend.adapters.apprise_notifier import AppriseNotifier
from backend.adapters.documents import Documents
from backend.adapters.documents.alert_history import DocumentAlertHistory
from backend.domain.alert import Alert, Severity
from backend.domain.errors import StoreUnavailable
from backend.domain.notification_limit import NotificationHistory, NotificationLimit
from backend.engine.notifying import Raised, notify, raise_alert
from backend.ports.notifications import Notifier
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

# Apprise 2.3 asks for it before it falls back on one of its own.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

NOON = datetime(2026, 3, 13, 12, tzinfo=UTC)
Server = ScriptedServer
Tell = Callable[..., tuple[str, ...]]


def failed(minute: float, *, kind: str = "tick_failed", subject: str = "", portfolio: str = "main") -> Alert:
    return Alert(
        tenant_id="acme",
        portfolio_id=portfolio,
        kind=kind,
        subject=subject,
        severity=Severity.ERROR,
        message="no prices",
        at=NOON + timedelta(minutes=minute),
    )


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(json_answer({})) as hook:
        yield hook


@pytest.fixture
def hook(server: ScriptedServer) -> Mapping[str, Notifier]:
    return {"webhook": AppriseNotifier("webhook", server.url.replace("http", "json"))}


def messages(server: ScriptedServer) -> list[str]:
    return [request.json()["message"] for request in server.requests]


def tell(documents: Documents, hook: Mapping[str, Notifier], alert: Alert, alert_id: str, **more: Any) -> Sequence[str]:
    raised = Raised(alert=alert, alert_id=alert_id, facts={"error": "MarketDataError"})
    return raise_alert(raised, hook, DocumentAlertHistory(documents), now=alert.at, **more)


def test_alert_that_lasts_is_told_hourly_by_whatever_process_and_counts_its_repetitions(
    documents_factory: Callable[[], Documents], hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    for minute in range(0, 125, 15):  # every quarter of an hour, each time by a process that remembers nothing
        assert not tell(documents_factory(), hook, failed(minute), "broker_disagrees-main")
    assert messages(server) == [
        "no prices",
        "no prices (raised 3 more times since it last went out)",
        "no prices (raised 3 more times since it last went out)",
    ]
    (stored,) = DocumentAlertHistory(documents_factory()).alerts("acme", since=NOON)
    assert (stored.at, stored.told_at, stored.repeats) == (failed(120).at, failed(120).at, 0)


def test_alert_of_each_tick_is_stored_and_told_once_an_hour(
    documents: Documents, hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    for minute in range(0, 65, 5):
        tell(documents, hook, failed(minute), f"tick_failed-main-{minute}")
    assert messages(server) == ["no prices", "no prices (raised 11 more times since it last went out)"]
    assert len(DocumentAlertHistory(documents).alerts("acme", since=NOON)) == 13


def test_alerts_of_other_portfolios_and_tenants_are_others(
    documents: Documents, hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    for portfolio in ("main", "second"):
        tell(documents, hook, failed(0, portfolio=portfolio), f"tick_failed-{portfolio}")
    assert len(server.requests) == 2


def test_alerts_beyond_the_limit_are_counted_in_the_next_that_goes_out(
    documents: Documents, hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    limit = NotificationLimit(hourly=2)
    for minute, name in enumerate("abcde"):
        tell(documents, hook, failed(minute, subject=name), f"x-{name}", limit=limit)
    tell(documents, hook, failed(61, subject="f"), "x-f", limit=limit)
    said = messages(server)
    assert said[:2] == ["no prices", "no prices"]
    assert said[2].startswith("1 more alert was withheld, beyond 2 an hour: 1 tick failed")
    assert said[3:] == ["no prices (2 other withheld before it: 2 tick failed)"]


def test_alert_that_two_processes_raise_at_once_is_told_once(
    documents_factory: Callable[[], Documents], hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    barrier, count = Barrier(4), 4
    stores = [documents_factory() for _ in range(count)]

    def run(documents: Documents) -> None:
        barrier.wait()
        tell(documents, hook, failed(0), "tick_failed-main")

    threads = [Thread(target=run, args=(each,)) for each in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.requests) == 1
    (stored,) = DocumentAlertHistory(stores[0]).alerts("acme", since=NOON)
    assert stored.repeats == count - 1


def test_tick_and_job_share_one_memory(
    documents: Documents, hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    tell(documents, hook, failed(0), "tick_failed-main")
    later = replace(failed(5), tick_id="main-5")
    faults = notify([later], hook, DocumentAlertHistory(documents), now=later.at)
    assert (len(server.requests), faults) == (1, ())


class NoStore:
    """A store that does not answer."""

    def alerts(self, tenant_id: str, *, since: datetime) -> Sequence[Alert]:
        raise StoreUnavailable("expected an answer, found none")

    def raised(self, tenant_id: str, alert_id: str) -> tuple[Alert | None, object | None]:
        raise StoreUnavailable("expected an answer, found none")

    def keep(self, alert: Alert, alert_id: str, facts: Mapping[str, Any], *, expected: object | None) -> None:
        raise StoreUnavailable("expected an answer, found none")


def test_alert_goes_out_while_the_store_is_away_once_an_hour_by_this_process(
    hook: Mapping[str, Notifier], server: ScriptedServer
) -> None:
    sent_here: dict[str, NotificationHistory] = {}
    for minute in (0, 5, 10, 60):
        raised = Raised(alert=failed(minute), alert_id="tick_failed-main")
        faults = raise_alert(raised, hook, NoStore(), now=failed(minute).at, sent_here=sent_here)
        assert faults == ("expected an answer, found none",)
    notify([failed(61)], hook, NoStore(), now=failed(61).at, sent_here=sent_here)
    assert messages(server) == ["no prices", "no prices (raised 2 more times since it last went out)"]


def test_alert_is_stored_though_no_channel_takes_it(documents: Documents) -> None:
    with ScriptedServer(Answer(status=500)) as broken:
        hook = {"webhook": AppriseNotifier("webhook", broken.url.replace("http", "json"))}
        (fault,) = tell(documents, hook, failed(0), "tick_failed-main")
    assert fault.startswith("webhook: expected json://")
    assert len(DocumentAlertHistory(documents).alerts("acme", since=NOON)) == 1
