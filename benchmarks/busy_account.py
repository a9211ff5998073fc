"""Fifty workers, each with a store connection of its own, that tick portfolios of one account over and over."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from threading import Event
from time import perf_counter, sleep
from typing import Any

from backend.adapters.documents import Documents
from backend.domain.errors import CommitConflict, StoreUnavailable
from backend.domain.tick import Observation, TickCommit, TickRequest, Versions
from backend.engine.cycle import run_cycle
from benchmarks.kill_switch import SwitchedStore
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AT, KEY, PRICES, ScriptedStrategies, SetClock, buy, cycle_of, tick_at

WORKERS = 50
CASH = Decimal(10**9)
STEP = 2e-5  # of the account, that each tick of a worker buys: enough for a thousand ticks of all of them
POLL_SECONDS = 0.002
TRADES = 2  # before a halt: on Firestore fifty threads of one process commit about two a second
TRADE_SECONDS = 15.0
SETTLE_SECONDS = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A decision with orders that was committed: when its commit was sent and answered, and how it could be halted."""

    sent_at: float
    answered_at: float
    is_flag: bool


class Witness:
    """A worker's store that notes attempts, and the commits of decisions with orders."""

    def __init__(self, documents: Documents, seen: list[Sent]) -> None:
        self.is_flag = False
        self.began_at = perf_counter()
        self.is_deciding = False
        self._store = SwitchedStore(documents)
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def observe(self, request: TickRequest) -> Observation:
        self.began_at = perf_counter()
        self._store.is_watched = self.is_flag  # of this attempt, whatever is chosen meanwhile
        self.is_deciding = True
        observed = self._store.observe(request)
        self.is_deciding = observed.tick is None
        return observed

    def commit(self, commit: TickCommit) -> Versions:
        sent_at = perf_counter()
        try:
            versions = self._store.commit(commit)
            if commit.tick.orders:
                is_flag = self._store.is_watched
                self._seen.append(Sent(sent_at=sent_at, answered_at=perf_counter(), is_flag=is_flag))
        finally:
            self.is_deciding = False
        return versions


class BusyAccount:
    """The account while its workers run.

    Attributes
    ----------
    sent : the decisions with orders that were committed, of all workers
    """

    def __init__(self, open_documents: Callable[[], Documents]) -> None:
        self.sent: list[Sent] = []
        self._stop = Event()
        self._broker = FakeBroker(CASH, PRICES)
        self._witnesses = [Witness(open_documents(), self.sent) for _ in range(WORKERS)]
        self._running: list[Future[None]] = []

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep the workers at it for as long as this lasts."""
        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                self._running = [pool.submit(self._work, n, each) for n, each in enumerate(self._witnesses)]
                yield
            finally:
                self._stop.set()
        for each in self._running:
            each.result()

    def trade(self, *, is_flag: bool) -> None:
        """Look for the flag in each attempt that begins from now on, or in none, and wait until some have traded.

        Raises
        ------
        ValueError
            Too few of them did in time.
        """
        for each in self._witnesses:
            each.is_flag = is_flag
        before = len(self.sent)
        if not self._is_soon(lambda: self._traded(before, is_flag) >= TRADES, TRADE_SECONDS):
            raise ValueError(
                f"expected {TRADES} decisions with orders within {TRADE_SECONDS:g} s, found "
                f"{self._traded(before, is_flag)}; a halt now shows nothing, run it on a machine that is less busy"
            )

    def deciding(self) -> int:
        """Count the workers that have begun a decision and have not committed it."""
        return sum(each.is_deciding for each in self._witnesses)

    def settle(self) -> None:
        """Wait until every attempt under way has ended, not for ever: SQLite lets some wait for seconds."""
        now = perf_counter()
        self._is_soon(lambda: not any(_is_from_before(each, now) for each in self._witnesses), SETTLE_SECONDS)

    def _traded(self, before: int, is_flag: bool) -> int:
        return sum(each.is_flag == is_flag for each in self.sent[before:])

    def _is_soon(self, is_so: Callable[[], bool], seconds: float) -> bool:
        until = perf_counter() + seconds
        while not is_so():
            for each in self._running:
                if each.done():
                    each.result()
            if perf_counter() > until:
                return False
            sleep(POLL_SECONDS)
        return True

    def _work(self, number: int, store: Witness) -> None:
        """Tick one portfolio, a little more of one share each time, and again as often as a tick is lost to others."""
        key = replace(KEY, portfolio_id=f"p{number:02d}")
        strategies, clock = ScriptedStrategies(), SetClock()
        cycle = cycle_of(store, strategies, self._broker, clock)
        ticks = 0
        while not self._stop.is_set():
            ticks += 1
            clock.time = AT + timedelta(seconds=ticks)
            strategies.signals = {f"s{number:02d}": buy("AAPL" if number % 2 else "MSFT", STEP * ticks)}
            self._deliver(tick_at(clock.time, key), cycle)

    def _deliver(self, request: TickRequest, cycle: Any) -> None:
        while not self._stop.is_set():
            try:
                run_cycle(request, cycle)
            except (CommitConflict, StoreUnavailable):
                continue
            return


def _is_from_before(witness: Witness, instant: float) -> bool:
    return witness.is_deciding and witness.began_at <= instant
