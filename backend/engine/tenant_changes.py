"""Change a tenant: read, decide, commit with the audit entry, and again when somebody else was first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.domain.audit import AuditKind, audited
from backend.domain.errors import CommitConflict, ConfigurationError
from backend.domain.tenant import Tenant
from backend.ports.identities import Identities
from backend.ports.tenants import TenantChange, Tenants, TenantStanding

ATTEMPTS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who changes tenants, and with what."""

    tenants: Tenants
    identities: Identities
    now: Callable[[], datetime]
    by: str

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise ConfigurationError("by: expected a text for the audit log, found none; say who does it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to be written, and what the log is to say of it; ``facts`` are JSON-ready."""

    what: TenantChange
    kind: AuditKind
    reason: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The tenant before, and whether anything was written."""

    before: TenantStanding
    was_changed: bool


def changed(office: Office, tenant_id: str, decide: Callable[[TenantStanding, datetime], Change | None]) -> Done:
    """Write what ``decide`` makes of a tenant; nothing where it makes nothing.

    Raises
    ------
    ConfigurationError
        What ``decide`` raises: nothing was changed.
    CommitConflict
        Others moved the trading document at every attempt; nothing was changed.
    """
    for _ in range(ATTEMPTS):
        standing, at = office.tenants.standing(tenant_id), office.now()
        change = decide(standing, at)
        if change is None:
            return Done(before=standing, was_changed=False)
        trading, entry = audited(
            standing.trading,
            change.kind,
            tenant_id=tenant_id,
            at=at,
            actor=office.by,
            reason=change.reason,
            facts=change.facts,
        )
        try:
            office.tenants.change(change.what, trading, entry, expected=standing.expected)
        except CommitConflict:
            continue
        return Done(before=standing, was_changed=True)
    raise CommitConflict(
        f"{tenant_id}: expected to change the tenant within {ATTEMPTS} attempts, lost every one to others; nothing was "
        "changed, run the command again"
    )


def tenant_of(standing: TenantStanding, tenant_id: str) -> Tenant:
    """Return the tenant; ConfigurationError where there is none."""
    if standing.tenant is None:
        raise ConfigurationError(
            f"tenant: expected one that exists, found none called {tenant_id!r}; see maestro tenant list, or create it "
            "with maestro tenant create"
        )
    return standing.tenant
