"""Monthly performance of every strategy, from the ledger.

1. read ``ledger_trades`` up to the end of the month, page by page, in the order of (ts, trade_id); the month is cut
   where the strategy's days were cut, from the last close before it to the last close in it (in UTC without days);
2. match lots first in first out per user, strategy, account and symbol; splits change them, dividends are realised;
3. realised: P&L of the month's entries net of their fees; unrealised: lots still open, at ``mark_prices``;
4. capital: that of the strategy's first daily snapshot in the month, where there is one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal

from backend.adapters.documents import open_documents, paths
from backend.adapters.documents.performance_documents import to_document
from backend.adapters.documents.seam import Write, WriteKind
from backend.domain.errors import ConfigurationError
from backend.domain.signal import Symbol
from backend.domain.snapshot import Period, StrategyPerformanceSnapshot
from backend.marketplace.month import Month, previous_month
from backend.marketplace.month_end_marks import Price, Pricing, month_end_marks
from backend.marketplace.monthly_book import MonthlyBook
from backend.marketplace.monthly_ledger import MonthlyLedger, Owner

__all__ = [
    "compute_monthly_strategy_performance_from_firestore",
    "previous_month",
    "write_strategy_performance_snapshots",
]

SOURCE = "ledger_trades"
_BATCH_WRITES = 500  # what one Firestore commit holds


def compute_monthly_strategy_performance_from_firestore(
    *,
    db: object,
    tenant_id: str,
    year: int,
    month: int,
    uid: str | None = None,
    strategy_id: str | None = None,
    mark_prices: Mapping[str, Price] | Pricing | None = None,
    now: datetime | None = None,
) -> dict[str, StrategyPerformanceSnapshot]:
    """Compute one month of every strategy that traded in it or held something at its end.

    Parameters
    ----------
    db : google.cloud.firestore.Client or Documents
        The tenant's store.
    year, month : int
        A calendar month; ``previous_month(today)`` names the last one.
    uid, strategy_id : str, optional
        Only this user's, only this strategy's.
    mark_prices : mapping of symbol to price, or function from the symbols held to such a mapping, optional
        Prices at the end of the month, for positions still open then.
    now : datetime, optional
        Stamped as ``computed_at``; the present by default.

    Returns
    -------
    dict
        By ``{uid}__{strategy_id}__YYYY-MM``; money as exact Decimals in account currency.

    Raises
    ------
    ConfigurationError
        No such month, or a naive ``now``.
    MarketDataError
        A position open at the end of the month has no price, or one that is no number.
    StoreCorrupt
        A trade that cannot be read; nothing is computed around it.
    """
    period = Month(year, month)
    computed_at = _aware(datetime.now(UTC) if now is None else now)
    ledger = MonthlyLedger(
        documents=open_documents(db), tenant_id=tenant_id, month=period, uid=uid, strategy_id=strategy_id
    )
    books = ledger.books()
    held = frozenset(symbol for book in books.values() for symbol in book.held)
    marks = month_end_marks(mark_prices or {}, held, period)
    capital = ledger.capital(books.keys())
    snapshots = [
        _snapshot(tenant_id, period, owner, book, marks, capital.get(owner), computed_at)
        for owner, book in books.items()
    ]
    return {snapshot.perf_id: snapshot for snapshot in snapshots}


def write_strategy_performance_snapshots(
    *,
    db: object,
    tenant_id: str,
    snapshots_by_perf_id: Mapping[str, StrategyPerformanceSnapshot],
    merge: bool = True,
) -> int:
    """Write snapshots to ``strategy_performance``; writing them again changes nothing.

    Parameters
    ----------
    merge : bool
        Keep what else a document holds; False replaces it.

    Returns
    -------
    int
        Documents written.

    Raises
    ------
    ConfigurationError
        A snapshot of another tenant, or under another id than its own; nothing is written.
    """
    for perf_id, snapshot in snapshots_by_perf_id.items():
        if (snapshot.perf_id, snapshot.tenant_id) != (perf_id, tenant_id):
            raise ConfigurationError(
                f"expected the snapshot {perf_id} of tenant {tenant_id}, found {snapshot.perf_id} of "
                f"{snapshot.tenant_id}; pass the mapping as it was computed, with its own tenant_id"
            )
    documents = open_documents(db)
    kind = WriteKind.MERGE if merge else WriteKind.REPLACE
    writes = [
        Write(kind=kind, path=paths.strategy_performance(tenant_id, perf_id), fields=to_document(snapshot))
        for perf_id, snapshot in snapshots_by_perf_id.items()
    ]
    for start in range(0, len(writes), _BATCH_WRITES):
        documents.commit(writes[start : start + _BATCH_WRITES])
    return len(writes)


def _snapshot(
    tenant_id: str,
    month: Month,
    owner: Owner,
    book: MonthlyBook,
    marks: Mapping[Symbol, Decimal],
    capital: Decimal | None,
    computed_at: datetime,
) -> StrategyPerformanceSnapshot:
    uid, strategy = owner
    return StrategyPerformanceSnapshot(
        tenant_id=tenant_id,
        uid=uid,
        strategy_id=strategy,
        period=Period.MONTH,
        period_start=month.first_day,
        period_end=month.last_day,
        realized_pnl=book.realised,
        unrealized_pnl=book.unrealised(marks),
        capital=capital,
        daily_return=None,
        computed_at=computed_at,
        source=SOURCE,
    )


def _aware(now: datetime) -> datetime:
    if now.tzinfo is None:
        raise ConfigurationError(f"expected now to be an aware instant, found {now!r}; use UTC")
    return now
