"""One process that speaks Alpaca's REST and keeps a paper account for every API key, over one history of prices.

Routes and rules are the local paper broker's. The prices are the example's last closes, moved to the weekdays before
today: deployed functions run on the real clock and ask for recent ones.
"""

import asyncio
import csv
import gzip
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.fund import CASH, PRICES
from maestro.servers.paper_broker import PaperBrokerConfig
from maestro.servers.paper_broker.app import build_app
from maestro.servers.paper_broker.venue import Venue

HISTORY_DAYS = 400
START_SECONDS = 60.0
TAKEN = "/_bench/taken"  # what was asked since the last time: requests, and the bytes of their heads
_KEEP_ALIVE_SECONDS = 3_600


@contextmanager
def paper_venue(prices: Path) -> Iterator[str]:
    """Serve accounts at the last close of ``prices``, each with its own cash; yield the URL."""
    spawn = multiprocessing.get_context("spawn")
    addresses, stop = spawn.Queue(), spawn.Event()
    server = spawn.Process(target=_serve, args=(prices, addresses, stop), daemon=True)
    server.start()
    try:
        yield addresses.get(timeout=START_SECONDS)
    finally:
        stop.set()
        server.join()


def write_recent_prices(path: Path) -> tuple[str, ...]:
    """Write the example's last closes as those of the weekdays before today; return the symbols."""
    with gzip.open(PRICES, "rt", newline="") as file:
        header, *rows = list(csv.reader(file))
    today = datetime.now(UTC).date()
    days = [today - timedelta(days=back) for back in range(2 * HISTORY_DAYS, 0, -1)]
    weekdays = [day for day in days if day.weekday() < 5][-HISTORY_DAYS:]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(header)
        table.writerows([day.isoformat(), *row[1:]] for day, row in zip(weekdays, rows[-HISTORY_DAYS:], strict=True))
    return tuple(header[1:])


class Accounts:
    """The application: each key's requests go to a paper broker of its own."""

    def __init__(self, prices: Path) -> None:
        self._first = Venue(PaperBrokerConfig(prices=prices, initial_cash=CASH))
        self._never = asyncio.Event()
        self._opened: dict[str, ASGIApp] = {}
        self._requests = self._sent = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == TAKEN:
            taken, self._requests, self._sent = {"requests": self._requests, "bytes": self._sent}, 0, 0
            await JSONResponse(taken)(scope, receive, send)
            return
        self._requests += 1
        self._sent += len(scope["raw_path"]) + len(scope["query_string"]) + sum(map(len, chain(*scope["headers"])))
        key = Headers(scope=scope).get("apca-api-key-id", "")
        if key not in self._opened:
            venue = copy(self._first)  # the prices and their bars are shared, the account is not
            venue.config = replace(venue.config, account_number=key or "nobody")
            venue.reset()
            self._opened[key] = build_app(venue, self._never)
        await self._opened[key](scope, receive, send)


def _serve(prices: Path, addresses: Any, stop: Any) -> None:
    asyncio.run(_run(prices, addresses, stop))


async def _run(prices: Path, addresses: Any, stop: Any) -> None:
    config = uvicorn.Config(
        Accounts(prices),
        port=0,
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    addresses.put(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}")
    await asyncio.to_thread(stop.wait)
    server.should_exit = True
    server.force_exit = True
    await serving
