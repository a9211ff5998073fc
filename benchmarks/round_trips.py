"""Firestore round trips of one tick, counted on the wire, at 10, 50 and 200 strategies.

Every tick lets the breakers look, and reserves buying power. The portfolio's first tick rebuilds the track record from
the daily documents, and is shown by itself; quiet and trading ticks follow, then a halt and the ticks that it holds.
Beside them stands the earlier system's access pattern on the same documents.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.emulator import MeteredClient, Wire, client, firestore_host
from benchmarks.fund import OPENS_AT
from benchmarks.per_strategy_reads import orchestrate, write_daily_documents
from benchmarks.table import Figure, Measurement, Row, Target, progress
from benchmarks.ticking import Ticker

SIZES = (10, 50, 200)
TICKS = 10  # of each kind; the dearest one counts
QUIET, TRADING, FIRST, EARLIER = "nothing trades", "orders are sent", "first tick, record rebuilt", "earlier system"
HALT, HALTED = "the command to halt", "halted, entries held"
ROUND_TRIPS = {QUIET: 2, TRADING: 3, HALT: 2, HALTED: 2}
READS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one tick sent over the wire."""

    round_trips: int
    reads: int
    calls: str


def measure() -> Measurement:
    """Count ticks of every kind and size on an emulator; each size in a project of its own."""
    with firestore_host():
        costs = {count: _costs(count) for count in SIZES}
    rows = [_row(kind, count, costs[count][kind]) for kind in ROUND_TRIPS for count in SIZES]
    rows += [_spread_row(kind, [costs[count][kind] for count in SIZES]) for kind in ROUND_TRIPS]
    rows += [_row(kind, count, costs[count][kind]) for kind in (FIRST, EARLIER) for count in SIZES]
    return Measurement(
        name="round_trips",
        title="Firestore round trips of one tick",
        rows=tuple(rows),
        notes=(
            f"The dearest of {TICKS} ticks of each kind; calls counted by an interceptor on the gRPC channel.",
            "reads: documents as Firestore bills them, those that do not exist included.",
            "earlier system: its access pattern re-created, one query per strategy for 30 daily documents, one add.",
        ),
        peers=("google-cloud-firestore", "grpcio"),
    )


def _costs(count: int) -> dict[str, Cost]:
    progress(f"round_trips: {count} strategies")
    with client(MeteredClient) as metered:
        write_daily_documents(metered, count)
        ticker, wire = Ticker(metered, count), metered.wire
        return {
            EARLIER: _dearest(wire, lambda: orchestrate(metered, count, OPENS_AT), 1),
            FIRST: _dearest(wire, lambda: ticker.tick(is_trading=False), 1),
            QUIET: _dearest(wire, lambda: ticker.tick(is_trading=False), TICKS),
            TRADING: _dearest(wire, lambda: ticker.tick(is_trading=True), TICKS),
            HALT: _dearest(wire, ticker.halt, TICKS),
            HALTED: _dearest(wire, ticker.held_tick, TICKS),
        }


def _dearest(wire: Wire, action: Callable[[], object], times: int) -> Cost:
    costs = []
    for _ in range(times):
        wire.reset()
        action()
        calls = ", ".join(f"{number} {method}" for method, number in wire.calls.items())
        costs.append(Cost(round_trips=wire.round_trips, reads=wire.reads, calls=calls))
    return max(costs, key=lambda cost: (cost.round_trips, cost.reads))


def _row(kind: str, count: int, cost: Cost) -> Row:
    figures: dict[str, Figure] = {"round trips": cost.round_trips, "reads": cost.reads, "calls": cost.calls}
    most = ROUND_TRIPS.get(kind)
    targets = () if most is None else (Target(figure="round trips", bound=most), Target(figure="reads", bound=READS))
    return Row(label=f"{kind}: {count} strategies", figures=figures, targets=targets)


def _spread_row(kind: str, costs: list[Cost]) -> Row:
    trips = [cost.round_trips for cost in costs]
    target = Target(figure="spread", bound=0)
    return Row(
        label=f"{kind}: most − least of all sizes", figures={"spread": max(trips) - min(trips)}, targets=(target,)
    )
