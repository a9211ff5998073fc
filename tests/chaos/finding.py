"""What a history leads to: what was hit on the way, and what must not be in the end."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from tests.chaos.channel import Passed


class Wrong(StrEnum):
    DUPLICATE = "duplicate orders"
    LOST = "lost orders"
    ORPHAN = "orphan reservations"
    LEDGER = "ledger differences"
    CHAIN = "chain differences"
    HALTED = "orders decided after a halt"
    SENT = "orders sent after a halt"
    FLATTEN = "wrong sales of a flatten"
    BROKEN = "broken histories"  # one that does not come to its end, or raises what nobody meant to


@dataclass(frozen=True, slots=True)
class Finding:
    wrong: Wrong
    what: str


@dataclass(slots=True, kw_only=True)
class Outcome:
    """``hits`` are the faults that happened, ``passed`` the boundaries of the last traced attempt.

    ``errands`` counts what operators and jobs did, by how it ended; ``trips`` are the breakers that tripped.
    ``fingerprint`` is a hash of all orders, executions and decisions, with their instants and nonces.
    """

    findings: list[Finding] = field(default_factory=list)
    hits: Counter[str] = field(default_factory=Counter)
    errands: Counter[str] = field(default_factory=Counter)
    trips: Counter[str] = field(default_factory=Counter)
    passed: list[Passed] = field(default_factory=list)
    deliveries: int = 0
    ticks: int = 0
    fingerprint: str = ""
