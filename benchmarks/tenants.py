"""A thousand tenants through the deployed tick: how many a core ticks, how long one takes, what the process keeps.

1. one process of ``tenanttick``, started as Cloud Run starts it, is given the ticks of all tenants in turn, one at a
   time as it is deployed; Firestore is the emulator, the venue a process that keeps an account for every tenant;
2. every tenant ticks three times: its first tick, which finds nothing, and two more; a tenth trade in every tick;
3. memory is looked at every hundred ticks, and a line is put through what comes after the first eleven hundred: by
   then each tenant was there, and what a process keeps of so many is full.

What a tick reads and writes is counted apart, in ``tenant_documents``.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field
from statistics import linear_regression, median

from benchmarks.function_process import Call
from benchmarks.stopwatch import percentile
from benchmarks.table import Figure, Measurement, Row, Target, progress, publish
from benchmarks.tenant_fund import STRATEGIES, BenchTenant, Minutes
from benchmarks.tenant_place import Place, tenant_place, ticked
from benchmarks.unavailable import BenchmarkUnavailable

TENANTS = 1_000
ROUNDS = 3
TRADING_SHARE = 10  # every tenth tenant trades in every tick
LOOK_EVERY = 100
SETTLED = 1_100  # ticks after which caches that are bounded are full
MOST_GROWTH = 1.0  # megabytes for a thousand ticks
MOST_MEGABYTES = 256.0


@dataclass(slots=True)
class Times:
    """What one process took for the ticks of all tenants."""

    first: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    trading: list[float] = field(default_factory=list)
    megabytes: list[tuple[int, float]] = field(default_factory=list)
    seconds: float = 0.0
    processor_seconds: float = 0.0
    peak: float = 0.0

    @property
    def ticks(self) -> int:
        return len(self.first) + len(self.quiet) + len(self.trading)

    @property
    def all(self) -> list[float]:
        return [*self.first, *self.quiet, *self.trading]


def measure(count: int = TENANTS) -> Measurement:
    """Simulate ``count`` tenants, and count what a tick costs in Firestore.

    Raises
    ------
    BenchmarkUnavailable
        No emulator, or tenants have no credentials of their own.
    """
    with tenant_place() as place:
        times = _times(place, count)
    return Measurement(
        name="tenants",
        title=f"{count:,} tenants × {STRATEGIES} strategies, ticked by one process of tenanttick",
        rows=(*_time_rows(times), *_memory_rows(times)),
        notes=(
            f"ticks a second: one at a time, as deployed; of a core: by the processor time of the function alone. "
            f"Of {ROUNDS} ticks of each tenant the first finds no record and no lease; every {TRADING_SHARE}th trades.",
            "Firestore's emulator and the venue run beside it on the same machine and share its cores.",
            f"MB a thousand ticks: a line through the resident set every {LOOK_EVERY} ticks, from tick {SETTLED:,} on "
            "(from the first tenth on where there are fewer ticks).",
        ),
        peers=("functions-framework", "google-cloud-firestore", "grpcio", "alpaca-py"),
    )


def _times(place: Place, count: int) -> Times:
    tenants = [
        BenchTenant(name=f"tenant-{number:05d}", is_trading=number % TRADING_SHARE == 0) for number in range(count)
    ]
    times, minutes = Times(), Minutes()
    with place.serving(tenants, place.host) as process:
        process.ask(Call(headers=tenants[0].task(minutes.next()).headers, body='{"data": {}}'))  # it has started
        began, used = time.perf_counter(), process.cpu_seconds()
        for number in range(ROUNDS):
            minute = minutes.next()
            for tenant in tenants:
                samples = times.first if number == 0 else times.trading if tenant.is_trading else times.quiet
                samples.append(ticked(process, tenant, minute))
                if times.ticks % LOOK_EVERY == 0:
                    times.megabytes.append((times.ticks, process.megabytes()))
                    progress(f"tenants: {times.ticks:,} of {ROUNDS * count:,} ticks, {times.megabytes[-1][1]:.1f} MB")
        times.seconds = time.perf_counter() - began
        times.processor_seconds = process.cpu_seconds() - used
        times.peak = process.peak_megabytes()
    return times


def _time_rows(times: Times) -> list[Row]:
    rows = [
        _time_row(label, samples)
        for label, samples in (
            ("all ticks", times.all),
            ("… first ticks", times.first),
            ("… quiet ticks", times.quiet),
            ("… trading ticks", times.trading),
        )
        if samples
    ]
    rows.append(
        Row(
            label="one process",
            figures={
                "n": times.ticks,
                "ticks / s": times.ticks / times.seconds,
                "ticks / s of a core": times.ticks / times.processor_seconds,
            },
        )
    )
    return rows


def _time_row(label: str, samples: list[float]) -> Row:
    figures: dict[str, Figure] = {"n": len(samples), "median ms": median(samples)}
    return Row(label=label, figures={**figures, **{f"p{p} ms": percentile(samples, p) for p in (95, 99)}})


def _memory_rows(times: Times) -> list[Row]:
    since = SETTLED if times.ticks >= 2 * SETTLED else times.ticks // 10
    looks = [(ticks, held) for ticks, held in times.megabytes if ticks >= since]
    figures: dict[str, Figure] = {"peak MB": times.peak}
    if len(looks) < 3:
        return [Row(label="memory", figures=figures)]
    slope = linear_regression([each[0] for each in looks], [each[1] for each in looks]).slope * 1e3
    return [
        Row(
            label=f"memory from tick {looks[0][0]:,} to {looks[-1][0]:,}",
            figures={**figures, "MB then": looks[0][1], "MB at the end": looks[-1][1], "MB a thousand ticks": slope},
            targets=(
                Target(figure="MB a thousand ticks", bound=MOST_GROWTH),
                Target(figure="peak MB", bound=MOST_MEGABYTES),
            ),
        )
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tenants", type=int, default=TENANTS, help="how many are simulated")
    try:
        publish(measure(parser.parse_args().tenants))
    except BenchmarkUnavailable as e:
        progress(f"tenants: COULD NOT RUN: {e}")
        sys.exit(1)
