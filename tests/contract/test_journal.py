"""The journal on every store: entries by their numbers, without a gap, whole or refused, and no other one read."""

from dataclasses import replace as replaced
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.journal_documents import journal_writes
from backend.adapters.documents.seam import create, replace
from backend.domain.canonical import canonical_json, digest
from backend.domain.errors import CommitConflict, StoreCorrupt
from backend.domain.journal import JournalEntry
from backend.domain.tick import PortfolioKey
from tests.contract.recording import RecordingDocuments
from tests.contract.sample_ticks import KEY, entry, request_at, tick_commit, tick_record
from tests.unit.domain.test_canonical import happened

SECOND = PortfolioKey(tenant_id="acme", portfolio_id="second")
OTHER = PortfolioKey(tenant_id="globex")
GONE = object()


def path_of(number: int, portfolio: str = "main", tenant: str = "acme") -> str:
    return f"tenants/{tenant}/journal/{portfolio}__{number:010d}"


def write(documents: Documents, *entries: JournalEntry, key: PortfolioKey = KEY) -> None:
    documents.commit([each for one in entries for each in journal_writes(one, key)])


def write_numbers(documents: Documents, *numbers: int, key: PortfolioKey = KEY) -> None:
    write(documents, *(entry(number) for number in numbers), key=key)


def test_journal_entry_with_every_kind_of_event_comes_back_exactly(store: DocumentStore, documents: Documents) -> None:
    written = replaced(entry(1), events=tuple(happened()))
    write(documents, written)
    assert store.journal(KEY, after=0, through=1) == [written]


@pytest.mark.parametrize(("after", "through"), [(0, 5), (0, 1), (2, 4), (4, 5)])
def test_journal_is_read_by_number_in_their_order(
    store: DocumentStore, documents: Documents, after: int, through: int
) -> None:
    write_numbers(documents, 3, 1, 5, 2, 4)
    found = store.journal(KEY, after=after, through=through)
    assert found == [entry(number) for number in range(after + 1, through + 1)]


def test_journal_reads_the_entries_asked_for_in_one_round_trip_and_no_older_one(documents: Documents) -> None:
    write_numbers(documents, *range(1, 21))
    recording = RecordingDocuments(documents)
    DocumentStore(recording).journal(KEY, after=17, through=20)
    assert recording.reads == [(path_of(18), path_of(19), path_of(20))]
    assert recording.queried == []


@pytest.mark.parametrize(("after", "through"), [(0, 0), (7, 7)])
def test_journal_of_nothing_new_reads_nothing(documents: Documents, after: int, through: int) -> None:
    recording = RecordingDocuments(documents)
    assert DocumentStore(recording).journal(KEY, after=after, through=through) == []
    assert (recording.reads, recording.queried) == ([], [])


def test_journal_of_hundreds_of_entries_is_read_whole(store: DocumentStore, documents: Documents) -> None:
    numbers = range(1, 801)  # two days of a tick every minute
    for start in range(1, 801, 400):
        write_numbers(documents, *numbers[start - 1 : start + 399])
    assert [each.number for each in store.journal(KEY, after=0, through=800)] == list(numbers)


@pytest.mark.parametrize("missing", [1, 3, 5])
def test_journal_with_a_gap_is_refused_by_name(store: DocumentStore, documents: Documents, missing: int) -> None:
    write_numbers(documents, *(number for number in range(1, 6) if number != missing))
    with pytest.raises(StoreCorrupt, match=r"expected the journal without a gap from 1 to 5, found .*; restore") as e:
        store.journal(KEY, after=0, through=5)
    assert path_of(missing) in str(e.value)


def test_journal_gap_below_what_is_asked_for_is_not_looked_for(store: DocumentStore, documents: Documents) -> None:
    write_numbers(documents, 4, 5)
    assert [each.number for each in store.journal(KEY, after=3, through=5)] == [4, 5]


def test_journal_of_a_book_that_has_more_entries_than_there_are_is_refused(
    store: DocumentStore, documents: Documents
) -> None:
    write_numbers(documents, 1, 2)
    with pytest.raises(StoreCorrupt, match="without a gap"):
        store.journal(KEY, after=0, through=3)


def test_journals_of_portfolios_and_tenants_are_their_own(store: DocumentStore, documents: Documents) -> None:
    write_numbers(documents, 1)
    for key in (SECOND, OTHER):
        write(documents, entry(1, "theirs"), key=key)
        assert [each.run_id for each in store.journal(key, after=0, through=1)] == ["theirs"]
    assert [each.run_id for each in store.journal(KEY, after=0, through=1)] == ["main-1"]


@pytest.mark.parametrize("name", ["a/b", "..", "__all__", "50%", "main__0000000001"])
def test_journal_of_a_portfolio_with_an_odd_name_stays_in_its_collection(
    store: DocumentStore, documents: Documents, name: str
) -> None:
    key = PortfolioKey(tenant_id="acme", portfolio_id=name)
    write_numbers(documents, 1, 2, key=key)
    assert [each.number for each in store.journal(key, after=0, through=2)] == [1, 2]
    assert len(documents.query("tenants/acme/journal")) == 2


OTHER_TEXT = canonical_json(entry(9))
DAMAGE: list[dict[str, Any]] = [
    {"payload": GONE},
    {"payload": b"\x00\x01"},
    {"payload": '{"$c": "Journ'},
    {"payload": OTHER_TEXT},  # whole, but not what its digest says
    {"digest": "0" * 64},
    {"digest": GONE},
    {"payload": OTHER_TEXT, "digest": digest(OTHER_TEXT)},  # another entry under this number
    {"payload": "[]", "digest": digest("[]")},
    {"payload": '{"$c":"JournalEntry","v":[1]}', "digest": digest('{"$c":"JournalEntry","v":[1]}')},
    {"number": 3},
    {"number": "2"},
    {"event_count": 2},
    {"event_count": GONE},
]


@pytest.mark.parametrize("damage", DAMAGE, ids=[f"{n}-{'-'.join(each)}" for n, each in enumerate(DAMAGE)])
def test_journal_entry_that_is_damaged_is_refused_by_name(
    store: DocumentStore, documents: Documents, damage: dict[str, Any]
) -> None:
    write_numbers(documents, 1, 2, 3)
    fields = {**documents.read([path_of(2)])[path_of(2)].fields, **damage}
    documents.commit([replace(path_of(2), {name: each for name, each in fields.items() if each is not GONE})])
    with pytest.raises(StoreCorrupt, match=r"expected .* found .*; restore it from a backup; no day is closed") as e:
        store.journal(KEY, after=0, through=3)
    assert path_of(2) in str(e.value)
    assert store.journal(KEY, after=2, through=3) == [entry(3)]


def test_journal_entry_says_whose_it_is_and_what_made_it(documents: Documents) -> None:
    write_numbers(documents, 1)
    (stored,) = documents.query("tenants/acme/journal")
    told = {name: stored.fields[name] for name in ("tenant_id", "uid", "portfolio_id", "number", "run_id")}
    assert told == {"tenant_id": "acme", "uid": "default", "portfolio_id": "main", "number": 1, "run_id": "main-1"}
    assert (stored.fields["event_count"], stored.document_id) == (3, "main__0000000001")


# Entries are written with the commit that they tell of, or not at all.


def test_journal_entry_of_a_tick_is_committed_with_it(store: DocumentStore) -> None:
    commit = tick_commit(request_at())
    record = tick_record(commit, store.commit(commit))
    store.record(record)
    assert store.journal(KEY, after=0, through=2) == [commit.journal, record.journal]
    assert store.observe_book(KEY).book.entries == 2


def test_journal_of_a_tick_that_changes_nothing_gets_no_entry(store: DocumentStore, documents: Documents) -> None:
    store.commit(tick_commit(request_at(), journal=None))
    assert documents.query("tenants/acme/journal") == []


def test_journal_number_that_is_taken_undoes_the_whole_tick(store: DocumentStore, documents: Documents) -> None:
    documents.commit([create(path_of(1), {"taken": True})])
    with pytest.raises(CommitConflict):
        store.commit(tick_commit(request_at()))
    seen = store.observe(request_at())
    assert (seen.tick, seen.versions.trading, seen.versions.book) == (None, None, None)
    assert store.decisions(KEY.tenant_id, last=9) == []
    assert list(store.orders(KEY.tenant_id, last=9)) == []
    assert documents.read([path_of(1)])[path_of(1)].fields == {"taken": True}


def test_journal_number_that_is_taken_undoes_the_whole_record(store: DocumentStore, documents: Documents) -> None:
    commit = tick_commit(request_at())
    versions = store.commit(commit)
    documents.commit([create(path_of(2), {"taken": True})])
    with pytest.raises(CommitConflict):
        store.record(tick_record(commit, versions, summary="the model's words"))
    seen = store.observe(request_at())
    assert (seen.tick, seen.versions) == (commit.tick, versions)
    assert documents.query("tenants/acme/ledger_trades") == []
    assert store.decisions(KEY.tenant_id, last=1) == [commit.log]
