"""The chain of a tenant's log as it is found in the store, where nothing is trusted before it is checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One document. ``body`` is the text that ``entry_hash`` covers, None where it cannot be read.

    ``stated`` is what the document says beside the body: its path and the fields that repeat the body, instants as ISO
    text. The summary is not among them: it is not covered. ``delete_after`` is when retention may have deleted it.
    """

    path: str
    previous_hash: Any
    entry_hash: Any
    body: str | None
    stated: Mapping[str, Any]
    delete_after: datetime | None = None

    def has_expired(self, at: datetime | None) -> bool:
        """Say whether it may have been deleted at ``at``; never without an instant."""
        return at is not None and self.delete_after is not None and self.delete_after <= at


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry with what it must be compared with.

    ``implied`` is what its body says that ``stated`` must be, empty where there is no body that can be read.
    ``inputs`` is what a decision was derived from, None where that cannot be read; ``inputs_problem`` says why, and
    ``lacks_parts`` whether it is because documents that held them are gone.
    ``copy_path`` is where the operator's copy belongs, empty where an entry has none.
    """

    entry: StoredEntry
    implied: Mapping[str, Any] = field(default_factory=dict)
    is_decision: bool = False
    inputs: str | None = None
    inputs_hash: Any = None
    inputs_problem: str = ""
    lacks_parts: bool = False
    copy_path: str = ""
    copy: StoredEntry | None = None

    @property
    def sequence(self) -> int | None:
        """The number by which the store orders it; None where that is no number."""
        return whole(self.entry.stated.get("sequence"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """What the trading document says is the newest entry; ``count`` is None where that cannot be read."""

    path: str
    count: int | None
    entry_hash: Any


class FindingKind(StrEnum):
    MISSING = "missing"  # numbers that no entry has
    DUPLICATE = "duplicate"  # a number that two entries have
    DISPLACED = "displaced"  # it does not follow the entry before it: reordered or inserted
    ALTERED = "altered"  # its hash is not that of its body
    CONTRADICTION = "contradiction"  # a field says something else than the body
    INPUTS = "inputs"  # they are not those that the decision was made of
    UNREADABLE = "unreadable"
    COPY = "copy"  # the operator's copy differs, is missing, or has no entry
    HEAD = "head"  # the trading document names another newest entry
    ANCHOR = "anchor"  # a hash that was noted elsewhere is not in the chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it was written; ``sequence`` is None where it has no number."""

    kind: FindingKind
    sequence: int | None
    path: str
    expected: str
    found: str


def whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
