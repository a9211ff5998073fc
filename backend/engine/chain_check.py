"""One walk along a chain: whether every entry follows the one before it, up to the head."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from backend.domain.audit_chain import ChainHead, Finding, FindingKind, Link
from backend.domain.trading_state import GENESIS_HASH
from backend.engine.entry_check import body_hash, entry_findings, finding, shown


@dataclass(slots=True, kw_only=True)
class ChainCheck:
    """Grows entry by entry, lowest number first. ``wanted`` are the anchors that were not met yet.

    At ``at`` the store may have deleted what had expired; without it nothing may be missing. Deletion is not in order:
    among the oldest entries some that have expired are still there while others are gone. So numbers may be missing as
    long as every entry so far has expired, and none behind the first that has not. ``expired`` is the highest of them.
    """

    at: datetime | None = None
    wanted: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    entries: int = 0
    last: int = 0
    expired: int = 0
    head: str = GENESIS_HASH
    first_at: str | None = None
    last_at: str | None = None
    _before: frozenset[str] | None = None  # hashes that the entry under way may follow; None behind a gap
    _here: frozenset[str] = frozenset({GENESIS_HASH})  # hashes of whatever has the newest number
    _has_all_expired: bool = True  # whatever was read so far

    def add(self, link: Link) -> None:
        """Check one entry."""
        self.entries += 1
        if link.sequence is not None:
            self._place(link.sequence, link)
        has_expired = link.entry.has_expired(self.at)
        self.findings += entry_findings(link, has_expired=has_expired)
        self._has_all_expired = self._has_all_expired and has_expired
        at = link.implied.get("timestamp")
        self.first_at, self.last_at = self.first_at or at, at or self.last_at

    def against(self, head: ChainHead) -> Iterator[Finding]:
        """Compare what the trading document names as the newest entry with the last that was read."""
        if head.count is not None and head.count > self.last:
            expected = f"{_numbers(self.last + 1, head.count)}: log_count is {head.count}"
            yield _loose(FindingKind.MISSING, self.last + 1, head.path, expected, f"an end after number {self.last}")
        elif head.count != self.last or str(head.entry_hash) not in self._here:
            expected = f"the last entry as log_count and log_head, number {self.last} with the hash {self.head}"
            found = f"number {head.count} with the hash {shown(head.entry_hash)}"
            yield _loose(FindingKind.HEAD, self.last, head.path, expected, found)

    def not_anchored(self) -> Iterator[Finding]:
        """Name the anchors that no entry has the hash of."""
        for anchor in sorted(self.wanted):
            expected = f"an entry with the hash {anchor}, which was noted"
            yield _loose(FindingKind.ANCHOR, None, "", expected, f"none among {self.entries:,}")

    def _place(self, number: int, link: Link) -> None:
        """Check that the number comes next, and that the entry follows the one before."""
        if number == self.last:
            found = "another with the same number"
            self.findings.append(finding(link, FindingKind.DUPLICATE, f"one entry with the number {number}", found))
        else:
            self._before, self._here = self._here if number == self.last + 1 else None, frozenset()
            if number > self.last + 1 and self._may_have_expired(link):
                self.expired = number - 1
            elif number > self.last + 1:
                missing = _numbers(self.last + 1, number - 1)
                found = f"number {number} next"
                self.findings.append(_loose(FindingKind.MISSING, self.last + 1, link.entry.path, missing, found))
            self.last = number
        previous, actual = link.entry.previous_hash, body_hash(link.entry)
        if self._before is not None and str(previous) not in self._before:
            expected = f"previous_hash {' or '.join(sorted(self._before))}, the hash of the entry before"
            self.findings.append(finding(link, FindingKind.DISPLACED, expected, shown(previous)))
        # Either of the two: an entry that is altered is one finding, not also one of whatever follows it.
        self._here |= {each for each in (actual, link.entry.entry_hash) if isinstance(each, str)}
        self.head = actual or str(link.entry.entry_hash)
        self.wanted.discard(self.head)

    def _may_have_expired(self, link: Link) -> bool:
        """Say whether retention explains the gap before an entry: it has a date, or its predecessor was noted."""
        if self.at is None or not self._has_all_expired:
            return False
        previous = str(link.entry.previous_hash)
        is_noted = previous in self.wanted
        self.wanted.discard(previous)
        return self.entries > 1 or link.entry.delete_after is not None or is_noted


def _loose(kind: FindingKind, sequence: int | None, path: str, expected: str, found: str) -> Finding:
    return Finding(kind=kind, sequence=sequence, path=path, expected=expected, found=found)


def _numbers(first: int, last: int) -> str:
    return f"number {first}" if first == last else f"numbers {first} to {last}"
