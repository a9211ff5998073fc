"""A tick that is killed anywhere, or delivered twice at once, ends with exactly one set of orders."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import DocumentStore
from backend.domain.order import BrokerOrder, OrderIntent, OrderStatus
from backend.domain.tick import TickStatus
from backend.domain.trading_state import TradingState
from backend.engine.cycle import run_cycle
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import (
    AAPL,
    KEY,
    MSFT,
    PRICES,
    ScriptedStrategies,
    SetClock,
    buy,
    cycle_of,
    restrict,
    tick_at,
)
from tests.fakes.faults import Countdown, Killed, Mortal

# observe, account, daily_returns, assets, commit, two submits, record
CALLS = 8


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(CALLS))
def test_tick_killed_at_any_call_ends_with_one_set_of_orders(store: DocumentStore, calls: int, after: bool) -> None:
    broker = FakeBroker(Decimal(100_000), PRICES)
    countdown = Countdown(calls, after=after)
    strategies = ScriptedStrategies(a=buy("AAPL", 0.4), b=buy("MSFT", 0.4))
    cycle = cycle_of(Mortal(store, countdown), strategies, Mortal(broker, countdown))

    with pytest.raises(Killed):
        run_cycle(tick_at(), cycle)
    result = run_cycle(tick_at(), cycle)

    assert result.status is TickStatus.DONE
    assert [order.status for order in result.orders] == [OrderStatus.FILLED] * 2
    assert {symbol: p.quantity for symbol, p in broker.positions.items()} == {AAPL: Decimal(400), MSFT: Decimal(800)}
    observed = store.observe_book(KEY)
    assert {n: b.real.holdings() for n, b in observed.book.strategies.items()} == {
        "a": {AAPL: Decimal(400)},
        "b": {MSFT: Decimal(800)},
    }
    assert observed.trading.working == {}
    assert len(store.decisions("acme", last=10)) == 1


def test_kill_points_cover_the_whole_tick(store: DocumentStore) -> None:
    countdown = Countdown(CALLS, after=False)
    cycle = cycle_of(
        Mortal(store, countdown),
        ScriptedStrategies(a=buy("AAPL", 0.4), b=buy("MSFT", 0.4)),
        Mortal(FakeBroker(Decimal(100_000), PRICES), countdown),
    )
    run_cycle(tick_at(), cycle)
    assert (countdown.has_struck, countdown.left) == (False, 0)


def test_tick_delivered_by_eight_workers_at_once_orders_once(store_factory: Callable[[], DocumentStore]) -> None:
    broker = FakeBroker(Decimal(100_000), PRICES)
    strategies = ScriptedStrategies(a=buy("AAPL", 0.4), b=buy("MSFT", 0.4))
    stores = [store_factory() for _ in range(8)]
    cycle = cycle_of(stores[0], strategies, broker)
    with ThreadPoolExecutor(8) as workers:
        deliveries = [workers.submit(run_cycle, tick_at(), replace(cycle, store=store)) for store in stores]
        results = [delivery.result(timeout=60) for delivery in deliveries]

    assert {result.status for result in results} == {TickStatus.DONE}
    assert sum(not result.was_resumed for result in results) == 1
    assert len(broker.orders) == 2
    observed = stores[0].observe_book(KEY)
    assert observed.book.strategies["a"].real.quantity(AAPL) == Decimal(400)
    assert observed.book.strategies["b"].real.quantity(MSFT) == Decimal(800)
    assert observed.trading.working == {}


@pytest.mark.parametrize(("seconds", "sent"), [(240, 2), (301, 0)])
def test_order_committed_long_ago_is_not_sent_any_more(store: DocumentStore, seconds: int, sent: int) -> None:
    broker, clock = FakeBroker(Decimal(100_000), PRICES), SetClock()
    countdown = Countdown(5, after=False)  # killed before the first order
    strategies = ScriptedStrategies(a=buy("AAPL", 0.4), b=buy("MSFT", 0.4))
    cycle = cycle_of(Mortal(store, countdown), strategies, Mortal(broker, countdown), clock)
    with pytest.raises(Killed, match="before submit"):
        run_cycle(tick_at(), cycle)
    clock.time += timedelta(seconds=seconds)
    result = run_cycle(tick_at(), cycle)

    assert result.status is TickStatus.DONE
    assert len(broker.orders) == sent
    expected = OrderStatus.FILLED if sent else OrderStatus.DENIED
    assert [order.status for order in result.orders] == [expected] * 2
    assert store.observe_book(KEY).trading.working == {}


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
def test_entry_committed_before_a_restriction_is_not_sent_after_it(store: DocumentStore, state: TradingState) -> None:
    broker, clock = FakeBroker(Decimal(100_000), PRICES), SetClock()
    countdown = Countdown(5, after=False)
    cycle = cycle_of(Mortal(store, countdown), ScriptedStrategies(a=buy("AAPL", 0.4)), Mortal(broker, countdown), clock)
    with pytest.raises(Killed, match="before submit"):
        run_cycle(tick_at(), cycle)
    clock.time += timedelta(minutes=5)
    restrict(store, state)
    result = run_cycle(tick_at(), cycle)

    assert broker.submitted == []
    assert [order.status for order in result.orders] == [OrderStatus.DENIED]
    assert store.observe_book(KEY).trading.working == {}


def test_order_that_a_later_tick_proved_absent_is_not_sent_by_the_earlier_one(store: DocumentStore) -> None:
    broker, clock = FakeBroker(Decimal(100_000), PRICES), SetClock()
    countdown = Countdown(5, after=False)
    strategies = ScriptedStrategies(a=buy("AAPL", 0.4))
    interrupted = cycle_of(Mortal(store, countdown), strategies, Mortal(broker, countdown), clock)
    with pytest.raises(Killed, match="before submit"):
        run_cycle(tick_at(), interrupted)
    clock.time += timedelta(minutes=5)
    run_cycle(tick_at(clock.time), cycle_of(store, strategies, broker, clock))  # proves it absent, and decides anew
    clock.time -= timedelta(minutes=2)  # a worker whose clock is behind delivers the first tick again
    late = run_cycle(tick_at(), interrupted)

    assert [order.status for order in late.orders] == [OrderStatus.UNRESOLVED]
    assert len(broker.orders) == 1
    observed = store.observe_book(KEY)
    assert observed.book.strategies["a"].real.quantity(AAPL) == Decimal(400) == broker.positions[AAPL].quantity
    assert (observed.book.open_orders, observed.trading.working) == ({}, {})


def test_order_that_a_slow_broker_holds_up_for_too_long_is_not_sent(store: DocumentStore) -> None:
    clock = SetClock()

    class SlowBroker(FakeBroker):
        def submit(self, intent: OrderIntent) -> BrokerOrder:
            clock.time += timedelta(minutes=5)
            return super().submit(intent)

    broker = SlowBroker(Decimal(100_000), PRICES)
    strategies = ScriptedStrategies(a=buy("AAPL", 0.4), b=buy("MSFT", 0.4))
    result = run_cycle(tick_at(), cycle_of(store, strategies, broker, clock))
    assert [order.status for order in result.orders] == [OrderStatus.FILLED, OrderStatus.DENIED]
    assert len(broker.submitted) == 1
