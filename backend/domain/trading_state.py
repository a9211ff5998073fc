"""What risk allows an account to do, the orders under way in it, and what each portfolio holds of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import Symbol


class TradingState(StrEnum):
    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"  # exits only
    HALTED = "HALTED"


GENESIS_HASH = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """An order that the venue has or may have: where it stands, and the buying power that it holds (0 for an exit)."""

    symbol: Symbol
    side: Side
    reserved: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """One account's trading document: the thing every commit is conditional on.

    ``working`` holds every order that is not final, of all portfolios. ``sleeves`` is what each portfolio's sleeves
    hold together, ``external`` what the account held beyond them when it was last looked at. ``log_head`` is the
    hash of the newest decision, so that decisions form a chain.
    """

    epoch: int = 0
    state: TradingState = TradingState.ACTIVE
    reason: str = ""
    high_water_mark: Decimal = Decimal(0)
    working: Mapping[ClientOrderId, WorkingOrder] = field(default_factory=dict)
    sleeves: Mapping[str, Mapping[Symbol, Decimal]] = field(default_factory=dict)
    external: Mapping[Symbol, Decimal] = field(default_factory=dict)
    log_head: str = GENESIS_HASH

    @property
    def reserved(self) -> Decimal:
        """Buying power that is spoken for, in account currency."""
        return sum((order.reserved for order in self.working.values()), Decimal(0))

    def sides(self) -> dict[Symbol, frozenset[Side]]:
        """Return the sides on which the venue has or may have an order, by symbol."""
        sides: dict[Symbol, frozenset[Side]] = {}
        for order in self.working.values():
            sides[order.symbol] = sides.get(order.symbol, frozenset()) | {order.side}
        return sides
