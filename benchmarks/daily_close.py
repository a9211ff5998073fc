"""Closing one day of 200 strategies beside ledgers of growing age, on the Firestore emulator.

Every strategy has one new fill. What is read is counted on the wire. Beside it stands what a user would write
instead: all trades read again and matched from the first one on, with the same result.
"""

from statistics import median
from typing import Any

from backend.adapters.documents import open_documents
from backend.engine.snapshots import close_days
from benchmarks.aged_ledger import CLOSED, DUE, KEY, STRATEGIES, TENANT, AgedLedger, session
from benchmarks.emulator import MeteredClient, client, firestore_host
from benchmarks.stopwatch import timed
from benchmarks.table import Measurement, Row, Target, progress
from benchmarks.whole_ledger import performance

AGES = (2_000, 10_000, 50_000)
ROUNDS = 7
WHOLE_ROUNDS = 3
MOST_GROWTH = 1.5  # time at the oldest ÷ at the youngest ledger, on a machine whose figures are noisy


def measure() -> Measurement:
    """Close the same day at every age, and work it out from the whole ledger."""
    with firestore_host():
        rows = [row for age in AGES for row in _rows(age)]
    young, old = rows[0].figures, rows[-2].figures
    growth = float(old["median ms"]) / float(young["median ms"])
    rows.append(
        Row(
            label=f"close_days: {AGES[-1]:,} ÷ {AGES[0]:,} trades",
            figures={"median ms": growth, "reads": int(old["reads"]) - int(young["reads"])},
            targets=(Target(figure="median ms", bound=MOST_GROWTH), Target(figure="reads", bound=0)),
        )
    )
    return Measurement(
        name="daily_close",
        title=f"Closing a day: {STRATEGIES} strategies, one new fill each",
        rows=tuple(rows),
        notes=(
            "reads: documents as Firestore bills them; the last row's figures are a ratio and a difference.",
            "whole ledger: every trade read and matched first in first out; realised and unrealised P&L are equal.",
        ),
        peers=("google-cloud-firestore", "grpcio"),
    )


def _rows(age: int) -> list[Row]:
    progress(f"daily_close: {age:,} trades")
    with client(MeteredClient) as metered:
        ledger = AgedLedger(open_documents(metered), age)
        parts, wire = ledger.parts(), metered.wire
        (closed,) = close_days(KEY, DUE, parts)
        ours = {each.strategy_id: (each.real_realized_pnl, each.real_unrealized_pnl) for each in closed.strategies}
        times = []
        for _ in range(ROUNDS):
            ledger.reopen()
            wire.reset()
            times.append(timed(lambda: close_days(KEY, DUE, parts)))
        reads, trips = wire.reads, wire.round_trips
        wire.reset()
        whole: list[float] = []
        for _ in range(WHOLE_ROUNDS):
            wire.reset()
            whole.append(timed(lambda: _check(metered, ledger, ours)))
        return [
            Row(
                label=f"close_days: {age:,} trades",
                figures={"median ms": median(times), "reads": reads, "round trips": trips},
            ),
            Row(
                label=f"whole ledger: {age:,} trades",
                figures={"median ms": median(whole), "reads": wire.reads, "round trips": wire.round_trips},
            ),
        ]


def _check(metered: Any, ledger: AgedLedger, ours: dict[Any, Any]) -> None:
    theirs = performance(metered, TENANT, session(CLOSED).closes_at, ledger.prices)
    if any(theirs[name] != figures for name, figures in ours.items()):
        raise ValueError("expected both ways to find the same realised and unrealised P&L, found them different")
