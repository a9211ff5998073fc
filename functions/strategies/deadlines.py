"""Threads that are watched: many strategies at once, none beyond its time limit.

1. One daemon thread takes strategies off the queue, which is the fastest way through many quick ones.
2. While every thread has been busy with one strategy for 5 ms, another thread is hired, up to 64.
3. What is awaitable runs on its thread's own event loop and is cancelled at the limit.
4. A thread that is still busy past its limit is abandoned with its strategy: Python cannot end it, but a daemon
   holds up neither the others nor the interpreter's exit.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context, copy_context
from typing import Any

from backend.domain.errors import SignalError, StrategyError, StrategyTimeout
from backend.domain.signal import StrategySignal
from functions.strategies.base import BaseStrategy

_MOST_THREADS = 64
_SLOW_SECONDS = 0.005
# How long a cancelled awaitable may take to clean up before its thread is given up as well.
_CLEAN_UP_SECONDS = 0.1

Abandoned = dict[str, threading.Thread]
Outcome = StrategySignal | SignalError | StrategyError
Wait = Callable[[Awaitable[Any]], Any]
Ask = Callable[[BaseStrategy, Wait], StrategySignal]


def outcomes(
    strategies: Sequence[BaseStrategy], ask: Ask, limit_seconds: float, abandoned: Abandoned
) -> Mapping[str, Outcome]:
    """Call ``ask`` for every strategy on watched threads; return its signal or its error, by name.

    ``ask`` gets the strategy and a function that runs an awaitable to its end. It raises SignalError or
    StrategyError, nothing else. Threads that are given up are added to ``abandoned``.
    """
    return _Crew(ask, limit_seconds, abandoned).outcomes(strategies)


class _Crew:
    """The queue, the threads at work and what came of each strategy; one lock guards them all."""

    def __init__(self, ask: Ask, limit_seconds: float, abandoned: Abandoned) -> None:
        self.ask = ask
        self.limit_seconds = limit_seconds
        self._abandoned = abandoned
        self._queue: deque[BaseStrategy] = deque()
        self._threads: set[_Thread] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._expected = 0
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._context = copy_context()  # what strategies log is signed as the tick's other lines are

    def outcomes(self, strategies: Sequence[BaseStrategy]) -> Mapping[str, Outcome]:
        for strategy in strategies:
            earlier = self._abandoned.get(strategy.name)
            if earlier is not None and earlier.is_alive():
                self._outcomes[strategy.name] = StrategyTimeout(
                    "expected evaluate() to have ended, found it busy with an earlier tick; not asked again until it "
                    "ends, so bound its waiting and restart"
                )
            else:
                self._abandoned.pop(strategy.name, None)
                self._queue.append(strategy)
        self._expected = len(strategies)
        pause = 0.0
        while len(self._outcomes) < self._expected and not self._done.wait(pause):
            with self._lock:
                pause = self._watch(time.monotonic())
        return self._outcomes

    def _watch(self, now: float) -> float:
        """Give up who is late, hire where all are slow, and say how long to wait."""
        for late in [thread for thread in self._threads if thread.deadline <= now]:
            self._threads.discard(late)
            self._abandoned[late.strategy.name] = late
            late.is_abandoned = True
            self._settle(late.strategy, self.timeout())
        if self._queue and len(self._threads) < _MOST_THREADS:
            if all(thread.since + _SLOW_SECONDS <= now for thread in self._threads):
                hired = _Thread(self, self._queue.popleft(), self._context.copy())
                self._threads.add(hired)
                hired.start()
            return _SLOW_SECONDS
        return max(min((thread.deadline for thread in self._threads), default=now) - now, 0.0)

    def _settle(self, strategy: BaseStrategy, outcome: Outcome) -> None:
        self._outcomes[strategy.name] = outcome
        if len(self._outcomes) == self._expected:
            self._done.set()

    def hand_in(self, thread: "_Thread", outcome: Outcome) -> bool:
        """Take a thread's outcome and give it the next strategy; False ends the thread."""
        with self._lock:
            if thread not in self._threads:
                return False
            self._settle(thread.strategy, outcome)
            if self._queue:
                thread.begin(self._queue.popleft())
                return True
            self._threads.discard(thread)
            return False

    def timeout(self) -> StrategyTimeout:
        return StrategyTimeout(
            f"expected a signal within {self.limit_seconds:g} s, found none; make evaluate() faster or raise the limit"
        )


class _Thread(threading.Thread):
    """Answers for one strategy after the other; ``is_abandoned`` from when nobody waits for it any more."""

    is_abandoned = False

    def __init__(self, crew: _Crew, first: BaseStrategy, context: Context) -> None:
        super().__init__(name=f"strategies from {first.name}", daemon=True)
        self._crew = crew
        self._context = context
        self._runner: asyncio.Runner | None = None
        self.begin(first)

    def begin(self, strategy: BaseStrategy) -> None:
        self.strategy = strategy
        self.since = time.monotonic()
        self.deadline = self.since + self._crew.limit_seconds

    def run(self) -> None:
        self._context.run(self._work)

    def _work(self) -> None:
        while self._crew.hand_in(self, self._outcome()):
            pass
        if self._runner is not None:
            self._runner.close()

    def _outcome(self) -> Outcome:
        try:
            signal = self._crew.ask(self.strategy, self._wait)
        except (SignalError, StrategyError) as error:
            return error
        is_late = time.monotonic() > self.since + self._crew.limit_seconds
        return self._crew.timeout() if is_late else signal

    def _wait(self, answer: Awaitable[Any]) -> Any:
        left = self.deadline - time.monotonic()
        self.deadline += _CLEAN_UP_SECONDS
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(self._within(left, answer))

    async def _within(self, seconds: float, answer: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(seconds) as limit:
                return await answer
        except TimeoutError as error:
            if limit.expired():
                raise self._crew.timeout() from error
            raise
