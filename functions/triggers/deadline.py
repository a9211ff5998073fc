"""Work within a time limit, and the end of a process that something still runs in beyond its own.

Python cannot end a thread. So whoever asked stops waiting, the work is delivered again (what it may still do is
harmless: a tick commits once, whoever runs it), and the process ends after its answer, so that the next tenant does
not share a processor with what hangs.
"""

import contextvars
import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_ANSWER_SECONDS = 1.0  # for the answer to leave before the process ends
_SERVERLESS = "K_SERVICE"  # set by Cloud Run and by the functions emulator; elsewhere a process is not ours to end


class _Worker(threading.Thread):
    """Runs one action; ``is_abandoned`` from when nobody waits for it any more."""

    is_abandoned = False


def within(seconds: float, action: Callable[[], T]) -> T:
    """Return what ``action`` returns, or raise what it raises, if it ends in time.

    Raises
    ------
    TaskTimedOut
        It did not, and goes on by itself.
    """
    from backend.domain.errors import TaskTimedOut

    answers: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
    context = contextvars.copy_context()

    def run() -> None:
        try:
            answers.put((context.run(action), None))
        except BaseException as e:  # noqa: BLE001 - raised by whoever waits
            answers.put((None, e))

    worker = _Worker(target=run, name="task", daemon=True)
    worker.start()
    try:
        answer, error = answers.get(timeout=seconds)
    except Empty:
        worker.is_abandoned = True
        raise TaskTimedOut(
            f"expected the task to end within {seconds:g} s, found it at work; look for a slow broker or strategy, "
            "or raise the time limit"
        ) from None
    if error is not None:
        raise error
    return answer  # type: ignore[return-value]


def hanging() -> list[str]:
    """Name the threads of this process that run beyond their time limit: tasks and strategies."""
    return [each.name for each in threading.enumerate() if getattr(each, "is_abandoned", False)]


def retire_if_hanging() -> bool:
    """End this process shortly, when it is a function's and something hangs in it; say so."""
    if _SERVERLESS not in os.environ or not hanging():
        return False
    ending = threading.Timer(_ANSWER_SECONDS, os._exit, [0])
    ending.daemon = True
    ending.start()
    return True
