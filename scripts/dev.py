"""The functions at work on this machine: emulators, paper broker and a tenant that trades recorded prices.

1. move the example's last closes to the weekdays before today, because the functions ask for recent ones;
2. start the Firestore emulator, the functions and tasks emulators, and the local paper broker;
3. add the tenant ``demo`` and play the last days, one scheduled tick and one daily snapshot each;
4. stay up until Ctrl-C, so that the documents can be looked at.
"""

import csv
import gzip
import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from backend.adapters.documents import DocumentStore, open_documents, paths
from backend.domain.tick import PortfolioKey
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.emulators import firestore_emulator, suite

ROOT = Path(__file__).resolve().parents[1]
PRICES = ROOT / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
PROJECT = "demo-maestro"
HISTORY_DAYS = 400
PLAYED_DAYS = 8  # the functions run on the real clock, and ask for prices of the last two weeks
TICK_SECONDS = 60.0
CLOSE = timedelta(hours=21, minutes=15)  # after the New York close in either season


def main() -> int:
    folder = Path(tempfile.mkdtemp(prefix="maestro-dev-"))
    symbols = _write_recent_prices(folder / "prices.csv")
    if not suite.is_available():
        print(f"the emulator suite cannot run; enable it with: {suite.ENABLE_COMMAND}", file=sys.stderr)
        return 1
    days = _weekdays_before_today(PLAYED_DAYS)
    config = PaperBrokerConfig(prices=folder / "prices.csv", start=days[0], key="dev", secret="dev")
    with firestore_emulator.firestore_emulator() as host, PaperBrokerServer(config) as broker:
        if host is None:
            print(f"no Firestore emulator; enable it with: {firestore_emulator.ENABLE_COMMAND}", file=sys.stderr)
            return 1
        with suite.emulator_suite(
            folder,
            project=PROJECT,
            firestore_host=host,
            environment={
                "MAESTRO_ALPACA__URL": broker.url,
                "MAESTRO_CREDENTIALS__SOURCE": "environment",
                "MAESTRO_ALPACA__KEY": "dev",
                "MAESTRO_ALPACA__SECRET": "dev",
                "MAESTRO_SYMBOLS": ",".join(symbols),
                "MAESTRO_ORCHESTRATOR__ALLOCATION__METHOD": "equal_weight",
                "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",  # the broker's clock stands behind the functions'
            },
        ) as running:
            _play(running, broker, host, days)
    return 0


def _play(running: suite.EmulatorSuite, broker: PaperBrokerServer, host: str, days: list[datetime]) -> None:
    from google.cloud.firestore import Client

    os.environ["FIRESTORE_EMULATOR_HOST"] = host  # Google's clients look nowhere else
    client = Client(project=PROJECT)
    client.document(paths.portfolio("demo", "main")).set({"state": "active", "uid": "default"})
    store, key = DocumentStore(open_documents(client)), PortfolioKey(tenant_id="demo")
    print(f"Firestore emulator {host}, project {PROJECT}; functions {running.functions_host}; broker {broker.url}")
    print(f"log {running.log}")
    for day in days:
        seen = len(store.decisions("demo", last=1000))
        broker.advance(day)
        running.fire("scheduled_tick", day).raise_for_status()
        deadline = time.monotonic() + TICK_SECONDS
        while len(store.decisions("demo", last=1000)) == seen and time.monotonic() < deadline:
            time.sleep(0.1)
        running.fire("daily_performance_snapshot", day).raise_for_status()
        newest = store.decisions("demo", last=1)
        print(f"{day:%Y-%m-%d}  {newest[0].summary if newest else 'no decision yet'}")
    print(f"{len(store.observe_book(key).book.strategies)} strategies stand in tenants/demo; Ctrl-C ends everything")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print("stopping")


def _weekdays_before_today(count: int) -> list[datetime]:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(2 * count + 7, 0, -1)]
    return [day + CLOSE for day in days if day.weekday() < 5][-count:]


def _write_recent_prices(path: Path) -> list[str]:
    with gzip.open(PRICES, "rt", newline="") as file:
        header, *rows = list(csv.reader(file))
    days = _weekdays_before_today(HISTORY_DAYS)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows([f"{day:%Y-%m-%d}", *row[1:]] for day, row in zip(days, rows[-HISTORY_DAYS:], strict=True))
    return header[1:]


if __name__ == "__main__":
    sys.exit(main())
