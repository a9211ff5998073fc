"""What is not kept for ever says until when, in every store, and nothing else about it changes."""

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.dead_letter_documents import DeadLetterDocuments
from backend.adapters.documents.fields import as_instant
from backend.adapters.documents.retained import DELETE_AFTER, KEPT, RetainedDocuments
from backend.adapters.documents.seam import Write, WriteKind, merge, update
from backend.adapters.documents.seam import replace as put
from backend.domain.errors import ConfigurationError
from backend.domain.retention import Retention
from backend.domain.tick import Versions
from backend.domain.trading_state import Trading
from tests.contract.orchestrating import orchestrate
from tests.contract.recording import RecordingDocuments
from tests.contract.sample_ticks import decision, log_for, request_at
from tests.contract.test_dead_letters import letter
from tests.fakes.audited import fields_of, verified, write_chain
from tests.fakes.cycle import HOLD
from tests.indexes.executed import ROOT

RETENTION = Retention(ticks_days=40, logs_days=50, alerts_days=60, dead_letters_days=70)
DAYS = {"ticks": 40, "orchestration_logs": 50, "audit_log": 50, "logs": 50, "alerts": 60, "dead_letters": 70}
FOR_EVER = Retention(ticks_days=None, logs_days=None, alerts_days=None, dead_letters_days=None)


def dates_of(written: list[Write]) -> dict[str, set[timedelta | None]]:
    """Return, by collection, how long after its own instant each document that is written whole is to be deleted."""
    found: dict[str, set[timedelta | None]] = {}
    for write in (each for each in written if each.kind in (WriteKind.CREATE, WriteKind.REPLACE)):
        collection = write.path.split("/")[-2]
        counted_from = KEPT.get(collection, ("timestamp", ""))[0]
        at, until = (as_instant(write.fields.get(name)) for name in (counted_from, DELETE_AFTER))
        found.setdefault(collection, set()).add(None if until is None or at is None else until - at)
    return found


def test_retained_documents_date_what_explains_the_past_and_nothing_that_counts(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    retained = RetainedDocuments(recording, RETENTION)
    write_chain(retained)
    DeadLetterDocuments(retained).add(letter())
    retained.commit([put(paths.alert("acme", "x"), {"timestamp": letter().failed_at, "kind": "x"})])
    found = dates_of(recording.written)
    assert {name: dates for name, dates in found.items() if dates != {None}} == {
        name: {timedelta(days=days)} for name, days in DAYS.items()
    }
    assert {"orders", "journal", "state", "ledger_trades", "dashboard"} <= set(found)
    for write in recording.written:
        if DELETE_AFTER in write.fields:
            stored = fields_of(documents, write.path)
            assert as_instant(stored[DELETE_AFTER]) == as_instant(write.fields[DELETE_AFTER])


def test_retained_documents_change_neither_hashes_nor_anything_else(documents: Documents) -> None:
    plain, recording = [], RecordingDocuments(documents)

    class Before(RecordingDocuments):
        def commit(self, writes: Any) -> dict[str, object]:
            plain.extend(writes)
            return super().commit(writes)

    write_chain(Before(RetainedDocuments(recording, RETENTION)))
    assert len(plain) == len(recording.written) > 20
    for before, after in zip(plain, recording.written, strict=True):
        assert replace(after, fields={k: v for k, v in after.fields.items() if k != DELETE_AFTER}) == before
    assert verified(documents).findings == ()


def test_retained_documents_kept_for_ever_have_no_date(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    write_chain(RetainedDocuments(recording, FOR_EVER))
    assert {date for dates in dates_of(recording.written).values() for date in dates} == {None}


def test_retained_documents_date_the_parts_of_inputs_as_their_decision(documents: Documents) -> None:
    entry = replace(log_for(request_at(), decision(request_at())), inputs=secrets.token_hex(900_000))
    retained = RetainedDocuments(documents, RETENTION)
    DocumentStore(retained).append(entry, trading=Trading().logged(entry.entry_hash), expected=Versions())
    path = paths.log(entry.tenant_id, entry.log_id)
    dates = [as_instant(fields_of(documents, each)[DELETE_AFTER]) for each in (path, f"{path}/inputs/0")]
    assert dates == [entry.timestamp + timedelta(days=50)] * 2


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (put("tenants/acme/alerts/x", {"kind": "x"}), None),  # it does not say of when it is
        (put("tenants/acme/nonces/x", {"timestamp": "2026-03-02T15:00:00+00:00", DELETE_AFTER: "given"}), "given"),
        (put("tenants/acme/orders/x", {"timestamp": "2026-03-02T15:00:00+00:00"}), None),
        (put("elsewhere/acme/ticks/x", {"committed_at": "2026-03-02T15:00:00+00:00"}), None),
        (merge("tenants/acme/ticks/x", {"committed_at": "2026-03-02T15:00:00+00:00"}), None),
    ],
)
def test_retained_documents_leave_what_is_none_of_theirs(documents: Documents, write: Write, expected: Any) -> None:
    RetainedDocuments(documents, RETENTION).commit([write])
    assert fields_of(documents, write.path).get(DELETE_AFTER) == expected


def test_retained_documents_that_are_updated_keep_their_date(documents: Documents) -> None:
    retained, path = RetainedDocuments(documents, RETENTION), paths.tick("acme", "main-1")
    at = letter().failed_at
    retained.commit([put(path, {"committed_at": at, "status": "committed"})])
    retained.commit([update(path, {"committed_at": at, "status": "done"})])
    stored = fields_of(documents, path)
    assert (stored["status"], as_instant(stored[DELETE_AFTER])) == ("done", at + timedelta(days=40))


@pytest.mark.parametrize("days", [{"ticks_days": 31}, {"logs_days": 31}, {"alerts_days": 0}, {"dead_letters_days": 0}])
def test_retention_that_is_too_short_is_refused(days: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match=r"retention\.\w+: expected \d+ days or more"):
        Retention(**days)


def test_every_dated_collection_has_a_time_to_live_and_no_index_on_it() -> None:
    overrides = json.loads((ROOT / "firestore.indexes.json").read_text())["fieldOverrides"]
    living = {each["collectionGroup"]: each for each in overrides if each.get("ttl")}
    assert set(living) == {*KEPT, "inputs", "logs", "nonces", "api_requests"}
    assert {(each["fieldPath"], len(each["indexes"])) for each in living.values()} == {(DELETE_AFTER, 0)}


@pytest.mark.firestore
def test_controller_over_a_client_dates_its_decisions(firestore_client_factory: Callable[..., Any]) -> None:
    client = firestore_client_factory()
    orchestrate(client, {"a": HOLD})
    (entry,) = client.collection("tenants/acme/orchestration_logs").stream()
    assert entry.get(DELETE_AFTER) - entry.get("timestamp") == timedelta(days=400)
