"""Whoever asks all strategies at once."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from backend.domain.evaluation import AccountSnapshot, Evaluation
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.signal import Symbol
from backend.domain.strategy_definition import StrategyDefinition


class IntradayBars(Protocol):
    def __call__(self, minutes: int, symbols: Sequence[Symbol]) -> MarketData:
        """Read the bars of ``minutes`` that have ended by this tick; symbols without any are left out.

        Raises
        ------
        MarketDataError
            There are none of this length.
        """
        ...


class Strategies(Protocol):
    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
        definitions: tuple[StrategyDefinition, ...] = (),
        intraday: IntradayBars | None = None,
    ) -> Evaluation:
        """Ask exactly the listed strategies, all when none is, each within its time limit.

        Bars shorter than a day are read once for each length that is listed, for all its strategies together, and
        not when nobody needs them. A strategy that fails, has no bars or could not be built never stops the others.
        """
        ...
