"""The functions at work on this machine: emulators, paper broker and a tenant that trades recorded prices.

1. start the Firestore emulator, the functions, tasks and Auth emulators, and the local paper broker;
2. add the tenant ``demo`` and people who can sign in;
3. play one recorded session after the other, each with a tick, a reconciliation and the close of its day, until Ctrl-C,
   which ends everything. The functions run on the broker's clock, so each session is today while it is played.
"""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from backend.domain.session import Session
from backend.domain.tick import PortfolioKey
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from scripts.deployment.discovery import exported_names
from scripts.development.market import PRICES, recorded_sessions, recorded_symbols
from scripts.development.tenant import OTHERS, OWNER, PASSWORD, PORTFOLIO, TENANT, seed_tenant
from scripts.development.ticking import TICK_SCHEDULE, Stage, play
from tests.emulators import firestore_emulator, suite
from tests.emulators.auth_emulator import HOST_VARIABLE as AUTH_VARIABLE

PROJECT = "demo-maestro"
KEY = "dev"
OWN_VARIABLES = ("MAESTRO_", "APCA_", "GCLOUD_", "GOOGLE_", "FIREBASE_")
MAIN = Path(__file__).with_name("development") / "main.py"
FUNCTIONS = Path(__file__).parents[1] / "functions" / "main.py"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=10.0, help="from one tick to the next")
    given = options.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    if not suite.is_available():
        print(f"the emulator suite cannot run; enable it with: {suite.ENABLE_COMMAND}", file=sys.stderr)
        return 1
    try:
        return _run(given.seconds)
    except KeyboardInterrupt:
        print("stopped")
        return 0


def _run(seconds: float) -> int:
    folder = Path(tempfile.mkdtemp(prefix="maestro-dev-"))
    sessions = recorded_sessions()
    config = PaperBrokerConfig(prices=PRICES, start=sessions[0].opens_at, key=KEY, secret=KEY)
    with firestore_emulator.firestore_emulator() as host, PaperBrokerServer(config) as broker:
        if host is None:
            print(f"no Firestore emulator; enable it with: {firestore_emulator.ENABLE_COMMAND}", file=sys.stderr)
            return 1
        settings = _settings(broker.url)
        with suite.emulator_suite(
            folder,
            project=PROJECT,
            firestore_host=host,
            environment=settings,
            main=MAIN,
        ) as running:
            _serve(running, broker, host, settings, sessions, seconds)
    return 0


def _settings(broker_url: str) -> Mapping[str, str]:
    return {
        "MAESTRO_ALPACA__URL": broker_url,
        "MAESTRO_ALPACA__KEY": KEY,
        "MAESTRO_ALPACA__SECRET": KEY,
        "MAESTRO_CREDENTIALS__SOURCE": "environment",
        "MAESTRO_SYMBOLS": ",".join(recorded_symbols()),
        "MAESTRO_SCHEDULE__TICK": TICK_SCHEDULE,
        "MAESTRO_ORCHESTRATOR__ALLOCATION__METHOD": "equal_weight",
    }


def _serve(
    running: suite.EmulatorSuite,
    broker: PaperBrokerServer,
    host: str,
    settings: Mapping[str, str],
    sessions: Sequence[Session],
    seconds: float,
) -> None:
    from google.cloud.firestore import Client

    # Google's clients look nowhere else; what else this terminal names, a real project say, is not to be reached.
    hosts = {firestore_emulator.HOST_VARIABLE: host, AUTH_VARIABLE: running.auth_host}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN_VARIABLES)}
    os.environ.update(hosts)
    client = Client(project=PROJECT)
    seed_tenant(PROJECT, {**kept, **hosts, **settings, "MAESTRO_STORE": "firestore", "MAESTRO_PROJECT": PROJECT})
    _introduce(running, broker, host)
    key = PortfolioKey(tenant_id=TENANT, portfolio_id=PORTFOLIO)
    stage = Stage(suite=running, broker=broker, firestore=client, key=key)
    for line in play(stage, sessions, seconds):
        print(line, flush=True)
    print("All recorded sessions are played; Ctrl-C ends everything.", flush=True)
    signal.pause()


def _introduce(running: suite.EmulatorSuite, broker: PaperBrokerServer, host: str) -> None:
    """Print where everything is, and who can sign in."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, pad_edge=False)
    base = f"http://{running.functions_host}/{PROJECT}/{suite.REGION}"
    rows = {
        "project": PROJECT,
        "functions": base,
        **({"API": f"{base}/api"} if "api" in exported_names(FUNCTIONS) else {}),
        "Firestore": host,
        "Auth": running.auth_host,
        "broker": broker.url,
        "log": str(running.log),
        "tenant": f"{TENANT}, portfolio {PORTFOLIO}",
        **{f"  {person.role or 'platform operator'}": f"{person.email}  {PASSWORD}" for person in (OWNER, *OTHERS)},
    }
    for name, value in rows.items():
        table.add_row(name, value)
    Console(soft_wrap=True).print(table, highlight=False)
    print("One line for each tick; Ctrl-C ends everything.", flush=True)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """End once: a second Ctrl-C would leave processes behind that are just being ended."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
