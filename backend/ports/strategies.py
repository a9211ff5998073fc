"""Whoever asks all strategies at once."""

from collections.abc import Mapping
from typing import Protocol

from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import SymbolHistory
from backend.domain.strategy_definition import StrategyDefinition


class Strategies(Protocol):
    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
        definitions: tuple[StrategyDefinition, ...] = (),
    ) -> Evaluation:
        """Ask exactly the listed strategies, all when none is, each within its time limit.

        One that fails, or could not be built, never stops the others.
        """
        ...
