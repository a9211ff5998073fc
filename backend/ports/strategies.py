"""Whoever asks all strategies at once."""

from collections.abc import Mapping
from typing import Protocol

from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import SymbolHistory


class Strategies(Protocol):
    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Evaluation:
        """Ask every strategy, each within its time limit; one that fails never stops the others."""
        ...
