"""The daily snapshot: marks, returns, shadow, capital of the next day."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import DocumentStore
from backend.domain.errors import MarketDataError
from backend.domain.mode import Mode
from backend.domain.tick import PortfolioKey
from backend.engine.cycle import run_cycle
from backend.engine.snapshots import take_daily_snapshot
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import (
    AAPL,
    AT,
    HOLD,
    KEY,
    PRICES,
    ScriptedStrategies,
    SetClock,
    buy,
    cycle_of,
    sell,
    tick_at,
    write_returns,
)

DAY = AT.date()
LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01]


def test_daily_return_is_the_days_gain_over_the_capital_at_its_start(store: DocumentStore) -> None:
    broker = FakeBroker(Decimal(100_000), PRICES)
    clock = SetClock()
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker, clock)
    run_cycle(tick_at(), cycle)  # 500 shares at 100
    broker.prices[AAPL] = Decimal(110)
    cycle.bars.prices = broker.prices  # type: ignore[attr-defined]
    (first,) = take_daily_snapshot(KEY, DAY, cycle, store)
    # gained 500 × 10 = 5,000 on 100,000
    assert first.daily_return == pytest.approx(0.05, abs=1e-15)
    assert (first.realized_pnl, first.unrealized_pnl, first.capital) == (0, Decimal(5000), Decimal(100_000))

    broker.prices[AAPL] = Decimal(99)
    clock.time += timedelta(days=1)
    (second,) = take_daily_snapshot(KEY, DAY + timedelta(days=1), cycle, store)
    # lost 500 × 11 = 5,500 on the 105,000 that the account was worth
    assert second.daily_return == pytest.approx(-5_500 / 105_000, abs=1e-15)
    assert store.observe_book(KEY).record.returns[:, 0].tolist() == [first.daily_return, second.daily_return]


def test_day_that_is_on_the_record_is_left_as_it_is(store: DocumentStore) -> None:
    broker = FakeBroker(Decimal(100_000), PRICES)
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker)
    run_cycle(tick_at(), cycle)
    take_daily_snapshot(KEY, DAY, cycle, store)
    before = store.observe_book(KEY)
    broker.prices[AAPL] = Decimal(150)
    assert take_daily_snapshot(KEY, DAY, cycle, store) == ()
    after = store.observe_book(KEY)
    assert after.record.returns.tolist() == before.record.returns.tolist()
    assert after.book == before.book


def test_strategy_in_shadow_is_scored_from_its_virtual_book_and_earns_its_way_back(store: DocumentStore) -> None:
    write_returns(store, "s", LOSING, DAY - timedelta(days=1))
    broker, clock = FakeBroker(Decimal(100_000), PRICES), SetClock()
    cycle = cycle_of(store, ScriptedStrategies(s=buy("AAPL", 0.5)), broker, clock)
    run_cycle(tick_at(), cycle)
    modes = []
    for day in range(1, 12):
        broker.prices[AAPL] *= Decimal("1.01") if day % 2 else Decimal("1.02")
        cycle.bars.prices = broker.prices  # type: ignore[attr-defined]
        (snapshot,) = take_daily_snapshot(KEY, DAY + timedelta(days=day - 1), cycle, store)
        clock.time = AT + timedelta(days=day)
        result = run_cycle(tick_at(clock.time), cycle)
        assert result.decision is not None
        modes.append(result.decision.strategies[0].mode)
        if modes[-1] is not Mode.SHADOW_MODE:
            break
        assert snapshot.is_virtual
        assert broker.submitted == []  # nothing virtual reaches the broker
    assert modes[0] is Mode.SHADOW_MODE
    assert modes[-1] in (Mode.REDUCED, Mode.ACTIVE)
    assert len(broker.submitted) == 1  # promoted, it buys for real


def test_realised_gain_counts_on_the_day_of_the_sale(store: DocumentStore) -> None:
    broker, clock = FakeBroker(Decimal(100_000), PRICES), SetClock()
    strategies = ScriptedStrategies(trend=buy("AAPL", 0.5))
    cycle = cycle_of(store, strategies, broker, clock)
    run_cycle(tick_at(), cycle)
    take_daily_snapshot(KEY, DAY, cycle, store)
    broker.prices[AAPL] = Decimal(120)
    cycle.bars.prices = broker.prices  # type: ignore[attr-defined]
    clock.time = AT + timedelta(days=1)
    strategies.signals = {"trend": sell("AAPL")}
    run_cycle(tick_at(clock.time), cycle)
    (snapshot,) = take_daily_snapshot(KEY, DAY + timedelta(days=1), cycle, store)
    assert (snapshot.realized_pnl, snapshot.unrealized_pnl) == (Decimal(10_000), 0)
    assert snapshot.daily_return == pytest.approx(0.1, abs=1e-15)


def test_position_without_a_price_stops_the_snapshot(store: DocumentStore) -> None:
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)))
    run_cycle(tick_at(), cycle)
    cycle.bars.prices = {}  # type: ignore[attr-defined]
    with pytest.raises(MarketDataError, match="AAPL"):
        take_daily_snapshot(KEY, DAY, cycle, store)
    assert store.observe_book(KEY).record.days == ()


def test_snapshot_before_the_first_tick_writes_nothing(store: DocumentStore) -> None:
    assert take_daily_snapshot(KEY, date(2026, 1, 2), cycle_of(store, ScriptedStrategies(a=HOLD)), store) == ()


def test_second_portfolio_of_a_tenant_closes_its_day_too(store: DocumentStore) -> None:
    broker = FakeBroker(Decimal(100_000), PRICES)
    other = PortfolioKey(tenant_id="acme", portfolio_id="second")
    first_cycle = cycle_of(store, ScriptedStrategies(a=HOLD), broker)
    second_cycle = cycle_of(store, ScriptedStrategies(b=HOLD), broker)
    run_cycle(tick_at(), first_cycle)
    run_cycle(tick_at(key=other), second_cycle)
    assert [s.strategy_id for s in take_daily_snapshot(KEY, DAY, first_cycle, store)] == ["a"]
    assert [s.strategy_id for s in take_daily_snapshot(other, DAY, second_cycle, store)] == ["b"]
    assert store.observe_book(KEY).record.recorded_on(DAY) == {"a", "b"}


def test_portfolios_that_close_their_day_at_the_same_time_lose_no_return(
    store_factory: Callable[[], DocumentStore],
) -> None:
    broker = FakeBroker(Decimal(100_000), PRICES)
    keys = [PortfolioKey(tenant_id="acme", portfolio_id=f"p{i}") for i in range(4)]
    stores = [store_factory() for _ in keys]
    cycles = [cycle_of(s, ScriptedStrategies(**{f"s{i}": HOLD}), broker) for i, s in enumerate(stores)]
    for key, cycle in zip(keys, cycles, strict=True):
        run_cycle(tick_at(key=key), cycle)
    with ThreadPoolExecutor(len(keys)) as workers:
        closings = [
            workers.submit(take_daily_snapshot, key, DAY, cycle, store)
            for key, cycle, store in zip(keys, cycles, stores, strict=True)
        ]
        for closing in closings:
            assert len(closing.result(timeout=60)) == 1
    assert stores[0].observe_book(KEY).record.recorded_on(DAY) == {"s0", "s1", "s2", "s3"}


def test_day_without_a_bar_has_no_performance(store: DocumentStore) -> None:
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)))
    run_cycle(tick_at(), cycle)
    before = store.observe_book(KEY)
    assert take_daily_snapshot(KEY, DAY + timedelta(days=1), cycle, store) == ()  # its bars end with DAY
    assert store.observe_book(KEY).versions == before.versions
