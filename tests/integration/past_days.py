"""A portfolio that traded some days ago, for processes that know no clock but the system's."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backend.adapters.alpaca import AlpacaBroker
from backend.adapters.csv_bars import CsvBars
from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.session import Session
from backend.domain.tick import PortfolioKey, TickResult
from backend.engine.cycle import run_cycle
from maestro.servers.paper_broker import PaperBrokerServer
from tests.fakes.cycle import ScriptedStrategies, SetClock, cycle_of, tick_at

PRICES = Path(__file__).resolve().parents[2] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"


def past_sessions(count: int) -> Sequence[Session]:
    """Return the last sessions of New York that have ended."""
    now = datetime.now(UTC)
    found = ExchangeCalendar("XNYS").sessions(now.date() - timedelta(days=3 * count + 7), now.date())
    return [each for each in found if each.closes_at <= now][-count:]


def recent_prices(path: Path, symbols: Sequence[str], days: int = 300) -> None:
    """Move the example's last closes to the weekdays up to the last that is over: the functions ask for recent ones."""
    with gzip.open(PRICES, "rt", newline="") as file:
        rows = list(csv.DictReader(file))[-days:]
    last = max(past_sessions(1)[0].day, datetime.now(UTC).date() - timedelta(days=1))
    before = [last - timedelta(days=back) for back in range(2 * days, -1, -1)]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["date", *symbols])
        for day, row in zip([each for each in before if each.weekday() < 5][-days:], rows, strict=True):
            table.writerow([day.isoformat(), *(row[symbol] for symbol in symbols)])


def trade(
    documents: Documents,
    server: PaperBrokerServer,
    prices: Path,
    *,
    key: PortfolioKey,
    at: datetime,
    signals: Mapping[str, Any],
    credentials: tuple[str, str] = ("key", "secret"),
) -> TickResult:
    """Run a tick at an instant that the broker's clock has not passed yet."""
    server.advance(at)
    bars = CsvBars(prices)
    broker = AlpacaBroker(*credentials, url=server.url)
    cycle = cycle_of(DocumentStore(documents), ScriptedStrategies(**signals), broker, SetClock(at), bars=bars)
    return run_cycle(tick_at(at, key), replace(cycle, symbols=bars.symbols))
