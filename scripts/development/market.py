"""The example's recorded closes, and the sessions of New York that they are from."""

from collections.abc import Sequence
from pathlib import Path

from backend.adapters.csv_bars import CsvBars
from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.session import Session

PRICES = Path(__file__).resolve().parents[2] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
HISTORY_SESSIONS = 300  # known when the first tick runs


def recorded_symbols() -> Sequence[str]:
    return CsvBars(PRICES).symbols


def recorded_sessions() -> Sequence[Session]:
    """Return the sessions to be played, oldest first."""
    days = CsvBars(PRICES).days
    sessions = ExchangeCalendar("XNYS").sessions(days[HISTORY_SESSIONS], days[-1])
    return [each for each in sessions if each.day in days]
