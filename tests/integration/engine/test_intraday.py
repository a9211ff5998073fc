"""Ticks whose strategies are listed with different timeframes, over Alpaca's bars on loopback."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from backend.adapters.alpaca import AlpacaBars
from backend.adapters.documents import DocumentStore
from backend.domain.market import start_of
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Action, StrategyId, Symbol
from backend.domain.strategy_definition import StrategyDefinition
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.flattening import Silence
from functions.strategies.loader import StrategyLoader
from tests.fakes.alpaca_market import SHARES, AlpacaMarket, bar
from tests.fakes.cycle import AAPL, AT, MSFT, ScriptedStrategies, SetClock, cycle_of, tick_at

FULL_HOUR = AT.replace(minute=0)


def falling(count: int) -> list[float]:
    return [100.0 * 0.99**i for i in range(count)]


def daily(*closes: float) -> list[dict[str, Any]]:
    """Make bars of the days up to the tick's, weekends too."""
    last: date = AT.date()
    return [bar(start_of(last - timedelta(days=len(closes) - 1 - i)), close) for i, close in enumerate(closes)]


def ended(minutes: int, *closes: float) -> list[dict[str, Any]]:
    """Make bars of which the last ends with the tick's hour, and after them one that is still growing."""
    begin: datetime = FULL_HOUR - timedelta(minutes=minutes * len(closes))
    return [bar(begin + timedelta(minutes=minutes * i), close) for i, close in enumerate([*closes, 1_000.0])]


@pytest.fixture
def market() -> Iterator[AlpacaMarket]:
    """Days that fall, hours that rise."""
    rising = falling(40)[::-1]
    bars = {
        "1Day": {AAPL: daily(*falling(40)), MSFT: daily(*falling(40))},
        "1Hour": {AAPL: ended(60, *rising), MSFT: ended(60, *rising)},
        "4Hour": {AAPL: ended(240, *rising)},
        "1Min": {AAPL: [bar(AT, 100.0)], MSFT: [bar(AT, 50.0)]},
    }
    with AlpacaMarket(bars) as server:
        yield server


def listed(name: str, timeframe: str, *symbols: Symbol, **other: Any) -> StrategyDefinition:
    return StrategyDefinition(
        name=StrategyId(name),
        kind="MovingAverageStrategy",
        parameters={"short_period": 2, "long_period": 10},
        symbols=symbols,
        timeframe=timeframe,
        **other,
    )


def fund(store: DocumentStore, market: AlpacaMarket, *strategies: StrategyDefinition) -> Cycle:
    cycle = cycle_of(store, ScriptedStrategies(), clock=SetClock(AT), policy=DecisionPolicy(strategies=strategies))
    source = AlpacaBars("key", "secret", url=market.url, sleep=lambda _: None)
    return replace(cycle, strategies=StrategyLoader(), bars=source, history_days=30)


def test_two_instances_of_one_class_decide_by_their_own_bars(store: DocumentStore, market: AlpacaMarket) -> None:
    cycle = fund(store, market, listed("by_hour", "1h", AAPL), listed("by_day", "1d", AAPL))
    result = run_cycle(tick_at(), cycle)

    assert result.decision is not None
    said = {each.strategy: each.signal.action for each in result.decision.strategies}
    assert said == {"by_hour": Action.BUY, "by_day": Action.HOLD}  # days fall, and nothing is held
    (order,) = result.orders
    assert (order.intent.strategy, order.intent.symbol) == ("by_hour", AAPL)
    assert order.intent.quantity is None
    assert [trade.price for trade in result.trades] == [100]  # sized and filled at the newest price, not at an hour's


def test_each_timeframe_is_asked_for_once_a_tick(store: DocumentStore, market: AlpacaMarket) -> None:
    strategies = [
        listed("a", "1h", AAPL),
        listed("b", "1h", MSFT, is_enabled=False),
        listed("c", "60m", AAPL),
        listed("d", "4h", AAPL),
        listed("e", "1d"),
        listed("f", "1w"),
    ]
    result = run_cycle(tick_at(), fund(store, market, *strategies))

    assert result.decision is not None
    assert result.decision.failures == {}
    (hours,) = market.queries(SHARES, "1Hour")
    (quarters,) = market.queries(SHARES, "4Hour")
    assert (hours["symbols"], quarters["symbols"]) == ("AAPL,MSFT", "AAPL")
    assert hours["end"] == (AT - timedelta(hours=1)).isoformat()
    assert len(market.queries(SHARES)) == 3  # the days as well


def test_a_timeframe_that_cannot_be_read_fails_its_own_strategies_only(
    store: DocumentStore, market: AlpacaMarket
) -> None:
    market.broken = frozenset({"4Hour"})
    strategies = [listed("by_hour", "1h", AAPL), listed("by_four", "4h", AAPL), listed("by_day", "1d", AAPL)]
    result = run_cycle(tick_at(), fund(store, market, *strategies))

    assert result.decision is not None
    assert set(result.decision.failures) == {"by_four"}
    assert "MarketDataError: Alpaca market data" in result.decision.failures[StrategyId("by_four")]
    assert "HTTP 500" in result.decision.failures[StrategyId("by_four")]
    assert {each.strategy for each in result.decision.strategies if each.signal.action is Action.BUY} == {"by_hour"}
    assert [order.intent.strategy for order in result.orders] == ["by_hour"]


def test_daily_bars_alone_fail_the_shorter_ones_only(store: DocumentStore) -> None:
    policy = DecisionPolicy(strategies=(listed("by_hour", "1h", AAPL), listed("by_day", "1d", AAPL)))
    cycle = replace(cycle_of(store, ScriptedStrategies(), policy=policy), strategies=StrategyLoader())
    result = run_cycle(tick_at(), cycle)
    assert result.decision is not None
    assert "expected bars of 60 minutes" in result.decision.failures[StrategyId("by_hour")]
    assert set(result.decision.failures) == {"by_hour"}


def test_a_tick_in_which_nobody_is_asked_reads_no_shorter_bars(store: DocumentStore, market: AlpacaMarket) -> None:
    cycle = fund(store, market, listed("by_hour", "1h", AAPL))
    run_cycle(tick_at(), replace(cycle, strategies=Silence()))
    assert [each["timeframe"] for each in market.queries(SHARES)] == ["1Day"]
