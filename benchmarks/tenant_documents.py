"""What one deployed tick reads and writes in Firestore, counted at a door before it, as strategies grow.

One process of ``tenanttick`` for each number of strategies and each kind of tick. Whether a tick trades is what counts,
not how many strategies there are; what is stored grows with them, since the log holds what each said.
"""

from dataclasses import dataclass

import httpx

from benchmarks.bill import QUIET, TRADING, Work
from benchmarks.firestore_counter import Passed, firestore_counter
from benchmarks.table import Figure, Measurement, Row, Target, progress
from benchmarks.tenant_fund import FLIPPING, STRATEGIES, BenchTenant, Minutes
from benchmarks.tenant_place import Place, tenant_place, ticked
from benchmarks.venue import TAKEN

SIZES = (1, 10, 20, 40)
UNCOUNTED, COUNTED = 2, 4  # ticks of each kind and size; the dearest of the counted ones is shown
ROOM = 1.1  # kilobytes that are kept may be more than the bill says: names and numbers differ in length


def measure() -> Measurement:
    """Count ticks of every kind and size; each in a Firestore project and with an account of its own."""
    with tenant_place() as place:
        rows = [_row(size, trades, _dearest(place, size, trades)) for trades in (False, True) for size in SIZES]
    rows += [_spread(rows[start : start + len(SIZES)]) for start in (0, len(SIZES))]
    return Measurement(
        name="tenant_documents",
        title="What one deployed tick reads and writes in Firestore",
        rows=tuple(rows),
        notes=(
            f"The dearest of {COUNTED} ticks of each kind; reads as Firestore bills them, those that do not exist "
            "included.",
            f"trading: {FLIPPING} orders a tick, each filled; 1 order where there is one strategy.",
            "new, kB kept: documents that were not there before; the others are replaced.",
            "to the broker: requests over HTTP, and the kB of their heads; a client's first tick asks for assets, too.",
            f"targets at {STRATEGIES} strategies: what docs/explanation/cost.md reckons with.",
        ),
        peers=("google-cloud-firestore", "grpcio"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one tick sent to Firestore and to the broker."""

    passed: Passed
    requests: int
    kilobytes: float


def _dearest(place: Place, size: int, is_trading: bool) -> Cost:
    progress(f"tenant_documents: {_kind(is_trading)} ticks, {size} strategies")
    tenant, minutes = BenchTenant(name="tenant", is_trading=is_trading, strategies=size), Minutes()
    found: list[Cost] = []
    with firestore_counter(place.host) as counter, place.serving([tenant], counter.host) as process:
        for number in range(-UNCOUNTED, COUNTED):
            ticked(process, tenant, minutes.next())
            passed, taken = counter.take(), httpx.get(f"{place.venue}{TAKEN}").json()
            if number >= 0:
                found.append(Cost(passed=passed, requests=taken["requests"], kilobytes=taken["bytes"] / 1024))
    return max(found, key=lambda each: (each.passed.round_trips, each.passed.reads, each.passed.writes))


def _row(size: int, is_trading: bool, cost: Cost) -> Row:
    passed = cost.passed
    figures: dict[str, Figure] = {
        "round trips": passed.round_trips,
        "reads": passed.reads,
        "writes": passed.writes,
        "deletes": passed.deletes,
        "new": passed.added,
        "kB written": passed.written,
        "kB kept": passed.kept,
        "to the broker": cost.requests,
        "kB": cost.kilobytes,
    }
    reckoned = TRADING if is_trading else QUIET
    targets = _targets(reckoned) if size == STRATEGIES else ()
    return Row(label=f"{_kind(is_trading)}: {size} strategies", figures=figures, targets=targets)


def _targets(reckoned: Work) -> tuple[Target, ...]:
    return (
        Target(figure="reads", bound=reckoned.reads),
        Target(figure="writes", bound=reckoned.writes),
        Target(figure="new", bound=reckoned.added),
        Target(figure="kB kept", bound=ROOM * reckoned.kept_kilobytes),
    )


def _spread(rows: list[Row]) -> Row:
    reads = [int(row.figures["reads"]) for row in rows]
    trips = [int(row.figures["round trips"]) for row in rows]
    figures = {"round trips": max(trips) - min(trips), "reads": max(reads) - min(reads)}
    targets = tuple(Target(figure=name, bound=0) for name in figures)
    return Row(label=f"{rows[0].label.partition(':')[0]}: most − least of all sizes", figures=figures, targets=targets)


def _kind(is_trading: bool) -> str:
    return "trading" if is_trading else "quiet"
