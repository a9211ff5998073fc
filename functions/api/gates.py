"""Who asks, and whether they may: a member or operator with an ID token, or whoever has this machine's token.

A refusal never tells whether a tenant exists: what the token claims is compared with the path before anything is read.
"""

import hmac
from dataclasses import dataclass
from typing import Protocol

from backend.adapters.documents import Documents, paths
from backend.adapters.documents.tenant_documents import member_of
from backend.domain.errors import NotAuthenticated, NotFound, NotPermitted
from backend.domain.permission import Permission, Standing
from backend.ports.bearers import Bearer, Bearers

# What loosens or sells: a stolen token that was revoked must not do it within its last hour. A halt must not wait for
# another service, and reading is bounded by the member's document.
REVOCATION_COUNTS = frozenset({Permission.FLATTEN, Permission.OPERATE, Permission.CONFIGURE})
_ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: ``name`` stands in the audit log."""

    uid: str
    name: str


class Gate(Protocol):
    def admitted(self, token: str, tenant_id: str, permission: Permission) -> Caller:
        """Return who presents the token, where they may do this in this tenant.

        Raises
        ------
        NotAuthenticated
            The token does not hold.
        NotPermitted
            They may not.
        NotFound
            A platform operator asks for a tenant that is none.
        """
        ...


class MemberGate:
    """``Gate`` of Firebase users: what the token claims must stand in the store, too, and the store's role counts."""

    def __init__(self, bearers: Bearers, documents: Documents) -> None:
        self._bearers = bearers
        self._documents = documents

    def admitted(self, token: str, tenant_id: str, permission: Permission) -> Caller:
        """Verify the token, then read tenant, member and operator at once; see the protocol."""
        bearer = self._bearers.verified(token, check_revoked=permission in REVOCATION_COUNTS)
        is_member = bearer.tenant_id == tenant_id
        if not is_member and not bearer.is_platform_operator:
            raise _refusal()
        tenant, member, operator = _claimed(bearer, tenant_id, is_member=is_member)
        found = self._documents.read([path for path in (tenant, member, operator) if path is not None])
        is_operator = operator in found
        if tenant not in found:
            if is_operator:
                raise NotFound(f"tenant: expected one that exists, found none of the name {tenant_id!r}; see the list")
            raise _refusal()
        standing = Standing(
            role=member_of(found[member]).role if member in found else None,
            is_platform_operator=is_operator,
            is_suspended=found[tenant].fields.get("status") != _ACTIVE,
        )
        if not standing.has(permission):
            raise _refusal(is_suspended=standing.is_suspended and standing.role is not None)
        return Caller(uid=bearer.uid, name=_name(bearer, is_member=standing.role is not None))


class LocalGate:
    """``Gate`` of one machine without accounts: whoever has its token is the owner of its one tenant."""

    def __init__(self, token: str, tenant_id: str) -> None:
        self._token = token
        self._tenant_id = tenant_id

    def admitted(self, token: str, tenant_id: str, permission: Permission) -> Caller:
        """Compare the token; see the protocol."""
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            raise NotAuthenticated(
                "Authorization: expected the token in this machine's file, found another; read the file that "
                "`maestro serve api` names"
            )
        if tenant_id != self._tenant_id:
            raise _refusal()
        return Caller(uid="local", name="local API token")


def _claimed(bearer: Bearer, tenant_id: str, *, is_member: bool) -> tuple[str, str | None, str | None]:
    """Return the documents that must bear out what the token claims."""
    return (
        paths.tenant(tenant_id),
        paths.member(tenant_id, bearer.uid) if is_member else None,
        paths.platform_operator(bearer.uid) if bearer.is_platform_operator else None,
    )


def _name(bearer: Bearer, *, is_member: bool) -> str:
    """Name who acts by what stays theirs, the uid; an address may pass to somebody else."""
    title = "" if is_member else "platform operator "
    return f"{title}{bearer.email} ({bearer.uid})" if bearer.email else f"{title}{bearer.uid}"


def _refusal(*, is_suspended: bool = False) -> NotPermitted:
    if is_suspended:
        return NotPermitted("expected an active tenant, found it suspended: it can be read, halted and flattened only")
    return NotPermitted(
        "expected a member of this tenant whose role allows this, found somebody else; ask the tenant's owner"
    )
