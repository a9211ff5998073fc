"""What stands in the store when a history has ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from backend.adapters.documents import (
    DocumentStore,
    audit_documents,
    ledger_documents,
    order_documents,
    paths,
    tick_documents,
)
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import unpack_text
from backend.adapters.documents.seam import StoredDocument
from backend.domain.audit import AuditEntry
from backend.domain.book import PortfolioBook
from backend.domain.journal import JournalEntry
from backend.domain.ledger import LedgerTrade
from backend.domain.order import OrderState
from backend.domain.tick import LogEntry, PortfolioKey, TickState
from backend.domain.trading_state import Trading

_ALL = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One entry of the chain as it is stored; ``text`` is what its hash covers beside the hash before it."""

    sequence: int
    path: str
    text: str
    previous_hash: str
    entry_hash: str
    entry: LogEntry | AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """All of a tenant's. ``decisions`` are newest first, ``chain`` is in the order of its numbers."""

    decisions: tuple[LogEntry, ...]
    chain: tuple[Link, ...]
    ticks: Mapping[str, TickState]
    orders: Mapping[str, OrderState]
    trades: tuple[LedgerTrade, ...]
    trading: Trading
    books: Mapping[str, PortfolioBook]
    journals: Mapping[str, tuple[JournalEntry, ...]]

    @property
    def is_at_rest(self) -> bool:
        return not self.trading.working and not any(book.open_orders for book in self.books.values())


def read_records(documents: Any, tenant_id: str, portfolios: Iterable[str]) -> Records:
    """Read everything; raises StoreCorrupt for what cannot be read back."""
    store = DocumentStore(documents)
    keys = {name: PortfolioKey(tenant_id=tenant_id, portfolio_id=name) for name in portfolios}
    observed = {name: store.observe_book(key) for name, key in keys.items()}

    def found(name: str) -> Any:
        return documents.query(paths.collection(tenant_id, name))

    orders = [order_documents.from_reader(FieldReader(each.path, each.fields)) for each in found("orders")]
    decisions = {each.log_id: each for each in store.decisions(tenant_id, last=_ALL)}
    links = [
        *(_link(each, decisions[each.document_id]) for each in found("orchestration_logs")),
        *(_link(each, audit_documents.from_document(each)) for each in found("audit_log")),
    ]
    return Records(
        decisions=tuple(decisions.values()),
        chain=tuple(sorted(links, key=lambda link: (link.sequence, link.path))),
        ticks={each.document_id: tick_documents.from_document(each) for each in found("ticks")},
        orders={order.intent.client_order_id: order for order in orders},
        trades=tuple(ledger_documents.from_document(each) for each in found("ledger_trades")),
        trading=next((each.trading for each in observed.values()), Trading()),
        books={name: each.book for name, each in observed.items()},
        journals={
            name: tuple(store.journal(keys[name], after=0, through=each.book.entries))
            for name, each in observed.items()
        },
    )


def _link(document: StoredDocument, entry: LogEntry | AuditEntry) -> Link:
    fields = document.fields
    return Link(
        sequence=fields["sequence"],
        path=document.path,
        text=unpack_text(fields["body"]),
        previous_hash=fields["previous_hash"],
        entry_hash=fields["entry_hash"],
        entry=entry,
    )
