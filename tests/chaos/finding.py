"""What must not be, when a history has ended."""

from dataclasses import dataclass
from enum import StrEnum


class Wrong(StrEnum):
    DUPLICATE = "duplicate orders"
    LOST = "lost orders"
    ORPHAN = "orphan reservations"
    LEDGER = "ledger differences"
    BROKEN = "broken histories"  # one that does not come to its end, or raises what nobody meant to


@dataclass(frozen=True, slots=True)
class Finding:
    wrong: Wrong
    what: str
