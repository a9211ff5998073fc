"""Observations and log entries, made by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from backend.domain.book import PortfolioBook
from backend.domain.tick import LogEntry, Observation, Versions
from backend.domain.track_record import EMPTY_TRACK_RECORD
from backend.domain.trading_state import Trading

NOW = datetime(2026, 3, 13, 20, 5, tzinfo=UTC)


def observation(**changes: Any) -> Observation:
    """Make what an empty store shows, with changes."""
    empty = Observation(
        tick=None,
        trading=Trading(),
        record=EMPTY_TRACK_RECORD,
        book=PortfolioBook(),
        configuration={},
        portfolio={},
        versions=Versions(),
    )
    return replace(empty, **changes)


def entry(**body: Any) -> LogEntry:
    """Make a decision of the portfolio "main" with this body."""
    return LogEntry(
        log_id="main-1",
        tenant_id="acme",
        portfolio_id="main",
        timestamp=NOW,
        session_id="s",
        body=body,
        inputs="{}",
        sequence=1,
        previous_hash="0",
        entry_hash="1",
        summary="one buys",
    )
