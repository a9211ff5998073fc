"""Verify the chain of a tenant's log, however long it is, while ticks go on.

1. read the head that the trading document names, then the entries up to its number: all of them were committed before;
2. check each by itself, against the entry before it, and against the operator's copy (``chain_check``);
3. look for entries and copies beyond the head, and read the head again: where it has moved, go on from there;
4. compare the head with the last entry, and look for the hashes that were noted elsewhere;
5. where the oldest entries are gone because they expired, look for copies of them that had not.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.audit_chain import Finding, FindingKind, StoredEntry, whole
from backend.domain.trading_state import GENESIS_HASH
from backend.engine.chain_check import ChainCheck
from backend.ports.audit import AuditTrail

COPIES_LOOKED_AT = 50  # a tail that was cut off shows in the operator's newest copies

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What verifying found: ``entries`` that were read, the last one's number and hash, first and last instant.

    ``expired`` is the number up to which entries are gone because they had expired; 0 where none are.
    """

    entries: int
    expired: int
    last: int
    head: str
    first_at: str | None
    last_at: str | None
    findings: tuple[Finding, ...]


def verify(
    trail: AuditTrail,
    tenant_id: str,
    *,
    anchors: Collection[str] = (),
    expired_by: datetime | None = None,
    progress: Progress = lambda done, total: None,
) -> Verified:
    """Check every entry of a tenant's chain; the findings come in the order of the entries.

    Parameters
    ----------
    anchors : collection of str
        Entry hashes that were noted elsewhere, and must be in the chain.
    expired_by : datetime, optional
        Now, for a store that deletes what has expired; without it nothing may be missing.
    progress : callable
        Told after each entry how many were read, and of how many.
    """
    check = ChainCheck(at=expired_by, wanted=set(anchors) - {GENESIS_HASH})
    head, through = trail.head(tenant_id), 0
    while True:
        for link in trail.links(tenant_id, after=through, through=head.count):
            check.add(link)
            progress(check.entries, max(check.entries, head.count or 0))
        through = max(through, check.last if head.count is None else head.count)
        beyond = next(trail.links(tenant_id, after=through), None)
        copies = trail.copies(tenant_id, last=COPIES_LOOKED_AT)
        newer = trail.head(tenant_id)
        if newer == head:
            break
        head = newer
    if beyond is not None:  # the head did not move: nobody who keeps to the chain has written these
        for link in trail.links(tenant_id, after=through):
            check.add(link)
    kept = trail.copies(tenant_id, last=COPIES_LOOKED_AT, below=check.expired + 1) if check.expired else ()
    findings = [
        *check.findings,
        *_deleted_early(kept, expired_by),
        *check.against(head),
        *_without_entry(copies, check.last),
        *check.not_anchored(),
    ]
    return Verified(
        entries=check.entries,
        expired=check.expired,
        last=check.last,
        head=check.head,
        first_at=check.first_at,
        last_at=check.last_at,
        findings=tuple(findings),
    )


def _without_entry(copies: Sequence[StoredEntry], last: int) -> list[Finding]:
    """Name copies of entries that the chain ends before."""
    numbered = [(whole(each.stated.get("sequence")), each.path) for each in reversed(copies)]
    return [
        Finding(
            kind=FindingKind.COPY,
            sequence=number,
            path=path,
            expected=f"the entry number {number} that it is a copy of",
            found=f"a chain that ends with number {last}",
        )
        for number, path in numbered
        if number is not None and number > last
    ]


def _deleted_early(copies: Sequence[StoredEntry], at: datetime | None) -> list[Finding]:
    """Name copies, below the number up to which entries have expired, that have not: nor had their entries."""
    return [
        Finding(
            kind=FindingKind.MISSING,
            sequence=whole(each.stated.get("sequence")),
            path=each.path,
            expected=f"the entry that it is a copy of, kept {_until(each)}",
            found="none, as if it had expired",
        )
        for each in reversed(copies)
        if not each.has_expired(at)
    ]


def _until(entry: StoredEntry) -> str:
    return "for ever" if entry.delete_after is None else f"until {entry.delete_after.isoformat()}"
