"""What is in flight when trading is restricted is cancelled where possible, and waited for until it has an end."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import DocumentStore
from backend.domain.errors import BrokerUnavailable, OrderUnresolved
from backend.domain.order import OrderStatus, Side
from tests.fakes.cycle import AAPL, KEY, MSFT, buy
from tests.fakes.faults import Countdown, Killed, Mortal
from tests.integration.engine.commanding import CommandPost


def working_post(store: DocumentStore, **signals: object) -> CommandPost:
    post = CommandPost(store)
    post.broker.is_filling = False
    post.tick(**(signals or {"a": buy("AAPL", 0.2), "b": buy("MSFT", 0.3)}))
    return post


def test_working_orders_are_cancelled_and_their_capital_is_free(store: DocumentStore) -> None:
    post = working_post(store)
    assert store.observe_book(KEY).trading.reserved == Decimal(50_000)
    done = post.withdraw()
    assert [each.order.status for each in done.orders] == [OrderStatus.CANCELLED] * 2
    assert (done.unsettled, done.faults, done.took) == ((), (), timedelta(0))
    observed = store.observe_book(KEY)
    assert (observed.trading.working, observed.book.open_orders) == ({}, {})


def test_only_what_is_meant_is_cancelled(store: DocumentStore) -> None:
    post = working_post(store)
    done = post.withdraw(lambda key, order: order.intent.symbol == AAPL)
    (found,) = done.orders
    assert (found.portfolio_id, found.order.intent.symbol, found.order.status) == ("main", AAPL, OrderStatus.CANCELLED)
    assert [each.intent.symbol for each in store.observe_book(KEY).book.open_orders.values()] == [MSFT]


def test_part_that_was_filled_before_the_cancel_is_booked(store: DocumentStore) -> None:
    post = working_post(store, a=buy("AAPL", 0.2))
    (identifier,) = post.broker.orders
    post.broker.fill(identifier, Decimal(50))
    (found,) = post.withdraw().orders
    assert (found.order.status, found.order.booked_quantity) == (OrderStatus.CANCELLED, Decimal(50))
    assert store.observe_book(KEY).book.strategies["a"].real.quantity(AAPL) == Decimal(50)  # type: ignore[index]


def test_order_that_arrives_late_is_found_and_cancelled_then(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.broker.is_filling = False
    post.broker.fail_next(OrderUnresolved("no answer"))
    (order,) = post.tick(a=buy("AAPL", 0.2)).orders
    assert order.status is OrderStatus.UNRESOLVED
    post.meanwhile = [lambda: None, lambda: post.broker.arrive(order.intent.client_order_id)]
    done = post.withdraw()
    assert [each.order.status for each in done.orders] == [OrderStatus.CANCELLED]
    assert done.took == timedelta(seconds=2)


def test_order_that_never_arrives_is_proven_absent_five_minutes_after_its_decision(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.broker.fail_next(OrderUnresolved("no answer"))
    post.tick(a=buy("AAPL", 0.2))
    done = post.withdraw()
    assert [each.order.status for each in done.orders] == [OrderStatus.DENIED]
    assert timedelta(minutes=4, seconds=50) < done.took <= timedelta(minutes=5)


def test_impatience_leaves_what_is_unsettled_named(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.broker.fail_next(OrderUnresolved("no answer"))
    post.tick(a=buy("AAPL", 0.2))
    done = post.withdraw(seconds=3)
    assert [each.order.status for each in done.unsettled] == [OrderStatus.UNRESOLVED]
    assert done.took == timedelta(seconds=3)
    assert store.observe_book(KEY).trading.reserved == Decimal(20_000)


def test_broker_that_does_not_cancel_is_named_and_the_others_are_cancelled(store: DocumentStore) -> None:
    post = working_post(store)
    post.broker.fail_next(BrokerUnavailable("down"), on="cancel")
    done = post.withdraw(seconds=0)
    assert sorted(each.order.status for each in done.orders) == [OrderStatus.CANCELLED, OrderStatus.SUBMITTED]
    (fault,) = done.faults
    assert "was not cancelled: down" in fault


def test_nothing_in_flight_asks_the_broker_nothing(store: DocumentStore) -> None:
    post = CommandPost(store)
    post.tick(a=buy("AAPL", 0.2))
    post.broker.fail_next(BrokerUnavailable("down"), on="account")
    done = post.withdraw()
    assert (done.orders, done.faults) == ((), ())


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(3))
def test_withdrawal_killed_at_any_call_can_be_run_again(store: DocumentStore, calls: int, after: bool) -> None:
    post = working_post(store)
    whole, countdown = post.broker, Countdown(calls, after=after)
    post.broker = Mortal(whole, countdown)
    with pytest.raises(Killed):
        post.withdraw()
    post.broker = whole
    post.withdraw()
    observed = store.observe_book(KEY)
    assert (observed.trading.working, observed.book.open_orders) == ({}, {})
    assert {each.status for each in whole.orders.values()} == {OrderStatus.CANCELLED}
    assert {each.side for each in whole.submitted} == {Side.BUY}
