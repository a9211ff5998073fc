"""The tick protocol on every store: one winner, whole commits, nothing lost on resumption."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create
from backend.domain.book import PortfolioBook
from backend.domain.errors import CommitConflict, StoreError, TickAlreadyCommitted
from backend.domain.order import OrderStatus
from backend.domain.tick import PortfolioKey, TickCommit, TickStatus, Versions
from backend.domain.trading_state import Trading
from tests.contract.sample_ticks import KEY, NOW, book, order, request_at, tick_commit, tick_record, trade

OTHER = PortfolioKey(tenant_id="globex")


def test_tick_store_observe_of_nothing_is_empty(store: DocumentStore) -> None:
    seen = store.observe(request_at())
    assert (seen.tick, seen.trading, seen.book, seen.versions) == (None, Trading(), PortfolioBook(), Versions())
    assert (seen.configuration, seen.portfolio, seen.record.strategies) == ({}, {}, ())


def test_tick_store_commit_is_observed_exactly(store: DocumentStore) -> None:
    commit = tick_commit(request_at())
    versions = store.commit(commit)
    seen = store.observe(request_at())
    assert seen.tick == commit.tick
    assert seen.trading == commit.trading
    assert seen.book == commit.book
    assert seen.versions == versions
    assert store.journal(KEY, after=0, through=1) == [commit.journal]
    assert [str(each.intent.observed_price) for each in seen.tick.orders] == ["0.1000", "0.1000"]
    assert seen.trading.guard.high_water_mark.as_tuple() == Decimal("100000.10").as_tuple()


def test_tick_store_every_order_field_survives(store: DocumentStore) -> None:
    commit = tick_commit(request_at(), orders=0)
    placed = (
        order(request_at(), 0),
        order(request_at(), 1, status=OrderStatus.UNRESOLVED, decided_at=NOW + timedelta(days=1)),
    )
    store.commit(replace(commit, tick=replace(commit.tick, orders=placed), book=book(*placed)))
    seen = store.observe(request_at())
    assert seen.tick is not None
    assert seen.tick.orders == placed
    assert tuple(seen.book.open_orders.values()) == placed
    assert tuple(store.orders(KEY.tenant_id, last=9)) == placed[::-1]  # newest first


def test_tick_store_second_commit_of_a_tick_resumes(store: DocumentStore) -> None:
    first = tick_commit(request_at())
    versions = store.commit(first)
    for expected in (Versions(), versions):
        with pytest.raises(TickAlreadyCommitted, match="resume"):
            store.commit(replace(tick_commit(request_at(), expected=expected), book=PortfolioBook()))
    assert store.observe(request_at()).book == first.book


def test_tick_store_next_tick_commits_on_the_versions_returned(store: DocumentStore) -> None:
    versions = store.commit(tick_commit(request_at()))
    store.commit(tick_commit(request_at(1), expected=versions))
    assert store.observe(request_at(1)).tick is not None


def _stale_trading(versions: Versions, newer: Versions) -> Versions:
    return replace(newer, trading=versions.trading)


def _stale_book(versions: Versions, newer: Versions) -> Versions:
    return replace(newer, book=versions.book)


def _never_seen(_: Versions, newer: Versions) -> Versions:
    return replace(newer, trading=None)


@pytest.mark.parametrize("stale", [_stale_trading, _stale_book, _never_seen])
def test_tick_store_stale_version_writes_nothing(
    store: DocumentStore, stale: Callable[[Versions, Versions], Versions]
) -> None:
    first = tick_commit(request_at())
    versions = store.commit(first)
    newer = store.record(tick_record(first, versions))
    with pytest.raises(CommitConflict):
        store.commit(tick_commit(request_at(1), expected=stale(versions, newer)))
    seen = store.observe(request_at(1))
    assert seen.tick is None
    assert seen.versions == replace(newer, tick=None)
    assert len(store.orders(KEY.tenant_id, last=9)) == 2
    assert len(store.decisions(KEY.tenant_id, last=9)) == 1


def test_tick_store_order_that_exists_undoes_the_whole_commit(store: DocumentStore, documents: Documents) -> None:
    commit = tick_commit(request_at())
    taken = commit.tick.orders[1].intent.client_order_id
    documents.commit([create(f"tenants/acme/orders/{taken}", {"taken": True})])
    with pytest.raises(CommitConflict):
        store.commit(commit)
    seen = store.observe(request_at())
    assert (seen.tick, seen.versions) == (None, Versions())
    assert store.decisions(KEY.tenant_id, last=9) == []


def _outcomes(store: DocumentStore, commits: list[TickCommit]) -> list[type[StoreError] | None]:
    def outcome(commit: TickCommit) -> type[StoreError] | None:
        try:
            store.commit(commit)
        except StoreError as e:
            return type(e)
        return None

    with ThreadPoolExecutor(len(commits)) as pool:
        return list(pool.map(outcome, commits))


def test_tick_store_of_concurrent_deliveries_one_wins(store: DocumentStore) -> None:
    outcomes = _outcomes(store, [tick_commit(request_at()) for _ in range(8)])
    assert outcomes.count(None) == 1
    assert outcomes.count(TickAlreadyCommitted) == 7
    assert len(store.orders(KEY.tenant_id, last=99)) == 2


def test_tick_store_of_concurrent_ticks_on_one_account_one_wins(store: DocumentStore) -> None:
    versions = store.commit(tick_commit(request_at()))
    outcomes = _outcomes(store, [tick_commit(request_at(n), expected=versions) for n in range(1, 9)])
    assert outcomes.count(None) == 1
    assert outcomes.count(CommitConflict) == 7
    assert len(store.orders(KEY.tenant_id, last=99)) == 4


def test_tick_store_record_follows_a_commit_without_reading(store: DocumentStore) -> None:
    commit = tick_commit(request_at())
    first = tick_record(commit, store.commit(commit), summary="the model's words")
    second = replace(first, expected=store.record(first), journal=None)
    versions = store.record(second)  # the same fills again: booked once
    seen = store.observe(request_at())
    assert seen.tick == first.tick
    assert seen.tick.status is TickStatus.DONE
    assert (seen.trading, seen.book, seen.versions) == (first.trading, first.book, versions)
    assert {each.status for each in store.orders(KEY.tenant_id, last=9)} == {OrderStatus.FILLED}


def test_tick_store_record_replaces_the_summary_only(store: DocumentStore) -> None:
    commit = tick_commit(request_at())
    store.record(tick_record(commit, store.commit(commit), summary="the model's words"))
    (entry,) = store.decisions(KEY.tenant_id, last=1)
    assert entry == replace(commit.log, summary="the model's words", summary_source="model")


def test_tick_store_record_of_a_moved_document_is_a_conflict(store: DocumentStore) -> None:
    commit = tick_commit(request_at())
    versions = store.commit(commit)
    store.record(tick_record(commit, versions))
    with pytest.raises(CommitConflict):
        store.record(tick_record(commit, versions, orders=()))
    assert {each.status for each in store.orders(KEY.tenant_id, last=9)} == {OrderStatus.FILLED}


def test_tick_store_fill_found_twice_is_booked_once(store: DocumentStore, documents: Documents) -> None:
    first = tick_commit(request_at())
    versions = store.commit(first)
    settled = replace(first.tick.orders[0], status=OrderStatus.FILLED)
    for minute in (1, 2):
        commit = tick_commit(request_at(minute), expected=versions, settled=(settled,), trades=(trade(settled),))
        versions = store.commit(commit)
    (ledger,) = documents.query("tenants/acme/ledger_trades")
    assert ledger.fields["qty"] == "1.5"
    assert ledger.fields["slippage"] == "-0.002"
    by_id = {each.intent.client_order_id: each for each in store.orders(KEY.tenant_id, last=99)}
    assert by_id[settled.intent.client_order_id] == settled


def test_tick_store_settled_order_keeps_its_owner(store: DocumentStore, documents: Documents) -> None:
    commit = tick_commit(request_at(), orders=1)
    store.record(tick_record(commit, store.commit(commit)))
    (stored,) = documents.query("tenants/acme/orders")
    assert stored.fields["status"] == "filled"
    assert stored.fields["portfolio_id"] == "main"
    assert stored.fields["session_id"] == commit.tick.session_id


def test_tick_store_tenants_do_not_see_each_other(store: DocumentStore) -> None:
    mine, theirs = tick_commit(request_at()), tick_commit(request_at(key=OTHER), orders=1)
    store.commit(mine)
    store.commit(theirs)  # the same tick id, log id and portfolio: no conflict
    assert store.observe(request_at()).tick == mine.tick
    assert store.observe(request_at(key=OTHER)).tick == theirs.tick
    assert len(store.orders(OTHER.tenant_id, last=9)) == 1
    assert [each.tenant_id for each in store.decisions(OTHER.tenant_id, last=9)] == ["globex"]


@pytest.mark.parametrize("name", ["acme/ticks/x", "..", ".", "__all__", "50%", "a~b"])
def test_tick_store_no_identifier_leaves_its_tenant(store: DocumentStore, name: str) -> None:
    key = PortfolioKey(tenant_id=name, portfolio_id=name, uid=name)
    commit = tick_commit(request_at(key=key))
    store.commit(commit)
    assert store.observe(request_at(key=key)).tick == commit.tick
    assert store.observe(request_at()).versions == Versions()


def test_tick_store_settings_are_observed(store: DocumentStore, documents: Documents) -> None:
    documents.commit(
        [
            create("tenants/acme/config/orchestrator", {"version": 2, "risk": {"gross_limit": 0.5}}),
            create("tenants/acme/portfolios/main", {"strategies": ["momentum"]}),
        ]
    )
    seen = store.observe(request_at())
    assert seen.configuration == {"version": 2, "risk": {"gross_limit": 0.5}}
    assert seen.portfolio == {"strategies": ["momentum"]}
