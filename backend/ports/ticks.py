"""Where ticks live: observe, commit, record."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from backend.domain.tick import LogEntry, Observation, PortfolioKey, TickCommit, TickRecord, TickRequest, Versions
from backend.domain.track_record import DailyReturn


class TickStore(Protocol):
    """Every method is one round trip. StoreUnavailable: the outcome is unknown, observe again."""

    def observe(self, request: TickRequest) -> Observation:
        """Read the tick, track record, trading, book, configuration and portfolio documents at once."""
        ...

    def daily_returns(self, key: PortfolioKey, *, since: date) -> Sequence[DailyReturn]:
        """Read the daily ``strategy_performance`` documents (never the monthly ones) from ``since`` on."""
        ...

    def commit(self, commit: TickCommit) -> Versions:
        """Make a decision true, whole or not at all; return the new versions.

        Raises
        ------
        TickAlreadyCommitted
            The tick document exists.
        CommitConflict
            Trading or book document, or the account's leases, moved since they were read.
        """
        ...

    def logged(self, request: TickRequest) -> LogEntry | None:
        """Read the decision of a tick; only a tick that is resumed asks for it."""
        ...

    def record(self, record: TickRecord) -> Versions:
        """Write down what became of the orders; CommitConflict when a document moved."""
        ...
