"""A dry run's own documents: what its account opened with, and each order that was filled in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.adapters.documents import Documents
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.paths import segment
from backend.adapters.documents.seam import Fields, StoredDocument, Write, create
from backend.domain.order import BrokerOrder, ClientOrderId, OrderStatus, Side
from backend.domain.signal import Symbol

OPENING = "dryRun/account"
ORDERS = "dryRun/account/orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The real account's equity, as cash, when the dry run began."""

    account_id: str
    cash: Decimal
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledOrder:
    """An order that was filled whole, at once."""

    client_order_id: ClientOrderId
    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    at: datetime

    @property
    def change(self) -> Decimal:
        """The signed change of the position."""
        return self.quantity if self.side is Side.BUY else -self.quantity

    @property
    def answer(self) -> BrokerOrder:
        return BrokerOrder(
            client_order_id=self.client_order_id,
            broker_order_id=f"dry-run-{self.client_order_id}",
            status=OrderStatus.FILLED,
            filled_quantity=self.quantity,
            average_price=self.price,
            updated_at=self.at,
        )


def opening_write(opening: Opening) -> Write:
    """Describe the document that makes a store a dry run's."""
    fields = {"account_id": opening.account_id, "cash": str(opening.cash), "timestamp": opening.at}
    return create(OPENING, fields)


def order_write(order: FilledOrder) -> Write:
    fields: Fields = {
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": str(order.quantity),
        "price": str(order.price),
        "timestamp": order.at,
    }
    return create(order_path(order.client_order_id), fields)


def order_path(client_order_id: ClientOrderId) -> str:
    return f"{ORDERS}/{segment(client_order_id)}"


def is_dry_run_store(documents: Documents) -> bool:
    return OPENING in documents.read([OPENING])


def read_opening(documents: Documents) -> Opening | None:
    """Return what the account opened with; None where the store is no dry run's."""
    found = documents.read([OPENING]).get(OPENING)
    if found is None:
        return None
    fields = FieldReader(found.path, found.fields)
    return Opening(account_id=fields.text("account_id"), cash=fields.decimal("cash"), at=fields.instant("timestamp"))


def read_order(documents: Documents, client_order_id: ClientOrderId) -> FilledOrder | None:
    path = order_path(client_order_id)
    found = documents.read([path]).get(path)
    return None if found is None else _order(found)


def read_orders(documents: Documents) -> Sequence[FilledOrder]:
    """Return every order, in the order in which they were filled."""
    return sorted(map(_order, documents.query(ORDERS)), key=lambda each: each.at)


def _order(found: StoredDocument) -> FilledOrder:
    fields = FieldReader(found.path, found.fields)
    return FilledOrder(
        client_order_id=ClientOrderId(fields.text("client_order_id")),
        symbol=Symbol(fields.text("symbol")),
        side=fields.member("side", Side),
        quantity=fields.decimal("quantity"),
        price=fields.decimal("price"),
        at=fields.instant("timestamp"),
    )
