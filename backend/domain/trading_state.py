"""What risk allows an account to do, the orders under way in it, and what each portfolio holds of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.guard import Breaker, Guard
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol


class TradingState(StrEnum):
    """From the loosest to the strictest."""

    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"  # exits only
    HALTED = "HALTED"


GENESIS_HASH = "0" * 64
OPERATOR = "operator"  # the source of what people command; breakers go by their own names
_BREAKERS = frozenset(Breaker)
_SEVERITY = {state: rank for rank, state in enumerate(TradingState)}


def strictest(states: Iterable[TradingState]) -> TradingState:
    """Return the strictest of several states, ACTIVE of none."""
    return max(states, key=_SEVERITY.__getitem__, default=TradingState.ACTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """What one source, an operator or a breaker, holds trading down to until it is lifted."""

    state: TradingState
    reason: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingOrder:
    """An order that the venue has or may have: where it stands, and the buying power that it holds (0 for an exit).

    ``correlation_id`` is that of its tick, for whoever books its fills.
    """

    symbol: Symbol
    side: Side
    reserved: Decimal = Decimal(0)
    correlation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trading:
    """One account's trading document: the thing every commit is conditional on.

    ``restrictions`` are those in force, by source; ``guard`` is what the breakers remember. ``working`` holds every
    order that is not final, of all portfolios.
    ``sleeves`` is what each portfolio's sleeves hold together, ``external`` what the account held beyond them when it
    was last looked at. ``liquidation`` names, by portfolio, the strategies whose positions an operator has ordered to
    be sold and that still hold some; ``rebalances`` the portfolios whose next tick is to set new weights. ``log_head``
    is the hash of the newest log entry and ``log_count`` its number, so that entries form a chain.
    """

    epoch: int = 0
    restrictions: Mapping[str, Restriction] = field(default_factory=dict)
    guard: Guard = field(default_factory=Guard)
    working: Mapping[ClientOrderId, WorkingOrder] = field(default_factory=dict)
    sleeves: Mapping[str, Mapping[Symbol, Decimal]] = field(default_factory=dict)
    external: Mapping[Symbol, Decimal] = field(default_factory=dict)
    liquidation: Mapping[str, frozenset[StrategyId]] = field(default_factory=dict)
    rebalances: frozenset[str] = frozenset()
    log_head: str = GENESIS_HASH
    log_count: int = 0

    @property
    def state(self) -> TradingState:
        """The strictest of all restrictions."""
        return strictest(each.state for each in self.restrictions.values())

    @property
    def reason(self) -> str:
        """Every restriction's source and reason."""
        return "; ".join(f"{source}: {each.reason}" for source, each in sorted(self.restrictions.items()))

    @property
    def latched(self) -> dict[Breaker, TradingState]:
        """The breakers that have tripped and were not reset, with the state that each holds trading down to."""
        return {Breaker(source): each.state for source, each in self.restrictions.items() if source in _BREAKERS}

    @property
    def reserved(self) -> Decimal:
        """Buying power that is spoken for, in account currency."""
        return sum((order.reserved for order in self.working.values()), Decimal(0))

    def reserved_in(self) -> dict[Symbol, Decimal]:
        """Return the buying power that is spoken for, by symbol."""
        held: dict[Symbol, Decimal] = {}
        for order in self.working.values():
            held[order.symbol] = held.get(order.symbol, Decimal(0)) + order.reserved
        return held

    def rebalanced(self, portfolio_id: str) -> "Trading":
        """Return it after a tick has set the weights that were ordered."""
        return replace(self, rebalances=self.rebalances - {portfolio_id})

    def sides(self) -> dict[Symbol, frozenset[Side]]:
        """Return the sides on which the venue has or may have an order, by symbol."""
        sides: dict[Symbol, frozenset[Side]] = {}
        for order in self.working.values():
            sides[order.symbol] = sides.get(order.symbol, frozenset()) | {order.side}
        return sides

    def restricted(self, restrictions: Mapping[str, Restriction]) -> "Trading":
        """Put exactly these restrictions in force, as a new epoch where they differ from those before."""
        if restrictions == self.restrictions:
            return self
        return replace(self, epoch=self.epoch + 1, restrictions=dict(sorted(restrictions.items())))

    def logged(self, entry_hash: str) -> "Trading":
        """Move the head of the log on by one entry."""
        return replace(self, log_head=entry_hash, log_count=self.log_count + 1)
