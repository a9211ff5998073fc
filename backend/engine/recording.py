"""Write down what became of a tick's orders: outcomes, fills, sleeves and freed capital, in one commit.

When another tick of the same account moved the trading document meanwhile, the outcomes are laid over what it left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from backend.domain.audit import AuditKind, audited
from backend.domain.errors import CommitConflict
from backend.domain.journal import folded, noted
from backend.domain.order import ClientOrderId
from backend.domain.reconciliation import with_holdings
from backend.domain.settlement import Settled, rebased, settled_orders, settled_trading, settlement_events
from backend.domain.tick import Observation, TickRecord, TickRequest, TickState, TickStatus
from backend.engine.telling import tell_booked

if TYPE_CHECKING:
    from backend.engine.cycle import Cycle

RECORD_ATTEMPTS = 8
NONE: Mapping[ClientOrderId, str] = {}


def record(
    request: TickRequest,
    outcomes: Sequence[Settled],
    observed: Observation,
    cycle: "Cycle",
    summary: str | None,
    refused: Mapping[ClientOrderId, str] = NONE,
) -> TickState:
    """Record outcomes over ``observed``, observing anew as often as another tick gets in between."""
    now = cycle.clock.now()
    for _ in range(RECORD_ATTEMPTS):
        tick = observed.tick
        if tick is None or tick.status is TickStatus.DONE:
            break
        done = _done(tick, outcomes, summary)
        draft = _with_refusals(_tick_record(request, outcomes, observed, done, summary, now), refused, now)
        try:
            with cycle.telemetry.stage("record"):
                cycle.store.record(replace(draft, measured=cycle.telemetry.measured))
        except CommitConflict:
            observed = cycle.store.observe(request)
        else:
            tell_booked(draft.trades, cycle.telemetry)
            return done
    if observed.tick is not None and observed.tick.status is TickStatus.DONE:
        return observed.tick
    raise CommitConflict(
        f"{request.tick_id}: expected to record its outcomes within {RECORD_ATTEMPTS} attempts, lost every one to "
        "other ticks of the account; deliver the tick again"
    )


def _tick_record(
    request: TickRequest,
    outcomes: Sequence[Settled],
    observed: Observation,
    done: TickState,
    summary: str | None,
    now: datetime,
) -> TickRecord:
    added = rebased(observed.book, outcomes)
    events = settlement_events(observed.book, outcomes)
    book = folded(settled_orders(observed.book, outcomes), events)
    book, journal = noted(book, events, at=now, run_id=request.tick_id)
    trading = settled_trading(observed.trading, outcomes)
    return TickRecord(
        request=request,
        expected=observed.versions,
        tick=done,
        trading=with_holdings(trading, book, request.key.portfolio_id),
        book=book,
        orders=tuple(each.order for each in added),
        trades=tuple(each.trade for each in added if each.trade is not None),
        journal=journal,
        log_id=request.tick_id,
        summary=summary,
    )


def _with_refusals(record: TickRecord, refused: Mapping[ClientOrderId, str], now: datetime) -> TickRecord:
    """Append to the audit chain what was not sent because it was not what had been decided."""
    trading, entries = record.trading, []
    for identifier, reason in refused.items():
        trading, entry = audited(
            trading,
            AuditKind.INTENT_REFUSED,
            tenant_id=record.request.key.tenant_id,
            at=now,
            actor=f"tick {record.request.tick_id}",
            reason=reason,
            facts={"client_order_id": identifier, "tick_id": record.request.tick_id},
        )
        entries.append(entry)
    return replace(record, trading=trading, audit=tuple(entries))


def _done(tick: TickState, outcomes: Sequence[Settled], summary: str | None) -> TickState:
    latest = {each.order.intent.client_order_id: each.order for each in outcomes}
    orders = tuple(latest.get(order.intent.client_order_id, order) for order in tick.orders)
    return replace(tick, status=TickStatus.DONE, summary=summary or tick.summary, orders=orders)
