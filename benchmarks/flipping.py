"""A strategy package for measuring: whoever holds its symbol sells it, whoever does not buys it, tick by tick."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal
from functions.strategies.base import BaseStrategy


@dataclass(frozen=True, kw_only=True)
class FlippingStrategy(BaseStrategy):
    """Trade ``symbol`` in every tick; with ``is_quiet`` work out the same and hold."""

    symbol: str = "KO"
    window: int = 50
    allocation: float = 0.01
    is_quiet: bool = True

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal:
        history = market_data[self.symbol]
        reason = f"{history.price:.2f} beside its {self.window}-day average {history.close[-self.window :].mean():.2f}"
        if self.is_quiet:
            return self.hold(reason)
        if self.holdings(account_snapshot):
            return self.sell(self.symbol, reasoning=reason)
        return self.buy(self.symbol, self.allocation, reasoning=reason)
