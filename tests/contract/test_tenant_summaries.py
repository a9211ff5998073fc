"""The operator's summary of a tenant: written by ticks in their own commits, and by whoever sees one fail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.seam import replace as whole
from backend.adapters.documents.tenant_summary_documents import TenantSummaries
from backend.domain.errors import StoreCorrupt
from backend.domain.measured import Measured, Traffic
from backend.domain.order import OrderStatus
from backend.domain.tenant_summary import TenantSummary, TickFailure, TickOutcome
from backend.domain.tick import PortfolioKey
from tests.contract.recording import RecordingDocuments
from tests.contract.sample_ticks import NOW, request_at, tick_commit, tick_record

CORRELATION = "0123456789abcdef" * 2
FAILURE = TickFailure(
    portfolio_id="main",
    kind="BrokerUnavailable",
    reason="expected an answer — found none",
    at=NOW + timedelta(minutes=5),
    tick_id="main-1",
    correlation_id=CORRELATION,
)
MEASURED = Measured(
    durations={"observe": 1.25, "decide": 2.0},
    traffic=Traffic(documents_read=6, documents_written=0, round_trips=1),
)


def test_summary_of_a_tick_is_written_in_its_own_commits(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    store, operations = DocumentStore(recording), TenantSummaries(documents)
    commit = tick_commit(request_at())
    commit = replace(commit, measured=MEASURED, tick=replace(commit.tick, correlation_id=CORRELATION))
    versions = store.commit(commit)
    assert (len(recording.reads), operations.summary("other")) == (0, None)
    found = operations.summary("acme")
    assert found is not None
    assert found == TenantSummary(
        tenant_id="acme",
        last_tick=TickOutcome(
            portfolio_id="main",
            tick_id=request_at().tick_id,
            scheduled_at=NOW,
            committed_at=NOW + timedelta(microseconds=1),
            status="committed",
            correlation_id=CORRELATION,
            orders=2,
            measured=MEASURED,
        ),
        modes={"ACTIVE": 1, "SHADOW_MODE": 2},
        trading_state=commit.trading.state.value,
        code_version=commit.log.body["code_version"],
    )
    assert found.last_tick is not None

    record = tick_record(commit, versions)
    unresolved = replace(record.tick.orders[0], status=OrderStatus.UNRESOLVED)
    longer = replace(MEASURED, durations={**MEASURED.durations, "submit": 40.0})
    tick = replace(record.tick, orders=(unresolved, record.tick.orders[1]))
    store.record(replace(record, measured=longer, tick=tick))
    done = replace(found.last_tick, status="done", unresolved=1, measured=longer)
    assert operations.summary("acme") == replace(found, last_tick=done)


def test_summary_counts_failures_until_a_tick_is_committed_and_keeps_the_last(documents: Documents) -> None:
    operations = TenantSummaries(documents)
    assert operations.failed("acme", replace(FAILURE, kind="StoreUnavailable")) == 1
    assert operations.failed("acme", FAILURE) == 2
    assert operations.summary("acme") == TenantSummary(tenant_id="acme", consecutive_failures=2, last_failure=FAILURE)

    DocumentStore(documents).commit(tick_commit(request_at()))
    found = operations.summary("acme")
    assert found is not None
    assert found.last_tick is not None
    assert (found.consecutive_failures, found.last_failure) == (0, FAILURE)
    assert operations.failed("acme", FAILURE) == 1
    again = operations.summary("acme")
    assert again is not None
    assert again.last_tick == found.last_tick


def test_summaries_are_read_at_once_by_name(documents: Documents) -> None:
    store, operations = DocumentStore(documents), TenantSummaries(documents)
    for tenant in ("b/1", "a", "c"):
        key = PortfolioKey(tenant_id=tenant)
        store.commit(tick_commit(request_at(key=key)))
    assert [each.tenant_id for each in operations.summaries()] == ["a", "b/1", "c"]


def test_summary_that_is_damaged_is_named(documents: Documents) -> None:
    documents.commit([whole(paths.tenant_summary("acme"), {"tenant_id": "acme", "consecutive_failures": "two"})])
    with pytest.raises(StoreCorrupt, match="systemStatus/tenants/summaries/acme: expected consecutive_failures"):
        TenantSummaries(documents).summary("acme")
