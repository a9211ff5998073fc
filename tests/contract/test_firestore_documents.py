"""What only Firestore has: round trips that cost, answers that get lost, clients of the wrong kind."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from backend.adapters.documents import DocumentStore, open_documents
from backend.adapters.documents.journal_documents import journal_writes
from backend.adapters.documents.seam import create
from backend.adapters.firestore import FirestoreDocuments
from backend.domain.errors import ConfigurationError, StoreError, StoreUnavailable
from backend.domain.tick import Versions
from backend.ports.snapshots import ClosingVersions
from tests.contract.sample_closings import book_commit, closed_day
from tests.contract.sample_ticks import KEY, entry, request_at, tick_commit, tick_record, track_record
from tests.contract.test_document_sizes import wide_commit

pytestmark = pytest.mark.firestore


class CountingInterceptor(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]
    """Counts what goes over the wire."""

    def __init__(self) -> None:
        self.methods: list[str] = []
        self.read: list[str] = []  # documents asked for by name

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        self.methods.append(details.method.rpartition("/")[2])
        self.read += getattr(request, "documents", ())
        return continuation(details, request)

    intercept_unary_stream = intercept_unary_unary


class CountingClient(firestore.Client):
    """A real client whose channel is counted."""

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)
        self.interceptor = CountingInterceptor()

    def _emulator_channel(self, transport: Any) -> Any:
        channel = super()._emulator_channel(transport)  # type: ignore[no-untyped-call]
        return grpc.intercept_channel(channel, self.interceptor)


@pytest.fixture
def counted(firestore_client_factory: Callable[..., Any]) -> CountingClient:
    client: CountingClient = firestore_client_factory(CountingClient)
    return client


@pytest.mark.parametrize("strategies", [3, 200])
def test_firestore_tick_costs_one_round_trip_a_step(counted: CountingClient, strategies: int) -> None:
    store, methods = DocumentStore(open_documents(counted)), counted.interceptor.methods
    store.observe(request_at())
    assert methods == ["BatchGetDocuments"]
    commit = wide_commit(strategies)
    versions = store.commit(commit)
    assert methods[1:] == ["Commit"]
    store.record(tick_record(commit, versions, summary="text"))
    assert methods[2:] == ["Commit"]
    store.observe(request_at())
    assert methods[3:] == ["BatchGetDocuments"]


@pytest.mark.parametrize(("strategies", "trips"), [(1_800, 1), (1_801, 2)])
def test_firestore_track_record_costs_one_more_round_trip_when_sharded(
    counted: CountingClient, strategies: int, trips: int
) -> None:
    store = DocumentStore(open_documents(counted))
    store.commit(tick_commit(request_at(), record=track_record(strategies)))
    before = len(counted.interceptor.methods)
    assert len(store.observe(request_at()).record.strategies) == strategies
    assert counted.interceptor.methods[before:] == ["BatchGetDocuments"] * trips


def test_firestore_steps_beside_the_tick_cost_one_round_trip(counted: CountingClient) -> None:
    store, methods = DocumentStore(open_documents(counted)), counted.interceptor.methods
    commit = tick_commit(request_at())
    store.append(commit.log, trading=commit.trading, expected=Versions())
    store.observe_book(KEY)
    store.closing(KEY)
    store.close_day(KEY, closed_day(), track_record(3), expected=ClosingVersions(closing=None, record=None))
    store.commit_book(book_commit(1, replace(store.observe_book(KEY).versions, book=None)))
    store.decisions(KEY.tenant_id, last=3)
    store.orders(KEY.tenant_id, last=3)
    read, commit_, query = "BatchGetDocuments", "Commit", "RunQuery"
    assert methods == [commit_, read, read, commit_, read, commit_, query, query]
    store.daily_returns(KEY, since=date(2025, 1, 1))  # text and timestamps are two ranges; once a day
    assert methods[8:] == ["RunQuery", "RunQuery"]


@pytest.mark.parametrize("age", [10, 300])
def test_firestore_journal_reads_what_is_new_however_long_it_is(counted: CountingClient, age: int) -> None:
    documents = open_documents(counted)
    documents.commit([each for number in range(1, age + 1) for each in journal_writes(entry(number), KEY)])
    store, interceptor = DocumentStore(documents), counted.interceptor
    before = len(interceptor.methods)
    assert [each.number for each in store.journal(KEY, after=age - 3, through=age)] == [age - 2, age - 1, age]
    assert interceptor.methods[before:] == ["BatchGetDocuments"]
    read = [name.rpartition("/")[2] for name in interceptor.read]
    assert read == [f"main__{number:010d}" for number in (age - 2, age - 1, age)]
    assert store.journal(KEY, after=age, through=age) == []
    assert len(interceptor.methods) == before + 1


def test_firestore_lost_tick_costs_one_read_more(counted: CountingClient) -> None:
    store, methods = DocumentStore(open_documents(counted)), counted.interceptor.methods
    commit = tick_commit(request_at())
    store.commit(commit)
    with pytest.raises(StoreError):
        store.commit(commit)
    assert methods == ["Commit", "Commit", "BatchGetDocuments"]


class UnreachableClient(firestore.Client):
    """A client of an emulator that is gone."""

    def __init__(self, *, project: str) -> None:
        super().__init__(project=project)
        self._emulator_host = "127.0.0.1:1"


def test_firestore_unreachable_says_so_within_its_time(firestore_client_factory: Callable[..., Any]) -> None:
    documents = FirestoreDocuments(firestore_client_factory(UnreachableClient), timeout=0.5)
    with pytest.raises(StoreUnavailable, match=r"Firestore read: .*observe again"):
        documents.read(["tenants/acme/state/trading"])
    with pytest.raises(StoreUnavailable, match=r"Firestore commit: .*observe again"):
        documents.commit([create("tenants/acme/state/trading", {"epoch": 1})])
    with pytest.raises(StoreUnavailable, match=r"Firestore query: .*observe again"):
        documents.query("tenants/acme/orders")


class StrangerClient(firestore.Client):
    """A client whose calls carry the token of nobody, so that the rules bind it."""

    @property
    def _rpc_metadata(self) -> Any:
        return [each for each in super()._rpc_metadata if each[0] != "authorization"] + [
            ("authorization", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1IiwidXNlcl9pZCI6InUiLCJhdWQiOiJkZW1vIn0.")
        ]


def test_firestore_without_rights_says_what_to_grant(firestore_client_factory: Callable[..., Any]) -> None:
    documents = FirestoreDocuments(firestore_client_factory(StrangerClient))
    with pytest.raises(StoreUnavailable, match="grant the service account"):
        documents.commit([create("tenants/acme/state/trading", {"epoch": 1})])


def test_firestore_document_beyond_its_limit_is_refused_whole(firestore_client_factory: Callable[..., Any]) -> None:
    documents = FirestoreDocuments(firestore_client_factory())
    with pytest.raises(StoreError, match="shrink the document"):
        documents.commit([create("tenants/a/x/1", {"a": 1}), create("tenants/a/x/2", {"a": b"0" * 2_000_000})])
    assert documents.read(["tenants/a/x/1"]) == {}


def test_firestore_client_is_recognised(firestore_client_factory: Callable[..., Any]) -> None:
    assert isinstance(open_documents(firestore_client_factory()), FirestoreDocuments)


def test_firestore_asynchronous_client_is_refused() -> None:
    client = firestore.AsyncClient(project="demo-async", credentials=AnonymousCredentials())  # type: ignore[no-untyped-call]
    with pytest.raises(ConfigurationError, match="AsyncClient"):
        open_documents(client)


def test_firestore_version_of_an_unchanged_document_still_counts(
    firestore_client_factory: Callable[..., Any],
) -> None:
    """A write that changes nothing keeps the update time: the next commit must not lose for it."""
    store = DocumentStore(open_documents(firestore_client_factory()))
    first = tick_commit(request_at())
    versions = store.commit(first)
    record = tick_record(first, versions, trading=first.trading, book=first.book, tick=first.tick, journal=None)
    again = store.record(record)
    assert store.record(replace(record, expected=again)) is not None
