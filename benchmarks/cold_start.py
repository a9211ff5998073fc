"""Cold start of each function: from the start of its process to its first answer, and the memory that it then has.

1. a process is started as Cloud Run starts it, and asked as soon as its port is open;
2. beside it, in turns, an empty function that imports Firestore and numpy and makes a client;
3. every process has a Firestore project and a paper account of its own, so that each does the same from the beginning.
"""

import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

from google.cloud import firestore

from backend.adapters.documents import paths
from backend.domain.tick import PortfolioKey
from benchmarks.cold_calls import IDLE, TENANT, WORK, ColdCall, cold_calls, memory_limits
from benchmarks.emulator import firestore_host
from benchmarks.function_process import ROOT, Call, function_process
from benchmarks.past_day import past_day
from benchmarks.table import Figure, Measurement, Row, Target, progress
from benchmarks.task_queue import HOST_VARIABLE as QUEUE_VARIABLE
from benchmarks.task_queue import TaskQueueServer, task_queue
from benchmarks.venue import paper_venue, write_recent_prices

ROUNDS = 7
WORK_ROUNDS = 3
MOST_RATIO = 1.2
MOST_MEGABYTES = 256.0
EMPTY = ROOT / "benchmarks" / "empty_function.py"
REFERENCE = "an empty function"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """One process: milliseconds to the whole answer, processor milliseconds, peak megabytes."""

    answer: float
    processor: float
    megabytes: float


def measure() -> Measurement:
    """Start every function, and the empty one, over and over in turns."""
    calls = cold_calls()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="maestro-cold-")))
        symbols = write_recent_prices(folder / "prices.csv")
        host = stack.enter_context(firestore_host())
        venue = stack.enter_context(paper_venue(folder / "prices.csv"))
        queue = stack.enter_context(task_queue())
        environment = _environment(host, venue, queue.host, symbols)
        starts = _starts(calls, environment, folder / "prices.csv", queue)
    empty = starts.pop(REFERENCE)
    limits = memory_limits()
    rows = [_row(REFERENCE, empty, empty, None)]
    rows += [_row(_label(call), starts[_label(call)], empty, limits[call.function], call) for call in calls]
    return Measurement(
        name="cold_start",
        title="Cold start of each function, from the start of its process to its first answer",
        rows=tuple(rows),
        notes=(
            f"ms: median of {ROUNDS} processes ({WORK_ROUNDS} with work), in turns with {REFERENCE}, after one that "
            "writes the bytecode; ÷ empty: of the medians; processor ms: of master and worker.",
            f"{REFERENCE}: benchmarks/empty_function.py imports Firestore and numpy, makes a client and answers.",
            "peak MB: the worker's largest resident set, and what gunicorn's master has of its own beside it, 2²⁰ "
            "bytes; the largest of all processes.",
        ),
        peers=("functions-framework", "gunicorn", "firebase-functions", "google-cloud-firestore", "numpy", "alpaca-py"),
    )


def _starts(
    calls: list[ColdCall], environment: Mapping[str, str], prices: Path, queue: TaskQueueServer
) -> dict[str, list[Start]]:
    found: dict[str, list[Start]] = defaultdict(list)
    for number in range(-1, ROUNDS):
        progress(f"cold_start: round {number + 1} of {ROUNDS}")
        for call in calls:
            if call.kind == WORK and number >= WORK_ROUNDS:
                continue
            before = queue.taken
            start = _started(call, environment, prices)
            if call.queues and queue.taken - before != call.queues:
                raise RuntimeError(f"{_label(call)}: expected {call.queues} tasks, found {queue.taken - before}")
            if number >= 0:  # the first of each writes the bytecode and is not counted
                found[_label(call)].append(start)
        start = _reference(environment)
        if number >= 0:
            found[REFERENCE].append(start)
    return found


def _started(cold: ColdCall, environment: Mapping[str, str], prices: Path) -> Start:
    project = f"demo-{uuid4().hex[:16]}"
    own = {"GCLOUD_PROJECT": project, "APCA_API_KEY_ID": uuid4().hex}
    with ExitStack() as stack:
        client = firestore.Client(project=project)
        if cold.portfolio is not None:
            client.document(paths.portfolio(TENANT, "main")).set(dict(cold.portfolio))
        if cold.has_past:
            url = stack.enter_context(past_day(client, PortfolioKey(tenant_id=TENANT), prices))
            own["MAESTRO_ALPACA__URL"] = url
        client.close()  # type: ignore[no-untyped-call]
        process = stack.enter_context(function_process(cold.function, {**environment, **own}))
        answer = process.ask(cold.call)
        took = time.perf_counter() - process.started_at
        if answer.status not in cold.statuses or cold.answers not in answer.body:
            raise RuntimeError(
                f"{_label(cold)}: expected HTTP {' or '.join(map(str, cold.statuses))} with {cold.answers!r}, found "
                f"{answer.status} {answer.body[:300]}"
            )
        return Start(answer=took * 1e3, processor=process.cpu_seconds() * 1e3, megabytes=process.peak_megabytes())


def _reference(environment: Mapping[str, str]) -> Start:
    with function_process("empty", {**environment, "GCLOUD_PROJECT": "demo-empty"}, EMPTY) as process:
        process.ask(Call(method="GET"))
        took = time.perf_counter() - process.started_at
        return Start(answer=took * 1e3, processor=process.cpu_seconds() * 1e3, megabytes=process.peak_megabytes())


def _environment(host: str, venue: str, queue: str, symbols: tuple[str, ...]) -> dict[str, str]:
    return {
        "FIRESTORE_EMULATOR_HOST": host,
        QUEUE_VARIABLE: queue,
        "MAESTRO_STORE": "firestore",
        "MAESTRO_SCHEDULE__TICK": "* * * * *",
        "MAESTRO_ALPACA__URL": venue,
        "MAESTRO_SYMBOLS": ",".join(symbols),
        "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",  # the venue's clock stands behind the functions'
        "APCA_API_SECRET_KEY": "bench",
    }


def _label(call: ColdCall) -> str:
    return f"{call.function}: {call.label}"


def _row(label: str, starts: list[Start], empty: list[Start], limit: int | None, call: ColdCall | None = None) -> Row:
    answer = median(start.answer for start in starts)
    processor = median(start.processor for start in starts)
    figures: dict[str, Figure] = {
        "ms": answer,
        "÷ empty": answer / median(start.answer for start in empty),
        "processor ms": processor,
        "processor ÷ empty": processor / median(start.processor for start in empty),
        "peak MB": max(start.megabytes for start in starts),
    }
    targets: tuple[Target, ...] = ()
    if call is not None:
        figures["deployed MB"] = limit or 0
        targets = (Target(figure="peak MB", bound=MOST_MEGABYTES), Target(figure="deployed MB", bound=MOST_MEGABYTES))
        if call.kind == IDLE:
            targets = (Target(figure="÷ empty", bound=MOST_RATIO), *targets)
    return Row(label=label, figures=figures, targets=targets)
