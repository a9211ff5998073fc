"""Add portfolios to a tenant, pause and resume them, change when they tick: one commit each, with its audit entry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend.domain.audit import AuditKind
from backend.domain.errors import ConfigurationError
from backend.domain.tenant import PortfolioState, TenantStatus, checked_reason
from backend.engine.tenant_changes import Change, Done, Office, changed, tenant_of
from backend.ports.tenants import TenantChange, TenantStanding


def add(tenant_id: str, portfolio_id: str, fields: Mapping[str, Any], office: Office, *, is_paused: bool) -> Done:
    """Add a portfolio that does not exist yet; that of a suspended tenant runs when the tenant is resumed."""

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        tenant = tenant_of(standing, tenant_id)
        if portfolio_id in standing.portfolios:
            raise ConfigurationError(
                f"portfolio: expected an id that is free, found {portfolio_id} in {tenant_id}; choose another"
            )
        waits = PortfolioState.SUSPENDED if tenant.status is TenantStatus.SUSPENDED else PortfolioState.ACTIVE
        state = PortfolioState.PAUSED if is_paused else waits
        founded = {portfolio_id: {**fields, "state": state.value}}
        return Change(
            what=TenantChange(founded=founded),
            kind=AuditKind.PORTFOLIO_ADDED,
            reason="portfolio added",
            facts={"portfolio": portfolio_id, **founded[portfolio_id]},
        )

    return changed(office, tenant_id, decide)


def pause(tenant_id: str, portfolio_id: str, reason: str, office: Office) -> Done:
    """Let no tick of a portfolio begin any more, those that wait in a queue included. What it holds stays."""
    return _moved(tenant_id, portfolio_id, PortfolioState.PAUSED, AuditKind.PORTFOLIO_PAUSED, reason, office)


def resume(tenant_id: str, portfolio_id: str, reason: str, office: Office) -> Done:
    """Let a paused portfolio tick again.

    Raises
    ------
    ConfigurationError
        Its tenant is suspended.
    """
    return _moved(tenant_id, portfolio_id, PortfolioState.ACTIVE, AuditKind.PORTFOLIO_RESUMED, reason, office)


def reschedule(tenant_id: str, portfolio_id: str, fields: Mapping[str, Any], reason: str, office: Office) -> Done:
    """Change when a portfolio ticks; ``fields`` are those of its document that change."""
    checked_reason(reason)

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        _require(standing, tenant_id, portfolio_id)
        return Change(
            what=TenantChange(portfolios={portfolio_id: fields}),
            kind=AuditKind.PORTFOLIO_SCHEDULED,
            reason=reason.strip(),
            facts={"portfolio": portfolio_id, **fields},
        )

    return changed(office, tenant_id, decide)


def _moved(
    tenant_id: str, portfolio_id: str, state: PortfolioState, kind: AuditKind, reason: str, office: Office
) -> Done:
    checked_reason(reason)

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        before = _require(standing, tenant_id, portfolio_id)
        if before == state:
            return None
        if state is PortfolioState.ACTIVE and tenant_of(standing, tenant_id).status is TenantStatus.SUSPENDED:
            raise ConfigurationError(
                f"portfolio: expected an active tenant, found {tenant_id} suspended; run maestro tenant resume first"
            )
        return Change(
            what=TenantChange(portfolios={portfolio_id: {"state": state.value}}),
            kind=kind,
            reason=reason.strip(),
            facts={"portfolio": portfolio_id, "before": before, "state": state.value},
        )

    return changed(office, tenant_id, decide)


def _require(standing: TenantStanding, tenant_id: str, portfolio_id: str) -> str:
    """Return the state of a portfolio that exists."""
    if portfolio_id not in standing.portfolios:
        known = ", ".join(sorted(standing.portfolios)) or "none"
        raise ConfigurationError(
            f"portfolio: expected one of {tenant_id} ({known}), found {portfolio_id!r}; see maestro portfolio list"
        )
    return standing.portfolios[portfolio_id]
