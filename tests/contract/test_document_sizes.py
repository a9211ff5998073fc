"""Every document of a tick of 1,800 strategies stays below Firestore's 1 MiB, and its packed fields unindexed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, Filter, Order, StoredDocument, Write
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.order import OrderStatus
from backend.domain.tick import TickCommit
from tests.contract.sample_ticks import KEY, book, order, request_at, tick_commit, track_record

MEBIBYTE = 1_048_576
INDEXED_STRING_BYTES = 1_500


class RecordingDocuments:
    """Passes everything on and keeps what was written."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.written: list[Write] = []

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        return self._documents.read(paths)

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        self.written += writes
        return self._documents.commit(writes)

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        return self._documents.query(collection, filters, order=order, limit=limit)


def stored_size(value: object) -> int:
    """Firestore's published storage size of a value: https://firebase.google.com/docs/firestore/storage-size."""
    if isinstance(value, str):
        return len(value.encode()) + 1
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(key.encode()) + 1 + stored_size(item) for key, item in value.items())
    if isinstance(value, list):
        return sum(map(stored_size, value))
    return 1 if value is None or isinstance(value, bool) else 8


def document_size(write: Write) -> int:
    name = sum(len(part.encode()) + 1 for part in write.path.split("/")) + 16
    return name + stored_size(write.fields) + 32


def wide_commit(strategies: int) -> TickCommit:
    """Every strategy in the decision, a third of them with an open order."""
    commit = tick_commit(request_at(), strategies=strategies)
    placed = tuple(order(request_at(), n, status=OrderStatus.INTENT) for n in range(strategies // 3))
    reserved = replace(
        commit.trading, reservations={each.intent.client_order_id: each.intent.reserved for each in placed}
    )
    return replace(
        commit,
        tick=replace(commit.tick, orders=placed),
        trading=reserved,
        book=book(*placed, strategies=strategies),
        record=track_record(strategies),
    )


def assert_fits_and_comes_back(documents: Documents, strategies: int) -> None:
    recording = RecordingDocuments(documents)
    store = DocumentStore(recording)
    commit = wide_commit(strategies)
    store.commit(commit)
    sizes = {write.path: document_size(write) for write in recording.written}
    largest = max(sizes, key=lambda path: sizes[path])
    assert sizes[largest] < MEBIBYTE, f"{largest}: {sizes[largest]} bytes"
    assert sum(sizes.values()) < 10 * MEBIBYTE
    seen = store.observe(request_at())
    assert (seen.tick, seen.book, seen.trading) == (commit.tick, commit.book, commit.trading)
    assert list(store.decisions(KEY.tenant_id, last=1)) == [commit.log]


@pytest.mark.parametrize("strategies", [700, 1_800])
def test_documents_of_many_strategies_are_committed_and_read_back(documents: Documents, strategies: int) -> None:
    assert_fits_and_comes_back(documents, strategies)


def test_documents_of_5000_strategies_stay_within_firestores_limits(sqlite_documents: SqliteDocuments) -> None:
    assert_fits_and_comes_back(sqlite_documents, 5_000)  # the emulator takes 4 MiB a commit, Firestore 10


def exemptions() -> set[tuple[str, str]]:
    indexes: Any = json.loads((Path(__file__).resolve().parents[2] / "firestore.indexes.json").read_text())
    return {(each["collectionGroup"], each["fieldPath"]) for each in indexes["fieldOverrides"] if not each["indexes"]}


def test_documents_long_fields_are_exempt_from_indexing(sqlite_documents: SqliteDocuments) -> None:
    recording = RecordingDocuments(sqlite_documents)
    DocumentStore(recording).commit(wide_commit(1_800))
    long_fields = {
        (write.path.split("/")[-2], name)
        for write in recording.written
        for name, value in write.fields.items()
        if stored_size(value) > INDEXED_STRING_BYTES
    }
    assert ("state", "payload") in long_fields
    assert long_fields - exemptions() == set()
