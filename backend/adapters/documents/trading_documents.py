"""``state/trading``: epoch, trading state, high-water mark and the buying power that orders hold."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import StoredDocument
from backend.domain.trading_state import Trading, TradingState

REMEDY = "restore it from a backup; no order is sent until then"


def to_document(trading: Trading) -> dict[str, Any]:
    return {
        "epoch": trading.epoch,
        "state": trading.state.value,
        "reason": trading.reason,
        "high_water_mark": str(trading.high_water_mark),
        "reserved": str(trading.reserved),
        "reservations": {str(order): str(amount) for order, amount in trading.reservations.items()},
        "log_head": trading.log_head,
    }


def from_document(document: StoredDocument) -> Trading:
    reader = FieldReader(document.path, document.fields, REMEDY)
    held = reader.mapping("reservations")
    trading = Trading(
        epoch=reader.integer("epoch"),
        state=reader.member("state", TradingState),
        reason=reader.text("reason"),
        high_water_mark=reader.decimal("high_water_mark"),
        reservations={order: reader.as_decimal(f"reservations.{order}", amount) for order, amount in held.items()},
        log_head=reader.text("log_head"),
    )
    if reader.decimal("reserved") != trading.reserved:
        raise reader.corrupt(f"reservations to add up to {reader.decimal('reserved')}", trading.reserved)
    return trading
