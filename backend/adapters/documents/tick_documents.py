"""``ticks/{tick_id}``: claim and result of one tick, its orders packed in the order in which they are sent."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.order_documents import from_reader, order_fields
from backend.adapters.documents.packing import pack
from backend.adapters.documents.seam import StoredDocument
from backend.domain.tick import TickRequest, TickState, TickStatus

REMEDY = "restore it from a backup; do not delete it, or the tick would be decided a second time"


def to_document(tick: TickState, request: TickRequest) -> dict[str, Any]:
    key = request.key
    return {
        "tenant_id": key.tenant_id,
        "uid": key.uid,
        "portfolio_id": key.portfolio_id,
        "tick_id": str(request.tick_id),
        "scheduled_at": request.scheduled_at,
        "status": tick.status.value,
        "committed_at": tick.committed_at,
        "session_id": tick.session_id,
        "account_id": tick.account_id,
        "correlation_id": tick.correlation_id,
        "summary": tick.summary,
        "order_count": len(tick.orders),
        "orders": pack([order_fields(order) for order in tick.orders]),
    }


def from_document(document: StoredDocument) -> TickState:
    reader = FieldReader(document.path, document.fields, REMEDY)
    packed, count = reader.packed("orders"), reader.integer("order_count")
    if not isinstance(packed, list) or len(packed) != count:
        raise reader.corrupt(f"{count} packed orders", packed)
    return TickState(
        status=reader.member("status", TickStatus),
        committed_at=reader.instant("committed_at"),
        session_id=reader.text("session_id"),
        account_id=reader.text("account_id"),
        correlation_id=reader.text("correlation_id") if "correlation_id" in reader else "",
        summary=reader.text("summary"),
        orders=tuple(from_reader(reader.nested(f"orders[{i}]", each)) for i, each in enumerate(packed)),
    )
