"""Orders, fills and the events that tell of them; every id derives from ``NAMESPACE``."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

NAMESPACE = UUID("6d61e571-0b20-5c0e-9b7e-0a1b2c3d4e5f")
ZERO = Decimal(0)
CENT = Decimal("0.01")
SHARE = Decimal("0.000000001")


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1


class OrderKind(StrEnum):
    MARKET = "market"
    LIMIT = "limit"


class TimeInForce(StrEnum):
    DAY = "day"
    GTC = "gtc"


class OrderStatus(StrEnum):
    ACCEPTED = "accepted"
    NEW = "new"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


OPEN_STATUSES = frozenset({OrderStatus.ACCEPTED, OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED})


class TradeEvent(StrEnum):
    ACCEPTED = "accepted"
    NEW = "new"
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTicket:
    """What a client asks for; exactly one of ``qty`` and ``notional`` is set."""

    client_order_id: str | None
    symbol: str
    side: Side
    kind: OrderKind
    time_in_force: TimeInForce
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    extended_hours: bool = False


@dataclass(slots=True, kw_only=True)
class PaperOrder:
    """An accepted ticket and what has become of it."""

    sequence: int
    id: UUID
    client_order_id: str
    ticket: OrderTicket
    submitted_at: datetime
    updated_at: datetime
    expires_on: date | None
    status: OrderStatus
    hold: Decimal
    expected_qty: Decimal
    filled_qty: Decimal = ZERO
    filled_value: Decimal = ZERO
    filled_at: datetime | None = None
    canceled_at: datetime | None = None
    expired_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    @property
    def average_price(self) -> Decimal | None:
        return (self.filled_value / self.filled_qty).quantize(SHARE) if self.filled_qty else None

    @property
    def remaining_qty(self) -> Decimal:
        """Shares still to come; estimated at the price of admission for a notional order."""
        return max(ZERO, self.expected_qty - self.filled_qty)

    def end(self, status: OrderStatus, now: datetime) -> None:
        self.status = status
        self.hold = ZERO
        self.updated_at = now
        if status is OrderStatus.FILLED:
            self.filled_at = now
        elif status is OrderStatus.CANCELED:
            self.canceled_at = now
        elif status is OrderStatus.EXPIRED:
            self.expired_at = now
        else:
            self.failed_at = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution; ``value`` is qty × price rounded to the cent, ``fee`` comes on top."""

    id: UUID
    order: PaperOrder
    at: datetime
    qty: Decimal
    price: Decimal
    value: Decimal
    fee: Decimal
    cumulative_qty: Decimal
    is_last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """What the trade-updates stream tells of an order, at the moment it happened."""

    event: TradeEvent
    order: PaperOrder
    at: datetime
    id: UUID
    position_qty: Decimal
    fill: Fill | None = None
