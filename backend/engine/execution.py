"""Send what was committed, once, and write down what became of it.

1. an order that has no answer yet is submitted under its deterministic client_order_id, within four minutes of its
   decision: one that is older could be sent after a later tick had proved it absent and decided anew;
2. a duplicate is looked up, never sent under another name;
3. a time-out or 5xx is looked up once and otherwise stays *unresolved*: it keeps its reservation;
4. outcomes, fills, sleeves and freed capital are recorded in one commit. When another tick of the same account
   moved the trading document meanwhile, the outcomes are laid over what it left.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from backend.domain.errors import (
    BrokerRefused,
    BrokerUnavailable,
    CommitConflict,
    DuplicateOrder,
    OrderRejected,
    OrderUnresolved,
)
from backend.domain.order import BrokerOrder, OrderState, OrderStatus, Side
from backend.domain.settlement import Settled, ended, rebased, settle, settled_book, settled_trading
from backend.domain.tick import Observation, TickRecord, TickRequest, TickState, TickStatus
from backend.domain.trading_state import TradingState
from backend.ports.broker import Broker
from backend.ports.ticks import TickStore

SEND_WITHIN = timedelta(minutes=4)  # every retry of a task comes sooner
ABSENT_AFTER = timedelta(minutes=5)  # later than that, so that nobody still sends what a later tick proves absent
RECORD_ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """The broker with what a fill must be stamped with."""

    broker: Broker
    tenant_id: str
    uid: str
    account_id: str
    now: Callable[[], datetime]

    def settled(self, order: OrderState, answer: BrokerOrder) -> Settled:
        return settle(order, answer, tenant_id=self.tenant_id, uid=self.uid, account_id=self.account_id, now=self.now())


def submit(orders: Sequence[OrderState], venue: Venue, current: Observation) -> list[Settled]:
    """Send every order that has no answer yet, in the given order; what may not be sent is only looked up."""
    outcomes = []
    for order in orders:
        if order.status is OrderStatus.INTENT:
            obstacle = _obstacle(order, venue, current)
            outcomes.append(_submitted(order, venue) if obstacle is None else _found_or_denied(order, venue, obstacle))
    return outcomes


def _obstacle(order: OrderState, venue: Venue, current: Observation) -> str | None:
    """Say why a committed order may not be sent now."""
    if order.intent.client_order_id not in current.book.open_orders:
        return "a later tick has settled it"
    if venue.now() - order.decided_at > SEND_WITHIN:
        return f"decided at {order.decided_at.isoformat()}, too long ago to be sent"
    state, is_exit = current.trading.state, order.intent.side is Side.SELL
    if state is TradingState.ACTIVE or (state is TradingState.REDUCING and is_exit):
        return None
    return f"trading state {state} before it was known to be sent"


def refresh(orders: Sequence[OrderState], venue: Venue) -> list[Settled]:
    """Look up orders of earlier ticks; one that the venue does not know long after it was decided is ended."""
    outcomes = []
    for order in orders:
        answer = venue.broker.find(order.intent.client_order_id)
        if answer is not None:
            settled = venue.settled(order, answer)
            if settled.order != order:
                outcomes.append(settled)
        elif venue.now() - order.decided_at >= ABSENT_AFTER:
            outcomes.append(ended(order, OrderStatus.DENIED, "proven absent: the broker never received it"))
    return outcomes


def _submitted(order: OrderState, venue: Venue) -> Settled:
    try:
        return venue.settled(order, venue.broker.submit(order.intent))
    except (OrderRejected, BrokerRefused) as e:
        return ended(order, OrderStatus.REJECTED, str(e))
    except (DuplicateOrder, OrderUnresolved) as e:
        return _looked_up(order, venue, str(e))


def _looked_up(order: OrderState, venue: Venue, reason: str) -> Settled:
    try:
        answer = venue.broker.find(order.intent.client_order_id)
    except (BrokerUnavailable, BrokerRefused) as e:
        return ended(order, OrderStatus.UNRESOLVED, f"{reason}; {e}")
    if answer is None:
        return ended(order, OrderStatus.UNRESOLVED, reason)
    return venue.settled(order, answer)


def _found_or_denied(order: OrderState, venue: Venue, reason: str) -> Settled:
    """Absent now does not prove that it never arrives: an interrupted send may still be under way."""
    found = _looked_up(order, venue, reason)
    if found.order.status is OrderStatus.UNRESOLVED and venue.now() - order.decided_at >= ABSENT_AFTER:
        return ended(order, OrderStatus.DENIED, reason)
    return found


def record(
    request: TickRequest, outcomes: Sequence[Settled], observed: Observation, store: TickStore, summary: str | None
) -> TickState:
    """Record outcomes over ``observed``, observing anew as often as another tick gets in between."""
    for _ in range(RECORD_ATTEMPTS):
        tick = observed.tick
        if tick is None or tick.status is TickStatus.DONE:
            break
        done = _done(tick, outcomes, summary)
        added = rebased(observed.book, outcomes)
        try:
            store.record(
                TickRecord(
                    request=request,
                    expected=observed.versions,
                    tick=done,
                    trading=settled_trading(observed.trading, outcomes),
                    book=settled_book(observed.book, outcomes),
                    orders=tuple(each.order for each in added),
                    trades=tuple(each.trade for each in added if each.trade is not None),
                    log_id=request.tick_id,
                    summary=summary,
                )
            )
        except CommitConflict:
            observed = store.observe(request)
        else:
            return done
    if observed.tick is not None and observed.tick.status is TickStatus.DONE:
        return observed.tick
    raise CommitConflict(
        f"{request.tick_id}: expected to record its outcomes within {RECORD_ATTEMPTS} attempts, lost every one to "
        "other ticks of the account; deliver the tick again"
    )


def _done(tick: TickState, outcomes: Sequence[Settled], summary: str | None) -> TickState:
    latest = {each.order.intent.client_order_id: each.order for each in outcomes}
    orders = tuple(latest.get(order.intent.client_order_id, order) for order in tick.orders)
    return replace(tick, status=TickStatus.DONE, summary=summary or tick.summary, orders=orders)
