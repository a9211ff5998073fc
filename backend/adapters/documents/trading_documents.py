"""``state/trading``: trading state, the orders under way and what they reserve, what sleeves hold, and EXTERNAL."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import StoredDocument
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import Symbol
from backend.domain.trading_state import Trading, TradingState, WorkingOrder

REMEDY = "restore it from a backup; no order is sent until then"


def to_document(trading: Trading) -> dict[str, Any]:
    return {
        "epoch": trading.epoch,
        "state": trading.state.value,
        "reason": trading.reason,
        "high_water_mark": str(trading.high_water_mark),
        "reserved": str(trading.reserved),
        "working": {str(order): _working(each) for order, each in trading.working.items()},
        "sleeves": {portfolio: _quantities(held) for portfolio, held in trading.sleeves.items()},
        "external": _quantities(trading.external),
        "log_head": trading.log_head,
    }


def from_document(document: StoredDocument) -> Trading:
    reader = FieldReader(document.path, document.fields, REMEDY)
    trading = Trading(
        epoch=reader.integer("epoch"),
        state=reader.member("state", TradingState),
        reason=reader.text("reason"),
        high_water_mark=reader.decimal("high_water_mark"),
        working={
            ClientOrderId(order): _read_working(reader.nested(f"working.{order}", each))
            for order, each in reader.mapping("working").items()
        },
        sleeves={
            portfolio: _read_quantities(reader.nested("sleeves", {"held": held}), "held")
            for portfolio, held in reader.mapping("sleeves").items()
        },
        external=_read_quantities(reader, "external"),
        log_head=reader.text("log_head"),
    )
    if reader.decimal("reserved") != trading.reserved:
        raise reader.corrupt(f"working orders to reserve to {reader.decimal('reserved')}", trading.reserved)
    return trading


def _working(order: WorkingOrder) -> dict[str, str]:
    return {"symbol": str(order.symbol), "side": order.side.value, "reserved": str(order.reserved)}


def _read_working(reader: FieldReader) -> WorkingOrder:
    return WorkingOrder(
        symbol=Symbol(reader.text("symbol")), side=reader.member("side", Side), reserved=reader.decimal("reserved")
    )


def _quantities(held: Mapping[Symbol, Decimal]) -> dict[str, str]:
    return {str(symbol): str(quantity) for symbol, quantity in held.items()}


def _read_quantities(reader: FieldReader, name: str) -> dict[Symbol, Decimal]:
    held = reader.mapping(name)
    return {Symbol(symbol): reader.as_decimal(f"{name}.{symbol}", quantity) for symbol, quantity in held.items()}
