"""The log of decisions: newest first, chained, verifiable from what is stored."""

import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import update
from backend.domain.audit import entry_hash
from backend.domain.canonical import digest, read_canonical_json
from backend.domain.errors import CommitConflict, ConfigurationError, StoreCorrupt
from backend.domain.tick import LogEntry, Versions
from backend.domain.trading_state import Trading
from tests.contract.sample_ticks import KEY, NOW, decision, inputs, log_for, request_at, tick_commit, track_record


def entry(minute: int = 0, **changes: Any) -> LogEntry:
    made = log_for(request_at(minute), decision(request_at(minute)))
    return replace(made, timestamp=NOW + timedelta(minutes=minute), **changes)


def append(store: DocumentStore, appended: LogEntry) -> None:
    expected = store.observe_book(KEY).versions
    store.append(appended, trading=Trading().logged(appended.entry_hash), expected=expected)


def test_decision_log_entry_comes_back_exactly(store: DocumentStore) -> None:
    append(store, entry())
    assert list(store.decisions(KEY.tenant_id, last=5)) == [entry()]


def test_decision_log_is_newest_first(store: DocumentStore) -> None:
    for minute in (1, 3, 2):
        append(store, entry(minute))
    found = store.decisions(KEY.tenant_id, last=2)
    assert [each.log_id for each in found] == [request_at(minute).tick_id for minute in (3, 2)]


@pytest.mark.parametrize("last", [0, -1])
def test_decision_log_asked_for_none_says_so(store: DocumentStore, last: int) -> None:
    with pytest.raises(ConfigurationError, match="at least one"):
        store.decisions(KEY.tenant_id, last=last)


def test_decision_log_hash_is_verified_from_the_stored_text(store: DocumentStore, documents: Documents) -> None:
    store.commit(tick_commit(request_at()))
    (stored,) = documents.query("tenants/acme/orchestration_logs")
    fields = stored.fields
    assert digest(fields["previous_hash"] + fields["body"]) == fields["entry_hash"]
    (found,) = store.decisions(KEY.tenant_id, last=1)
    assert entry_hash(found.previous_hash, found.body) == found.entry_hash
    assert digest(found.inputs) == found.body["inputs_hash"]
    assert read_canonical_json(found.inputs).signals == inputs().signals


def test_decision_log_append_moves_the_head(store: DocumentStore) -> None:
    append(store, entry())
    assert store.observe_book(KEY).trading.log_head == entry().entry_hash


def test_decision_log_append_to_a_moved_head_is_a_conflict(store: DocumentStore) -> None:
    append(store, entry())
    with pytest.raises(CommitConflict):
        store.append(entry(1), trading=Trading(), expected=Versions())
    assert len(store.decisions(KEY.tenant_id, last=9)) == 1


def test_decision_log_append_keeps_the_record_of_its_user(store: DocumentStore) -> None:
    body = {**entry().body, "uid": "ann"}
    store.append(entry(body=body), trading=Trading(), expected=Versions(), record=track_record(2))
    assert len(store.observe_book(replace(KEY, uid="ann")).record.strategies) == 2
    assert store.observe_book(KEY).record.strategies == ()


@pytest.mark.parametrize("size", [400_000, 900_000, 2_300_000])
def test_decision_log_long_inputs_come_back(store: DocumentStore, documents: Documents, size: int) -> None:
    noise = secrets.token_hex(size)  # compresses to ``size`` bytes at best
    append(store, entry(inputs=noise))
    (found,) = store.decisions(KEY.tenant_id, last=1)
    assert found.inputs == noise
    (stored,) = documents.query("tenants/acme/orchestration_logs")
    assert (stored.fields["input_parts"] == 0) is (size == 400_000)


def test_decision_log_fields_are_those_that_users_query(store: DocumentStore, documents: Documents) -> None:
    append(store, entry())
    (stored,) = documents.query("tenants/acme/orchestration_logs")
    first = stored.fields["allocation_decisions"][0]
    assert set(first) >= {
        "strategy_name",
        "original_allocation",
        "final_allocation",
        "mode",
        "reasoning",
        "sharpe_ratio",
        "timestamp",
    }
    assert stored.fields["signals_modified"] == entry().body["signals_modified"] > 0
    assert stored.fields["systemic_risk_detected"] is False
    assert stored.fields["ai_summary"] == entry().summary


def test_decision_log_operator_has_every_tenants_copy(store: DocumentStore, documents: Documents) -> None:
    for tenant in ("acme", "globex"):
        store.append(replace(entry(), tenant_id=tenant), trading=Trading(), expected=Versions())
    copies = documents.query("systemStatus/orchestration_logs/logs")
    assert {each.fields["tenant_id"] for each in copies} == {"acme", "globex"}
    assert all("inputs" not in each.fields for each in copies)


@pytest.mark.parametrize(
    "damage",
    [{"body": '{"$m":[['}, {"inputs": b"\x00"}, {"input_parts": 2}, {"timestamp": "yesterday"}, {"session_id": 7}],
)
def test_decision_log_damaged_entry_is_named(
    store: DocumentStore, documents: Documents, damage: dict[str, Any]
) -> None:
    append(store, entry())
    path = f"tenants/acme/orchestration_logs/{entry().log_id}"
    documents.commit([update(path, damage)])
    with pytest.raises(StoreCorrupt, match="restore it from a backup") as caught:
        store.decisions(KEY.tenant_id, last=1)
    assert path in str(caught.value)
