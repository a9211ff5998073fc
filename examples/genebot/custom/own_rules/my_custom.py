"""Buys what has fallen by more than a threshold in a few days, and leaves it when it is back.

The class that genebot ran, as a subclass of Maestro's: parameters are fields with defaults, and one signal is returned.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal
from functions.strategies.base import BaseStrategy


@dataclass(frozen=True, kw_only=True, eq=False)
class MyCustomStrategy(BaseStrategy):
    """``threshold`` is a fraction: 0.03 enters after a fall of 3 % in ``lookback`` days."""

    lookback: int = 5
    threshold: float = 0.03

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal:
        held = self.holdings(account_snapshot)
        changes = {
            symbol: history.close[-1] / history.close[-1 - self.lookback] - 1.0
            for symbol, history in sorted(market_data.items())
            if len(history.close) > self.lookback
        }
        for symbol, change in changes.items():
            if symbol in held and change > 0.0:
                return self.sell(symbol, reasoning=f"{symbol} rose by {change:.1%}")
        for symbol, change in changes.items():
            if symbol not in held and change < -self.threshold:
                return self.buy(symbol, 0.5, reasoning=f"{symbol} fell by {-change:.1%}")
        return self.hold("nothing fell far enough")
