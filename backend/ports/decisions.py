"""Reading what was decided, for people."""

from collections.abc import Sequence
from typing import Protocol

from backend.domain.order import OrderState, OrderStatus
from backend.domain.tick import LogEntry, Observation, PortfolioKey, Versions
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import Trading


class DecisionLog(Protocol):
    def decisions(self, tenant_id: str, *, last: int, before: int | None = None) -> Sequence[LogEntry]:
        """Return the newest ``last`` entries, newest first; with ``before``, of those with a lower number."""
        ...

    def decision(self, tenant_id: str, log_id: str) -> LogEntry | None:
        """Return one entry with its inputs; None where there is none."""
        ...

    def orders(self, tenant_id: str, *, last: int, status: OrderStatus | None = None) -> Sequence[OrderState]:
        """Return the newest ``last`` orders, newest first; with ``status``, of those that stand so."""
        ...

    def observe_book(self, key: PortfolioKey) -> Observation:
        """Read trading state, book, track record and configuration as they stand."""
        ...

    def append(
        self, entry: LogEntry, *, trading: Trading, expected: Versions, record: TrackRecord | None = None
    ) -> None:
        """Add a decision that belongs to no tick (a signal-only orchestration), the trading document whose
        ``log_head`` it moves, and the track record when it was extended; CommitConflict when trading moved.
        """
        ...
