"""Ask a narrator for a decision in words, so that nothing it does can reach trading.

1. it is asked after the orders were sent, on a thread of its own: what it raises ends there, and what hangs is left;
2. what it says is checked against the decision there, too, and only that comes back.
"""

from contextvars import copy_context
from queue import Empty, SimpleQueue
from threading import Thread

from backend.domain.decision import Decision
from backend.domain.testimony import supported
from backend.ports.summary import Summarizer

PATIENCE_SECONDS = 60.0  # beyond any sensible time-out of its own: what was sent has to be recorded


def narrated(decision: Decision, narrator: Summarizer, *, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """Return what the decision supports of the narrator's text; empty where that is nothing, for whatever reason."""
    answers: SimpleQueue[str] = SimpleQueue()
    run = copy_context().run  # so that what it logs bears the tick's facts
    Thread(target=run, args=(_answer, decision, narrator, answers), daemon=True).start()
    try:
        return answers.get(timeout=patience_seconds)
    except Empty:
        return ""


def _answer(decision: Decision, narrator: Summarizer, answers: "SimpleQueue[str]") -> None:
    words = ""
    try:
        words = supported(narrator.summarize(decision) or "", decision)
    finally:
        answers.put(words)
