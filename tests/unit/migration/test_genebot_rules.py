"""A strategy by itself sees its own symbols, gets a fixed part of equity, and stops at the old bot's limits."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest

from backend.domain.market import SymbolHistory
from backend.domain.signal import Symbol
from functions.strategies.base import BaseStrategy
from maestro.migration.genebot_rules import SeparateStrategy


class BuysTheFirst(BaseStrategy):
    """Sells what it holds of Z, else buys the first symbol that it sees, for all of its capital."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def evaluate(self, market_data: Mapping[str, SymbolHistory], account_snapshot: Any, regime: Any = None) -> Any:
        self.seen = sorted(market_data)
        return self.sell("Z") if "Z" in self.holdings(account_snapshot) else self.buy(self.seen[0], 1.0)


class AnswersLater(BuysTheFirst):
    async def evaluate(self, *arguments: Any, **options: Any) -> Any:
        return super().evaluate(*arguments, **options)


def market(*symbols: str) -> dict[str, SymbolHistory]:
    prices = np.array([10.0])
    return {
        symbol: SymbolHistory(symbol=Symbol(symbol), days=(date(2026, 1, 5),), close=prices, high=prices, low=prices)
        for symbol in symbols
    }


def answer(strategy: SeparateStrategy, **sleeves: dict[str, float]) -> Any:
    return asyncio.run(strategy.evaluate(market("A", "B", "Z"), {"sleeves": sleeves}))


@pytest.mark.parametrize("kind", [BuysTheFirst, AnswersLater])
def test_entry_gets_the_bots_part_of_equity_whatever_the_rule_asked_for(kind: type[BuysTheFirst]) -> None:
    signal = answer(SeparateStrategy("mine", kind(), position_size=0.05))
    assert (signal["action"], signal["ticker"], signal["allocation"]) == ("BUY", "A", 0.05)


def test_rule_sees_only_its_own_symbols_and_all_where_none_are_named() -> None:
    inner = BuysTheFirst()
    answer(SeparateStrategy("mine", inner, symbols=("B", "Z")))
    assert inner.seen == ["B", "Z"]
    answer(SeparateStrategy("mine", inner))
    assert inner.seen == ["A", "B", "Z"]


def test_rule_sees_its_own_holdings_under_the_name_that_it_has_here() -> None:
    assert answer(SeparateStrategy("mine", BuysTheFirst()), mine={"Z": 1.0})["action"] == "SELL"
    others = answer(SeparateStrategy("mine", BuysTheFirst()), other={"Z": 1.0}, buys_the_first={"Z": 1.0})
    assert others["action"] == "BUY"


def test_entry_waits_while_all_positions_of_the_bot_are_taken() -> None:
    strategy = SeparateStrategy("mine", BuysTheFirst(), max_open_positions=2)
    assert answer(strategy, mine={}, other={"A": 1.0})["action"] == "BUY"
    assert answer(strategy, mine={"B": 1.0}, other={"A": 1.0})["action"] == "HOLD"
    assert answer(strategy, mine={"B": 1.0}, other={"A": 0.0})["action"] == "BUY"


def test_entry_waits_while_its_own_positions_are_taken_but_a_held_symbol_may_be_topped_up() -> None:
    strategy = SeparateStrategy("mine", BuysTheFirst(), max_positions=1)
    assert answer(strategy, mine={"B": 1.0})["action"] == "HOLD"
    assert answer(strategy, mine={"A": 1.0})["action"] == "BUY"
    assert answer(strategy, mine={"Z": 1.0})["action"] == "SELL"
