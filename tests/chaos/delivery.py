"""Fork a process for a piece of work, or two that take turns; hear what they say until they end."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from traceback import format_exception
from typing import Any

from backend.domain.errors import MaestroError
from tests.chaos.channel import Channel, Ended, Hit, Message, Posted, TradingCommitted, Turn, Witnessed, receive
from tests.fakes.faults import Killed

LONGEST_SECONDS = 120  # a process that takes longer is ended, and its history is broken
STAYS = 0.7  # how likely a process keeps the turn

Work = Callable[[Channel], None]
Witness = Callable[[int, Witnessed], None]


@dataclass(slots=True)
class Report:
    """What one process said, and how it ended."""

    messages: list[Message] = field(default_factory=list)
    ended: Ended = field(default_factory=lambda: Ended("running"))

    def ended_as(self, text: str) -> bool:
        return self.ended.how == "done" and self.ended.text == text


class InOrder(Random):
    """Turns that are not drawn: whoever stands aside lets the next one go to its end."""

    def random(self) -> float:
        return 1.0

    def choice(self, seq: Sequence[Any]) -> Any:  # type: ignore[override]
        return seq[0]


def run(works: Sequence[Work], turns: Random, witness: Witness) -> list[Report]:
    """Run each in a process of its own; more than one must ask for its turn, and ``turns`` draws who gets it.

    ``witness`` is told by the number of the process what it does to trading, while all of them stand still.
    """
    with _children(works, witness) as children:
        waiting = [child for child in children if child.goes_on()]
        last = None
        while waiting:
            stays = last in waiting and (len(waiting) == 1 or turns.random() < STAYS)
            others = [child for child in waiting if child is not last]
            turn = last if stays and last is not None else turns.choice(others)
            turn.grant()
            if not turn.goes_on():
                waiting.remove(turn)
            last = turn
    return [child.report for child in children]


@dataclass(slots=True, eq=False)
class _Child:
    """A process, seen from its parent."""

    number: int
    pid: int
    messages: int
    turns: int
    witness: Witness
    report: Report = field(default_factory=Report)

    def goes_on(self) -> bool:
        """Hear the process until it waits for its turn; False when it has ended instead."""
        while True:
            message = receive(self.messages)
            if message is None:
                self._bury()
                return False
            if isinstance(message, Turn | Posted | Hit | TradingCommitted):
                self.witness(self.number, message)
            if isinstance(message, Turn):
                return True
            if isinstance(message, TradingCommitted):
                self.grant()
            elif isinstance(message, Posted):
                continue
            elif isinstance(message, Ended):
                self.report.ended = message
            else:
                self.report.messages.append(message)

    def grant(self) -> None:
        os.write(self.turns, b"!")

    def close(self) -> None:
        os.close(self.messages)
        os.close(self.turns)

    def _bury(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status):
            self.report.ended = Ended("killed", text=signal.Signals(os.WTERMSIG(status)).name)


@contextmanager
def _children(works: Sequence[Work], witness: Witness) -> Iterator[list[_Child]]:
    children: list[_Child] = []
    try:
        for work in works:
            children.append(_forked(work, children, witness))
        yield children
    finally:
        for child in children:
            child.close()


def _forked(work: Work, elder: Sequence[_Child], witness: Witness) -> _Child:
    messages_out, messages_in = os.pipe()
    turns_out, turns_in = os.pipe()
    gc.freeze()  # so that collecting in the child does not copy the parent's memory
    pid = os.fork()
    if pid == 0:
        os.close(messages_out)
        os.close(turns_in)
        for each in elder:
            each.close()
        _work(work, Channel(messages_in, turns_out))
    os.close(messages_in)
    os.close(turns_out)
    return _Child(len(elder), pid, messages_out, turns_in, witness)


def _work(work: Work, channel: Channel) -> Any:
    """Work in the child, and never return: what is the parent's, is the parent's alone."""
    gc.disable()
    signal.alarm(LONGEST_SECONDS)
    try:
        work(channel)
    except (MaestroError, Killed) as e:
        channel.send(Ended(type(e).__name__, text=str(e)))
    finally:
        kind, error, _ = sys.exc_info()
        if error is not None and kind is not None:
            channel.send(Ended("broken", text="".join(format_exception(error))))
        os._exit(0)
