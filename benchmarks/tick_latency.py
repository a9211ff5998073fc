"""One whole tick on the Firestore emulator, 50 strategies: median and 95th percentile.

Every second tick trades. Each is followed by the earlier system's access pattern alone (a query per strategy and
a log entry) on the same documents, so that both meet the same machine. In a second run the broker is alpaca-py
against the local paper broker in a process of its own.
"""

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import structlog

from backend.adapters import cloud_log
from backend.ports.broker import Broker
from benchmarks.emulator import client, firestore_host
from benchmarks.fund import CASH, OPENS_AT, PRICES
from benchmarks.per_strategy_reads import orchestrate, write_daily_documents
from benchmarks.stopwatch import percentile, timed
from benchmarks.table import Measurement, Row, Target, progress
from benchmarks.ticking import Ticker

STRATEGIES = 50
TICKS = 80
ALPACA_TICKS = 60
WARM_UP = 4
START_SECONDS = 30.0
EARLIER_MEDIAN = 673.0  # ms, the earlier system's tick as it was measured before the rewrite
TARGET = Target(figure="median ms", bound=EARLIER_MEDIAN / 10)

TOLD_TICKS = 200
MOST_MORE = 2.0  # % of a tick's processor time that telling may take
Samples = dict[str, list[float]]


def measure() -> Measurement:
    """Time ticks with the broker in memory, then with Alpaca's client over loopback."""
    with firestore_host():
        progress(f"tick_latency: {TICKS} ticks, broker in memory, and the earlier access pattern in turns")
        with client() as opened:
            write_daily_documents(opened, STRATEGIES)
            memory = _ticks(opened, Ticker(opened, STRATEGIES), TICKS, is_compared=True)
        progress(f"tick_latency: {ALPACA_TICKS} ticks, alpaca-py and the paper broker")
        with client() as opened, _alpaca() as broker:
            write_daily_documents(opened, STRATEGIES)
            alpaca = _ticks(opened, Ticker(opened, STRATEGIES, broker), ALPACA_TICKS, is_compared=False)
        progress(f"tick_latency: {TOLD_TICKS} ticks with log lines and without, in turns")
        silent, told = _told()
    earlier = memory.pop("earlier")
    return Measurement(
        name="tick_latency",
        title=f"One whole tick on the emulator, {STRATEGIES} strategies",
        rows=(
            _row("broker in memory, all ticks", [*memory["quiet"], *memory["trading"]], TARGET),
            _row("broker in memory, quiet ticks", memory["quiet"]),
            _row("broker in memory, trading ticks", memory["trading"]),
            _row("alpaca-py and paper broker, all ticks", [*alpaca["quiet"], *alpaca["trading"]]),
            _row("alpaca-py and paper broker, quiet ticks", alpaca["quiet"]),
            _row("alpaca-py and paper broker, trading ticks", alpaca["trading"]),
            _row("earlier system's access pattern alone, this run", earlier),
            Row(label="earlier system, whole tick, as recorded", figures={"median ms": EARLIER_MEDIAN}),
            *_told_rows(silent, told),
        ),
        notes=(
            "Every second tick trades; a tick and the earlier access pattern are timed in turns.",
            "The access pattern alone is less than the earlier system's tick: no strategy, broker or order is in it.",
        ),
        peers=("google-cloud-firestore", "grpcio", "alpaca-py"),
    )


def _ticks(opened: Any, ticker: Ticker, count: int, *, is_compared: bool) -> Samples:
    samples: Samples = {"quiet": [], "trading": [], "earlier": []}
    for number in range(-WARM_UP, count):
        is_trading = number % 2 == 0
        took = timed(lambda: ticker.tick(is_trading=is_trading))  # noqa: B023  called before the next turn
        earlier = timed(lambda: orchestrate(opened, STRATEGIES, OPENS_AT)) if is_compared else 0.0
        if number >= 0:
            samples["trading" if is_trading else "quiet"].append(took)
            samples["earlier"].append(earlier)
    return samples


def _told() -> tuple[list[float], list[float]]:
    """Return the processor's milliseconds of ticks without and with log lines, pair by pair, each second trading."""
    with client() as one, client() as other, Path(os.devnull).open("w") as nowhere:
        cloud_log.configure()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(nowhere))
        tickers = (Ticker(one, STRATEGIES), Ticker(other, STRATEGIES, is_logged=True))
        samples: tuple[list[float], list[float]] = ([], [])
        for number in range(-WARM_UP, TOLD_TICKS):
            first = number // 2 % 2  # so that neither always comes second
            for i in (first, 1 - first):
                start = process_time()
                tickers[i].tick(is_trading=number % 2 == 0)
                if number >= 0:
                    samples[i].append((process_time() - start) * 1e3)
        structlog.reset_defaults()
    return samples


def _told_rows(silent: list[float], told: list[float]) -> Iterator[Row]:
    more = 100 * median(after / before - 1 for before, after in zip(silent, told, strict=True))
    yield Row(label="processor time, nobody listens", figures={"n": len(silent), "median ms": median(silent)})
    yield Row(
        label="processor time, every step a log line",
        figures={"n": len(told), "median ms": median(told), "% more": more},
        targets=(Target(figure="% more", bound=MOST_MORE),),
    )


def _row(label: str, samples: list[float], *targets: Target) -> Row:
    figures = {
        "n": len(samples),
        "median ms": median(samples),
        "p95 ms": percentile(samples, 95),
        f"{EARLIER_MEDIAN:.0f} ms ÷ median": EARLIER_MEDIAN / median(samples),
    }
    return Row(label=label, figures=figures, targets=targets)


@contextmanager
def _alpaca() -> Iterator[Broker]:
    """Yield Alpaca's client over a paper broker that has an interpreter of its own, as a venue would."""
    from backend.adapters.alpaca import AlpacaBroker

    spawn = multiprocessing.get_context("spawn")
    addresses, stop = spawn.Queue(), spawn.Event()
    server = spawn.Process(target=_serve, args=(addresses, stop))
    server.start()
    try:
        yield AlpacaBroker("bench", "bench", url=addresses.get(timeout=START_SECONDS))
    finally:
        stop.set()
        server.join()


def _serve(addresses: Any, stop: Any) -> None:
    """Serve the fund's prices as of its first tick."""
    from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

    with PaperBrokerServer(PaperBrokerConfig(prices=PRICES, start=OPENS_AT, initial_cash=CASH)) as server:
        addresses.put(server.url)
        stop.wait()
