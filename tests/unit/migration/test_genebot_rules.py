"""A strategy by itself gets a fixed part of equity for every position, and stops at the old bot's limits."""

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

    name = "mine"

    def evaluate(self, market_data: Mapping[str, SymbolHistory], account_snapshot: Any, regime: Any = None) -> Any:
        return self.sell("Z") if "Z" in self.holdings(account_snapshot) else self.buy(min(market_data), 1.0)


class AnswersLater(BuysTheFirst):
    name = "mine"

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
    signal = answer(SeparateStrategy(kind(), position_size=0.05))
    assert (signal["action"], signal["ticker"], signal["allocation"]) == ("BUY", "A", 0.05)


def test_entry_waits_while_all_positions_of_the_bot_are_taken() -> None:
    strategy = SeparateStrategy(BuysTheFirst(), max_open_positions=2)
    assert answer(strategy, mine={}, other={"A": 1.0})["action"] == "BUY"
    assert answer(strategy, mine={"B": 1.0}, other={"A": 1.0})["action"] == "HOLD"
    assert answer(strategy, mine={"B": 1.0}, other={"A": 0.0})["action"] == "BUY"


def test_entry_waits_while_its_own_positions_are_taken_but_a_held_symbol_may_be_topped_up() -> None:
    strategy = SeparateStrategy(BuysTheFirst(), max_positions=1)
    assert answer(strategy, mine={"B": 1.0})["action"] == "HOLD"
    assert answer(strategy, mine={"A": 1.0})["action"] == "BUY"
    assert answer(strategy, mine={"Z": 1.0})["action"] == "SELL"
