"""An application in this process, in front of a store, and who asks it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.seam import replace
from backend.domain.errors import NotAuthenticated
from backend.domain.role import Role
from backend.ports.bearers import Bearer
from backend.settings import Settings
from functions import stores
from functions.api.allowance import Allowance
from functions.api.application import create_app
from functions.api.calls import Served
from functions.api.gates import Gate, MemberGate

TENANT = "acme"
ADDED = {"added_at": datetime(2026, 3, 2, tzinfo=UTC), "added_by": "test"}


class KnownTokens:
    """``Bearers`` of tokens that are known; ``asked`` says which were checked for revocation."""

    def __init__(self, bearers: Mapping[str, Bearer]) -> None:
        self.bearers = dict(bearers)
        self.asked: list[bool] = []

    def verified(self, token: str, *, check_revoked: bool) -> Bearer:
        self.asked.append(check_revoked)
        if token not in self.bearers:
            raise NotAuthenticated("Authorization: expected a token that is known, found another; sign in")
        return self.bearers[token]


class ApiDesk:
    """The client of an application; every request is made with ``token``."""

    def __init__(
        self, settings: Settings, gate: Gate, token: str, *, reads: int = 10_000, writes: int = 10_000
    ) -> None:
        self.settings = settings
        self.token = token
        self.served = Served(
            settings=settings,
            gate=gate,
            allowance=Allowance(reads_per_minute=reads, writes_per_minute=writes),
            now=lambda: datetime.now(UTC),
        )
        self.app = create_app(self.served)

    @property
    def documents(self) -> Documents:
        return stores.documents(self.settings)

    @property
    def store(self) -> DocumentStore:
        return DocumentStore(self.documents)

    def get(self, path: str, **query: Any) -> Any:
        return self.request("GET", path, query=query)

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> Any:
        return self.request("POST", path, body, key=key or uuid4().hex)

    def request(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, query: Any = None, **headers: str
    ) -> Any:
        """Ask for a path of the tenant, in a client of its own, so that threads can."""
        given = {"Authorization": f"Bearer {self.token}", **({"Idempotency-Key": key} if key else {}), **headers}
        url = path if path.startswith("/") else f"/v1/tenants/{TENANT}/{path}"
        return self.app.test_client().open(url, method=method, json=body, headers=given, query_string=query)

    def audit(self) -> list[str]:
        """Return the kinds of the audit log's entries, oldest first."""
        return [each.kind.value for each in DocumentAuditTrail(self.documents).commands(TENANT, last=200)][::-1]


def add_tenant(documents: Documents, tenant_id: str = TENANT, status: str = "active") -> None:
    fields = {"tenant_id": tenant_id, "name": tenant_id, "status": status, "created_by": "test"}
    documents.commit([replace(paths.tenant(tenant_id), {**fields, "created_at": ADDED["added_at"]})])


def add_member(documents: Documents, uid: str, role: Role, tenant_id: str = TENANT) -> None:
    fields = {"uid": uid, "role": role.value, "email": f"{uid}@example.com", **ADDED}
    documents.commit([replace(paths.member(tenant_id, uid), fields)])


def add_platform_operator(documents: Documents, uid: str) -> None:
    documents.commit([replace(paths.platform_operator(uid), {"uid": uid, "email": f"{uid}@example.com", **ADDED})])


def owned_desk(settings: Settings, **limits: int) -> ApiDesk:
    """Return the desk of the tenant's owner."""
    documents = stores.documents(settings)
    add_tenant(documents)
    add_member(documents, "olga", Role.OWNER)
    known = KnownTokens({"olga": Bearer(uid="olga", email="olga@example.com", tenant_id=TENANT)})
    return ApiDesk(settings, MemberGate(known, documents), "olga", **limits)
