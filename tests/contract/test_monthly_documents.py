"""The documents that a month leaves behind."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create
from backend.domain.errors import ConfigurationError
from backend.domain.signal import StrategyId
from backend.domain.snapshot import StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey
from backend.marketplace.strategy_performance_snapshots import write_strategy_performance_snapshots
from tests.contract.sample_ledgers import NOW, booked, daily, month_of, trade, write_daily


def written(documents: Documents, perf_id: str = "ann__trend__2025-01", tenant_id: str = "acme") -> dict[str, Any]:
    path = f"tenants/{tenant_id}/strategy_performance/{perf_id}"
    return dict(documents.read([path])[path].fields)


def write(documents: Documents, snapshots: dict[str, StrategyPerformanceSnapshot], **options: Any) -> int:
    return write_strategy_performance_snapshots(
        db=documents, **{"tenant_id": "acme", "snapshots_by_perf_id": snapshots, **options}
    )


def test_written_snapshot_has_the_fields_of_the_contract(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "3", "60", "1.25")])
    assert write(documents, month_of(documents, mark_prices={"KO": "60.10"})) == 1
    found = written(documents)
    computed_at = found.pop("computed_at")
    stamp = datetime.fromisoformat(computed_at) if isinstance(computed_at, str) else computed_at
    assert stamp == NOW
    assert found == {
        "tenant_id": "acme",
        "uid": "ann",
        "strategy_id": "trend",
        "period": "month",
        "period_start": "2025-01-01",
        "period_end": "2025-01-31",
        "realized_pnl": "-1.25",
        "unrealized_pnl": "0.30",
        "capital": None,
        "daily_return": None,
        "source": "ledger_trades",
        "is_virtual": False,
    }


def test_written_twice_is_written_once(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    assert write(documents, month_of(documents)) == 1
    first = written(documents)
    assert write(documents, month_of(documents)) == 1
    assert written(documents) == first
    assert len(documents.query("tenants/acme/strategy_performance")) == 1


@pytest.mark.parametrize("merge", [True, False])
def test_written_over_a_document_merges_or_replaces(documents: Documents, merge: bool) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    path = "tenants/acme/strategy_performance/ann__trend__2025-01"
    documents.commit([create(path, {"note": "audited", "realized_pnl": "999"})])
    write(documents, month_of(documents), merge=merge)
    found = written(documents)
    assert found["realized_pnl"] == "1"
    assert ("note" in found) is merge


def test_written_months_are_not_daily_returns(documents: Documents) -> None:
    # Known fault: a month's result was read as one more daily return.
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    write_daily(documents, daily("2025-01-02", "1000", daily_return=0.01))
    write(documents, month_of(documents))
    returns = DocumentStore(documents).daily_returns(PortfolioKey(tenant_id="acme", uid="ann"), since=date(2024, 12, 1))
    assert [(each.day, each.value) for each in returns] == [(date(2025, 1, 2), 0.01)]


def test_written_snapshots_may_be_more_than_one_commit_holds(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60", strategy_id=StrategyId(f"s{i:03d}")) for i in range(501)])
    assert write(documents, month_of(documents, mark_prices={"KO": 61})) == 501
    assert len(documents.query("tenants/acme/strategy_performance")) == 501


def test_written_nothing_is_zero(documents: Documents) -> None:
    assert write(documents, {}) == 0


def test_written_snapshot_of_another_tenant_or_id_is_refused(documents: Documents) -> None:
    booked(documents, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    snapshots = month_of(documents)
    with pytest.raises(ConfigurationError, match="of tenant rival, found ann__trend__2025-01 of acme"):
        write(documents, snapshots, tenant_id="rival")
    with pytest.raises(ConfigurationError, match="expected the snapshot other of tenant acme"):
        write(documents, {"other": snapshots["ann__trend__2025-01"]})
    assert documents.query("tenants/acme/strategy_performance") == []


@pytest.mark.firestore
def test_written_through_the_client_that_a_function_holds(firestore_client_factory: Callable[[], Any]) -> None:
    # As a Cloud Function has it: firestore.client(), read back by the vendor's own calls.
    client = firestore_client_factory()
    booked(client, [trade("01-02", "KO", "1", "60"), trade("01-03", "KO", "-1", "61")])
    write_strategy_performance_snapshots(db=client, tenant_id="acme", snapshots_by_perf_id=month_of(client))
    found = client.document("tenants/acme/strategy_performance/ann__trend__2025-01").get().to_dict()
    assert found["realized_pnl"] == "1"
    assert found["computed_at"] == NOW
