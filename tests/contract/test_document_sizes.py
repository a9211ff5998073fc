"""Every document of a tick of 1,800 strategies stays below Firestore's 1 MiB, and its packed fields unindexed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from backend.adapters.documents import (
    Documents,
    DocumentStore,
    Write,
    book_documents,
    closing_documents,
    journal_documents,
)
from backend.adapters.documents.seam import replace as replace_document
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.closing import Closing
from backend.domain.journal import JournalEntry, PaperTraded
from backend.domain.lots import Lot
from backend.domain.mode import Mode, ModeState
from backend.domain.order import OrderStatus
from backend.domain.paper import PaperAccount, PaperTrade, Step
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Mark, Sleeve
from backend.domain.tick import TickCommit
from backend.domain.trading_state import WorkingOrder
from tests.contract.recording import RecordingDocuments
from tests.contract.sample_ticks import KEY, NOW, book, order, request_at, tick_commit, track_record

MEBIBYTE = 1_048_576
INDEXED_STRING_BYTES = 1_500


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


def wide_commit(strategies: int, *, part: int = 3) -> TickCommit:
    """Every strategy in the decision, a third of them (or another ``part``) with an open order."""
    commit = tick_commit(request_at(), strategies=strategies)
    placed = tuple(order(request_at(), n, status=OrderStatus.INTENT) for n in range(strategies // part))
    reserved = replace(
        commit.trading,
        working={
            each.intent.client_order_id: WorkingOrder(
                symbol=each.intent.symbol, side=each.intent.side, reserved=each.intent.reserved
            )
            for each in placed
        },
    )
    return replace(
        commit,
        tick=replace(commit.tick, orders=placed),
        trading=reserved,
        book=book(*placed, strategies=strategies, entries=1),
        record=track_record(strategies),
    )


def assert_fits(written: Sequence[Write]) -> None:
    sizes = {write.path: document_size(write) for write in written}
    largest = max(sizes, key=lambda path: sizes[path])
    assert sizes[largest] < MEBIBYTE, f"{largest}: {sizes[largest]} bytes"
    assert sum(sizes.values()) < 10 * MEBIBYTE


def assert_fits_and_comes_back(documents: Documents, strategies: int, *, part: int = 3) -> None:
    recording = RecordingDocuments(documents)
    store = DocumentStore(recording)
    commit = wide_commit(strategies, part=part)
    store.commit(commit)
    assert_fits(recording.written)
    seen = store.observe(request_at())
    assert (seen.tick, seen.book, seen.trading) == (commit.tick, commit.book, commit.trading)
    assert list(store.decisions(KEY.tenant_id, last=1)) == [commit.log]


# The emulator takes 4 MiB a commit, Firestore 10: a third of 1,800 with an order would be 40 kB too much for it.
@pytest.mark.parametrize(("strategies", "part"), [(700, 3), (1_800, 4)])
def test_documents_of_many_strategies_are_committed_and_read_back(
    documents: Documents, strategies: int, part: int
) -> None:
    assert_fits_and_comes_back(documents, strategies, part=part)


@pytest.mark.parametrize("strategies", [1_800, 5_000])
def test_documents_of_thousands_of_strategies_stay_within_firestores_limits(
    sqlite_documents: SqliteDocuments, strategies: int
) -> None:
    assert_fits_and_comes_back(sqlite_documents, strategies)


def various(strategies: int, symbols: int, *, marked: bool) -> PortfolioBook:
    """A book no two strategies of which are alike: numbers compress badly. A third is in shadow."""
    random = Random(7)

    def number(digits: int, places: int) -> Decimal:
        return Decimal(random.randrange(1, 10**digits)).scaleb(-places)

    def sleeve() -> Sleeve:
        mark = Mark(pnl=number(15, 9), realised=number(15, 9), fees=number(6, 6), slippage=number(15, 9))
        return Sleeve(
            lots={
                Symbol(f"SYM{random.randrange(500)}"): (Lot(quantity=number(11, 9), price=number(7, 4)),)
                for _ in range(symbols)
            },
            realised=number(15, 9),
            fees=number(6, 6),
            slippage=number(15, 9),
            mark=mark if marked else Mark(),
        )

    def account(held: Sleeve) -> PaperAccount:
        quantities = {symbol: number(11, 9) for symbol in held.lots}
        return PaperAccount(cash=number(17, 11), quantities=quantities, mark=number(17, 11) if marked else Decimal(0))

    books, paper = {}, {}
    for n in range(strategies):
        name, real, in_shadow = StrategyId(f"strategy-{n:05d}"), sleeve(), n % 3 == 0
        mode = ModeState(
            mode=Mode.SHADOW_MODE if in_shadow else Mode.ACTIVE,
            since=NOW - timedelta(days=random.randrange(90)),
            reason=f"Sharpe {random.gauss(1, 1):.2f} (n=21)",
        )
        virtual = sleeve() if in_shadow else None
        books[name] = StrategyBook(mode=mode, real=real, virtual=virtual, capital=number(9, 4))
        paper[name] = {step: account(real) for step in Step}
    return PortfolioBook(strategies=books, paper=paper)


@pytest.mark.parametrize(
    ("strategies", "symbols"),
    [(1_800, 1), (1_800, 5)],  # 5,000 or ten symbols each are more than the 1 MiB of a document
)
def test_documents_of_strategies_that_are_all_different_fit(strategies: int, symbols: int) -> None:
    running, marked = (various(strategies, symbols, marked=marked) for marked in (False, True))
    closing = Closing(day=NOW.date(), closes_at=NOW, entries=1, book=marked)
    assert_fits(
        [
            replace_document("tenants/acme/state/book_main", book_documents.to_document(running, KEY)),
            replace_document("tenants/acme/state/closing_main", closing_documents.to_document(closing, KEY)),
        ]
    )


@pytest.mark.parametrize("strategies", [1_800, 5_000])
def test_documents_of_a_journal_entry_of_every_strategy_fit(strategies: int) -> None:
    random = Random(7)
    events = []
    for n in range(strategies):
        price, symbol = Decimal(random.randrange(10**7)).scaleb(-4), Symbol(f"SYM{random.randrange(500)}")
        trades = [
            PaperTrade(step=step, symbol=symbol, quantity=Decimal(random.randrange(10**11)).scaleb(-9), price=price)
            for step in Step
        ]
        events.append(PaperTraded(at=NOW, strategy=StrategyId(f"strategy-{n:05d}"), trades=tuple(trades)))
    entry = JournalEntry(number=1, committed_at=NOW, run_id="main-1", events=tuple(events))
    assert_fits(journal_documents.journal_writes(entry, KEY))


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
