"""Reconcile one portfolio with the broker: at start-up, on a schedule, and after a command.

1. observe the book, then the account;
2. look up every order that is not final, and book what it filled (``bookkeeping``);
3. note what the account holds beyond the sleeves (EXTERNAL);
4. let the breaker that watches the broker look at what the account is short of, and at orders it has lost;
5. compare the fills that the broker has booked for our orders with the journal's;
6. one commit, if anything changed. It needs no lease, since nothing is ordered, and keeps the one in the book.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.adjustment import Origin
from backend.domain.audit import AuditEntry, AuditKind, audited
from backend.domain.book import PortfolioBook
from backend.domain.breakers.disagreement import watched_broker
from backend.domain.commitment import tripped
from backend.domain.errors import CommitConflict
from backend.domain.journal import Event, Filled
from backend.domain.market import new_york_day, start_of
from backend.domain.order import ClientOrderId, OrderState, OrderStatus, Side
from backend.domain.reconciliation import reconciled
from backend.domain.sighting import Sighting
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.domain.tick import Observation, PortfolioKey
from backend.domain.trading_state import Trading
from backend.engine.bookkeeping import Standing, book_commit, up_to_date
from backend.engine.cycle import Cycle
from backend.engine.journal_pages import events_since
from backend.engine.policies import policy_of
from backend.engine.sightings import missing_orders
from backend.engine.telling import owner_of, tell_booked
from backend.ports.snapshots import SnapshotStore
from backend.ports.statements import Statements

ATTEMPTS = 8
COMPARED_DAYS = 2  # for how long back fills are compared
RUN_ID = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The parts that stand between a portfolio's book and its broker."""

    cycle: Cycle
    store: SnapshotStore
    statements: Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reconciliation found: orders that moved, orders still open, EXTERNAL, and fills that do not agree.

    ``trips`` are the reasons of breakers that tripped at this look.
    """

    moved: tuple[OrderState, ...]
    open_orders: tuple[OrderState, ...]
    external: Mapping[Symbol, Decimal]
    differences: tuple[str, ...]
    trips: tuple[str, ...]
    trading: Trading
    book: PortfolioBook

    @property
    def unresolved(self) -> tuple[ClientOrderId, ...]:
        """The orders that the broker may or may not have."""
        doubtful = (OrderStatus.UNRESOLVED, OrderStatus.INTENT)
        return tuple(each.intent.client_order_id for each in self.open_orders if each.status in doubtful)


def reconcile(key: PortfolioKey, desk: Desk) -> Reconciled:
    """Bring the book up to date with the broker.

    Raises
    ------
    BrokerUnavailable, BrokerRefused, StoreError
        Nothing was changed; run it again.
    """
    with desk.cycle.telemetry.about(**owner_of(key)):
        for _ in range(ATTEMPTS - 1):
            try:
                return _reconciled(key, desk)
            except CommitConflict:
                continue
        return _reconciled(key, desk)


def _reconciled(key: PortfolioKey, desk: Desk) -> Reconciled:
    cycle = desk.cycle
    observed = desk.store.observe_book(key)
    account = cycle.broker.account()
    origin = Origin(key=key, account_id=account.account_id, run_id=RUN_ID)
    standing = up_to_date(observed, cycle.venue(key, account.account_id), cycle.bars, origin)
    if standing.orders:
        account = cycle.broker.account()  # what was found filled must be in the account that is compared
    trading = reconciled(standing.trading, standing.book, key.portfolio_id, account)
    now = cycle.clock.now()
    trading, audit = _watched(key, observed, replace(standing, trading=trading), account, desk, now)
    differences = _differences(key, observed, standing, desk, now)
    book = _committed(key, desk, observed, replace(standing, trading=trading), audit, now)
    return Reconciled(
        moved=standing.orders,
        open_orders=tuple(book.open_orders.values()),
        external=trading.external,
        differences=differences,
        trips=tuple(entry.reason for entry in audit),
        trading=trading,
        book=book,
    )


def _watched(
    key: PortfolioKey, observed: Observation, standing: Standing, account: Account, desk: Desk, now: datetime
) -> tuple[Trading, tuple[AuditEntry, ...]]:
    """Let one breaker look; the others look at what a tick reads, and this job does not."""
    trading = standing.trading
    short = sorted(symbol for symbol, quantity in trading.external.items() if quantity < 0)
    seen = Sighting(
        at=now,
        equity=account.equity,
        newest_bar=None,
        prices=desk.cycle.bars.latest(short, at=now) if short else {},
        external=trading.external,
        missing_orders=missing_orders(standing),
    )
    limits = policy_of(desk.cycle.policy, observed.configuration).breakers
    watched = watched_broker(trading.guard, seen, limits)
    trips = [trip for trip in watched.trips if trip.breaker not in trading.latched]
    trading = tripped(replace(trading, guard=watched.guard), trips, now)
    entries = []
    for trip in trips:
        facts = {"breaker": trip.breaker.value, "state": trip.state.value, "portfolio_id": key.portfolio_id}
        trading, entry = audited(
            trading,
            AuditKind.BREAKER_TRIPPED,
            tenant_id=key.tenant_id,
            at=now,
            actor=RUN_ID,
            reason=trip.reason,
            facts=facts,
        )
        entries.append(entry)
    return trading, tuple(entries)


def _committed(
    key: PortfolioKey,
    desk: Desk,
    observed: Observation,
    standing: Standing,
    audit: tuple[AuditEntry, ...],
    now: datetime,
) -> PortfolioBook:
    if (standing.trading, standing.book) == (observed.trading, observed.book):
        return observed.book
    commit = book_commit(key, observed, standing, at=now, run_id=RUN_ID, audit=audit)
    desk.store.commit_book(commit)
    tell_booked(commit.trades, desk.cycle.telemetry, observed.trading.working)
    return commit.book


def _differences(
    key: PortfolioKey, observed: Observation, standing: Standing, desk: Desk, now: datetime
) -> tuple[str, ...]:
    """Compare fills of the last days, order by order; one that is still open may be filling right now."""
    first = new_york_day(now) - timedelta(days=COMPARED_DAYS)
    booked = [*events_since(desk.store, key, observed.book.entries, start_of(first)), *standing.events]
    ours = _by_order(_fills(booked, start_of(first)))
    if not ours:
        return ()
    open_ids = {order.broker_order_id for order in standing.book.open_orders.values()}
    theirs = _by_order(_executions(desk.statements.activities(first, new_york_day(now)), first))
    if not ours.keys() & theirs.keys():
        return ()  # a paper broker's clock may stand at another day; positions are compared all the same
    return tuple(
        f"order {identifier}: the ledger has {ours[identifier]} shares, the broker booked {theirs.get(identifier, 0)}"
        for identifier in sorted(ours)
        if identifier not in open_ids and ours[identifier] != theirs.get(identifier, 0)
    )


def _fills(events: Iterable[Event], since: datetime) -> Iterable[tuple[str, Decimal]]:
    for event in events:
        if isinstance(event, Filled) and not event.is_cross and event.at >= since:
            quantity = event.fill.quantity
            yield event.order_id, quantity if event.fill.side is Side.BUY else -quantity


def _executions(activities: Sequence[Activity], first: date) -> Iterable[tuple[str, Decimal]]:
    for each in activities:
        if each.kind is ActivityKind.FILL and each.trading_day >= first:
            yield each.order_id, each.quantity


def _by_order(quantities: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    total: defaultdict[str, Decimal] = defaultdict(Decimal)
    for identifier, quantity in quantities:
        total[identifier] += quantity
    return dict(total)
