"""Bring a book up to date before anything is decided on it or read off it.

1. orders of earlier ticks are looked up; what they filled enters the sleeves;
2. splits and dividends whose ex-day has begun are booked, once a day, each before what was filled after it;
3. outside ticks, fees that the broker booked apart are charged to the strategies whose fills they are for.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from backend.domain.adjustment import Adjustment, Origin, action_adjustment, fee_adjustment
from backend.domain.audit import AuditEntry
from backend.domain.book import PortfolioBook
from backend.domain.corporate_action import CorporateAction
from backend.domain.errors import ConfigurationError
from backend.domain.journal import Event, Filled, folded, noted
from backend.domain.ledger import LedgerTrade
from backend.domain.market import new_york_day, start_of
from backend.domain.order import ClientOrderId, OrderState
from backend.domain.reconciliation import with_holdings
from backend.domain.settlement import rebased, settled_orders, settled_trading, settlement_events
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.domain.tick import BookCommit, Observation, PortfolioKey
from backend.domain.trading_state import Trading
from backend.engine.execution import Venue, refresh
from backend.ports.bars import Bars

FEES_KNOWN_DAYS = 30  # for how long a fee that was charged is remembered at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Trading document and book as they stand now, and what brought them there since they were stored.

    ``missing`` are orders that the venue acknowledged before and does not know now.
    """

    trading: Trading
    book: PortfolioBook
    orders: tuple[OrderState, ...] = ()
    trades: tuple[LedgerTrade, ...] = ()
    events: tuple[Event, ...] = ()
    missing: frozenset[ClientOrderId] = frozenset()


def up_to_date(observed: Observation, venue: Venue, bars: Bars, origin: Origin) -> Standing:
    """Look up the orders that are not final, book what they filled, and corporate actions up to today.

    Raises
    ------
    ConfigurationError
        The sleeves hold shares of another account, or orders are under way there.
    """
    _require_own(observed.book, venue.account_id)
    acknowledged = observed.trading.guard.acknowledged_orders
    refreshed = refresh(tuple(observed.book.open_orders.values()), venue, acknowledged)
    outcomes = refreshed.outcomes
    fills = settlement_events(observed.book, outcomes)
    added = rebased(observed.book, outcomes)
    book, today = settled_orders(observed.book, outcomes), new_york_day(venue.now())
    held = book.held() | folded(book, fills).held()
    actions = _actions(held, book.actions_through, bars, today)
    book, adjustment = _in_order(book, fills, actions, origin)
    through = today if book.actions_through is None else max(book.actions_through, today)
    return Standing(
        trading=settled_trading(observed.trading, outcomes),
        book=replace(book, actions_through=through, account_id=venue.account_id),
        orders=tuple(each.order for each in added),
        trades=(*(each.trade for each in added if each.trade is not None), *adjustment.trades),
        events=adjustment.events,
        missing=refreshed.missing,
    )


def book_commit(
    key: PortfolioKey,
    observed: Observation,
    standing: Standing,
    *,
    at: datetime,
    run_id: str,
    audit: tuple[AuditEntry, ...] = (),
) -> BookCommit:
    """Return what a job outside ticks commits when it has brought the book from ``observed`` to ``standing``."""
    book, journal = noted(standing.book, standing.events, at=at, run_id=run_id)
    return BookCommit(
        key=key,
        expected=observed.versions,
        trading=with_holdings(standing.trading, book, key.portfolio_id),
        book=book,
        orders=standing.orders,
        trades=standing.trades,
        journal=journal,
        audit=audit,
    )


def _require_own(book: PortfolioBook, account_id: str) -> None:
    """Shares of one account never settle a sale of another's."""
    if book.account_id not in ("", account_id) and (book.open_orders or book.holdings()):
        raise ConfigurationError(
            f"expected the account {book.account_id}, whose shares the sleeves hold, found {account_id}; use that "
            "account's credentials, leave all positions there first, or run the new account as another portfolio"
        )


def _actions(held: Collection[Symbol], done: date | None, bars: Bars, today: date) -> Sequence[CorporateAction]:
    """Ask for the actions that are not booked yet; once a day, and only for what is or was held."""
    if not held or (done is not None and done >= today):
        return ()
    return bars.corporate_actions(sorted(held), today if done is None else done + timedelta(days=1), today)


def _in_order(
    book: PortfolioBook, fills: Sequence[Event], actions: Sequence[CorporateAction], origin: Origin
) -> tuple[PortfolioBook, Adjustment]:
    """Book fills and actions in the order in which they took effect: shares bought on an ex-day are new ones."""
    waiting = sorted(fills, key=lambda fill: fill.at)
    events: list[Event] = []
    trades: list[LedgerTrade] = []
    for action in actions:
        begins = start_of(action.ex_day)
        before = [fill for fill in waiting if fill.at < begins]
        waiting = waiting[len(before) :]
        book = folded(book, before)
        adjustment = action_adjustment(book, action, origin)
        book = folded(book, adjustment.events)
        events += [*before, *adjustment.events]
        trades += adjustment.trades
    return folded(book, waiting), Adjustment(events=(*events, *waiting), trades=tuple(trades))


def due_fees(book: PortfolioBook, activities: Sequence[Activity]) -> list[Activity]:
    """Return the fees that were not charged to anybody yet."""
    return [
        each
        for each in activities
        if each.kind is ActivityKind.FEE and each.cash < 0 and each.activity_id not in book.charged
    ]


def with_fees(
    standing: Standing,
    fees: Sequence[Activity],
    activities: Sequence[Activity],
    fills: Sequence[Filled],
    origin: Origin,
) -> Standing:
    """Charge ``fees``; ``activities`` and our ``fills`` are those of the same days."""
    book, known = standing.book, dict(standing.book.charged)
    events: list[Event] = []
    trades: list[LedgerTrade] = []
    for fee in fees:
        adjustment = fee_adjustment(fee, activities, fills, origin)
        if not adjustment.events:
            continue
        known[fee.activity_id] = fee.trading_day
        events += adjustment.events
        trades += adjustment.trades
    if not events:
        return standing
    return replace(
        standing,
        book=replace(folded(book, events), charged=_recent(known, activities)),
        trades=(*standing.trades, *trades),
        events=(*standing.events, *events),
    )


def _recent(known: dict[str, date], activities: Sequence[Activity]) -> dict[str, date]:
    """Forget what is neither recent nor listed any more, and so never asked for again."""
    oldest = max(known.values()) - timedelta(days=FEES_KNOWN_DAYS)
    listed = {each.activity_id for each in activities}
    return {identifier: day for identifier, day in known.items() if day >= oldest or identifier in listed}
