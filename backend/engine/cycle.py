"""Run one tick: observe, decide, commit, submit, record.

1. observe – one batched read; a tick that is done returns its result, one that was begun is resumed from what it
   committed and is never decided twice; account, earlier orders, corporate actions and prices come beside it;
2. decide  – the strategies' signals, the lease on them, then ``decide`` in memory;
3. commit  – one atomic write with preconditions. Losing it to another delivery means resuming from that one,
   losing it to another tick of the account means observing and deciding anew;
4. submit  – one request an order, under its deterministic id (``execution``);
5. record  – one commit more, when something was sent (``recording``).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from backend.domain.adjustment import Origin
from backend.domain.commitment import cross_trades, decision_events, reserved, with_orders
from backend.domain.decide import decide
from backend.domain.dispatch import check_begin
from backend.domain.errors import CommitConflict, ConfigurationError, MaestroError, TickAlreadyCommitted
from backend.domain.journal import folded, noted
from backend.domain.order import OrderState, OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.reconciliation import reconciled, with_holdings
from backend.domain.settlement import Settled
from backend.domain.signal import Symbol
from backend.domain.tick import Observation, PortfolioKey, TickCommit, TickRequest, TickResult, TickState, TickStatus
from backend.engine.bookkeeping import Standing, up_to_date
from backend.engine.execution import Venue, submit
from backend.engine.gathering import gathered
from backend.engine.leasing import NoLeases, claim_of
from backend.engine.log_entry import log_entry
from backend.engine.recording import record
from backend.engine.resumption import refusals
from backend.engine.sightings import NoStatements
from backend.engine.telling import (
    NoTelemetry,
    facts_of,
    tell_booked,
    tell_decided,
    tell_failed,
    tell_finished,
    tell_started,
)
from backend.ports.bars import Bars
from backend.ports.broker import Broker
from backend.ports.clock import Clock
from backend.ports.statements import Statements
from backend.ports.strategies import Strategies
from backend.ports.summary import Summarizer
from backend.ports.telemetry import Telemetry
from backend.ports.tick_leases import TickLeases
from backend.ports.ticks import TickStore

COMMIT_ATTEMPTS = 8
ENTROPY_BYTES = 32


def random_entropy(_: TickRequest) -> bytes:
    """Draw what a live tick's nonces are derived from."""
    return secrets.token_bytes(ENTROPY_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """The parts that a runtime passes in. ``narrator``, when given, may replace the summarizer's text."""

    store: TickStore
    broker: Broker
    bars: Bars
    strategies: Strategies
    summarizer: Summarizer
    clock: Clock
    policy: DecisionPolicy
    symbols: tuple[Symbol, ...]
    narrator: Summarizer | None = None
    statements: Statements = field(default_factory=NoStatements)
    leases: TickLeases = field(default_factory=NoLeases)
    history_days: int = 260
    entropy: Callable[[TickRequest], bytes] = random_entropy
    telemetry: Telemetry = field(default_factory=NoTelemetry)

    def venue(self, key: PortfolioKey, account_id: str) -> Venue:
        return Venue(
            broker=self.broker,
            tenant_id=key.tenant_id,
            portfolio_id=key.portfolio_id,
            uid=key.uid,
            account_id=account_id,
            now=self.clock.now,
            telemetry=self.telemetry,
        )


def run_cycle(request: TickRequest, cycle: Cycle) -> TickResult:
    """Run one tick to its end, from wherever an earlier delivery left it.

    Raises
    ------
    PortfolioPaused, TickExpired
        The tick was not begun, and will not be.
    LeaseHeld
        Another portfolio trades one of the strategies on this account; nothing was committed, and nothing will be.
    MaestroError
        Nothing was committed, or what was committed can be resumed: deliver the same tick again.
    """
    cycle = replace(cycle, telemetry=cycle.telemetry.begun())
    with cycle.telemetry.about(**facts_of(request)):
        tell_started(request, cycle.telemetry)
        try:
            result = _run(request, cycle)
        except MaestroError as e:
            tell_failed(e, cycle.telemetry)
            raise
        tell_finished(result, cycle.telemetry)
        return result


def _run(request: TickRequest, cycle: Cycle) -> TickResult:
    for _ in range(COMMIT_ATTEMPTS):
        with cycle.telemetry.stage("observe"):
            observed = cycle.store.observe(request)
        if observed.tick is not None:
            with cycle.telemetry.about(correlation_id=observed.tick.correlation_id):
                return _resume(request, cycle, observed, observed.tick)
        check_begin(request, observed.portfolio, cycle.clock.now())
        draft = _decide(request, cycle, observed)
        try:
            with cycle.telemetry.stage("commit"):
                versions = cycle.store.commit(draft)
        except (TickAlreadyCommitted, CommitConflict):
            continue
        tell_decided(draft, cycle.telemetry)
        tell_booked(draft.trades, cycle.telemetry, observed.trading.working)
        committed = replace(observed, tick=draft.tick, trading=draft.trading, book=draft.book, versions=versions)
        return _execute(request, cycle, committed, draft)
    raise CommitConflict(
        f"{request.tick_id}: expected to commit within {COMMIT_ATTEMPTS} attempts, lost every one to other ticks of "
        "the account; nothing was committed, deliver the tick again"
    )


def _decide(request: TickRequest, cycle: Cycle, observed: Observation) -> TickCommit:
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
        book = replace(book, lease=grant.lease)
    is_done = not orders and cycle.narrator is None
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


def _standing(request: TickRequest, cycle: Cycle, observed: Observation, account_id: str) -> Standing:
    origin = Origin(key=request.key, account_id=account_id, run_id=request.tick_id)
    return up_to_date(observed, cycle.venue(request.key, account_id), cycle.bars, origin)


def _execute(request: TickRequest, cycle: Cycle, committed: Observation, draft: TickCommit) -> TickResult:
    tick = draft.tick
    venue = cycle.venue(request.key, tick.account_id)
    with cycle.telemetry.stage("submit"):
        outcomes = submit(tick.orders, venue, committed, lambda: cycle.store.observe(request))
    if tick.status is not TickStatus.DONE:
        text = cycle.narrator.summarize(draft.decision) if cycle.narrator else None
        tick = record(request, outcomes, committed, cycle, text)
    return _result(request, tick, outcomes, draft)


def _resume(request: TickRequest, cycle: Cycle, observed: Observation, tick: TickState) -> TickResult:
    outcomes: list[Settled] = []
    if tick.status is not TickStatus.DONE:
        _require_same_account(cycle, tick)
        refused = refusals(tick.orders, request, cycle.store.logged(request)) if tick.orders else {}
        # What was altered is looked up as the book has it, which is sealed.
        known = observed.book.open_orders
        orders = [
            known.get(each, order) if (each := order.intent.client_order_id) in refused else order
            for order in tick.orders
        ]
        venue = cycle.venue(request.key, tick.account_id)
        with cycle.telemetry.stage("submit"):
            outcomes = submit(orders, venue, observed, lambda: cycle.store.observe(request), refused)
        tick = record(request, outcomes, observed, cycle, None, refused)
    return _result(request, tick, outcomes, None)


def _require_same_account(cycle: Cycle, tick: TickState) -> None:
    """The credentials may have been replaced since the tick was committed: no order goes to another account."""
    if not tick.orders:
        return
    account_id = cycle.broker.account().account_id
    if account_id != tick.account_id:
        raise ConfigurationError(
            f"expected the account {tick.account_id}, for which the tick was decided, found {account_id}; use that "
            "account's credentials until its orders are settled"
        )


def _result(request: TickRequest, tick: TickState, outcomes: list[Settled], draft: TickCommit | None) -> TickResult:
    return TickResult(
        tick_id=request.tick_id,
        status=tick.status,
        was_resumed=draft is None,
        decision=draft.decision if draft else None,
        orders=tick.orders,
        trades=tuple(each.trade for each in outcomes if each.trade is not None),
        summary=tick.summary,
        unresolved=tuple(o.intent.client_order_id for o in tick.orders if o.status is OrderStatus.UNRESOLVED),
    )
