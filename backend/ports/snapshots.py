"""Where the daily snapshot reads the book and leaves the day's performance."""

from collections.abc import Sequence
from typing import Protocol

from backend.domain.sleeve import PortfolioBook
from backend.domain.snapshot import StrategyPerformanceSnapshot
from backend.domain.tick import Observation, PortfolioKey, Versions
from backend.domain.track_record import TrackRecord


class SnapshotStore(Protocol):
    def observe_book(self, key: PortfolioKey) -> Observation:
        """Read what a tick reads, without a tick."""
        ...

    def close_day(
        self,
        key: PortfolioKey,
        *,
        expected: Versions,
        snapshots: Sequence[StrategyPerformanceSnapshot],
        record: TrackRecord,
        book: PortfolioBook,
    ) -> None:
        """Write the day's documents, track record and marked book at once; CommitConflict when one of the two moved."""
        ...
