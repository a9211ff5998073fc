"""Close a day: mark every sleeve, write its performance, extend the track record.

Daily return = the day's P&L of the scored sleeve (the virtual one while in shadow) ÷ its capital at the day's
start. Capital of the next day = base weight × equity. What is on the record of that day already is left as it is,
and a day without a single bar (a holiday) has no performance.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from backend.domain.configuration import configured
from backend.domain.errors import CommitConflict, MarketDataError
from backend.domain.market import end_of
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import StrategyBook
from backend.domain.snapshot import Period, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import DailyReturn
from backend.engine.cycle import Cycle
from backend.ports.snapshots import SnapshotStore

SNAPSHOT_ATTEMPTS = 8
MARK_HISTORY_DAYS = 5  # a symbol that did not trade today is marked at its last close


def take_daily_snapshot(
    key: PortfolioKey, day: date, cycle: Cycle, store: SnapshotStore
) -> tuple[StrategyPerformanceSnapshot, ...]:
    """Write one day's performance of every strategy of a portfolio, once.

    Raises
    ------
    MarketDataError
        A symbol that is held has no price.
    CommitConflict
        Ticks moved the book at every attempt; nothing was written, call again.
    """
    for _ in range(SNAPSHOT_ATTEMPTS - 1):
        try:
            return _close(key, day, cycle, store)
        except CommitConflict:
            continue
    return _close(key, day, cycle, store)


def _close(key: PortfolioKey, day: date, cycle: Cycle, store: SnapshotStore) -> tuple[StrategyPerformanceSnapshot, ...]:
    observed = store.observe_book(key)
    recorded = observed.record.recorded_on(day)
    due = {name: book for name, book in observed.book.strategies.items() if name not in recorded}
    if not due:
        return ()
    now = cycle.clock.now()
    prices = _marks(due.values(), day, cycle, now)
    if prices is None:
        return ()
    equity = cycle.broker.account().equity
    snapshots = tuple(_snapshot(key, day, name, book, prices, now) for name, book in sorted(due.items()))
    policy = configured(cycle.policy, observed.configuration)
    weights = policy.weights(list(observed.book.strategies))
    marked = {name: _next_day(each, prices, equity * Decimal(repr(weights[name]))) for name, each in due.items()}
    book = replace(observed.book, strategies={**observed.book.strategies, **marked})
    returns = [
        DailyReturn(strategy=s.strategy_id, day=day, value=s.daily_return, is_virtual=s.is_virtual)
        for s in snapshots
        if s.daily_return is not None
    ]
    store.close_day(
        key,
        expected=observed.versions,
        snapshots=snapshots,
        record=observed.record.extended(returns, checked_on=day),
        book=book,
    )
    return snapshots


def _marks(books: Iterable[StrategyBook], day: date, cycle: Cycle, now: datetime) -> Mapping[Symbol, Decimal] | None:
    """Return the closes of everything held, None on a day on which nothing traded."""
    held = sorted({symbol for book in books for symbol in (*book.real.lots, *book.scored.lots)})
    until = min(now, end_of(day))  # taken late, a snapshot still marks at its own day's closes
    market = cycle.bars.daily(sorted({*cycle.symbols, *held}), until=until, days=MARK_HISTORY_DAYS)
    missing = [symbol for symbol in held if symbol not in market]
    if missing:
        raise MarketDataError(
            f"expected a price for every symbol held, found none for {', '.join(missing)}; "
            "load their bars and take the snapshot again"
        )
    return market.prices() if any(day in history.days for history in market.values()) else None


def _snapshot(
    key: PortfolioKey,
    day: date,
    name: StrategyId,
    book: StrategyBook,
    prices: Mapping[Symbol, Decimal],
    now: datetime,
) -> StrategyPerformanceSnapshot:
    sleeve = book.scored
    gained = sleeve.pnl(prices) - sleeve.marked
    return StrategyPerformanceSnapshot(
        tenant_id=key.tenant_id,
        uid=key.uid,
        strategy_id=name,
        period=Period.DAY,
        period_start=day,
        period_end=day,
        realized_pnl=sleeve.realised - sleeve.marked_realised,
        unrealized_pnl=sleeve.unrealised(prices),
        capital=book.capital,
        daily_return=float(gained / book.capital) if book.capital > 0 else None,
        computed_at=now,
        source="maestro",
        is_virtual=book.virtual is not None,
    )


def _next_day(book: StrategyBook, prices: Mapping[Symbol, Decimal], capital: Decimal) -> StrategyBook:
    virtual = book.virtual.marked_at(prices) if book.is_in_shadow and book.virtual is not None else None
    return replace(book, real=book.real.marked_at(prices), virtual=virtual, capital=capital)
