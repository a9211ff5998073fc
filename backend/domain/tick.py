"""One scheduled run: what it observes, what it commits, what it records.

An observation carries the versions of the documents it read; a commit names the versions it relies on, and
loses with ``CommitConflict`` when one of them has moved.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backend.domain.alert import Alert
from backend.domain.book import PortfolioBook
from backend.domain.decision import Decision
from backend.domain.journal import JournalEntry
from backend.domain.lease import LeaseChange
from backend.domain.ledger import LedgerTrade
from backend.domain.measured import Measured
from backend.domain.order import ClientOrderId, OrderState
from backend.domain.tick_request import PortfolioKey as PortfolioKey
from backend.domain.tick_request import TickRequest as TickRequest
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import Trading

if TYPE_CHECKING:  # canonical text, which the chain is made of, knows of ticks itself
    from backend.domain.audit import AuditEntry


class TickStatus(StrEnum):
    COMMITTED = "committed"  # decided; its orders are being sent
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickState:
    """The tick document: orders are those that the tick decided, in the order in which they are sent."""

    status: TickStatus
    committed_at: datetime
    session_id: str
    account_id: str = ""
    correlation_id: str = ""
    summary: str = ""
    orders: tuple[OrderState, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Opaque versions of the documents behind an observation; None where a document does not exist."""

    tick: object | None = None
    trading: object | None = None
    book: object | None = None
    record: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything a tick needs from the store, read at once.

    ``configuration`` is the tenant's ``config/orchestrator`` document, ``portfolio`` the definition in
    ``portfolios/{p}``; both empty where there is none.
    """

    tick: TickState | None
    trading: Trading
    record: TrackRecord
    book: PortfolioBook
    configuration: Mapping[str, Any]
    portfolio: Mapping[str, Any]
    versions: Versions


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One decision in the log. ``entry_hash`` covers ``body`` and ``previous_hash``, nothing else.

    ``body`` is the decision as JSON-ready values with ``inputs_hash``, ``code_version`` and ``sequence``, its number in
    the tenant's chain; ``inputs`` the canonical JSON it was derived from.
    """

    log_id: str
    tenant_id: str
    portfolio_id: str
    timestamp: datetime
    session_id: str
    body: Mapping[str, Any]
    inputs: str
    sequence: int
    previous_hash: str
    entry_hash: str
    summary: str
    summary_source: str = "template"
    correlation_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickCommit:
    """Everything that becomes true at once when a tick is decided.

    The tick document is created (``TickAlreadyCommitted`` when it exists); trading, book and track-record
    documents must still have the versions that were observed. ``record`` is None when the stored one is current.
    ``settled`` are earlier orders that this tick found settled at the broker; ``trades`` their fills, crosses and
    adjusting entries; ``journal`` what all of it does to the book, None when that is nothing. ``leases`` are all
    of the account, where the tick changes its own: they must still have the version that was read. ``measured`` is what
    it has taken so far, for people who watch.
    """

    request: TickRequest
    expected: Versions
    tick: TickState
    decision: Decision
    log: LogEntry
    trading: Trading
    book: PortfolioBook
    journal: JournalEntry | None = None
    record: TrackRecord | None = None
    settled: tuple[OrderState, ...] = ()
    trades: tuple[LedgerTrade, ...] = ()
    leases: LeaseChange | None = None
    measured: Measured = field(default_factory=Measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRecord:
    """What became of a tick's orders; ``summary`` replaces the log's text when a model wrote one.

    ``audit`` are entries that the trading document's head has been moved on by; ``alerts`` what somebody should know.
    """

    request: TickRequest
    expected: Versions
    tick: TickState
    trading: Trading
    book: PortfolioBook
    orders: tuple[OrderState, ...]
    trades: tuple[LedgerTrade, ...]
    journal: JournalEntry | None
    log_id: str
    summary: str | None = None
    audit: "tuple[AuditEntry, ...]" = ()
    measured: Measured = field(default_factory=Measured)
    alerts: tuple[Alert, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BookCommit:
    """What a job outside ticks found settled, or booked: it must be the newest to have seen trading and book."""

    key: PortfolioKey
    expected: Versions
    trading: Trading
    book: PortfolioBook
    orders: tuple[OrderState, ...]
    trades: tuple[LedgerTrade, ...]
    journal: JournalEntry | None
    audit: "tuple[AuditEntry, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedOrder:
    """An order with the portfolio that it belongs to."""

    portfolio_id: str
    order: OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class TickResult:
    """What ``run_cycle`` returns. ``decision`` is None when the tick was resumed from an earlier delivery.

    ``alerts`` are those that this delivery stored, the decision's first. ``was_taken_over`` says that another delivery
    decided and this one finished: nobody knows whether the other told anybody.
    """

    tick_id: str
    status: TickStatus
    was_resumed: bool
    decision: Decision | None
    orders: tuple[OrderState, ...] = ()
    trades: tuple[LedgerTrade, ...] = ()
    summary: str = ""
    unresolved: tuple[ClientOrderId, ...] = field(default=())
    alerts: tuple[Alert, ...] = ()
    was_taken_over: bool = False
