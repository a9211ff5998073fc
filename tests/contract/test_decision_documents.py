"""What a committed decision leaves for readers."""

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create
from tests.contract.sample_ticks import SHADOWED, request_at, tick_commit


def test_decision_documents_shadow_fill_is_written_down(store: DocumentStore, documents: Documents) -> None:
    commit = tick_commit(request_at())
    (virtual,) = commit.decision.virtual_fills
    store.commit(commit)
    (stored,) = documents.query("tenants/acme/shadow_pnl")
    named = {name: stored.fields[name] for name in ("strategy_name", "action", "ticker", "mode", "confidence")}
    assert named == {
        "strategy_name": SHADOWED,
        "action": "BUY",
        "ticker": "AAPL",
        "mode": "SHADOW_MODE",
        "confidence": 0.75,
    }
    assert stored.fields["qty"] == str(virtual.fill.quantity)
    assert stored.fields["virtual_pnl"] == "12.5"
    assert stored.document_id == f"{request_at().tick_id}__{SHADOWED}__AAPL__buy"


def test_decision_documents_mode_change_keeps_the_definition(store: DocumentStore, documents: Documents) -> None:
    path = f"tenants/acme/strategies/{SHADOWED}"
    documents.commit([create(path, {"class": "RsiReversion", "mode": "ACTIVE"})])
    store.commit(tick_commit(request_at()))
    fields = documents.read([path])[path].fields
    assert (fields["class"], fields["mode"]) == ("RsiReversion", "SHADOW_MODE")
    assert fields["why"].startswith("Sharpe -")


def test_decision_documents_dashboard_shows_the_newest_tick(store: DocumentStore, documents: Documents) -> None:
    versions = store.commit(tick_commit(request_at()))
    store.commit(tick_commit(request_at(1), expected=versions))
    (summary,) = documents.query("tenants/acme/dashboard")
    assert summary.fields["tick_id"] == request_at(1).tick_id
    assert summary.fields["modes"]["SHADOW_MODE"] >= 1
    assert {each["strategy"] for each in summary.fields["strategies"]} >= {SHADOWED, "momentum"}
