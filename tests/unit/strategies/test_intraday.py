"""Strategies that are listed with a timeframe below a day are asked about their own bars."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from backend.domain.errors import MarketDataError, StrategyLoadError
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.signal import Symbol
from functions.strategies.base import BaseStrategy
from functions.strategies.intraday import served
from functions.strategies.scope import Scoped

AAPL, MSFT = Symbol("AAPL"), Symbol("MSFT")


class Looking(BaseStrategy):
    """Says what it is shown."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: Mapping[str, SymbolHistory] = {}

    def evaluate(self, market_data: Mapping[str, SymbolHistory], account_snapshot: Any, regime: Any = None) -> Any:
        self.seen = market_data
        return self.hold()


def history(symbol: Symbol, close: float, *starts: datetime) -> SymbolHistory:
    count = len(starts) or 1
    prices = np.full(count, close)
    days = tuple(start.date() for start in starts) or (date(2024, 1, 3),)
    return SymbolHistory(symbol=symbol, days=days, close=prices, high=prices, low=prices, starts=starts)


DAILY = {AAPL: history(AAPL, 1.0), MSFT: history(MSFT, 2.0)}
HOURS = tuple(datetime(2024, 1, 4, 14, tzinfo=UTC) + timedelta(hours=i) for i in range(3))


class Reading:
    """Hourly bars of every symbol, none of another length; ``asked`` keeps what was read."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[Symbol]]] = []

    def __call__(self, minutes: int, symbols: Sequence[Symbol]) -> MarketData:
        self.asked.append((minutes, list(symbols)))
        if minutes != 60:
            raise MarketDataError(f"expected bars of {minutes} minutes, found none; wait")
        return MarketData({symbol: history(symbol, 60.0, *HOURS) for symbol in symbols})


def scoped(name: str, timeframe: str, *symbols: Symbol) -> tuple[Looking, Scoped]:
    looking = Looking(name)
    return looking, Scoped(looking, symbols, timeframe)


def test_each_length_is_read_once_for_all_symbols_of_its_strategies() -> None:
    reading = Reading()
    strategies = [scoped("a", "1h", MSFT)[1], scoped("b", "60m", AAPL)[1], scoped("c", "15m", AAPL)[1]]
    served([*strategies, scoped("d", "1d", AAPL)[1], scoped("e", "1w")[1], Looking("f")], DAILY, reading)
    assert sorted(reading.asked) == [(15, [AAPL]), (60, [AAPL, MSFT])]


def test_a_strategy_without_symbols_is_shown_those_of_everyone() -> None:
    reading = Reading()
    looking, strategy = scoped("a", "1h")
    (ready,), _ = served([strategy], DAILY, reading)
    ready.evaluate(DAILY, {})
    assert reading.asked == [(60, [AAPL, MSFT])]
    assert set(looking.seen) == {AAPL, MSFT}


def test_a_strategy_is_shown_its_own_bars_and_symbols_only() -> None:
    hourly, one = scoped("a", "1h", AAPL)
    daily, other = scoped("b", "1d", AAPL)
    ready, missing = served([one, scoped("c", "1h", MSFT)[1], other], DAILY, Reading())
    for strategy in ready:
        strategy.evaluate(DAILY, {})

    assert missing == {}
    assert sorted(strategy.name for strategy in ready) == ["a", "b", "c"]
    assert {symbol: each.close.tolist() for symbol, each in hourly.seen.items()} == {AAPL: [60.0, 60.0, 60.0]}
    assert hourly.seen[AAPL].starts == HOURS
    assert {symbol: each.close.tolist() for symbol, each in daily.seen.items()} == {AAPL: [1.0]}
    with pytest.raises(ValueError, match="read-only"):
        hourly.seen[AAPL].close[0] = 9.0


def test_a_length_without_bars_is_the_failure_of_its_own_strategies() -> None:
    strategies = [scoped("a", "1h")[1], scoped("b", "4h", AAPL)[1], scoped("c", "4h")[1], scoped("d", "1d")[1]]
    ready, missing = served(strategies, DAILY, Reading())
    assert sorted(strategy.name for strategy in ready) == ["a", "d"]
    assert missing == dict.fromkeys(["b", "c"], "MarketDataError: expected bars of 240 minutes, found none; wait")


def test_a_caller_with_daily_bars_only_fails_the_shorter_ones() -> None:
    ready, missing = served([scoped("a", "1h")[1], scoped("b", "1d")[1]], DAILY, None)
    assert [strategy.name for strategy in ready] == ["b"]
    assert "found a caller that has daily ones only; choose a timeframe of 1d or longer" in missing["a"]  # type: ignore[index]


def test_nothing_is_read_when_nobody_needs_it() -> None:
    reading = Reading()
    assert len(served([scoped("a", "1d")[1], Looking("b")], DAILY, reading)[0]) == 2
    assert reading.asked == []


def test_a_symbol_without_bars_is_named() -> None:
    _, strategy = scoped("a", "1h", Symbol("NOPE"))
    with pytest.raises(MarketDataError, match="expected bars of NOPE, found none"):
        strategy.evaluate({AAPL: history(AAPL, 60.0, *HOURS)}, {})


def test_a_timeframe_that_there_is_not_cannot_be_built() -> None:
    with pytest.raises(StrategyLoadError, match="found 90m; choose one of these"):
        scoped("a", "90m")
