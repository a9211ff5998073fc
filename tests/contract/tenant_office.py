"""Tenants over a real store, with users in memory, and the rule by which both together give access."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.adapters.documents import Documents
from backend.adapters.documents.archive_documents import DocumentArchive
from backend.adapters.documents.configuration_documents import DocumentConfigurations
from backend.adapters.documents.tenant_documents import DocumentTenants
from backend.adapters.null_secrets import NullSecrets
from backend.domain.policy import DecisionPolicy
from backend.domain.role import Role
from backend.engine.deletion import SETTLING, Clearance
from backend.engine.tenancy import Founded, Founding, create, suspend
from backend.engine.tenant_changes import Office
from tests.fakes.faults import Countdown, Mortal
from tests.fakes.identities import FakeIdentities

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
CONFIGURATION = {"scoring": {"min_returns": 7}, "risk": {"max_portfolio_drawdown": 0.1}}


@dataclass
class Bureau:
    """Who works on tenants; ``time`` is the present."""

    documents: Documents
    identities: FakeIdentities
    time: datetime = NOW

    def office(self, countdown: Countdown | None = None, **parts: Any) -> Office:
        """Return what changes tenants; with a countdown, it dies there."""
        tenants = parts.get("tenants", DocumentTenants(self.documents))
        return Office(
            tenants=_mortal(tenants, countdown),
            identities=_mortal(self.identities, countdown),
            now=lambda: self.time,
            by="eve",
        )

    def clearance(self, countdown: Countdown | None = None, **parts: Any) -> Clearance:
        return Clearance(
            office=self.office(countdown),
            archive=_mortal(DocumentArchive(self.documents), countdown),
            secrets=_mortal(parts.get("secrets", NullSecrets()), countdown),
        )

    def create(
        self, tenant_id: str = "acme", owner: str = "ann", countdown: Countdown | None = None, **more: Any
    ) -> Founded:
        founding = Founding(
            tenant_id=tenant_id, name=more.pop("name", "Acme"), owner=owner, configuration=CONFIGURATION, **more
        )
        configurations = _mortal(DocumentConfigurations(self.documents), countdown)
        return create(founding, self.office(countdown), configurations, defaults=DecisionPolicy())

    def suspend(self, tenant_id: str = "acme") -> None:
        """Suspend a tenant, and wait until what had begun has ended."""
        suspend(tenant_id, "unpaid", self.office())
        self.time += SETTLING + timedelta(seconds=1)

    def role(self, tenant_id: str, uid: str) -> Role | None:
        """Return what a user may do in a tenant: claim and document have to agree, and the document's role counts."""
        member = DocumentTenants(self.documents).member(tenant_id, uid)
        claims = self.identities.claims(uid)
        return member.role if member is not None and claims.get("tenant_id") == tenant_id else None

    def everything(self) -> dict[str, Any]:
        """Return every document of the store that a test of tenants can have written, by path."""
        found = {}
        roots = ("tenants", "operators", "account_leases", "systemStatus")
        for root in roots:
            for document in self.documents.query(root):
                found[document.path] = document.fields
        for prefix in ("tenants/acme/", "tenants/beta/", "systemStatus/orchestration_logs/", "systemStatus/tenants/"):
            for document in self.documents.scan(prefix, limit=10_000):
                found[document.path] = document.fields
        return found


def _mortal(part: Any, countdown: Countdown | None) -> Any:
    return part if countdown is None else Mortal(part, countdown)
