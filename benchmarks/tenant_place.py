"""Where tenants are simulated: an emulator, a venue with an account for each, and a process of ``tenanttick``."""

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from backend.settings import Settings
from benchmarks.emulator import firestore_host
from benchmarks.function_process import FunctionProcess, function_process
from benchmarks.tenant_fund import BenchTenant, environment, write_credentials, write_tenants
from benchmarks.unavailable import BenchmarkUnavailable
from benchmarks.venue import paper_venue, write_recent_prices


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a process of ``tenanttick`` is told of."""

    folder: Path
    host: str
    venue: str
    symbols: tuple[str, ...]

    @contextmanager
    def serving(self, tenants: list[BenchTenant], host: str) -> Iterator[FunctionProcess]:
        """Write the tenants to a Firestore project of their own and run ``tenanttick`` there, through ``host``."""
        from google.cloud import firestore

        project = f"demo-{uuid4().hex[:16]}"
        client = firestore.Client(project=project)
        write_tenants(client, tenants, self.symbols)
        client.close()  # type: ignore[no-untyped-call]
        credentials = self.folder / f"{project}.json"
        write_credentials(credentials, tenants)
        given = environment(project, host, self.venue, credentials, self.symbols)
        with function_process("tenanttick", given) as process:
            yield process


@contextmanager
def tenant_place() -> Iterator[Place]:
    """Start what tenants need.

    Raises
    ------
    BenchmarkUnavailable
        No emulator, or tenants have no credentials of their own.
    """
    if "credentials" not in Settings.model_fields:
        raise BenchmarkUnavailable("expected credentials for each tenant, found one account for all; update the code")
    with tempfile.TemporaryDirectory(prefix="maestro-tenants-") as folder, firestore_host() as host:
        prices = Path(folder) / "prices.csv"
        symbols = write_recent_prices(prices)
        with paper_venue(prices) as venue:
            yield Place(folder=Path(folder), host=host, venue=venue, symbols=symbols)


def ticked(process: FunctionProcess, tenant: BenchTenant, minute: datetime) -> float:
    """Deliver one tick; return its milliseconds.

    Raises
    ------
    RuntimeError
        It was not done, sent orders when it should be quiet, or none when it should trade.
    """
    call = tenant.task(minute)
    start = time.perf_counter()
    answer = process.ask(call)
    took = (time.perf_counter() - start) * 1e3
    result = json.loads(answer.body).get("result", {}) if answer.status == 200 else {}
    if result.get("status") != "done" or bool(result["orders"]) != tenant.is_trading:
        raise RuntimeError(
            f"{tenant.name}: expected a tick that is done, trading={tenant.is_trading}, found {answer.status} "
            f"{answer.body[:300]}"
        )
    return took
