"""Who is to be run, read from the Firestore emulator."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.adapters.documents import paths
from backend.adapters.firestore_portfolios import FirestorePortfolios
from backend.domain.dispatch import CatchUp, DispatchRecord
from backend.domain.errors import StoreCorrupt
from backend.domain.tick import PortfolioKey

pytestmark = pytest.mark.firestore


def test_firestore_portfolios_lists_active_ones_of_every_tenant(
    firestore_client_factory: Callable[..., Any],
) -> None:
    client = firestore_client_factory()
    for tenant, portfolio, fields in (
        ("acme", "main", {"state": "active", "uid": "u1"}),
        ("acme", "second", {"state": "paused", "uid": "u1"}),
        ("a/b", "main", {"state": "active"}),
        ("bad", "main", {"state": "active", "uid": 7}),
        ("worse", "main", {"state": "active", "catch_up": "all"}),
    ):
        client.document(paths.portfolio(tenant, portfolio)).set(fields)
    client.document("elsewhere/x/portfolios/y").set({"state": "paused"})

    portfolios = FirestorePortfolios(client)
    active = portfolios.active()
    assert {each.key for each in active.portfolios} == {
        PortfolioKey(tenant_id="acme", uid="u1"),
        PortfolioKey(tenant_id="a/b"),
    }
    assert "expected uid to be text, found 7; correct it" in active.faults["bad", "main"]
    assert "catch_up to be one of ['skip', 'latest'], found 'all'" in active.faults["worse", "main"]
    assert portfolios.tenants() == ("a/b", "acme", "bad", "worse")


def test_firestore_portfolios_by_schedule_are_found_among_any_number(
    firestore_client_factory: Callable[..., Any],
) -> None:
    client = firestore_client_factory()
    lines = [f"{minute} * * * *" for minute in range(45)]  # more than one query may name
    for number, line in enumerate(lines):
        client.document(paths.portfolio(f"t{number:02}", "main")).set(
            {"state": "active", "schedule": line, "market_hours": False, "catch_up": "latest", "calendar": "24/7"}
        )
    client.document(paths.portfolio("paused", "main")).set({"state": "paused", "schedule": lines[0]})
    client.document(paths.portfolio("other", "main")).set({"state": "active"})

    found = FirestorePortfolios(client).active(lines[:40]).portfolios
    assert [(each.key.tenant_id, each.schedule) for each in found] == [
        (f"t{number:02}", line) for number, line in enumerate(lines[:40])
    ]
    assert {(each.market_hours, each.catch_up, each.calendar) for each in found} == {(False, CatchUp.LATEST, "24/7")}


def test_firestore_portfolios_keep_what_was_dispatched(firestore_client_factory: Callable[..., Any]) -> None:
    client = firestore_client_factory()
    portfolios = FirestorePortfolios(client)
    assert portfolios.record() == DispatchRecord()
    record = DispatchRecord(until=datetime(2026, 3, 2, 15, 5, tzinfo=UTC), schedules=frozenset({"* * * * *"}))
    portfolios.keep(record)
    assert portfolios.record() == record
    client.document(paths.DISPATCH).set({"until": 7, "schedules": []})
    with pytest.raises(StoreCorrupt, match="expected until to be a UTC timestamp"):
        portfolios.record()
