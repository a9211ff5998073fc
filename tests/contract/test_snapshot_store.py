"""Closing days on every store: whole or not at all, each on the last, and read back to the digit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, portfolio_performance_documents
from backend.adapters.documents.performance_documents import from_document
from backend.adapters.documents.seam import create
from backend.adapters.documents.seam import replace as replace_document
from backend.domain.book import PortfolioBook
from backend.domain.canonical import canonical_json, digest
from backend.domain.closing import Closing
from backend.domain.errors import CommitConflict, StoreCorrupt, StoreError
from backend.domain.order import OrderStatus
from backend.domain.signal import StrategyId
from backend.domain.tick import BookCommit, PortfolioKey, Versions
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn, TrackRecord
from backend.domain.trading_state import Trading
from backend.ports.snapshots import ClosingVersions
from tests.contract.recording import RecordingDocuments
from tests.contract.sample_closings import DAY, book_commit, close, closed_day, closing, strategy_day
from tests.contract.sample_ticks import KEY, entry, order, request_at, tick_commit, track_record, trade

SECOND = PortfolioKey(tenant_id="acme", portfolio_id="second")
NEXT = DAY + timedelta(days=1)
NOTHING = ClosingVersions(closing=None, record=None)
PERFORMANCE = "tenants/acme/strategy_performance"
PORTFOLIO = "tenants/acme/portfolio_performance"
GONE = object()


def record_of(*values: float, last: date = DAY) -> TrackRecord:
    days = [last - timedelta(days=back) for back in range(len(values))]
    return EMPTY_TRACK_RECORD.extended(
        DailyReturn(strategy=StrategyId("momentum"), day=day, value=value)
        for day, value in zip(days, values, strict=True)
    )


def everything(documents: Documents) -> dict[str, Any]:
    names = ("state", "strategy_performance", "portfolio_performance", "journal", "orders", "ledger_trades")
    return {
        each.path: (each.version, each.fields) for name in names for each in documents.query(f"tenants/acme/{name}")
    }


# closing() and close_day()


def test_closing_before_the_first_is_empty(store: DocumentStore) -> None:
    assert store.closing(KEY) == (Closing(), None)


def test_close_day_is_read_back_exactly(store: DocumentStore, documents: Documents) -> None:
    shots = [strategy_day(), strategy_day("reversion", is_virtual=False, daily_return=None, capital=Decimal(0))]
    closed = closed_day(strategies=shots)
    versions = store.close_day(KEY, closed, record_of(0.01), expected=NOTHING)
    assert store.closing(KEY) == (closed.closing, versions.closing)
    assert store.observe_book(KEY).versions == Versions(record=versions.record)
    found = documents.query(PERFORMANCE)
    assert [from_document(each) for each in found] == shots
    assert [each.document_id for each in found] == [each.perf_id for each in shots]
    (portfolio,) = documents.query(PORTFOLIO)
    assert portfolio_performance_documents.from_document(portfolio) == closed.portfolio
    assert portfolio.document_id == "main__2025-03-13"
    # money keeps its digits
    seen, _ = store.closing(KEY)
    assert str(seen.equity) == "101500.250"
    assert store.observe_book(KEY).record.returns.tolist() == [[0.01]]


def test_close_day_leaves_the_running_book_alone(store: DocumentStore) -> None:
    commit = tick_commit(request_at())
    versions = store.commit(commit)
    close(store, record_of(0.01))
    seen = store.observe(request_at())
    assert (seen.book, seen.trading, seen.tick) == (commit.book, commit.trading, commit.tick)
    assert (seen.versions.book, seen.versions.trading) == (versions.book, versions.trading)


def test_close_day_next_one_closes_on_the_versions_returned(store: DocumentStore, documents: Documents) -> None:
    versions = store.close_day(KEY, closed_day(), record_of(0.01), expected=NOTHING)
    later = store.close_day(KEY, closed_day(NEXT), record_of(0.02, 0.01, last=NEXT), expected=versions)
    assert store.closing(KEY) == (closing(NEXT), later.closing)
    assert [each.fields["period_start"] for each in documents.query(PERFORMANCE)] == ["2025-03-13", "2025-03-14"]
    assert [each.document_id for each in documents.query(PORTFOLIO)] == ["main__2025-03-13", "main__2025-03-14"]


def test_close_day_is_one_round_trip(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    DocumentStore(recording).close_day(KEY, closed_day(), record_of(0.01), expected=NOTHING)
    assert (recording.reads, recording.queried) == ([], [])
    assert len(recording.written) == 4  # closing, track record, portfolio, strategy


def stale_closing(first: ClosingVersions, newer: ClosingVersions) -> ClosingVersions:
    return replace(newer, closing=first.closing)


def stale_record(first: ClosingVersions, newer: ClosingVersions) -> ClosingVersions:
    return replace(newer, record=first.record)


def never_closed(_: ClosingVersions, newer: ClosingVersions) -> ClosingVersions:
    return replace(newer, closing=None)


def never_recorded(_: ClosingVersions, newer: ClosingVersions) -> ClosingVersions:
    return replace(newer, record=None)


@pytest.mark.parametrize("stale", [stale_closing, stale_record, never_closed, never_recorded])
def test_close_day_on_a_moved_document_writes_nothing(
    store: DocumentStore,
    documents: Documents,
    stale: Callable[[ClosingVersions, ClosingVersions], ClosingVersions],
) -> None:
    first = store.close_day(KEY, closed_day(), record_of(0.01), expected=NOTHING)
    newer = store.close_day(KEY, closed_day(NEXT), record_of(0.02, 0.01, last=NEXT), expected=first)
    before = everything(documents)
    monday = NEXT + timedelta(days=3)
    with pytest.raises(CommitConflict):
        store.close_day(KEY, closed_day(monday), record_of(0.03, last=monday), expected=stale(first, newer))
    assert everything(documents) == before


def test_close_day_asked_for_by_many_at_once_is_done_by_one(store: DocumentStore, documents: Documents) -> None:
    def outcome(number: int) -> type[StoreError] | None:
        closed = closed_day(strategies=[strategy_day(f"s{number}")])
        try:
            store.close_day(KEY, closed, record_of(0.01), expected=NOTHING)
        except StoreError as e:
            return type(e)
        return None

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(outcome, range(6)))
    assert sorted(outcomes, key=str) == sorted([None, *[CommitConflict] * 5], key=str)
    assert len(documents.query(PERFORMANCE)) == 1


def test_close_day_of_two_portfolios_shares_the_record_and_nothing_else(
    store: DocumentStore, documents: Documents
) -> None:
    first = store.close_day(KEY, closed_day(), record_of(0.01), expected=NOTHING)
    theirs = closed_day(strategies=[strategy_day("other")], key=SECOND)
    with pytest.raises(CommitConflict):  # the record that they share has moved
        store.close_day(SECOND, theirs, record_of(0.02), expected=NOTHING)
    assert store.closing(SECOND) == (Closing(), None)
    store.close_day(SECOND, theirs, record_of(0.02), expected=replace(NOTHING, record=first.record))
    assert store.closing(KEY) == (closing(), first.closing)
    assert {each.document_id for each in documents.query(PORTFOLIO)} == {"main__2025-03-13", "second__2025-03-13"}


def test_close_day_again_over_what_a_lost_answer_left_ends_in_the_same_documents(
    store: DocumentStore, documents: Documents
) -> None:
    store.close_day(KEY, closed_day(), record_of(0.01), expected=NOTHING)
    before = {path: fields for path, (_, fields) in everything(documents).items()}
    _, version = store.closing(KEY)
    record = store.observe_book(KEY).versions.record
    store.close_day(KEY, closed_day(), record_of(0.01), expected=ClosingVersions(closing=version, record=record))
    assert {path: fields for path, (_, fields) in everything(documents).items()} == before


OTHER_TEXT = canonical_json(closing(NEXT))
BOOK_TEXT = canonical_json(PortfolioBook())
DAMAGE: list[dict[str, Any]] = [
    {"payload": GONE},
    {"payload": b"\x00\x01"},
    {"payload": '{"$c":"Clos'},
    {"payload": OTHER_TEXT},  # whole, but not what its digest says
    {"digest": "0" * 64},
    {"digest": GONE},
    {"payload": OTHER_TEXT, "digest": digest(OTHER_TEXT)},  # of another day than the document says
    {"payload": BOOK_TEXT, "digest": digest(BOOK_TEXT)},
    {"day": "2025-03-14"},
    {"day": None},
    {"day": "2025-13-01"},
    {"entries": 8},
    {"entries": "7"},
]


@pytest.mark.parametrize("damage", DAMAGE, ids=[f"{n}-{'-'.join(each)}" for n, each in enumerate(DAMAGE)])
def test_closing_that_is_damaged_is_refused_by_name(
    store: DocumentStore, documents: Documents, damage: dict[str, Any]
) -> None:
    store.close_day(KEY, closed_day(), record_of(0.01), expected=NOTHING)
    path = "tenants/acme/state/closing_main"
    fields = {**documents.read([path])[path].fields, **damage}
    documents.commit([replace_document(path, {name: each for name, each in fields.items() if each is not GONE})])
    with pytest.raises(StoreCorrupt, match=r"expected .* found .*; restore it from a backup; no day is closed") as e:
        store.closing(KEY)
    assert path in str(e.value)


# commit_book()


def test_commit_book_is_observed_exactly(store: DocumentStore, documents: Documents) -> None:
    commit = tick_commit(request_at(), orders=1)
    versions = store.commit(commit)
    job = book_commit(2, versions)
    store.commit_book(job)
    seen = store.observe_book(KEY)
    assert (seen.book, seen.trading) == (job.book, job.trading)
    assert store.journal(KEY, after=0, through=2) == [commit.journal, job.journal]
    assert tuple(store.orders(KEY.tenant_id, last=9)) == job.orders
    (ledger,) = documents.query("tenants/acme/ledger_trades")
    assert (ledger.document_id, ledger.fields["kind"]) == (job.trades[0].trade_id, "fill")
    (stored,) = documents.query("tenants/acme/orders")
    assert (stored.fields["portfolio_id"], stored.fields["session_id"]) == ("main", commit.tick.session_id)
    assert store.observe(request_at()).tick == commit.tick


def test_commit_book_of_the_first_job_creates_what_it_observed_as_missing(store: DocumentStore) -> None:
    job = book_commit(1, Versions())
    store.commit_book(job)
    assert store.observe_book(KEY).book == job.book


def test_commit_book_without_an_event_writes_no_entry(store: DocumentStore, documents: Documents) -> None:
    job = book_commit(1, Versions(), journal=None, orders=(), trades=())
    store.commit_book(job)
    assert store.observe_book(KEY).book == job.book
    assert documents.query("tenants/acme/journal") == []


def test_commit_book_is_one_round_trip(documents: Documents) -> None:
    recording = RecordingDocuments(documents)
    DocumentStore(recording).commit_book(book_commit(1, Versions()))
    assert (recording.reads, recording.queried) == ([], [])


def _stale_trading(versions: Versions, newer: Versions) -> Versions:
    return replace(newer, trading=versions.trading)


def _stale_book(versions: Versions, newer: Versions) -> Versions:
    return replace(newer, book=versions.book)


def _never_seen(_: Versions, newer: Versions) -> Versions:
    return replace(newer, book=None)


@pytest.mark.parametrize("stale", [_stale_trading, _stale_book, _never_seen])
def test_commit_book_on_a_moved_document_writes_nothing(
    store: DocumentStore, documents: Documents, stale: Callable[[Versions, Versions], Versions]
) -> None:
    versions = store.commit(tick_commit(request_at()))
    newer = store.commit(tick_commit(request_at(1), expected=versions))
    before = everything(documents)
    with pytest.raises(CommitConflict):
        store.commit_book(book_commit(4, stale(versions, newer)))
    assert everything(documents) == before


def test_commit_book_whose_journal_number_is_taken_writes_nothing(store: DocumentStore, documents: Documents) -> None:
    versions = store.commit(tick_commit(request_at()))
    documents.commit([create("tenants/acme/journal/main__0000000002", {"taken": True})])
    before = everything(documents)
    with pytest.raises(CommitConflict):
        store.commit_book(book_commit(2, versions))
    assert everything(documents) == before


def test_commit_book_and_a_tick_at_once_one_wins(store: DocumentStore) -> None:
    versions = store.commit(tick_commit(request_at()))

    def outcome(commit: Callable[[], object]) -> type[StoreError] | None:
        try:
            commit()
        except StoreError as e:
            return type(e)
        return None

    tick = tick_commit(request_at(1), expected=versions, journal=entry(2))
    jobs: list[BookCommit] = [book_commit(2, versions) for _ in range(3)]
    rivals: list[Callable[[], object]] = [lambda: store.commit(tick)]
    rivals += [lambda job=job: store.commit_book(job) for job in jobs]  # type: ignore[misc]
    with ThreadPoolExecutor(len(rivals)) as pool:
        outcomes = list(pool.map(outcome, rivals))
    assert sorted(outcomes, key=str) == sorted([None, *[CommitConflict] * 3], key=str)
    assert len(store.journal(KEY, after=0, through=2)) == 2


def test_commit_book_of_a_fill_that_is_booked_already_books_it_once(store: DocumentStore, documents: Documents) -> None:
    versions = store.commit(tick_commit(request_at()))
    filled = replace(order(request_at(), 0), status=OrderStatus.FILLED)
    store.commit_book(book_commit(2, versions, orders=(filled,), trades=(trade(filled),)))
    again = store.observe_book(KEY).versions
    store.commit_book(book_commit(3, again, orders=(filled,), trades=(trade(filled),)))
    assert len(documents.query("tenants/acme/ledger_trades")) == 1


def test_observe_book_sees_what_a_tick_sees_without_the_tick(store: DocumentStore) -> None:
    assert store.observe_book(KEY).trading == Trading()
    commit = tick_commit(request_at(), record=track_record(3))
    store.commit(commit)
    seen, tick = store.observe_book(KEY), store.observe(request_at())
    assert (seen.tick, seen.versions) == (None, replace(tick.versions, tick=None))
    assert (seen.book, seen.trading) == (tick.book, tick.trading)
