"""Recorded sessions, played one after the other, as Cloud Scheduler would call the functions on those days.

Of each session: the tick at noon, a reconciliation, the close of the day, and at a month's end the close of the month.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

import httpx

from backend.adapters.documents import paths
from backend.domain.session import Session
from backend.domain.tick import PortfolioKey, TickRequest
from maestro.servers.paper_broker import PaperBrokerServer
from tests.emulators.suite import EmulatorSuite

NEW_YORK = ZoneInfo("America/New_York")
TICK_AT, RECONCILED_AT, CLOSED_AT = time_of_day(12, 0), time_of_day(12, 30), time_of_day(16, 15)
TICK_SCHEDULE = "0 12 * * 1-5"
WAIT_SECONDS = 60.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What plays: the suite, the broker, and the portfolio in Firestore."""

    suite: EmulatorSuite
    broker: PaperBrokerServer
    firestore: Any
    key: PortfolioKey


def play(stage: Stage, sessions: Sequence[Session], seconds: float) -> Iterator[str]:
    """Yield a line for each session, one every ``seconds`` or as fast as the functions are."""
    month = sessions[0].day.month
    for session in sessions:
        begun = time.monotonic()
        try:
            yield _session(stage, session, is_new_month=session.day.month != month)
        except httpx.HTTPError as e:
            yield f"{session.day}  {e}; see the log"
        month = session.day.month
        time.sleep(max(0.0, begun + seconds - time.monotonic()))


def _session(stage: Stage, session: Session, *, is_new_month: bool) -> str:
    if is_new_month:
        _fire(stage, "monthly_performance_snapshot", datetime.combine(session.day, time_of_day(), NEW_YORK))
    at = _moved(stage, session, TICK_AT)
    tick_id = TickRequest(key=stage.key, scheduled_at=at).tick_id
    _fire(stage, "scheduled_tick", at)
    tick = _awaited(stage, paths.tick(stage.key.tenant_id, tick_id), status="done")
    _fire(stage, "scheduled_reconciliation", _moved(stage, session, RECONCILED_AT))
    _fire(stage, "daily_performance_snapshot", _moved(stage, session, CLOSED_AT))
    identifier = f"{stage.key.portfolio_id}__{session.day}"
    closed = _awaited(stage, paths.portfolio_performance(stage.key.tenant_id, identifier))
    said = "no decision: see the log" if tick is None else str(tick["summary"])
    equity = "the day is not closed: see the log" if closed is None else f"equity {closed['equity']}"
    return f"{session.day}  {equity}  {said}"


def _moved(stage: Stage, session: Session, to: time_of_day) -> datetime:
    """Move the clock of the broker, and with it that of the functions, to a time of the session's day."""
    at = datetime.combine(session.day, to, NEW_YORK)
    stage.broker.advance(at)
    return at


def _fire(stage: Stage, function: str, at: datetime) -> None:
    stage.suite.fire(function, at).raise_for_status()


def _awaited(stage: Stage, path: str, **fields: str) -> dict[str, Any] | None:
    """Return the document once it has these fields; None when it has not in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] | None = stage.firestore.document(path).get().to_dict()
        if found is not None and all(found.get(name) == value for name, value in fields.items()):
            return found
        time.sleep(_POLL_SECONDS)
    return None
