"""Close days: mark every sleeve at each session's close, write its performance, extend the track record.

1. bring the book up to date: orders found settled, corporate actions, fees (``bookkeeping``), in one commit;
2. read what the journal says since the last close, by its entries' numbers;
3. for every session that has closed since, oldest first: the book as of its close, its prices, the account as the
   broker's books tell it, then one commit (``closing``).

Run twice, late, or after a missed week, it ends in the same documents.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.adjustment import Origin
from backend.domain.closing import AccountAtClose, ClosedDay, Closing, OpenDay, closed_day, open_day
from backend.domain.errors import CommitConflict, MarketDataError
from backend.domain.journal import Event, Filled, JournalEntry
from backend.domain.market import new_york_day, start_of
from backend.domain.session import Session
from backend.domain.signal import Symbol
from backend.domain.statement import Activity
from backend.domain.tick import Observation, PortfolioKey
from backend.engine.bookkeeping import Standing, book_commit, due_fees, up_to_date, with_fees
from backend.engine.cycle import Cycle
from backend.engine.journal_pages import events_since
from backend.engine.telling import owner_of, tell_booked
from backend.engine.track_records import current_record
from backend.ports.calendar import Calendar
from backend.ports.snapshots import ClosingVersions, SnapshotStore
from backend.ports.statements import Statements

SNAPSHOT_ATTEMPTS = 8
FEES_LATE_DAYS = 7  # for how long after a close the broker may still book fees of it
RUN_ID = "close-day"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClose:
    """The parts that close a portfolio's days."""

    cycle: Cycle
    store: SnapshotStore
    calendar: Calendar
    statements: Statements


@dataclass(frozen=True, slots=True, kw_only=True)
class _Books:
    """What was read for closing: the last close and all that came after it."""

    last: Closing
    version: object | None
    entries: Sequence[JournalEntry]
    observed: Observation
    account: Account
    activities: Sequence[Activity]

    @property
    def events(self) -> tuple[Event, ...]:
        return tuple(event for entry in self.entries for event in entry.events)


def close_days(key: PortfolioKey, through: date, parts: DayClose) -> tuple[ClosedDay, ...]:
    """Close every session up to ``through`` that has ended and is not closed yet.

    Raises
    ------
    MarketDataError
        A symbol that is held has no price, or the broker no equity, for one of the days; days before it are closed.
    CommitConflict
        Others moved the book at every attempt; call again.
    """
    closed: list[ClosedDay] = []
    for _ in range(SNAPSHOT_ATTEMPTS - 1):
        try:
            _close(key, through, parts, closed)
        except CommitConflict:
            continue
        return tuple(closed)
    _close(key, through, parts, closed)
    return tuple(closed)


def _close(key: PortfolioKey, through: date, parts: DayClose, closed: list[ClosedDay]) -> None:
    """Close what is due, adding each day to ``closed`` once it is written."""
    books = _read(key, parts)
    sessions = _sessions(books, through, parts)
    if not sessions:
        return
    equity = parts.statements.closing_equity(sessions[0].day, sessions[-1].day)
    last, events = books.last, books.events
    today = parts.cycle.clock.now().date()
    record, _ = current_record(parts.cycle.store, key, books.observed.record, today, books.observed.book.strategies)
    expected = ClosingVersions(closing=books.version, record=books.observed.versions.record)
    for session in sessions:
        day = open_day(last, session, events, books.observed.book.entries)
        account = _account_at(session, books, equity)
        now = parts.cycle.clock.now()
        done = closed_day(
            day,
            account,
            _prices(day, account, parts),
            key=key,
            recorded=record.recorded_on(session.day),
            now=now,
        )
        record = record.extended(done.returns, checked_on=session.day)
        expected = parts.store.close_day(key, done, record, expected=expected)
        closed.append(done)
        last, events = done.closing, ()


def _read(key: PortfolioKey, parts: DayClose) -> _Books:
    """Bring the book up to date, and read all that closing needs of it."""
    last, version = parts.store.closing(key)
    observed = parts.store.observe_book(key)
    entries = parts.store.journal(key, after=last.entries, through=observed.book.entries)
    now = parts.cycle.clock.now()
    since = last.closes_at or min((event.at for entry in entries for event in entry.events), default=now)
    account, activities = _account(new_york_day(since) - timedelta(days=FEES_LATE_DAYS), new_york_day(now), parts)
    origin = Origin(key=key, account_id=account.account_id, run_id=RUN_ID)
    standing = up_to_date(observed, parts.cycle.venue(key, account.account_id), parts.cycle.bars, origin)
    since_close = [*standing.events, *(event for entry in entries for event in entry.events)]
    fees = due_fees(standing.book, activities)
    fills = [*since_close, *_older(key, last, fees, parts)] if fees else ()
    standing = with_fees(standing, fees, activities, [each for each in fills if isinstance(each, Filled)], origin)
    if standing.book != observed.book:
        entries = (*entries, *_commit(key, observed, standing, parts, now))
        observed = parts.store.observe_book(key)
        if observed.book.entries != last.entries + len(entries):
            raise CommitConflict(f"{key.portfolio_id}: expected to read the book as it was settled, found it moved")
    return _Books(
        last=last, version=version, entries=entries, observed=observed, account=account, activities=activities
    )


def _account(first: date, last: date, parts: DayClose) -> tuple[Account, Sequence[Activity]]:
    """Read the account, and what changed it on these days; it must stand still meanwhile, so that they agree."""
    account = parts.cycle.broker.account()
    activities = parts.statements.activities(first, last)
    again = parts.cycle.broker.account()
    if (account.cash, _quantities(account)) != (again.cash, _quantities(again)):
        raise CommitConflict(
            f"{account.account_id}: expected the account to stand still while it is read, found it moved"
        )
    return account, activities


def _quantities(account: Account) -> dict[Symbol, Decimal]:
    return {symbol: position.quantity for symbol, position in account.positions.items()}


def _older(key: PortfolioKey, last: Closing, fees: Sequence[Activity], parts: DayClose) -> list[Event]:
    """Read the journal back from the last close to the days of ``fees``: they come after the fills they are for."""
    return events_since(parts.store, key, last.entries, start_of(min(fee.trading_day for fee in fees)))


def _commit(
    key: PortfolioKey, observed: Observation, standing: Standing, parts: DayClose, now: datetime
) -> tuple[JournalEntry, ...]:
    commit = book_commit(key, observed, standing, at=now, run_id=RUN_ID)
    parts.store.commit_book(commit)
    with parts.cycle.telemetry.about(**owner_of(key)):
        tell_booked(commit.trades, parts.cycle.telemetry, observed.trading.working)
    return () if commit.journal is None else (commit.journal,)


def _sessions(books: _Books, through: date, parts: DayClose) -> list[Session]:
    """Return the sessions to close: from the one after the last close, or the one of the first event, on."""
    now = parts.cycle.clock.now()
    last = books.last
    if last.day is not None:
        first, since = last.day + timedelta(days=1), None
    elif books.events:
        since = min(event.at for event in books.events)
        first = new_york_day(since) - timedelta(days=1)
    else:
        return []
    if first > through:
        return []
    sessions = parts.calendar.sessions(first, through)
    return [each for each in sessions if each.closes_at <= now and (since is None or each.closes_at >= since)]


def _account_at(session: Session, books: _Books, equity: Mapping[date, Decimal]) -> AccountAtClose:
    """Return the account at a close: as it is now, less what the broker booked since."""
    if session.day not in equity:
        raise MarketDataError(
            f"{session.day}: expected the account's equity at the close from the broker, found none; close the day "
            "again when the broker has it"
        )
    positions = _quantities(books.account)
    cash = books.account.cash
    for activity in books.activities:
        if activity.at > session.closes_at:
            cash -= activity.cash
            if activity.symbol is not None:
                positions[activity.symbol] = positions.get(activity.symbol, Decimal(0)) - activity.quantity
    held = {symbol: quantity for symbol, quantity in positions.items() if quantity}
    return AccountAtClose(equity=equity[session.day], cash=cash, positions=held)


def _prices(day: OpenDay, account: AccountAtClose, parts: DayClose) -> Mapping[Symbol, Decimal]:
    """Return the closes of everything in a sleeve, on paper, or on the account."""
    symbols = sorted({*day.book.held(), *account.positions})
    return parts.cycle.bars.closes(symbols, day=day.session.day) if symbols else {}
