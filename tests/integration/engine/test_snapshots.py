"""Closing days: marks, returns, shadow, capital of the next day."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.domain.errors import MarketDataError
from backend.domain.mode import Mode
from backend.domain.tick import PortfolioKey
from backend.engine.snapshots import close_days
from tests.fakes.cycle import AAPL, HOLD, KEY, ScriptedStrategies, buy, sell, write_returns
from tests.integration.engine.trading_days import FRIDAY, MONDAY, TUESDAY, WEDNESDAY, TradingDays, utc

LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01]


def test_daily_return_is_the_days_gain_over_the_capital_at_its_start(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), trend=buy("AAPL", 0.5))  # 500 shares at 100
    days.closes_at(MONDAY, AAPL=110)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    (first,) = monday.strategies
    # gained 500 × 10 = 5,000 on 100,000
    assert first.daily_return == pytest.approx(0.05, abs=1e-15)
    assert (first.realized_pnl, first.unrealized_pnl, first.capital) == (0, Decimal(5000), Decimal(100_000))

    days.closes_at(TUESDAY, AAPL=99)
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    (second,) = tuesday.strategies
    # lost 500 × 11 = 5,500 on the 105,000 that the account was worth
    assert second.daily_return == pytest.approx(-5_500 / 105_000, abs=1e-15)
    assert store.observe_book(KEY).record.returns[:, 0].tolist() == [first.daily_return, second.daily_return]


def test_day_that_is_on_the_record_is_left_as_it_is(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), trend=buy("AAPL", 0.5))
    days.close(utc(MONDAY, 21, 15))
    before = store.observe_book(KEY)
    days.closes_at(MONDAY, AAPL=150)
    assert days.close(utc(MONDAY, 21, 20)) == ()
    after = store.observe_book(KEY)
    assert after.record.returns.tolist() == before.record.returns.tolist()
    assert after.book == before.book


def test_strategy_in_shadow_is_scored_from_its_virtual_book_and_earns_its_way_back(
    store: DocumentStore, documents: Documents
) -> None:
    write_returns(documents, "s", LOSING, MONDAY - timedelta(days=1))
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), s=buy("AAPL", 0.5))
    price, modes = Decimal(100), []
    for number in range(1, 16):
        day = MONDAY + timedelta(days=number)
        if day.weekday() > 4:
            continue
        price *= Decimal("1.01") if number % 2 else Decimal("1.02")
        days.closes_at(day, AAPL=str(price))
        days.price(AAPL, str(price))
        *_, closed = days.close(utc(day, 21, 15))
        result = days.tick(utc(day, 21, 30))
        assert result.decision is not None
        modes.append(result.decision.strategies[0].mode)
        if modes[-1] is not Mode.SHADOW_MODE:
            break
        assert closed.strategies[0].is_virtual
        assert days.broker.submitted == []  # nothing virtual reaches the broker
    assert modes[0] is Mode.SHADOW_MODE
    assert modes[-1] in (Mode.REDUCED, Mode.ACTIVE)
    assert len(days.broker.submitted) == 1  # promoted, it buys for real


def test_realised_gain_counts_on_the_day_of_the_sale(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), trend=buy("AAPL", 0.5))
    days.close(utc(MONDAY, 21, 15))
    days.price(AAPL, 120)
    days.tick(utc(TUESDAY, 15), trend=sell("AAPL"))
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    (snapshot,) = tuesday.strategies
    assert (snapshot.realized_pnl, snapshot.unrealized_pnl) == (Decimal(10_000), 0)
    assert snapshot.daily_return == pytest.approx(0.1, abs=1e-15)


def test_position_without_a_price_stops_the_snapshot(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), trend=buy("AAPL", 0.5))
    days.statements.equity[MONDAY] = Decimal(100_000)
    days.bars.by_day = {}
    with pytest.raises(MarketDataError, match="AAPL"):
        days.close(utc(MONDAY, 21, 15))
    assert store.observe_book(KEY).record.days == ()


def test_snapshot_before_the_first_tick_writes_nothing(store: DocumentStore) -> None:
    assert TradingDays(store).close(utc(date(2026, 1, 2), 21, 15)) == ()


def test_second_portfolio_of_a_tenant_closes_its_day_too(store: DocumentStore) -> None:
    days = TradingDays(store)
    other = PortfolioKey(tenant_id="acme", portfolio_id="second")
    days.tick(utc(MONDAY, 15), a=HOLD)
    days.tick(utc(MONDAY, 15), other, b=HOLD)
    (first,), (second,) = days.close(utc(MONDAY, 21, 15)), days.close(utc(MONDAY, 21, 15), key=other)
    assert [each.strategy_id for each in first.strategies] == ["a"]
    assert [each.strategy_id for each in second.strategies] == ["b"]
    assert store.observe_book(KEY).record.recorded_on(MONDAY) == {"a", "b"}


def test_portfolios_that_close_their_day_at_the_same_time_lose_no_return(
    store_factory: Callable[[], DocumentStore],
) -> None:
    days = TradingDays(store_factory())
    keys = [PortfolioKey(tenant_id="acme", portfolio_id=f"p{i}") for i in range(4)]
    for i, key in enumerate(keys):
        days.tick(utc(MONDAY, 15), key, **{f"s{i}": HOLD})
    days.clock.time = utc(MONDAY, 21, 15)
    stores = [store_factory() for _ in keys]
    with ThreadPoolExecutor(len(keys)) as workers:
        closings = [
            workers.submit(close_days, key, MONDAY, days.parts(store=store, cycle=days.cycle(store)))
            for key, store in zip(keys, stores, strict=True)
        ]
        for closing in closings:
            ((day,)) = closing.result(timeout=60)
            assert len(day.strategies) == 1
    assert stores[0].observe_book(KEY).record.recorded_on(MONDAY) == {"s0", "s1", "s2", "s3"}


def test_day_without_a_session_has_no_performance(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(FRIDAY, 15), trend=buy("AAPL", 0.5))
    days.close(utc(FRIDAY, 21, 15))
    before = store.observe_book(KEY)
    saturday = FRIDAY + timedelta(days=1)
    assert days.close(utc(saturday, 21, 15)) == ()
    assert store.observe_book(KEY).record.days == before.record.days


def test_reading_the_track_record_shows_what_closing_wrote(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5))
    days.closes_at(MONDAY, AAPL=101)
    days.closes_at(TUESDAY, AAPL=102)
    closed = [*days.close(utc(MONDAY, 21, 15)), *days.close(utc(TUESDAY, 21, 15))]
    found = store.daily_returns(KEY, since=MONDAY)
    assert [replace(each) for day in closed for each in day.returns] == found
    assert [each.day for each in found] == [MONDAY, TUESDAY]
    assert WEDNESDAY not in store.observe_book(KEY).record.days


def test_clock_before_the_close_closes_nothing(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.strategies = ScriptedStrategies(a=HOLD)
    days.tick(utc(MONDAY, 15))
    assert days.close(utc(MONDAY, 20, 59)) == ()
    assert len(days.close(utc(MONDAY, 21))) == 1


def test_one_portfolio_closed_by_several_workers_at_once_has_each_day_once(
    store_factory: Callable[[], DocumentStore],
) -> None:
    days = TradingDays(store_factory())
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5))
    days.clock.time = utc(FRIDAY, 21, 15)
    stores = [store_factory() for _ in range(3)]
    with ThreadPoolExecutor(len(stores)) as workers:
        closings = [
            workers.submit(close_days, KEY, FRIDAY, days.parts(store=store, cycle=days.cycle(store)))
            for store in stores
        ]
        closed = [each.portfolio.day for closing in closings for each in closing.result(timeout=60)]
    assert sorted(closed) == [MONDAY + timedelta(days=i) for i in range(5)]
    assert stores[0].observe_book(KEY).record.days == tuple(sorted(closed))
