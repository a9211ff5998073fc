"""Alerts are written by ticks and by failed jobs, and read back by time from every store."""

from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta

import pytest

from backend.adapters.documents import paths
from backend.adapters.documents.alert_documents import alert_write
from backend.adapters.documents.alert_history import DocumentAlertHistory
from backend.adapters.documents.seam import Documents, replace
from backend.domain.alert import Alert, Severity
from backend.domain.errors import CommitConflict, StoreCorrupt

NOON = datetime(2026, 3, 13, 12, tzinfo=UTC)


def alert(minute: int, subject: str = "trend") -> Alert:
    return Alert(
        tenant_id="acme",
        portfolio_id="main",
        tick_id=f"main-{minute}",
        kind="underperformance",
        subject=subject,
        severity=Severity.WARNING,
        message="fell — ε",
        at=NOON + timedelta(minutes=minute),
    )


def test_alerts_are_read_back_from_an_instant_on_oldest_first(documents: Documents) -> None:
    every = [alert(30), alert(10), alert(20), alert(20, "carry")]
    documents.commit([alert_write(each) for each in every])
    found = DocumentAlertHistory(documents).alerts("acme", since=NOON + timedelta(minutes=20))
    assert [(each.at, each.subject) for each in found] == [
        (NOON + timedelta(minutes=20), "carry"),
        (NOON + timedelta(minutes=20), "trend"),
        (NOON + timedelta(minutes=30), "trend"),
    ]
    assert found[1:] == [alert(20), alert(30)]
    assert DocumentAlertHistory(documents).alerts("other", since=NOON) == []


def test_alert_of_the_same_tick_replaces_itself_and_no_other(documents: Documents) -> None:
    for each in (alert(1), alert(1, "carry"), alert(1)):
        documents.commit([alert_write(each)])
    assert len(DocumentAlertHistory(documents).alerts("acme", since=NOON)) == 2


def test_alert_that_a_failed_job_left_is_read_too(documents: Documents) -> None:
    """One that an earlier version wrote: no portfolio, not told, and facts of its own."""
    fields = {"tenant_id": "acme", "kind": "tick_failed", "severity": "error", "message": "m", "error": "StoreError"}
    documents.commit([replace(paths.alert("acme", "tick_failed-1"), {**fields, "timestamp": NOON})])
    (found,) = DocumentAlertHistory(documents).alerts("acme", since=NOON)
    assert (found.kind, found.severity, found.portfolio_id) == ("tick_failed", Severity.ERROR, "")


def test_alert_that_is_damaged_is_named(documents: Documents) -> None:
    documents.commit([replace(paths.alert("acme", "odd"), {"timestamp": NOON, "tenant_id": "acme"})])
    with pytest.raises(StoreCorrupt, match="tenants/acme/alerts/odd"):
        DocumentAlertHistory(documents).alerts("acme", since=NOON)


def test_alert_is_kept_under_its_name_and_takes_the_place_of_the_one_that_was_read(documents: Documents) -> None:
    register = DocumentAlertHistory(documents)
    assert register.raised("acme", "tick_failed-main") == (None, None)
    first = changed(alert(1), tick_id="", told_at=NOON, repeats=3)
    register.keep(first, "tick_failed-main", {"error": "StoreError"}, expected=None)
    found, version = register.raised("acme", "tick_failed-main")
    assert found == first
    with pytest.raises(CommitConflict):
        register.keep(alert(2), "tick_failed-main", {}, expected=None)  # somebody else was first
    register.keep(changed(first, repeats=4), "tick_failed-main", {}, expected=version)
    with pytest.raises(CommitConflict):
        register.keep(first, "tick_failed-main", {}, expected=version)
    assert [each.repeats for each in register.alerts("acme", since=NOON)] == [4]
