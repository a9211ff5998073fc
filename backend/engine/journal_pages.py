"""Reading a portfolio's journal back from its newest entry, page by page."""

from datetime import datetime

from backend.domain.journal import Event
from backend.domain.tick import PortfolioKey
from backend.ports.snapshots import SnapshotStore

PAGE = 100  # entries read at once


def events_since(store: SnapshotStore, key: PortfolioKey, through: int, begins: datetime) -> list[Event]:
    """Read the events of entries up to number ``through``, back to the first one committed before ``begins``."""
    found: list[Event] = []
    while through:
        after = max(through - PAGE, 0)
        page = store.journal(key, after=after, through=through)
        found = [event for entry in page for event in entry.events] + found
        through = after if page[0].committed_at >= begins else 0
    return found
