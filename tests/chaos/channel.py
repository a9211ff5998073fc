"""What a delivering process tells the one that started it, and how it waits for its turn."""

import os
import pickle
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.adapters.documents.seam import Write

_LENGTH = struct.Struct("!I")
_PIECE = 65_536


@dataclass(frozen=True, slots=True)
class Turn:
    """Wait here until it is this process's turn; ``at`` is its own clock."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Passed:
    """A boundary that was passed, when the history is traced."""

    name: str
    nth: int
    side: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that happened."""

    kind: str


@dataclass(frozen=True, slots=True)
class Posted:
    """An order request that begins, by the process's own clock."""

    client_order_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PostHeld:
    """An order request that is under way."""

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CommitHeld:
    """A commit that is under way."""

    writes: Sequence[Write]


@dataclass(frozen=True, slots=True)
class TradingCommitted:
    """``state/trading`` as it was just committed; nobody goes on until it has been compared with the venue."""

    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ended:
    """How work ended: ``done``, or the name of what was raised, with its text; ``found`` is what was asked for."""

    how: str
    text: str = ""
    found: Any = None


Witnessed = Turn | Posted | Hit | TradingCommitted
Message = Witnessed | Passed | PostHeld | CommitHeld | Ended


class Channel:
    """Messages over one pipe, turns over another."""

    def __init__(self, messages: int, turns: int) -> None:
        self._messages = messages
        self._turns = turns

    def send(self, message: Message) -> None:
        packed = pickle.dumps(message)
        left = memoryview(_LENGTH.pack(len(packed)) + packed)
        while left:
            left = left[os.write(self._messages, left) :]

    def ask(self, message: Turn | TradingCommitted) -> None:
        """Wait for leave to go on; the end of the pipe means that nobody will ever give it."""
        self.send(message)
        if not os.read(self._turns, 1):
            os._exit(1)


def receive(messages: int) -> Message | None:
    """Return the next message; None when the process has ended. What was cut short by its end never was sent."""
    head = _exactly(messages, _LENGTH.size)
    packed = None if head is None else _exactly(messages, _LENGTH.unpack(head)[0])
    if packed is None:
        return None
    message: Message = pickle.loads(packed)
    return message


def _exactly(messages: int, length: int) -> bytes | None:
    read = bytearray()
    while len(read) < length:
        piece = os.read(messages, min(length - len(read), _PIECE))
        if not piece:
            return None
        read += piece
    return bytes(read)
