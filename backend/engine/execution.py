"""Send what was committed, once.

1. an order that has no answer yet is submitted under its deterministic client_order_id, within four minutes of its
   decision: one that is older could be sent after a later tick had proved it absent and decided anew; every two
   seconds the trading state is looked at again, so that a halt stops the rest of a long series;
2. a duplicate is looked up, never sent under another name;
3. a time-out or 5xx is looked up once and otherwise stays *unresolved*: it keeps its reservation;
4. what became of them is recorded in one commit (``recording``).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from backend.domain.errors import (
    BrokerRefused,
    BrokerUnavailable,
    DuplicateOrder,
    OrderRejected,
    OrderUnresolved,
)
from backend.domain.market import new_york_day
from backend.domain.order import BrokerOrder, ClientOrderId, OrderState, OrderStatus, Side
from backend.domain.settlement import Settled, ended, settle
from backend.domain.tick import Observation
from backend.domain.trading_state import TradingState
from backend.engine.telling import NoTelemetry, tell_sent
from backend.ports.broker import Broker
from backend.ports.telemetry import Telemetry

FORGOTTEN = "the broker does not know it any more, as an operator has acknowledged"
NONE: Mapping[ClientOrderId, str] = {}
LOOK_AGAIN_AFTER = timedelta(seconds=2)  # so a halt stops even the rest of a long series of orders
SEND_WITHIN = timedelta(minutes=4)  # every retry of a task comes sooner
ABSENT_AFTER = timedelta(minutes=5)  # later than that, so that nobody still sends what a later tick proves absent


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """The broker with what a fill must be stamped with."""

    broker: Broker
    tenant_id: str
    portfolio_id: str
    uid: str
    account_id: str
    now: Callable[[], datetime]
    telemetry: Telemetry = field(default_factory=NoTelemetry)

    def settled(self, order: OrderState, answer: BrokerOrder) -> Settled:
        """Settle an order; no fill is older than its decision, whatever the venue's clock says."""
        answer = replace(answer, updated_at=max(answer.updated_at or self.now(), order.decided_at))
        return settle(order, answer, tenant_id=self.tenant_id, uid=self.uid, account_id=self.account_id, now=self.now())


def submit(
    orders: Sequence[OrderState],
    venue: Venue,
    current: Observation,
    look: Callable[[], Observation],
    refused: Mapping[ClientOrderId, str] = NONE,
) -> list[Settled]:
    """Send every order that has no answer yet, in the given order; what may not be sent is only looked up.

    ``current`` was observed just now; where sending takes long, ``look`` is asked whether trading was restricted
    meanwhile. ``refused`` says which orders are not what was decided.
    """
    outcomes = []
    looked_at = venue.now()
    for order in orders:
        if venue.now() - looked_at >= LOOK_AGAIN_AFTER:
            current, looked_at = look(), venue.now()
        if order.status is OrderStatus.INTENT:
            obstacle = refused.get(order.intent.client_order_id) or _obstacle(order, venue, current)
            if obstacle is None:
                outcomes.append(_submitted(order, venue))
            elif _waits_for_actions(order, venue, current):
                outcomes.append(ended(order, OrderStatus.UNRESOLVED, f"{obstacle}; the next tick looks it up"))
            else:
                outcomes.append(_found_or_denied(order, venue, obstacle))
            tell_sent(outcomes[-1].order, venue.telemetry)
    return outcomes


def _obstacle(order: OrderState, venue: Venue, current: Observation) -> str | None:
    """Say why a committed order may not be sent now."""
    if order.intent.client_order_id not in current.book.open_orders:
        return "a later tick has settled it"
    if venue.now() - order.decided_at > SEND_WITHIN:
        return f"decided at {order.decided_at.isoformat()}, too long ago to be sent"
    state, is_exit = current.trading.state, order.intent.side is Side.SELL
    is_ordered = order.intent.strategy in current.trading.liquidation.get(venue.portfolio_id, ())
    if state is TradingState.ACTIVE or (is_exit and (state is TradingState.REDUCING or is_ordered)):
        return None
    return f"trading state {state} before it was known to be sent"


def _waits_for_actions(order: OrderState, venue: Venue, current: Observation) -> bool:
    """Say whether a day has begun whose corporate actions are not booked: they come before the fills of that day."""
    through = current.book.actions_through
    is_open = order.intent.client_order_id in current.book.open_orders
    return is_open and through is not None and through < new_york_day(venue.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What looking up open orders brought; ``missing`` are those that the venue had, and does not know any more."""

    outcomes: tuple[Settled, ...]
    missing: frozenset[ClientOrderId]


def refresh(orders: Sequence[OrderState], venue: Venue, acknowledged: Collection[ClientOrderId] = ()) -> Refreshed:
    """Look up orders of earlier ticks; one that the venue does not know long after it was decided is ended.

    One that the venue has acknowledged before is not: it is missing until an operator has acknowledged that.
    """
    outcomes, missing = [], set()
    for order in orders:
        identifier = order.intent.client_order_id
        answer = venue.broker.find(identifier)
        if answer is not None:
            settled = venue.settled(order, answer)
            if settled.order != order:
                outcomes.append(settled)
        elif order.broker_order_id and identifier not in acknowledged:
            missing.add(identifier)
        elif venue.now() - order.decided_at >= ABSENT_AFTER:
            reason = FORGOTTEN if order.broker_order_id else "proven absent: the broker never received it"
            outcomes.append(ended(order, OrderStatus.DENIED, reason))
    return Refreshed(outcomes=tuple(outcomes), missing=frozenset(missing))


def _submitted(order: OrderState, venue: Venue) -> Settled:
    try:
        return venue.settled(order, venue.broker.submit(order.intent))
    except (OrderRejected, BrokerRefused) as e:
        return ended(order, OrderStatus.REJECTED, str(e))
    except (DuplicateOrder, OrderUnresolved) as e:
        return _looked_up(order, venue, str(e))


def _looked_up(order: OrderState, venue: Venue, reason: str, absent: OrderStatus = OrderStatus.UNRESOLVED) -> Settled:
    """Look an order up; one that the venue does not know is ``absent``, one that it cannot tell of unresolved."""
    try:
        answer = venue.broker.find(order.intent.client_order_id)
    except (BrokerUnavailable, BrokerRefused) as e:
        return ended(order, OrderStatus.UNRESOLVED, f"{reason}; {e}")
    return ended(order, absent, reason) if answer is None else venue.settled(order, answer)


def _found_or_denied(order: OrderState, venue: Venue, reason: str) -> Settled:
    """Absent now does not prove that it never arrives: an interrupted send may still be under way."""
    is_proof = venue.now() - order.decided_at >= ABSENT_AFTER
    return _looked_up(order, venue, reason, OrderStatus.DENIED if is_proof else OrderStatus.UNRESOLVED)
