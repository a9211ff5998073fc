"""Alpaca's JSON, read into domain values and written from them; amounts never pass through a float."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from backend.adapters.alpaca.fields import decimal, instant, mapping, text, unreadable
from backend.domain.account import Account, Asset, Position
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, OrderStatus
from backend.domain.signal import Symbol

# "done_for_day" and "calculated" may still be followed by a correction or an expiry: they are not final.
_STATUSES = {
    **dict.fromkeys(
        (
            "new",
            "accepted",
            "pending_new",
            "accepted_for_bidding",
            "held",
            "stopped",
            "suspended",
            "calculated",
            "done_for_day",
            "pending_cancel",
            "pending_replace",
            "pending_review",
        ),
        OrderStatus.SUBMITTED,
    ),
    "partially_filled": OrderStatus.PARTIALLY_FILLED,
    "filled": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELLED,
    "expired": OrderStatus.CANCELLED,
    "replaced": OrderStatus.CANCELLED,
    "rejected": OrderStatus.REJECTED,
}


def to_document(intent: OrderIntent) -> dict[str, Any]:
    """Write an order request; amounts as strings, so that every cent and fraction arrives as it was decided."""
    amounts = {"qty": intent.quantity, "notional": intent.notional, "limit_price": intent.limit_price}
    return {
        "client_order_id": intent.client_order_id,
        "symbol": intent.symbol,
        "side": intent.side.value,
        "type": intent.kind.value,
        "time_in_force": "day",
        **{key: f"{amount:f}" for key, amount in amounts.items() if amount is not None},
    }


def read_order(document: object, client_order_id: ClientOrderId) -> BrokerOrder:
    """Read an order.

    Raises
    ------
    BrokerUnavailable
        The document is not an order, is another order, or contradicts itself.
    """
    fields = mapping(document, "an order")
    if fields.get("client_order_id") != client_order_id:
        raise unreadable(f"the order {client_order_id}", fields.get("client_order_id"))
    raw_status = fields.get("status")
    status = _STATUSES.get(raw_status) if isinstance(raw_status, str) else None
    if status is None:
        raise unreadable(f"a known status of {client_order_id}", raw_status)
    filled = decimal(fields, "filled_qty", absent=Decimal(0))
    price = decimal(fields, "filled_avg_price", absent=Decimal(0))
    if filled < 0 or (filled > 0 and price <= 0) or (status is OrderStatus.FILLED and filled == 0):
        raise unreadable(f"a filled quantity with its price for {client_order_id}", f"{filled} at {price}")
    if status is OrderStatus.SUBMITTED and filled > 0:
        status = OrderStatus.PARTIALLY_FILLED
    is_failed = status in (OrderStatus.CANCELLED, OrderStatus.REJECTED)
    return BrokerOrder(
        client_order_id=client_order_id,
        broker_order_id=text(fields, "id"),
        status=status,
        filled_quantity=filled,
        average_price=price if filled > 0 else None,
        updated_at=instant(fields, "updated_at"),
        reason=f"Alpaca: {raw_status}" if is_failed else "",
    )


def read_account(document: object, positions: object) -> Account:
    """Read account and positions; raises BrokerUnavailable for what cannot be read."""
    fields = mapping(document, "an account")
    if not isinstance(positions, list):
        raise unreadable("a list of positions", positions)
    held = [_position(mapping(each, "a position")) for each in positions]
    return Account(
        account_id=text(fields, "id"),
        equity=decimal(fields, "equity"),
        cash=decimal(fields, "cash"),
        buying_power=decimal(fields, "buying_power"),
        positions={position.symbol: position for position in held},
    )


def read_asset(document: object) -> Asset:
    """Read an asset; raises BrokerUnavailable for what cannot be read."""
    fields = mapping(document, "an asset")
    return Asset(
        symbol=Symbol(text(fields, "symbol")),
        is_tradable=fields.get("tradable") is True and fields.get("status") == "active",
        is_fractionable=fields.get("fractionable") is True,
    )


def _position(fields: Mapping[str, Any]) -> Position:
    quantity = decimal(fields, "qty")
    average = decimal(fields, "avg_entry_price")
    # A suspended asset has no current price: yesterday's values it, or else what was paid.
    price = decimal(fields, "current_price", absent=decimal(fields, "lastday_price", absent=average))
    return Position(
        symbol=Symbol(text(fields, "symbol")),
        quantity=-abs(quantity) if fields.get("side") == "short" else quantity,
        average_price=average,
        price=price,
    )
