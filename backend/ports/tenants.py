"""Where tenants, their members and the platform's operators are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from backend.domain.audit import AuditEntry
from backend.domain.tenant import Member, Operator, Tenant
from backend.domain.trading_state import Trading


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantStanding:
    """A tenant as it stands, and the trading document that every change of it is conditional on.

    ``tenant`` is None where it has no document. ``members`` come by uid. ``departing`` are those whose membership
    has ended, and whose claims may still have to be cleared. ``portfolios`` are states by id. ``ticked_at`` is the
    instant of the newest decision, None before the first.
    """

    tenant: Tenant | None
    members: tuple[Member, ...]
    departing: tuple[str, ...]
    portfolios: Mapping[str, str]
    ticked_at: datetime | None
    trading: Trading
    expected: object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantChange:
    """What one commit writes of a tenant; what is not named stays as it is.

    ``founded`` are the fields of portfolios that do not exist yet, ``portfolios`` the fields of others that change.
    ``dismissed`` are members whose membership ends, and who depart until their claims are cleared.
    """

    tenant: Tenant | None = None
    founded: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    portfolios: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    members: tuple[Member, ...] = ()
    dismissed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantOverview:
    """A tenant in a line."""

    tenant: Tenant
    portfolios: Mapping[str, str]
    members: int
    ticked_at: datetime | None


class Tenants(Protocol):
    def standing(self, tenant_id: str) -> TenantStanding:
        """Read a tenant; whatever changes while it is read makes a change that is based on it fail."""
        ...

    def change(self, change: TenantChange, trading: Trading, entry: AuditEntry, *, expected: object | None) -> None:
        """Write a change, trading and the audit entry at once.

        Raises
        ------
        CommitConflict
            Trading has moved, or a portfolio to be founded exists; nothing was written.
        """
        ...

    def member(self, tenant_id: str, uid: str) -> Member | None:
        """Read one member; None where it is none."""
        ...

    def departed(self, tenant_id: str, uid: str) -> None:
        """Forget somebody who departed: the claims are cleared."""
        ...

    def overviews(self, *, after: str | None, limit: int) -> Sequence[TenantOverview]:
        """Return tenants by id, those behind ``after``, at most ``limit``."""
        ...


class Operators(Protocol):
    def operators(self) -> Sequence[Operator]:
        """Return the platform's operators by uid."""
        ...

    def admit(self, operator: Operator) -> None:
        """Write one; whoever is there is replaced."""
        ...

    def dismiss(self, uid: str) -> None:
        """Remove one, when it is there."""
        ...
