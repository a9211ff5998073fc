"""Where closing a day reads the book and its journal, and leaves the day's performance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from backend.domain.closing import ClosedDay, Closing
from backend.domain.journal import JournalEntry
from backend.domain.tick import BookCommit, Observation, PortfolioKey
from backend.domain.track_record import TrackRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingVersions:
    """Opaque versions of the two documents that closing a day moves; None where one does not exist."""

    closing: object | None
    record: object | None


class SnapshotStore(Protocol):
    def observe_book(self, key: PortfolioKey) -> Observation:
        """Read what a tick reads, without a tick."""
        ...

    def commit_book(self, commit: BookCommit) -> None:
        """Write down what was found settled or was booked outside a tick; CommitConflict when a document moved."""
        ...

    def closing(self, key: PortfolioKey) -> tuple[Closing, object | None]:
        """Read the portfolio as of its last close, with the version to close the next day on."""
        ...

    def journal(self, key: PortfolioKey, *, after: int, through: int) -> Sequence[JournalEntry]:
        """Read the entries numbered ``after`` + 1 to ``through``, by their ids: no older one is touched.

        Raises
        ------
        StoreCorrupt
            One is missing or unreadable.
        """
        ...

    def close_day(
        self, key: PortfolioKey, closed: ClosedDay, record: TrackRecord, *, expected: ClosingVersions
    ) -> ClosingVersions:
        """Write the day's documents, the closing and the track record at once; return the new versions of the two.

        CommitConflict when one of the two moved.
        """
        ...
