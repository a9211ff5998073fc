"""Telemetry as log lines of structlog, whatever form the process gives them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter

import structlog
from structlog.contextvars import bound_contextvars

from backend.domain.measured import Measured, Traffic
from backend.engine.telling import TROUBLE

_MILLISECONDS = 1e3


def _no_traffic() -> Traffic:
    return Traffic()


class LogTelemetry:
    """One line an event; trouble is a WARNING, since whoever runs the tick decides whether it is an error.

    Parameters
    ----------
    traffic : what went to the store so far, counted by ``CountedDocuments``
    timer : seconds
    """

    def __init__(self, traffic: Callable[[], Traffic] = _no_traffic, timer: Callable[[], float] = perf_counter) -> None:
        self._traffic = traffic
        self._timer = timer
        self._before = traffic()
        self._durations: dict[str, float] = {}
        self._within: list[float] = []  # of each open stage, what the stages within it have taken
        self._log = structlog.get_logger().bind()  # bound once a run: the unbound one is assembled at every line

    @property
    def measured(self) -> Measured:
        """What this run has taken so far; stages that are still open do not count yet."""
        return Measured(durations=dict(self._durations), traffic=self._traffic().since(self._before))

    def begun(self) -> "LogTelemetry":
        """Return one for a run of its own."""
        return LogTelemetry(self._traffic, self._timer)

    def about(self, **facts: object) -> AbstractContextManager[None]:
        """Bind facts in this thread's context, which the lines of every library carry."""
        return _bound({name: fact for name, fact in facts.items() if fact not in (None, "")})

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage, however it ends."""
        began = self._timer()
        self._within.append(0.0)
        try:
            yield
        finally:
            taken = (self._timer() - began) * _MILLISECONDS
            self._durations[name] = self._durations.get(name, 0.0) + taken - self._within.pop()
            if self._within:
                self._within[-1] += taken

    def event(self, name: str, /, **facts: object) -> None:
        """Write a line."""
        (self._log.warning if name in TROUBLE else self._log.info)(name, **facts)


@contextmanager
def _bound(facts: dict[str, object]) -> Iterator[None]:
    with bound_contextvars(**facts):
        yield
