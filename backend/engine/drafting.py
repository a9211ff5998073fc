"""Gather what a tick decides from, decide in memory, and draft its commit."""

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.domain.adjustment import Origin
from backend.domain.commitment import cross_trades, decision_events, reserved, with_orders
from backend.domain.decide import decide
from backend.domain.journal import folded, noted
from backend.domain.news import is_news, told_after
from backend.domain.order import OrderState, OrderStatus
from backend.domain.reconciliation import reconciled, with_holdings
from backend.domain.tick import Observation, TickCommit, TickRequest, TickState, TickStatus
from backend.engine.bookkeeping import Standing, up_to_date
from backend.engine.gathering import gathered
from backend.engine.leasing import claim_of
from backend.engine.log_entry import log_entry

if TYPE_CHECKING:
    from backend.engine.cycle import Cycle


def drafted(request: TickRequest, cycle: "Cycle", observed: Observation) -> TickCommit:
    """Gather and decide, and return what is to be committed; nothing is written yet."""
    with cycle.telemetry.stage("gather"):
        account = cycle.broker.account()
        standing = _standing(request, cycle, observed, account.account_id)
        if standing.orders:
            account = cycle.broker.account()  # what was found filled must be in the account that is decided on
        trading = reconciled(standing.trading, standing.book, request.key.portfolio_id, account)
        current = replace(observed, book=standing.book, trading=trading)
        inputs, is_extended = gathered(request, cycle, current, account, replace(standing, trading=trading))
        claim = claim_of(request.key, account.account_id, inputs, current.book)
        grant = cycle.leases.granted(claim, current.book.lease, at=inputs.now)
    with cycle.telemetry.stage("decide"):
        decision = decide(inputs)
        orders = tuple(
            OrderState(intent=intent, tick_id=request.tick_id, decided_at=inputs.now, status=OrderStatus.INTENT)
            for intent in decision.intents
        )
        entry = log_entry(
            inputs,
            decision,
            key=request.key,
            trading=trading,
            summary=cycle.summarizer.summarize(decision) or "",
            correlation_id=request.correlation_id,
        )
        caused = decision_events(inputs, decision, current.book)
        book = with_orders(folded(current.book, caused), orders)
        book, journal = noted(book, (*standing.events, *caused), at=inputs.now, run_id=request.tick_id)
        book = replace(book, lease=grant.lease, told=told_after(decision, current.book.told))
    is_asking = cycle.narrator is not None and is_news(decision, current.book.told, book.told)
    is_done = not orders and not is_asking
    return TickCommit(
        request=request,
        expected=observed.versions,
        tick=TickState(
            status=TickStatus.DONE if is_done else TickStatus.COMMITTED,
            committed_at=inputs.now,
            session_id=decision.session_id,
            account_id=account.account_id,
            correlation_id=request.correlation_id,
            summary=entry.summary,
            orders=orders,
        ),
        decision=decision,
        log=entry,
        trading=with_holdings(
            reserved(trading, decision, entry.entry_hash, request.correlation_id).rebalanced(request.key.portfolio_id),
            book,
            request.key.portfolio_id,
        ),
        book=book,
        journal=journal,
        record=inputs.record if is_extended else None,
        settled=standing.orders,
        trades=(
            *standing.trades,
            *cross_trades(decision, uid=request.key.uid, account_id=account.account_id),
        ),
        leases=grant.change,
        measured=cycle.telemetry.measured,
    )


def _standing(request: TickRequest, cycle: "Cycle", observed: Observation, account_id: str) -> Standing:
    origin = Origin(key=request.key, account_id=account_id, run_id=request.tick_id)
    return up_to_date(observed, cycle.venue(request.key, account_id), cycle.bars, origin)
