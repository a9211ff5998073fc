"""What one look at account and market shows, and what the circuit breakers make of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from backend.domain.guard import Breaker, Guard
from backend.domain.order import ClientOrderId
from backend.domain.signal import StrategyId, Symbol
from backend.domain.trading_state import TradingState

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look. ``held``, ``external`` and ``missing_orders`` are those of the whole account, not of one portfolio.

    Parameters
    ----------
    prices, closes : the newest price and the newest daily close, by symbol
    newest_bar : day of the newest daily bar of all symbols; None when there is no bar at all
    held : what real sleeves hold
    failed : strategies that failed at this look
    external : position − sleeves; negative where the account holds less than the sleeves
    missing_orders : orders that the venue acknowledged before and does not know now
    flows : deposits less withdrawals since the last accepted equity, ``Guard.equity_at``
    splits : new ÷ old shares of the splits that were booked at this look
    """

    at: datetime
    equity: Decimal
    prices: Mapping[Symbol, Decimal] = field(default_factory=dict)
    closes: Mapping[Symbol, Decimal] = field(default_factory=dict)
    newest_bar: date | None
    held: frozenset[Symbol] = frozenset()
    failed: frozenset[StrategyId] = frozenset()
    external: Mapping[Symbol, Decimal] = field(default_factory=dict)
    missing_orders: frozenset[ClientOrderId] = frozenset()
    flows: Decimal = Decimal(0)
    splits: Mapping[Symbol, Decimal] = field(default_factory=dict)

    def split(self, symbol: Symbol) -> Decimal:
        """Return new ÷ old shares of a symbol; 1 without a split."""
        ratio = self.splits.get(symbol, _ONE)
        return ratio if ratio > 0 else _ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A breaker that asks for REDUCING or HALTED; the reason states the basis."""

    breaker: Breaker
    state: TradingState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a look leads to.

    ``doubt`` holds all entries, ``doubtful`` those in the symbols that it names. ``recovered`` are breakers whose cause
    has been gone long enough; they are lifted after this look.
    """

    guard: Guard
    trips: tuple[Trip, ...] = ()
    warnings: tuple[str, ...] = ()
    doubt: str | None = None
    doubtful: Mapping[Symbol, str] = field(default_factory=dict)
    recovered: tuple[Breaker, ...] = ()
