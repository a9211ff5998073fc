"""Who is to be run, read from the Firestore emulator."""

from collections.abc import Callable
from typing import Any

import pytest

from backend.adapters.documents import paths
from backend.adapters.firestore_portfolios import FirestorePortfolios
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
    ):
        client.document(paths.portfolio(tenant, portfolio)).set(fields)
    client.document("elsewhere/x/portfolios/y").set({"state": "paused"})

    portfolios = FirestorePortfolios(client)
    active = portfolios.active()
    assert set(active.keys) == {PortfolioKey(tenant_id="acme", uid="u1"), PortfolioKey(tenant_id="a/b")}
    assert list(active.faults) == [("bad", "main")]
    assert "expected uid to be a name, found 7" in active.faults["bad", "main"]
    assert portfolios.tenants() == ("a/b", "acme", "bad")
