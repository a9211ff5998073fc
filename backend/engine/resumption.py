"""Check that the orders of a tick that is resumed are those that were decided, before any of them is sent.

The log holds every order of a decision under its hash. A tick document that says something else was altered, or
belongs to another decision: such an order is never sent, only looked up.
"""

from collections.abc import Mapping, Sequence

from backend.domain.audit import entry_hash
from backend.domain.identity import agent_id, client_order_id
from backend.domain.order import ClientOrderId, OrderIntent, OrderState, OrderStatus
from backend.domain.tick import LogEntry, TickRequest
from backend.engine.log_entry import order_body


def refusals(orders: Sequence[OrderState], request: TickRequest, entry: LogEntry | None) -> Mapping[ClientOrderId, str]:
    """Say of every order that is not sent yet why it may not be, where it is not what ``entry`` decided."""
    waiting = [order.intent for order in orders if order.status is OrderStatus.INTENT]
    found = {intent.client_order_id: _refusal(intent, request, entry) for intent in waiting}
    return {identifier: reason for identifier, reason in found.items() if reason is not None}


def _refusal(intent: OrderIntent, request: TickRequest, entry: LogEntry | None) -> str | None:
    if entry is None:
        return "no decision of this tick is in the log"
    if entry.tenant_id != request.key.tenant_id or entry.entry_hash != entry_hash(entry.previous_hash, entry.body):
        return "the decision in the log is not what its hash covers"
    logged = {each["client_order_id"]: each for each in entry.body["orders"]}.get(intent.client_order_id)
    if logged is None:
        return "the decision in the log has no such order"
    stands = order_body(intent, request.key.tenant_id)
    different = [name for name in stands if stands[name] != logged.get(name)]
    if different:
        name = different[0]
        return f"altered since it was decided: {name} was {logged.get(name)}, is {stands[name]}"
    return _false_identity(intent, request)


def _false_identity(intent: OrderIntent, request: TickRequest) -> str | None:
    """The id must be the one that tick, strategy, symbol and side give: no other order may be sent under it."""
    derived = client_order_id(
        tenant_id=request.key.tenant_id,
        tick=request.tick_id,
        strategy=intent.strategy,
        symbol=intent.symbol,
        side=intent.side,
        sequence=0,
    )
    if intent.client_order_id != derived:
        return f"its client_order_id belongs to another order than {derived}"
    if intent.agent_id != agent_id(request.key.tenant_id, intent.strategy):
        return f"its agent_id is {intent.agent_id}, not that of {intent.strategy}"
    return None
