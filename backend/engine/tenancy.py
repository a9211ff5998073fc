"""Create, suspend and resume a tenant: each change is one commit with its audit entry, decided anew when it is lost.

Creating takes several steps, since users are kept elsewhere than documents. A portfolio that is ``new`` says that it
is not finished: nothing runs it, and the same command goes on where it ended.

1. the tenant's document, its first owner as a member, and the portfolio, which is new, in one commit;
2. the default configuration, as version 1;
3. the owner's claims, which open the tenant to them;
4. the portfolio becomes active or paused, and the log says that the tenant was created.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from backend.domain.audit import AuditKind
from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy
from backend.domain.role import Role
from backend.domain.tenant import (
    Identity,
    Member,
    PortfolioState,
    Tenant,
    TenantStatus,
    checked_name,
    checked_reason,
    checked_tenant_id,
)
from backend.engine import configuring
from backend.engine.claims import resolved, sign
from backend.engine.tenant_changes import Change, Done, Office, changed, tenant_of
from backend.ports.configurations import Configurations
from backend.ports.tenants import TenantChange, TenantStanding

FIRST_PORTFOLIO = "main"


@dataclass(frozen=True, slots=True, kw_only=True)
class Founding:
    """What is created: the tenant, its first owner by uid or e-mail, and its portfolio.

    ``portfolio`` are further fields of the portfolio's document, such as ``schedule``. ``configuration`` are the values
    that become version 1.
    """

    tenant_id: str
    name: str
    owner: str
    is_paused: bool = False
    portfolio: Mapping[str, Any] = field(default_factory=dict)
    configuration: Mapping[str, Any]

    def __post_init__(self) -> None:
        checked_tenant_id(self.tenant_id)
        checked_name(self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What creating came to. ``was_begun`` says that an earlier command had begun it."""

    standing: TenantStanding
    owner: Identity
    configuration: int
    was_begun: bool


def create(founding: Founding, office: Office, configurations: Configurations, *, defaults: DecisionPolicy) -> Founded:
    """Create a tenant, or finish what was begun of it.

    Parameters
    ----------
    defaults : the policy that the configuration is laid over, which it must not contradict

    Raises
    ------
    ConfigurationError
        It exists, the owner is unknown or another tenant's, or a value is not valid; nothing is begun then.
    CommitConflict, StoreUnavailable
        It is not finished; the same command goes on with it.
    """
    owner = resolved(founding.owner, founding.tenant_id, office)
    begun = changed(office, founding.tenant_id, partial(_begin, founding, owner, office.by))
    order = configuring.Order(
        tenant_id=founding.tenant_id,
        by=office.by,
        reason="tenant created",
        change=lambda values: values or founding.configuration,
    )
    done = configuring.configure(order, configurations, defaults=defaults, now=office.now)
    sign(founding.tenant_id, owner.uid, Role.OWNER, office)
    changed(office, founding.tenant_id, partial(_finish, founding))
    return Founded(
        standing=office.tenants.standing(founding.tenant_id),
        owner=owner,
        configuration=done.number,
        was_begun=not begun.was_changed,
    )


def suspend(tenant_id: str, reason: str, office: Office) -> Done:
    """Let no portfolio of a tenant run any more; what was decided before can no longer be committed.

    Positions and working orders stay as they are. A tenant that is suspended already stays so, for its old reason.
    """
    checked_reason(reason)

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        tenant = tenant_of(standing, tenant_id)
        if tenant.status is TenantStatus.SUSPENDED:
            return None
        suspended = replace(
            tenant, status=TenantStatus.SUSPENDED, suspended_at=at, suspended_by=office.by, reason=reason.strip()
        )
        return _moved(standing, suspended, PortfolioState.ACTIVE, PortfolioState.SUSPENDED, reason)

    return changed(office, tenant_id, decide)


def resume(tenant_id: str, reason: str, office: Office) -> Done:
    """Let those portfolios of a tenant run again that were active when it was suspended."""
    checked_reason(reason)

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        tenant = tenant_of(standing, tenant_id)
        if tenant.status is TenantStatus.ACTIVE:
            return None
        active = replace(tenant, status=TenantStatus.ACTIVE, suspended_at=None, suspended_by=None, reason=None)
        return _moved(standing, active, PortfolioState.SUSPENDED, PortfolioState.ACTIVE, reason)

    return changed(office, tenant_id, decide)


def _begin(founding: Founding, owner: Identity, by: str, standing: TenantStanding, at: datetime) -> Change | None:
    if standing.tenant is not None:
        _refuse_another(founding, owner.uid, standing)
        return None
    tenant = Tenant(
        tenant_id=founding.tenant_id,
        name=founding.name.strip(),
        status=TenantStatus.ACTIVE,
        created_at=at,
        created_by=by,
    )
    member = Member(uid=owner.uid, role=Role.OWNER, email=owner.email, added_at=at, added_by=by)
    new = {"uid": "default", **founding.portfolio, "state": PortfolioState.NEW.value}
    founded = {} if FIRST_PORTFOLIO in standing.portfolios else {FIRST_PORTFOLIO: new}
    return Change(
        what=TenantChange(tenant=tenant, members=(member,), founded=founded),
        kind=AuditKind.TENANT_CREATED,
        reason="tenant created",
        facts={"name": tenant.name, "owner": owner.uid, "portfolios": [*standing.portfolios, *founded]},
    )


def _finish(founding: Founding, standing: TenantStanding, at: datetime) -> Change | None:
    tenant = tenant_of(standing, founding.tenant_id)
    if standing.portfolios.get(FIRST_PORTFOLIO) != PortfolioState.NEW:
        return None
    state = PortfolioState.PAUSED if founding.is_paused else PortfolioState.ACTIVE
    if tenant.status is TenantStatus.SUSPENDED and state is PortfolioState.ACTIVE:
        state = PortfolioState.SUSPENDED  # it was suspended before it was finished
    return Change(
        what=TenantChange(portfolios={FIRST_PORTFOLIO: {"state": state.value}}),
        kind=AuditKind.TENANT_OPENED,
        reason="tenant created",
        facts={"portfolios": {FIRST_PORTFOLIO: state.value}},
    )


def _refuse_another(founding: Founding, owner: str, standing: TenantStanding) -> None:
    """Let only the command go on that began."""
    tenant = tenant_of(standing, founding.tenant_id)
    if standing.portfolios.get(FIRST_PORTFOLIO) != PortfolioState.NEW:
        raise ConfigurationError(
            f"tenant: expected an id that is free, found {tenant.tenant_id} ({tenant.name}) since "
            f"{tenant.created_at:%Y-%m-%d}; see maestro tenant show {tenant.tenant_id}"
        )
    owners = [each.uid for each in standing.members if each.role is Role.OWNER]
    if tenant.name != founding.name.strip() or owner not in owners:
        raise ConfigurationError(
            f"tenant: expected {tenant.tenant_id} to be finished as it was begun, for {tenant.name!r} and "
            f"{' or '.join(owners)}, found {founding.name!r} and {owner}; run that command again, or delete it"
        )


def _moved(
    standing: TenantStanding, tenant: Tenant, before: PortfolioState, after: PortfolioState, reason: str
) -> Change:
    moved = {name: after.value for name, state in standing.portfolios.items() if state == before}
    is_suspended = tenant.status is TenantStatus.SUSPENDED
    return Change(
        what=TenantChange(tenant=tenant, portfolios={name: {"state": state} for name, state in moved.items()}),
        kind=AuditKind.TENANT_SUSPENDED if is_suspended else AuditKind.TENANT_RESUMED,
        reason=reason.strip(),
        facts={"portfolios": moved},
    )
