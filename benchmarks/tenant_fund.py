"""Tenants made for measuring: each with a portfolio, its strategies, credentials and a paper account of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from backend.adapters.documents import paths
from benchmarks.function_process import ROOT, Call

STRATEGIES = 20
FLIPPING = 2  # strategies of a tenant that trades, which each place an order in every tick
PACKAGE = "benchmarks.flipping"
PORTFOLIO = "main"
_BATCH = 200
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchTenant:
    """One tenant; ``is_trading`` when some of its strategies trade in every tick."""

    name: str
    is_trading: bool
    strategies: int = STRATEGIES

    def configuration(self, symbols: tuple[str, ...]) -> dict[str, Any]:
        """Return its ``config/orchestrator``: one class, many instances, spread over the symbols."""
        return {
            "strategies": [
                {
                    "type": "FlippingStrategy",
                    "name": f"bench_{number:02d}",
                    "parameters": {
                        "symbol": symbols[number % len(symbols)],
                        "window": 20 + 10 * number % 180,
                        "is_quiet": not self.is_trading or number >= FLIPPING,
                    },
                }
                for number in range(self.strategies)
            ]
        }

    def task(self, scheduled_at: datetime) -> Call:
        """Return the delivery of one tick's task."""
        task = {
            "kind": "tick",
            "tenant_id": self.name,
            "portfolio_id": PORTFOLIO,
            "uid": "default",
            "scheduled_at": scheduled_at.isoformat(),
            "correlation_id": uuid4().hex,
        }
        return Call(headers={"Content-Type": "application/json"}, body=json.dumps({"data": task}))


class Minutes:
    """The minutes that ticks are scheduled for: each later than the last, and none too old to be decided."""

    def __init__(self) -> None:
        self._next = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=6)

    def next(self) -> datetime:
        self._next += timedelta(minutes=1)
        return self._next


def write_tenants(client: Any, tenants: list[BenchTenant], symbols: tuple[str, ...]) -> None:
    """Write portfolio and configuration of every tenant."""
    for start in range(0, len(tenants), _BATCH):
        batch = client.batch()
        for each in tenants[start : start + _BATCH]:
            batch.set(client.document(paths.portfolio(each.name, PORTFOLIO)), {"state": "active", "uid": "default"})
            batch.set(client.document(paths.configuration(each.name)), each.configuration(symbols))
        batch.commit()


def write_credentials(file: Path, tenants: list[BenchTenant]) -> None:
    """Write each tenant's own credentials, as ``maestro credentials set`` keeps them; a file's accounts are its own."""
    now = datetime.now(UTC).isoformat()
    entries = {
        each.name: {"key": f"{file.stem}-{each.name}", "secret": "bench", "paper": True, "version": 1, "stored_at": now}
        for each in tenants
    }
    file.touch(mode=_OWNER_ONLY)
    file.write_text(json.dumps({"broker": entries}))


def environment(project: str, host: str, venue: str, credentials: Path, symbols: tuple[str, ...]) -> Mapping[str, str]:
    """Return what a function's process is given."""
    return {
        "GCLOUD_PROJECT": project,
        "FIRESTORE_EMULATOR_HOST": host,
        "PYTHONPATH": f"{ROOT / 'deploy'}:{ROOT}",  # this folder, too: the strategies are in it
        "MAESTRO_STORE": "firestore",
        "MAESTRO_ALPACA__URL": venue,
        "MAESTRO_SYMBOLS": ",".join(symbols),
        "MAESTRO_STRATEGIES__PACKAGES": PACKAGE,
        "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",  # the venue's clock stands behind the functions'
        "MAESTRO_CREDENTIALS__SOURCE": "file",
        "MAESTRO_CREDENTIALS__FILE": str(credentials),
    }
