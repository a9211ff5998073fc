"""Recorded sessions, played one after the other: in each a tick and a reconciliation, after it the close of the day.

The functions run on the real clock and name ticks by their minute, so each tick gets a minute of its own: the first of
yesterday's that a portfolio may still catch up with, and so on, until they reach the present. From there, and when all
that was recorded is played, ticks go on at the newest prices.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

import httpx

from backend.adapters.documents import DocumentStore, paths
from backend.domain.session import Session
from backend.domain.tick import PortfolioKey, TickRequest
from maestro.servers.paper_broker import PaperBrokerServer
from tests.emulators.suite import EmulatorSuite

FIRST_MINUTE_AGO = timedelta(hours=23)  # a tick is made up for within a day
BEFORE_CLOSE = timedelta(minutes=30)
AFTER_CLOSE = time_of_day(21, 15, tzinfo=UTC)  # of New York, in either season
WAIT_SECONDS = 60.0
_MINUTE = timedelta(minutes=1)
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What plays: the suite, the broker, and the portfolio in the store."""

    suite: EmulatorSuite
    broker: PaperBrokerServer
    firestore: Any
    store: DocumentStore
    key: PortfolioKey


def play(stage: Stage, sessions: Sequence[Session], seconds: float) -> Iterator[str]:
    """Yield a line for each tick, about one every ``seconds``, for ever."""
    remaining = iter(sessions)
    minute = (datetime.now(UTC) - FIRST_MINUTE_AGO).replace(second=0, microsecond=0)
    while True:
        begun = time.monotonic()
        yield _session(stage, next(remaining, None), minute)
        minute += _MINUTE
        time.sleep(max(0.0, begun + seconds - time.monotonic(), (minute - datetime.now(UTC)).total_seconds()))


def _session(stage: Stage, session: Session | None, minute: datetime) -> str:
    if session is not None:
        stage.broker.advance(session.closes_at - BEFORE_CLOSE)
    day = "newest prices" if session is None else str(session.day)
    try:
        said = _tick(stage, minute)
        stage.suite.fire("scheduled_reconciliation", minute).raise_for_status()
        closed = "" if session is None else _close(stage, session)
    except httpx.HTTPError as e:
        return f"{day}  {e}; see the log"
    return f"{day}  {closed}{said}"


def _tick(stage: Stage, minute: datetime) -> str:
    tick_id = TickRequest(key=stage.key, scheduled_at=minute).tick_id
    stage.suite.fire("scheduled_tick", minute).raise_for_status()
    tick = _awaited(stage, paths.tick(stage.key.tenant_id, tick_id), status="done")
    return "no decision; see the log" if tick is None else str(tick["summary"])


def _close(stage: Stage, session: Session) -> str:
    at = datetime.combine(session.day, AFTER_CLOSE)
    stage.broker.advance(at)
    stage.suite.fire("daily_performance_snapshot", at).raise_for_status()
    identifier = f"{stage.key.portfolio_id}__{session.day}"
    closed = _awaited(stage, paths.portfolio_performance(stage.key.tenant_id, identifier))
    return "not closed  " if closed is None else f"closed at {closed['equity']}  "


def _awaited(stage: Stage, path: str, **fields: str) -> dict[str, Any] | None:
    """Return the document once it has these fields; None when it has not in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] | None = stage.firestore.document(path).get().to_dict()
        if found is not None and all(found.get(name) == value for name, value in fields.items()):
            return found
        time.sleep(_POLL_SECONDS)
    return None
