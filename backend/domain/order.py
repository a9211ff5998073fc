"""Orders from intent to fill."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from backend.domain.errors import ConfigurationError
from backend.domain.signal import StrategyId, Symbol

ClientOrderId = NewType("ClientOrderId", str)


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"


class OrderKind(StrEnum):
    MARKET = "market"
    LIMIT = "limit"


class OrderStatus(StrEnum):
    INTENT = "intent"  # committed by us, not yet answered by the venue
    SUBMITTED = "submitted"  # accepted by the venue, working
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"  # ended by the venue or by us, possibly after a partial fill
    REJECTED = "rejected"  # the venue's no
    DENIED = "denied"  # our no: it was never sent
    UNRESOLVED = "unresolved"  # the venue may or may not have it

    @property
    def is_final(self) -> bool:
        return self in _FINAL


_FINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.DENIED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """One order that was decided: exactly one of ``quantity`` (shares) and ``notional`` (currency) is set.

    ``reserved`` is the buying power that it holds until it is settled (0 for an exit).
    """

    client_order_id: ClientOrderId
    strategy: StrategyId
    symbol: Symbol
    side: Side
    quantity: Decimal | None = None
    notional: Decimal | None = None
    kind: OrderKind = OrderKind.MARKET
    limit_price: Decimal | None = None
    reserved: Decimal = Decimal(0)
    observed_price: Decimal = Decimal(0)
    agent_id: str = ""
    nonce: str = ""

    def __post_init__(self) -> None:
        size = self.quantity if self.quantity is not None else self.notional
        is_size = size is not None and size.is_finite() and size > 0
        if (self.quantity is None) == (self.notional is None) or not is_size:
            raise ConfigurationError(
                f"{self.client_order_id}: expected exactly one positive quantity or notional, "
                f"found quantity={self.quantity}, notional={self.notional}"
            )
        if (self.kind is OrderKind.LIMIT) != (self.limit_price is not None):
            raise ConfigurationError(f"{self.client_order_id}: a limit order, and only it, carries a limit_price")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOrder:
    """What the venue says about an order; ``filled_quantity`` and ``average_price`` are cumulative."""

    client_order_id: ClientOrderId
    broker_order_id: str
    status: OrderStatus
    filled_quantity: Decimal = Decimal(0)
    average_price: Decimal | None = None
    updated_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An intent with how far it has come. ``booked_*`` is what the ledger already holds of it."""

    intent: OrderIntent
    tick_id: str
    decided_at: datetime
    status: OrderStatus
    broker_order_id: str = ""
    booked_quantity: Decimal = Decimal(0)
    booked_value: Decimal = Decimal(0)
    reason: str = ""
