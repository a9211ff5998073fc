"""Workers that play histories, each with paper brokers of its own, in processes that have one thread and may fork."""

import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from random import Random

from backend.adapters.csv_bars import CsvBars
from tests.chaos.child import Sabotage
from tests.chaos.drawing import drawn
from tests.chaos.finding import Outcome
from tests.chaos.history import History, Place
from tests.chaos.prices import write_prices
from tests.chaos.script import Errand, Script, Strike, VenueKind
from tests.chaos.stores import FirestoreTenant, SqliteFile, Store, StoreKind
from tests.chaos.venue import PaperVenue
from tests.chaos.walk import WALKED, Walk, standard, targets, walk_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a run draws its histories, and where it keeps them. ``project`` is the emulator's."""

    seed: int
    store: StoreKind = StoreKind.SQLITE
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One history: the one with this number, or a given script; with a ``sabotage`` all its deliveries suffer it."""

    number: int
    script: Script | None = None
    sabotage: Sabotage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """``walked`` is the boundary that the history meets a process at, of ``walks`` by errand; None for a drawn one."""

    number: int
    script: Script
    outcome: Outcome
    walks: Counter[str]
    walked: Walk | None

    @property
    def has_walked(self) -> bool:
        return self.walked is not None and self.walked.strike.kind in self.outcome.hits


def played(plan: Plan, jobs: Iterable[Job], workers: int | None = None) -> Iterator[Played]:
    """Play histories on all processors; yield each as it ends."""
    spawning = multiprocessing.get_context("spawn")  # forked workers would inherit the caller's threads
    left = list(jobs)[::-1]
    count = min(workers or 2 * (os.cpu_count() or 1), len(left))  # more than processors: some wait for time-outs
    processes = []
    connections: list[Connection] = []
    try:
        for _ in range(count):
            ours, theirs = spawning.Pipe()
            process = spawning.Process(target=work, args=(plan, theirs))
            process.start()
            theirs.close()
            processes.append(process)
            connections.append(ours)
            ours.send(left.pop())
        while connections:
            for ready in wait(connections):
                assert isinstance(ready, Connection)
                yield ready.recv()
                if left:
                    ready.send(left.pop())
                else:
                    connections.remove(ready)
                    ready.close()
    finally:
        for connection in connections:
            connection.close()
        for process in processes:
            process.join()


def work(plan: Plan, connection: Connection) -> None:
    """Play what is asked for until nobody asks any more."""
    import alpaca.common.rest  # noqa: F401 (loaded before anything is forked, as is all that a delivery needs)

    if plan.store is StoreKind.FIRESTORE:
        from google.cloud import firestore  # noqa: F401
    with worker(plan) as playing, connection:
        while True:
            try:
                job = connection.recv()
            except (EOFError, ConnectionResetError):
                return
            result = playing.play(job)
            with suppress(BrokenPipeError):  # whoever asked is gone
                connection.send(result)


@contextmanager
def worker(plan: Plan) -> Iterator["Worker"]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="maestro-chaos-")))
        prices = write_prices(folder / "prices.csv")
        starting = {kind: PaperVenue(kind, prices) for kind in VenueKind}
        venues = {kind: stack.enter_context(venue) for kind, venue in starting.items()}
        yield Worker(plan, Place(venues=venues, bars=CsvBars(prices)), folder)


class Worker:
    """Plays the histories of one run by their numbers; first the standard errands, to know their boundaries."""

    def __init__(self, plan: Plan, place: Place, folder: Path) -> None:
        self._plan = plan
        self._place = place
        self._folder = folder
        self._strikes: dict[Errand, list[Strike]] = {}
        for errand in WALKED:
            traced = self._history(standard(Walk(errand)), f"trace-{errand}", is_traced=True)
            self._strikes[errand] = targets(errand, traced.passed)
        self._walks = [Walk(errand, strike) for errand, strikes in self._strikes.items() for strike in strikes]

    def play(self, job: Job) -> Played:
        script, walked = job.script, None
        if script is None:
            walked = walk_of(self._plan.seed, job.number, self._walks)
            script = drawn(self._plan.seed, job.number, self._strikes) if walked is None else standard(walked)
        outcome = self._history(script, str(job.number), sabotage=job.sabotage)
        walks = Counter(walk.name for walk in self._walks)
        return Played(number=job.number, script=script, outcome=outcome, walks=walks, walked=walked)

    def _history(
        self, script: Script, name: str, *, sabotage: Sabotage | None = None, is_traced: bool = False
    ) -> Outcome:
        store = self._store(name)
        turns = Random(f"turns {self._plan.seed} {name}")
        try:
            return History(script, self._place, store, turns, sabotage=sabotage, is_traced=is_traced).play()
        finally:
            store.discard()

    def _store(self, name: str) -> Store:
        plan = self._plan
        tenant = f"chaos-{plan.seed}-{name}"
        if plan.store is StoreKind.SQLITE:
            return SqliteFile(file=self._folder / f"{name}.db", tenant_id=tenant)
        is_trace = name.startswith("trace")
        return FirestoreTenant(project=plan.project, tenant_id=f"{tenant}-{os.getpid()}" if is_trace else tenant)
