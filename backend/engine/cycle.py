"""Run one tick: observe, decide, commit, submit, record.

1. observe – one batched read; a tick that is done returns its result, one that was begun is resumed from what it
   committed and is never decided twice; account, earlier orders, corporate actions and prices come beside it;
2. decide  – the strategies' signals, the lease on them, then ``decide`` in memory;
3. commit  – one atomic write with preconditions. Losing it to another delivery means resuming from that one,
   losing it to another tick of the account means observing and deciding anew;
4. submit  – one request an order, under its deterministic id (``execution``);
5. record  – one commit more, when something was sent, or when a narrator was asked to put news into words
   (``recording``).
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from backend.domain.alerts import alerts_of
from backend.domain.decision import Decision
from backend.domain.dispatch import check_begin
from backend.domain.errors import CommitConflict, ConfigurationError, MaestroError, TickAlreadyCommitted
from backend.domain.order import OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.settlement import Settled
from backend.domain.signal import Symbol
from backend.domain.tick import Observation, PortfolioKey, TickCommit, TickRequest, TickResult, TickState, TickStatus
from backend.engine.drafting import drafted
from backend.engine.execution import NONE, Venue, submit
from backend.engine.leasing import NoLeases
from backend.engine.narrating import narrated
from backend.engine.recording import Ending, Recorded, record
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
    """The parts that a runtime passes in.

    ``narrator``, when given, is asked when there is news; what the decision supports of its text replaces the
    summarizer's.
    """

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
    is_ordered: bool = False  # by an operator, whom a paused portfolio must not keep from selling out

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
        if not cycle.is_ordered:
            check_begin(request, observed.portfolio, cycle.clock.now())
        draft = drafted(request, cycle, observed)
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


def _execute(request: TickRequest, cycle: Cycle, committed: Observation, draft: TickCommit) -> TickResult:
    tick, decision = draft.tick, draft.decision
    venue = cycle.venue(request.key, tick.account_id)
    with cycle.telemetry.stage("submit"):
        outcomes = submit(tick.orders, venue, committed, lambda: cycle.store.observe(request))
    told = alerts_of(decision, request.key.portfolio_id)
    if tick.status is TickStatus.DONE:
        return _result(request, Recorded(tick=tick, alerts=told), outcomes, decision)
    at = cycle.clock.now()  # however long the narrator takes
    words = narrated(decision, cycle.narrator) if cycle.narrator else None
    ending = Ending(outcomes=outcomes, at=at, refused=NONE, words=words)
    done = record(request, ending, committed, cycle)
    return _result(request, replace(done, alerts=(*told, *done.alerts)), outcomes, decision)


def _resume(request: TickRequest, cycle: Cycle, observed: Observation, tick: TickState) -> TickResult:
    if tick.status is TickStatus.DONE:
        return _result(request, Recorded(tick=tick), [], None)
    _require_same_account(cycle, tick)
    refused = refusals(tick.orders, request, cycle.store.logged(request)) if tick.orders else {}
    # What was altered is looked up as the book has it, which is sealed.
    known = observed.book.open_orders
    orders = [
        known.get(each, order) if (each := order.intent.client_order_id) in refused else order for order in tick.orders
    ]
    venue = cycle.venue(request.key, tick.account_id)
    with cycle.telemetry.stage("submit"):
        outcomes = submit(orders, venue, observed, lambda: cycle.store.observe(request), refused)
    ending = Ending(outcomes=outcomes, at=cycle.clock.now(), refused=refused)
    return replace(_result(request, record(request, ending, observed, cycle), outcomes, None), was_taken_over=True)


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


def _result(request: TickRequest, done: Recorded, outcomes: list[Settled], decision: Decision | None) -> TickResult:
    tick = done.tick
    return TickResult(
        tick_id=request.tick_id,
        status=tick.status,
        was_resumed=decision is None,
        decision=decision,
        orders=tick.orders,
        trades=tuple(each.trade for each in outcomes if each.trade is not None),
        summary=tick.summary,
        unresolved=tuple(o.intent.client_order_id for o in tick.orders if o.status is OrderStatus.UNRESOLVED),
        alerts=done.alerts,
    )
