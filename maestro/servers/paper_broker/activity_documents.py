"""What changed cash or positions, as Alpaca's JSON: trade activities and all others."""

from maestro.servers.paper_broker.journal import Entry
from maestro.servers.paper_broker.orders import ZERO, Fill, OrderStatus
from maestro.servers.paper_broker.sessions import local_day
from maestro.servers.paper_broker.wire import instant, number, optional_number

Document = dict[str, object]


def activity_document(activity: Fill | Entry) -> Document:
    return fill_document(activity) if isinstance(activity, Fill) else entry_document(activity)


def activity_id(activity: Fill | Entry) -> str:
    return f"{activity.at:%Y%m%d%H%M%S}000::{activity.id}"


def fill_document(fill: Fill) -> Document:
    order = fill.order
    leaves = ZERO if fill.is_last else max(ZERO, order.expected_qty - fill.cumulative_qty)
    return {
        "id": activity_id(fill),
        "activity_type": "FILL",
        "transaction_time": instant(fill.at),
        "type": "fill" if fill.is_last else "partial_fill",
        "price": number(fill.price),
        "qty": number(fill.qty),
        "side": order.ticket.side.value,
        "symbol": order.ticket.symbol,
        "leaves_qty": number(leaves),
        "cum_qty": number(fill.cumulative_qty),
        "order_id": str(order.id),
        "order_status": (OrderStatus.FILLED if fill.is_last else OrderStatus.PARTIALLY_FILLED).value,
    }


def entry_document(entry: Entry) -> Document:
    """Write an entry; Alpaca leaves out what an activity does not have."""
    optional = {
        "activity_sub_type": entry.sub_kind,
        "symbol": entry.symbol,
        "qty": optional_number(entry.qty),
        "price": optional_number(entry.price),
        "per_share_amount": optional_number(entry.per_share),
        "group_id": entry.group_id and str(entry.group_id),
        "execution_id": entry.fill and str(entry.fill.id),
        "order_id": entry.fill and str(entry.fill.order.id),
    }
    return {
        "id": activity_id(entry),
        "activity_type": entry.kind.value,
        "date": local_day(entry.at).isoformat(),
        "created_at": instant(entry.at),
        "net_amount": number(entry.net_amount),
        "currency": "USD",
        "description": entry.description,
        "status": "executed",
        **{name: value for name, value in optional.items() if value is not None},
    }
