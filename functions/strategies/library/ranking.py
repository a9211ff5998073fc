"""From a rule's verdict on every symbol to the one signal of this tick: exits before entries, strongest first.

1. stack  – closes of all symbols with enough history, in symbol order;
2. judge  – the rule says how strongly it wants to be in and out of each (subclass);
3. exit   – of what is held, the strongest exit becomes a SELL;
4. enter  – else, below ``max_positions``, the strongest entry that is not held becomes a BUY of one slot.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal
from functions.strategies.base import BaseStrategy
from functions.strategies.library.indicators import Floats

_ROUNDING = 1e-9  # a strength below it is what is left of equal prices


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Histories of equal length, in symbol order; arrays have shape (symbols, days)."""

    symbols: tuple[str, ...]
    histories: tuple[SymbolHistory, ...]
    days: int
    close: Floats

    @staticmethod
    def of(market_data: Mapping[str, SymbolHistory], days: int) -> "Panel":
        """Take the last ``days`` days of every symbol that has them; other shapes of data are left out."""
        long_enough = {
            symbol: history
            for symbol, history in market_data.items()
            if isinstance(history, SymbolHistory) and len(history.close) >= days
        }
        symbols = tuple(sorted(long_enough))
        histories = tuple(long_enough[symbol] for symbol in symbols)
        close = np.array([history.close[-days:] for history in histories], dtype=np.float64)
        return Panel(symbols, histories, days, close)

    @property
    def high(self) -> Floats:
        return np.array([history.high[-self.days :] for history in self.histories], dtype=np.float64)

    @property
    def low(self) -> Floats:
        return np.array([history.low[-self.days :] for history in self.histories], dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdict:
    """How strongly a rule wants each symbol in or out.

    ``entry`` and ``exit`` count where above 0, larger is more urgent, around 1 is usual; NaN is no opinion.
    ``size`` is the part of a slot to fill, 0 to 1. ``why_in`` and ``why_out`` put one symbol's case in words.
    """

    entry: Floats
    exit: Floats
    why_in: Callable[[int], str]
    why_out: Callable[[int], str]
    size: Floats | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class RankedStrategy(BaseStrategy):
    """A long-only rule that judges all symbols alike and holds at most ``max_positions`` of them.

    ``max_positions`` is also the number of equal slots that the strategy's capital is cut into.
    """

    max_positions: int = 8

    def __post_init__(self) -> None:
        self.require_whole("max_positions", at_least=1)

    @property
    @abstractmethod
    def history_days(self) -> int:
        """Number of closes that the rule needs."""

    @abstractmethod
    def judge(self, panel: Panel) -> Verdict:
        """Judge every symbol of the panel."""

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal:
        panel = Panel.of(market_data, self.history_days)
        if not panel.symbols:
            return self.hold(f"no symbol has the {self.history_days} daily closes that are needed")
        verdict = self.judge(panel)
        symbols = panel.symbols
        held = {symbol for symbol, quantity in self.holdings(account_snapshot).items() if quantity > 0}
        is_held = np.fromiter((symbol in held for symbol in symbols), dtype=np.bool_, count=len(symbols))

        leaving = _strongest(np.where(is_held, verdict.exit, 0.0))
        if leaving is not None:
            return self.sell(symbols[leaving], _confidence(verdict.exit[leaving]), verdict.why_out(leaving))
        if len(held) >= self.max_positions:
            return self.hold(f"all {self.max_positions} slots are filled, no exit is due")
        # What ought to be left is not entered, even where a rule's two sides overlap.
        entering = _strongest(np.where(is_held | (verdict.exit > _ROUNDING), 0.0, verdict.entry))
        if entering is None:
            return self.hold("no exit and no entry is due")
        size = 1.0 if verdict.size is None else float(verdict.size[entering])
        return self.buy(
            symbols[entering],
            size / self.max_positions,
            _confidence(verdict.entry[entering]),
            verdict.why_in(entering),
        )


def _strongest(strength: Floats) -> int | None:
    """Return the index of the largest positive strength, the first in symbol order among equals."""
    positive = np.where(strength > _ROUNDING, strength, 0.0)
    best = int(positive.argmax())
    return best if positive[best] > 0.0 else None


def _confidence(strength: float) -> float:
    """Map strength (0, ∞) to confidence [0.5, 1]: a rank, not a probability."""
    return 1.0 - 0.5 / (1.0 + float(strength))
