"""The domain's stores over any :class:`~backend.adapters.documents.seam.Documents`.

A tick's commit is one atomic write with preconditions and never a transaction: it holds no lock while the tick
thinks, and of two deliveries exactly one wins. A commit whose answer was lost is not repeated here: the
engine observes again, finds its own tick document, and resumes from it.
"""

from collections.abc import Collection, Sequence
from datetime import date

from backend.adapters.documents import (
    audit_documents,
    book_documents,
    closing_documents,
    order_documents,
    paths,
    performance_documents,
    portfolio_performance_documents,
    tick_documents,
    trading_documents,
)
from backend.adapters.documents.alert_documents import alert_write
from backend.adapters.documents.decision_documents import decision_writes
from backend.adapters.documents.journal_documents import journal_writes
from backend.adapters.documents.lease_documents import lease_writes
from backend.adapters.documents.log_documents import log_writes
from backend.adapters.documents.observation import Observer
from backend.adapters.documents.seam import Documents, Write, create, put, replace, update
from backend.adapters.documents.settlement_documents import settlement_writes
from backend.adapters.documents.tenant_summary_documents import recorded_write
from backend.adapters.documents.track_record_documents import track_record_writes
from backend.domain.audit import AuditEntry
from backend.domain.book import PortfolioBook
from backend.domain.closing import ClosedDay, Closing
from backend.domain.errors import CommitConflict, TickAlreadyCommitted
from backend.domain.journal import JournalEntry
from backend.domain.order import ClientOrderId, OrderState, OrderStatus
from backend.domain.tick import (
    BookCommit,
    LogEntry,
    Observation,
    PlacedOrder,
    PortfolioKey,
    TickCommit,
    TickRecord,
    TickRequest,
    Versions,
)
from backend.domain.track_record import DailyReturn, TrackRecord
from backend.domain.trading_state import Trading
from backend.ports.snapshots import ClosingVersions


class DocumentStore:
    """TickStore, SnapshotStore, DecisionLog and TradingControl."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._observer = Observer(documents)

    def observe(self, request: TickRequest) -> Observation:
        """Read six documents in one round trip (two when the track record spans more than one document)."""
        return self._observer.observe(request.key, request)

    def observe_book(self, key: PortfolioKey) -> Observation:
        """Read what a tick reads, without a tick."""
        return self._observer.observe(key)

    def daily_returns(self, key: PortfolioKey, *, since: date) -> Sequence[DailyReturn]:
        """Read daily documents, text and timestamp dates alike; uid "default" reads those of every user."""
        return self._observer.daily_returns(key, since=since)

    def decisions(self, tenant_id: str, *, last: int, before: int | None = None) -> Sequence[LogEntry]:
        """Return the newest ``last`` entries, newest first; see the port."""
        return self._observer.decisions(tenant_id, last=last, before=before)

    def orders(self, tenant_id: str, *, last: int, status: OrderStatus | None = None) -> Sequence[OrderState]:
        """Return the newest ``last`` orders, newest first; see the port."""
        return self._observer.orders(tenant_id, last=last, status=status)

    def decision(self, tenant_id: str, log_id: str) -> LogEntry | None:
        """Return one entry with its inputs; None where there is none."""
        return self._observer.decision(tenant_id, log_id)

    def logged(self, request: TickRequest) -> LogEntry | None:
        """Return the decision of a tick; see the port."""
        return self._observer.decision(request.key.tenant_id, request.tick_id)

    def trading(self, tenant_id: str) -> tuple[Trading, object | None]:
        """Read the trading document with its version; see the port."""
        return self._observer.trading(tenant_id)

    def portfolios(self, tenant_id: str) -> Sequence[PortfolioKey]:
        """Return the portfolios that have a book; see the port."""
        return self._observer.portfolios(tenant_id)

    def placed(self, tenant_id: str, identifiers: Collection[ClientOrderId]) -> Sequence[PlacedOrder]:
        """Read orders by their ids; see the port."""
        return self._observer.placed(tenant_id, identifiers)

    def control(self, trading: Trading, entry: AuditEntry, *, expected: object | None) -> None:
        """Write the trading document with its audit entry; see the port."""
        path = paths.trading(entry.tenant_id)
        self._documents.commit(
            [put(path, trading_documents.to_document(trading), expected), audit_documents.audit_write(entry)]
        )

    def commit(self, commit: TickCommit) -> Versions:
        """Make a decision true; see the port."""
        request, key, tick = commit.request, commit.request.key, commit.tick
        tick_path = paths.tick(key.tenant_id, request.tick_id)
        writes = [
            create(tick_path, tick_documents.to_document(tick, request)),
            *_state_writes(key, commit.trading, commit.book, commit.expected),
            *journal_writes(commit.journal, key),
            *log_writes(commit.log, uid=key.uid),
            *(_new_order(order, commit) for order in tick.orders),
            *decision_writes(commit),
            *settlement_writes(key, commit.settled, commit.trades),
            *_record_writes(commit.record, key, commit.expected),
            *lease_writes(commit.leases),
        ]
        try:
            versions = self._documents.commit(writes)
        except CommitConflict as e:
            if self._documents.read([tick_path]):
                raise TickAlreadyCommitted(
                    f"{tick_path}: expected to commit it first, found it committed; resume from it"
                ) from e
            raise
        return _versions(versions, key, tick_path)

    def record(self, record: TickRecord) -> Versions:
        """Write down what became of the orders; see the port."""
        key = record.request.key
        tick_path = paths.tick(key.tenant_id, record.request.tick_id)
        writes = [
            put(tick_path, tick_documents.to_document(record.tick, record.request), record.expected.tick),
            *_state_writes(key, record.trading, record.book, record.expected),
            *journal_writes(record.journal, key),
            *settlement_writes(key, record.orders, record.trades),
            *map(audit_documents.audit_write, record.audit),
            recorded_write(record),
            *map(alert_write, record.alerts),
        ]
        if record.summary is not None:
            text = {"ai_summary": record.summary, "summary_source": "model"}
            writes += [
                update(paths.log(key.tenant_id, record.log_id), text),
                update(paths.operator_log(key.tenant_id, record.log_id), text),
            ]
        return _versions(self._documents.commit(writes), key, tick_path)

    def commit_book(self, commit: BookCommit) -> None:
        """Write down what was settled or booked outside a tick; see the port."""
        self._documents.commit(
            [
                *_state_writes(commit.key, commit.trading, commit.book, commit.expected),
                *journal_writes(commit.journal, commit.key),
                *settlement_writes(commit.key, commit.orders, commit.trades),
                *map(audit_documents.audit_write, commit.audit),
            ]
        )

    def closing(self, key: PortfolioKey) -> tuple[Closing, object | None]:
        """Read the portfolio as of its last close; see the port."""
        return self._observer.closing(key)

    def journal(self, key: PortfolioKey, *, after: int, through: int) -> Sequence[JournalEntry]:
        """Read entries by their numbers; see the port."""
        return self._observer.journal(key, after=after, through=through)

    def close_day(
        self, key: PortfolioKey, closed: ClosedDay, record: TrackRecord, *, expected: ClosingVersions
    ) -> ClosingVersions:
        """Write the day's documents, the closing and the track record at once; see the port."""
        closing_path = paths.closing(key.tenant_id, key.portfolio_id)
        portfolio = closed.portfolio
        versions = self._documents.commit(
            [
                put(closing_path, closing_documents.to_document(closed.closing, key), expected.closing),
                *track_record_writes(record, key, expected.record),
                replace(
                    paths.portfolio_performance(key.tenant_id, portfolio.perf_id),
                    portfolio_performance_documents.to_document(portfolio),
                ),
                *(
                    replace(
                        paths.strategy_performance(key.tenant_id, each.perf_id), performance_documents.to_document(each)
                    )
                    for each in closed.strategies
                ),
            ]
        )
        return ClosingVersions(
            closing=versions[closing_path], record=versions[paths.track_record(key.tenant_id, key.uid)]
        )

    def append(
        self, entry: LogEntry, *, trading: Trading, expected: Versions, record: TrackRecord | None = None
    ) -> None:
        """Add a decision that belongs to no tick; see the port."""
        key = PortfolioKey(tenant_id=entry.tenant_id, portfolio_id=entry.portfolio_id, uid=entry.body["uid"])
        self._documents.commit(
            [
                put(paths.trading(key.tenant_id), trading_documents.to_document(trading), expected.trading),
                *log_writes(entry, uid=key.uid),
                *_record_writes(record, key, expected),
            ]
        )


def _state_writes(key: PortfolioKey, trading: Trading, book: PortfolioBook, expected: Versions) -> list[Write]:
    book_path = paths.book(key.tenant_id, key.portfolio_id)
    return [
        put(paths.trading(key.tenant_id), trading_documents.to_document(trading), expected.trading),
        put(book_path, book_documents.to_document(book, key), expected.book),
    ]


def _record_writes(record: TrackRecord | None, key: PortfolioKey, expected: Versions) -> list[Write]:
    return [] if record is None else track_record_writes(record, key, expected.record)


def _new_order(order: OrderState, commit: TickCommit) -> Write:
    key = commit.request.key
    origin = {"session_id": commit.tick.session_id, "correlation_id": commit.tick.correlation_id}
    fields = order_documents.to_document(order, key=key, **origin)
    return create(paths.order(key.tenant_id, order.intent.client_order_id), fields)


def _versions(versions: dict[str, object], key: PortfolioKey, tick_path: str) -> Versions:
    return Versions(
        tick=versions[tick_path],
        trading=versions[paths.trading(key.tenant_id)],
        book=versions[paths.book(key.tenant_id, key.portfolio_id)],
    )
