"""What a process that serves a thousand tenants, each with an account of its own, keeps of them in memory.

A fresh process asks the local paper broker for every tenant's account, bars and activities, as a tick does. Beside it
the same without a bound on the clients that it keeps.
"""

import json
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.table import Measurement, Row, Target, progress
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

TENANTS = 1_000
WARM = 100  # tenants after which imports are done and what is bounded is full, but for the credentials
ROOT = Path(__file__).resolve().parents[1]
MOST_GROWTH_MEGABYTES = 5.0
MOST_SOCKETS = 200
UNBOUNDED = """
import functions.kept as kept
bounded = kept.kept
kept.kept = lambda limit: bounded(10**9)
"""
PROBE = """
import gc, json, os, sys
from datetime import date, datetime, UTC
from pathlib import Path
from backend.adapters.secret_file import SecretFile
from backend.settings import load_settings
{patch}
from functions import bootstrap

def figures():
    gc.collect()
    with open("/proc/self/status") as status:
        resident = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
    open_files = [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]
    sockets = sum(os.readlink(each).startswith("socket:") for each in open_files)
    return resident, sockets

settings = load_settings({{
    "MAESTRO_SQLITE_PATH": "{folder}/none.db",
    "MAESTRO_ALPACA__URL": "{url}",
    "MAESTRO_CREDENTIALS__SOURCE": "file",
    "MAESTRO_CREDENTIALS__FILE": "{folder}/secrets.json",
}}, Path("{folder}"))
found = []
for number in range({tenants}):
    tenant = f"tenant-{{number}}"
    bootstrap.broker(settings, tenant).account()
    bootstrap.bars(settings, tenant).latest(["AAPL"], at=datetime.now(UTC))
    bootstrap.statements(settings, tenant).activities(date(2024, 1, 2), date(2024, 1, 3))
    if number + 1 in ({warm}, {tenants}):
        found.append(figures())
print(json.dumps(found))
"""


def measure() -> Measurement:
    """Serve a thousand tenants, bounded and unbounded."""
    progress(f"tenant_memory: {TENANTS} tenants, twice")
    with TemporaryDirectory() as name:
        folder = Path(name)
        with PaperBrokerServer(PaperBrokerConfig(prices=_prices(folder))) as broker:
            _credentials(folder)
            bounded, unbounded = (_served(folder, broker.url, patch) for patch in ("", UNBOUNDED))
    return Measurement(
        name="tenant_memory",
        title=f"Memory of a process over {TENANTS:,} tenants with accounts of their own",
        rows=(
            _row(
                "clients of the 32 accounts used last",
                bounded,
                Target(figure="growth MB", bound=MOST_GROWTH_MEGABYTES),
                Target(figure="sockets", bound=MOST_SOCKETS),
            ),
            _row("clients of every account", unbounded),
        ),
        notes=(
            f"MB: resident, 2²⁰ bytes, after {WARM} and after {TENANTS:,} tenants; sockets: open after the last one.",
            "over plain HTTP: each TLS connection costs more, which counts for the unbounded one alone.",
        ),
        peers=("alpaca-py", "requests"),
    )


def _prices(folder: Path) -> Path:
    path = folder / "prices.csv"
    days = [date(2024, 1, 2) + timedelta(days=number) for number in range(3)]
    path.write_text("date,AAPL\n" + "".join(f"{day},100\n" for day in days))
    return path


def _credentials(folder: Path) -> None:
    """Write the file as a thousand calls of the command would."""
    entries = {
        f"tenant-{number}": {
            "key": f"PK{number:018d}",
            "secret": f"s{number:039d}",
            "paper": True,
            "version": 1,
            "stored_at": "2026-01-01T00:00:00+00:00",
        }
        for number in range(TENANTS)
    }
    path = folder / "secrets.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({"broker": entries}))


def _served(folder: Path, url: str, patch: str) -> list[list[float]]:
    code = PROBE.format(folder=folder, url=url, patch=patch, tenants=TENANTS, warm=WARM)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _row(label: str, found: list[list[float]], *targets: Target) -> Row:
    (warm, _), (last, sockets) = found
    figures = {f"MB at {WARM}": warm, f"MB at {TENANTS}": last, "growth MB": last - warm, "sockets": int(sockets)}
    return Row(label=label, figures=figures, targets=targets)
