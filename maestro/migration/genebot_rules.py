"""A strategy as genebot ran it: by itself, on its own symbols, with a fixed part of equity for every position."""

from collections.abc import Mapping
from inspect import isawaitable

from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal
from functions.strategies.base import BaseStrategy

DEFAULT_POSITION = 0.1  # of equity, where the bot's configuration names none


class SeparateStrategy(BaseStrategy):
    """Asks another strategy about its own symbols, and sizes what it enters as the old bot did.

    Parameters
    ----------
    name : str
        Its name in the replay.
    inner : BaseStrategy
        The rule that decides.
    symbols : tuple of str
        What it looks at; everything when empty.
    position_size : float
        Part of equity that every position gets.
    max_open_positions : int, optional
        Positions of all strategies together, from which on nothing is entered.
    max_positions : int, optional
        The same for its own.
    """

    def __init__(
        self,
        name: str,
        inner: BaseStrategy,
        *,
        symbols: tuple[str, ...] = (),
        position_size: float = DEFAULT_POSITION,
        max_open_positions: int | None = None,
        max_positions: int | None = None,
    ) -> None:
        self.name = name
        self._inner = inner
        self._symbols = frozenset(symbols)
        self._position_size = position_size
        self._max_open_positions = max_open_positions
        self._max_positions = max_positions

    async def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal:
        own = self.holdings(account_snapshot)
        seen = {name: each for name, each in market_data.items() if not self._symbols or name in self._symbols}
        account: AccountSnapshot = {**account_snapshot, "sleeves": {self._inner.name: own}}
        answer = self._inner.evaluate(seen, account, regime)
        signal: Signal = await answer if isawaitable(answer) else answer
        if signal.get("action") != "BUY":
            return signal
        if signal.get("ticker") not in own and self._is_full(own, account_snapshot):
            return self.hold("as many positions are open as the old bot allowed")
        return Signal(**{**signal, "allocation": self._position_size})

    def _is_full(self, own: Mapping[str, float], account_snapshot: AccountSnapshot) -> bool:
        sleeves = account_snapshot.get("sleeves") or {}
        everyone = sum(1 for held in sleeves.values() for quantity in held.values() if quantity)
        return _reached(everyone, self._max_open_positions) or _reached(len(own), self._max_positions)


def _reached(count: int, most: int | None) -> bool:
    return most is not None and count >= most
