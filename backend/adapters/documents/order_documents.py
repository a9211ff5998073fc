"""An order as fields, and back; in ``orders/{client_order_id}`` and packed in the tick and the book."""

from decimal import Decimal
from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.domain.errors import ConfigurationError
from backend.domain.order import ClientOrderId, OrderIntent, OrderKind, OrderState, OrderStatus, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.tick import PortfolioKey


def order_fields(order: OrderState) -> dict[str, Any]:
    intent = order.intent
    return {
        "client_order_id": str(intent.client_order_id),
        "strategy_id": str(intent.strategy),
        "symbol": str(intent.symbol),
        "side": intent.side.value,
        "quantity": _text(intent.quantity),
        "notional": _text(intent.notional),
        "kind": intent.kind.value,
        "limit_price": _text(intent.limit_price),
        "reserved": str(intent.reserved),
        "observed_price": str(intent.observed_price),
        "agent_id": intent.agent_id,
        "nonce": intent.nonce,
        "tick_id": str(order.tick_id),
        "timestamp": order.decided_at,
        "status": order.status.value,
        "broker_order_id": order.broker_order_id,
        "booked_quantity": str(order.booked_quantity),
        "booked_value": str(order.booked_value),
        "reason": order.reason,
    }


def to_document(order: OrderState, *, key: PortfolioKey, session_id: str, correlation_id: str = "") -> dict[str, Any]:
    """Describe a new order with its owner and what it came from."""
    owner = {"tenant_id": key.tenant_id, "uid": key.uid, "portfolio_id": key.portfolio_id}
    return {**order_fields(order), **owner, "session_id": session_id, "correlation_id": correlation_id}


def from_reader(reader: FieldReader) -> OrderState:
    """Read an order back.

    Raises
    ------
    StoreCorrupt
        A field is missing, or the fields contradict each other.
    """
    try:
        intent = OrderIntent(
            client_order_id=ClientOrderId(reader.text("client_order_id")),
            strategy=StrategyId(reader.text("strategy_id")),
            symbol=Symbol(reader.text("symbol")),
            side=reader.member("side", Side),
            quantity=reader.optional_decimal("quantity"),
            notional=reader.optional_decimal("notional"),
            kind=reader.member("kind", OrderKind),
            limit_price=reader.optional_decimal("limit_price"),
            reserved=reader.decimal("reserved"),
            observed_price=reader.decimal("observed_price"),
            agent_id=reader.text("agent_id"),
            nonce=reader.text("nonce"),
        )
    except ConfigurationError as e:
        raise reader.corrupt("a consistent order", str(e)) from e
    return OrderState(
        intent=intent,
        tick_id=reader.text("tick_id"),
        decided_at=reader.instant("timestamp"),
        status=reader.member("status", OrderStatus),
        broker_order_id=reader.text("broker_order_id"),
        booked_quantity=reader.decimal("booked_quantity"),
        booked_value=reader.decimal("booked_value"),
        reason=reader.text("reason"),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
