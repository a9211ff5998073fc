"""A job brings book and broker together: orders found, fills booked, EXTERNAL seen, and what does not agree named."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.domain.errors import BrokerUnavailable, OrderUnresolved
from backend.domain.order import OrderStatus
from backend.domain.statement import ActivityKind
from tests.fakes.cycle import AAPL, KEY, MSFT, buy
from tests.fakes.faults import Countdown, Counted, Killed, Meanwhile, Mortal
from tests.integration.engine.commanding import CommandPost


def lost_answer(store: DocumentStore, *, is_accepted: bool) -> CommandPost:
    post = CommandPost(store)
    post.broker.fail_next(OrderUnresolved("timed out"), accept_first=is_accepted)
    post.broker.fail_next(BrokerUnavailable("still down"), on="find")
    (order,) = post.tick(a=buy("AAPL", 0.2)).orders
    assert order.status is OrderStatus.UNRESOLVED
    assert store.observe_book(KEY).trading.reserved == Decimal(20_000)
    return post


def test_order_whose_answer_was_lost_is_found_and_its_fill_booked(store: DocumentStore) -> None:
    found = lost_answer(store, is_accepted=True).reconcile()
    assert [order.status for order in found.moved] == [OrderStatus.FILLED]
    observed = store.observe_book(KEY)
    assert observed.book.strategies["a"].real.quantity(AAPL) == 200  # type: ignore[index]
    assert (observed.trading.working, found.open_orders, found.differences) == ({}, (), ())


def test_order_that_is_not_there_keeps_its_capital_until_it_is_proven_absent(store: DocumentStore) -> None:
    post = lost_answer(store, is_accepted=False)
    assert post.reconcile().moved == ()
    assert store.observe_book(KEY).trading.reserved == Decimal(20_000)
    post.clock.time += timedelta(minutes=5)
    (order,) = post.reconcile().moved
    assert (order.status, order.reason) == (OrderStatus.DENIED, "proven absent: the broker never received it")
    assert store.observe_book(KEY).trading.working == {}


def test_what_maestro_did_not_order_is_external(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.tick(a=buy("AAPL", 0.2))
    post.broker.trade_by_hand(MSFT, Decimal(3))
    post.broker.trade_by_hand(AAPL, Decimal(-50))
    assert post.reconcile().external == {AAPL: Decimal(-50), MSFT: Decimal(3)}
    assert store.observe_book(KEY).trading.external == {AAPL: Decimal(-50), MSFT: Decimal(3)}


def test_fill_that_the_broker_booked_and_the_ledger_has_not_is_named(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.tick(a=buy("AAPL", 0.2))
    assert post.reconcile().differences == ()
    (order,) = post.broker.orders.values()
    extra = {"symbol": AAPL, "quantity": Decimal(2), "price": Decimal(100), "cash": Decimal(-200)}
    post.broker.book(ActivityKind.FILL, order_id=order.broker_order_id, **extra)
    (difference,) = post.reconcile().differences
    assert (
        difference
        == f"order {order.broker_order_id}: the ledger has 200.000000000 shares, the broker booked 202.000000000"
    )


def test_order_that_is_filling_right_now_is_no_difference(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.broker.is_filling = False
    post.tick(a=buy("AAPL", 0.2))
    (identifier,) = post.broker.orders
    post.broker.fill(identifier, Decimal(50))
    assert post.reconcile().differences == ()
    post.broker.fill(identifier, Decimal(20))
    assert [order.booked_quantity for order in post.reconcile().moved] == [Decimal(70)]


def test_reconciling_twice_writes_once(documents: Documents) -> None:
    counted = Counted(DocumentStore(documents))
    post = CommandPost(counted)
    post.tick(a=buy("AAPL", 0.2))
    post.reconcile()
    commits = counted.calls["commit_book"]
    post.reconcile()
    assert counted.calls["commit_book"] == commits
    journal = documents.query(paths.collection("acme", "journal"))
    assert len(journal) == counted.observe_book(KEY).book.entries


def test_tick_in_between_is_lost_to_nobody(store: DocumentStore, store_factory: Callable[[], DocumentStore]) -> None:
    """A tick commits while the job is at the broker: the job decides anew on what the tick left."""
    post = lost_answer(store, is_accepted=True)
    other = CommandPost(store_factory())
    other.broker, other.clock = post.broker, post.clock
    post.store = Meanwhile(store, "commit_book", lambda: other.tick(a=buy("MSFT", 0.2)))
    post.reconcile()
    held = store.observe_book(KEY).book.strategies["a"].real.holdings()  # type: ignore[index]
    assert held == {AAPL: Decimal(200), MSFT: Decimal(400)}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(5))  # observe, account, find, account, commit
def test_reconciliation_killed_at_any_call_can_be_run_again(store: DocumentStore, calls: int, after: bool) -> None:
    post = lost_answer(store, is_accepted=True)
    whole_store, whole_broker, countdown = post.store, post.broker, Countdown(calls, after=after)
    post.store, post.broker = Mortal(whole_store, countdown), Mortal(whole_broker, countdown)
    with pytest.raises(Killed):
        post.reconcile()
    post.store, post.broker = whole_store, whole_broker
    post.reconcile()
    observed = store.observe_book(KEY)
    assert observed.book.strategies["a"].real.quantity(AAPL) == 200  # type: ignore[index]
    assert observed.trading.working == {}
