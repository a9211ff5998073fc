"""The example's recorded closes, moved to the sessions before today: the functions run on the real clock."""

import csv
import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.session import Session

PRICES = Path(__file__).resolve().parents[2] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
HISTORY_SESSIONS = 300  # known when the first tick runs
PLAYED_SESSIONS = 500
# Bars that a tick asks for, so that its window reaches back to the first of all sessions from the real today.
HISTORY_DAYS = 780
_CALENDAR_DAYS_PER_SESSION = 1.6


def write_recorded_prices(path: Path) -> tuple[list[str], Sequence[Session]]:
    """Write the price file of the paper broker; return its symbols, and the sessions to be played, oldest first."""
    with gzip.open(PRICES, "rt", newline="") as file:
        header, *rows = list(csv.reader(file))
    sessions = _sessions_before_now(HISTORY_SESSIONS + PLAYED_SESSIONS)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        recorded = rows[-len(sessions) :]
        table.writerows([each.day.isoformat(), *row[1:]] for each, row in zip(sessions, recorded, strict=True))
    return header[1:], sessions[HISTORY_SESSIONS:]


def _sessions_before_now(count: int) -> Sequence[Session]:
    now = datetime.now(UTC)
    first = now.date() - timedelta(days=int(count * _CALENDAR_DAYS_PER_SESSION))
    return [each for each in ExchangeCalendar("XNYS").sessions(first, now.date()) if each.closes_at <= now][-count:]
