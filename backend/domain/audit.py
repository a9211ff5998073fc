"""What people and jobs did to trading, as entries of the same hash chain that decisions are in.

The chain of a tenant is numbered from 1 without a gap. An entry's hash covers its body, which carries its number,
and the hash of the entry before it; the trading document holds number and hash of the newest one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from backend.domain.canonical import canonical_json, digest
from backend.domain.signal import plain_text
from backend.domain.trading_state import Trading


class AuditKind(StrEnum):
    HALT = "halt"
    REDUCE_ONLY = "reduce_only"
    RESUME = "resume"
    RESET = "reset"
    FLATTEN = "flatten"
    REBALANCE = "rebalance"
    CONFIGURED = "configured"
    BREAKER_TRIPPED = "breaker_tripped"  # by a job; a tick's are in its decision
    SIGNAL_ACCEPTED = "signal_accepted"
    SIGNAL_REFUSED = "signal_refused"
    INTENT_REFUSED = "intent_refused"
    TENANT_CREATED = "tenant_created"
    TENANT_OPENED = "tenant_opened"  # its first portfolio may run
    TENANT_SUSPENDED = "tenant_suspended"
    TENANT_RESUMED = "tenant_resumed"
    PORTFOLIO_ADDED = "portfolio_added"
    PORTFOLIO_PAUSED = "portfolio_paused"
    PORTFOLIO_RESUMED = "portfolio_resumed"
    PORTFOLIO_SCHEDULED = "portfolio_scheduled"
    MEMBER_ADDED = "member_added"
    MEMBER_REMOVED = "member_removed"
    MEMBER_ROLE = "member_role"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry. ``body`` holds all of it as JSON-ready values, ``actor`` who did it, ``reason`` why."""

    sequence: int
    tenant_id: str
    timestamp: datetime
    kind: AuditKind
    actor: str
    reason: str
    body: Mapping[str, Any]
    previous_hash: str
    entry_hash: str


def entry_hash(previous_hash: str, body: object) -> str:
    """Return the hash of an entry: SHA-256 over the previous hash and the canonical body."""
    return digest(previous_hash + canonical_json(body))


def audited(
    trading: Trading,
    kind: AuditKind,
    *,
    tenant_id: str,
    at: datetime,
    actor: str,
    reason: str,
    facts: Mapping[str, Any],
) -> tuple[Trading, AuditEntry]:
    """Append an entry to the chain that ``trading`` holds the head of; ``facts`` are JSON-ready."""
    body: dict[str, Any] = {
        "sequence": trading.log_count + 1,
        "tenant_id": tenant_id,
        "timestamp": at.isoformat(),
        "kind": kind.value,
        "actor": plain_text(actor),
        "reason": plain_text(reason),
        "facts": dict(facts),
    }
    entry = AuditEntry(
        sequence=trading.log_count + 1,
        tenant_id=tenant_id,
        timestamp=at,
        kind=kind,
        actor=body["actor"],
        reason=body["reason"],
        body=body,
        previous_hash=trading.log_head,
        entry_hash=entry_hash(trading.log_head, body),
    )
    return trading.logged(entry.entry_hash), entry
