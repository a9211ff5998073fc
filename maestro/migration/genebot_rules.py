"""A strategy as genebot ran it: by itself, with a fixed part of equity for every position."""

from collections.abc import Mapping
from inspect import isawaitable

from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal
from functions.strategies.base import BaseStrategy

DEFAULT_POSITION = 0.1  # of equity, where the bot's configuration names none


class SeparateStrategy(BaseStrategy):
    """Asks another strategy, and sizes what it enters as the old bot did.

    Parameters
    ----------
    inner : BaseStrategy
        The rule that decides, under its own name.
    position_size : float
        Part of equity that every position gets.
    max_open_positions : int, optional
        Positions of all strategies together, from which on nothing is entered.
    max_positions : int, optional
        The same for its own.
    """

    def __init__(
        self,
        inner: BaseStrategy,
        *,
        position_size: float = DEFAULT_POSITION,
        max_open_positions: int | None = None,
        max_positions: int | None = None,
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._position_size = position_size
        self._max_open_positions = max_open_positions
        self._max_positions = max_positions

    async def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal:
        answer = self._inner.evaluate(market_data, account_snapshot, regime)
        signal: Signal = await answer if isawaitable(answer) else answer
        if signal.get("action") != "BUY":
            return signal
        own = self.holdings(account_snapshot)
        if signal.get("ticker") not in own and self._is_full(own, account_snapshot):
            return self.hold("as many positions are open as the old bot allowed")
        return Signal(**{**signal, "allocation": self._position_size})

    def _is_full(self, own: Mapping[str, float], account_snapshot: AccountSnapshot) -> bool:
        sleeves = account_snapshot.get("sleeves") or {}
        everyone = sum(1 for held in sleeves.values() for quantity in held.values() if quantity)
        return _reached(everyone, self._max_open_positions) or _reached(len(own), self._max_positions)


def _reached(count: int, most: int | None) -> bool:
    return most is not None and count >= most
