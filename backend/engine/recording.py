"""Write down what became of a tick's orders.

1. outcomes, fills, sleeves and freed capital are recorded in one commit. When another tick of the same account
   moved the trading document meanwhile, the outcomes are laid over what it left;
2. with them a model's text, and alerts: orders that were left unresolved, and, once a day, that the model was asked and
   gave nothing usable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from backend.domain.alert import Alert
from backend.domain.alerts import fallback_alert, unresolved_alerts
from backend.domain.audit import AuditKind, audited
from backend.domain.errors import CommitConflict
from backend.domain.journal import folded, noted
from backend.domain.market import new_york_day
from backend.domain.order import ClientOrderId
from backend.domain.reconciliation import with_holdings
from backend.domain.settlement import Settled, rebased, settled_orders, settled_trading, settlement_events
from backend.domain.tick import Observation, TickRecord, TickRequest, TickState, TickStatus
from backend.engine.telling import tell_booked

if TYPE_CHECKING:
    from backend.engine.cycle import Cycle

RECORD_ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What is to be recorded, as of ``at``.

    ``refused`` says which orders are not what was decided. ``words`` is what the decision supports of a model's text:
    empty where that is nothing, None where no model was asked.
    """

    outcomes: Sequence[Settled]
    at: datetime
    refused: Mapping[ClientOrderId, str]
    words: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The tick that is done, and the alerts that were stored with it."""

    tick: TickState
    alerts: tuple[Alert, ...] = ()


def record(request: TickRequest, ending: Ending, observed: Observation, cycle: "Cycle") -> Recorded:
    """Record outcomes over ``observed``, observing anew as often as another tick gets in between."""
    for _ in range(RECORD_ATTEMPTS):
        tick = observed.tick
        if tick is None or tick.status is TickStatus.DONE:
            break
        said = _with_refusals(_tick_record(request, ending, observed, _done(tick, ending)), ending)
        try:
            with cycle.telemetry.stage("record"):
                cycle.store.record(replace(said, measured=cycle.telemetry.measured))
        except CommitConflict:
            observed = cycle.store.observe(request)
        else:
            tell_booked(said.trades, cycle.telemetry)
            return Recorded(tick=said.tick, alerts=said.alerts)
    if observed.tick is not None and observed.tick.status is TickStatus.DONE:
        return Recorded(tick=observed.tick)
    raise CommitConflict(
        f"{request.tick_id}: expected to record its outcomes within {RECORD_ATTEMPTS} attempts, lost every one to "
        "other ticks of the account; deliver the tick again"
    )


def _tick_record(request: TickRequest, ending: Ending, observed: Observation, done: TickState) -> TickRecord:
    outcomes, at = ending.outcomes, ending.at
    added = rebased(observed.book, outcomes)
    events = settlement_events(observed.book, outcomes)
    book = folded(settled_orders(observed.book, outcomes), events)
    book, journal = noted(book, events, at=at, run_id=request.tick_id)
    alerts = unresolved_alerts([each.order for each in outcomes], request.key, at=at, tick_id=str(request.tick_id))
    today = new_york_day(at)
    if ending.words == "" and book.told.fallback_on != today:
        alerts = (*alerts, fallback_alert(request, at=at))
        book = replace(book, told=replace(book.told, fallback_on=today))
    return TickRecord(
        request=request,
        expected=observed.versions,
        tick=done,
        trading=with_holdings(settled_trading(observed.trading, outcomes), book, request.key.portfolio_id),
        book=book,
        orders=tuple(each.order for each in added),
        trades=tuple(each.trade for each in added if each.trade is not None),
        journal=journal,
        log_id=request.tick_id,
        summary=ending.words or None,
        alerts=alerts,
    )


def _with_refusals(record: TickRecord, ending: Ending) -> TickRecord:
    """Append to the audit chain what was not sent because it was not what had been decided."""
    trading, entries = record.trading, []
    for identifier, reason in ending.refused.items():
        trading, entry = audited(
            trading,
            AuditKind.INTENT_REFUSED,
            tenant_id=record.request.key.tenant_id,
            at=ending.at,
            actor=f"tick {record.request.tick_id}",
            reason=reason,
            facts={"client_order_id": identifier, "tick_id": record.request.tick_id},
        )
        entries.append(entry)
    return replace(record, trading=trading, audit=tuple(entries))


def _done(tick: TickState, ending: Ending) -> TickState:
    latest = {each.order.intent.client_order_id: each.order for each in ending.outcomes}
    orders = tuple(latest.get(order.intent.client_order_id, order) for order in tick.orders)
    return replace(tick, status=TickStatus.DONE, summary=ending.words or tick.summary, orders=orders)
