"""The places where a process may end, or be overtaken by another, numbered as it comes by them."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import RLock, current_thread, main_thread
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tests.chaos.channel import Channel, Hit, Passed, Posted, PostHeld, Turn
from tests.chaos.script import Ending, Hand, Side, Strike
from tests.fakes.cycle import SetClock
from tests.fakes.faults import Killed

Answer = TypeVar("Answer")


class Boundaries:
    """Counts, strikes once, and asks for the turn at every boundary when two processes go in step.

    Two boundaries take no turn: those between the statements of a transaction, since the other process would wait for
    its lock, and those in threads, whose order nobody draws.
    """

    def __init__(
        self,
        strike: Strike | None,
        channel: Channel,
        clock: SetClock,
        *,
        in_step: bool = False,
        is_traced: bool = False,
    ) -> None:
        self._strike = strike
        self._channel = channel
        self._clock = clock
        self._in_step = in_step
        self._is_traced = is_traced
        self._counts: Counter[tuple[str, Side]] = Counter()
        self._is_over = False

    def around(self, name: str, call: Callable[[], Answer], *, takes_turns: bool = True) -> Answer:
        self._arrive(name, Side.BEFORE, takes_turns)
        try:
            answer = call()
        except Exception:
            self._arrive(name, Side.AFTER, takes_turns)  # a call that failed has its end, too
            raise
        self._arrive(name, Side.AFTER, takes_turns)
        return answer

    def _arrive(self, name: str, side: Side, takes_turns: bool) -> None:
        if self._is_over:
            raise Killed("over")
        self._counts[name, side] += 1
        nth, strike = self._counts[name, side], self._strike
        if self._is_traced:
            self._channel.send(Passed(name, nth, side))
        if strike is not None and (strike.boundary, strike.nth, strike.side) == (name, nth, side):
            self._channel.send(Hit(strike.kind))
            self._meet(strike)
        if self._in_step and takes_turns and current_thread() is main_thread():
            self._channel.ask(Turn(self._clock.now()))

    def _meet(self, strike: Strike) -> None:
        if strike.ending is Ending.OVERTAKEN:
            self._channel.ask(Turn(self._clock.now()))
            return
        self._is_over = True
        if strike.ending is Ending.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        raise Killed(strike.kind)


class Watched:
    """A part of the cycle, every public method of which has a boundary before and after it."""

    def __init__(self, inner: Any, kind: str, boundaries: Boundaries) -> None:
        self._inner = inner
        self._kind = kind
        self._boundaries = boundaries

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._boundaries.around(f"{self._kind} {name}", lambda: value(*args, **kwargs))

        return call


class WatchedConnection:
    """An SQLite connection with a boundary before and after every statement."""

    def __init__(self, inner: Any, boundaries: Boundaries) -> None:
        self._inner = inner
        self._boundaries = boundaries

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def execute(self, statement: str, *parameters: Any) -> Any:
        if statement == "ROLLBACK":
            return self._inner.execute(statement)  # what undoes a transaction after an exception must not meet another
        return self._boundaries.around(
            f"sql {statement.split()[0]}", lambda: self._inner.execute(statement, *parameters), takes_turns=False
        )


_NUMBERED = ("/v2/assets/", "/v2/orders/")


class WatchedRequests:
    """The ``request`` of a session, with a boundary before and after; one of the order requests may arrive late."""

    def __init__(self, request: Any, boundaries: Boundaries, channel: Channel, hand: Hand, clock: SetClock) -> None:
        self._request = request
        self._boundaries = boundaries
        self._channel = channel
        self._hand = hand
        self._clock = clock
        self._posts = 0
        self._lock = RLock()  # assets are asked for by threads: one at a time, so that the numbers are always the same

    def __call__(self, method: str, url: str, **options: Any) -> Any:
        path = urlsplit(url).path
        kind = next((f"{start}*" for start in _NUMBERED if path.startswith(start)), path)
        with self._lock:
            return self._boundaries.around(f"http {method} {kind}", lambda: self._sent(method, url, path, options))

    def _sent(self, method: str, url: str, path: str, options: dict[str, Any]) -> Any:
        from requests.exceptions import ReadTimeout

        if (method, path) == ("POST", "/v2/orders"):
            self._posts += 1
            self._channel.send(Posted(options["json"]["client_order_id"], self._clock.now()))
            self._clock.time += timedelta(seconds=self._hand.post_seconds)
            if self._posts == self._hand.late_post:
                self._channel.send(PostHeld(options["json"]))
                raise ReadTimeout("the request is still under way")
        return self._request(method, url, **options)
