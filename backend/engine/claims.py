"""Which user is meant, and the claims in their tokens: given to members, taken from those who depart."""

from backend.domain.errors import ConfigurationError
from backend.domain.role import Role
from backend.domain.tenant import Identity, checked_uid, member_claims, stranger_claims
from backend.engine.tenant_changes import Office
from backend.ports.identities import Identities


def resolved(user: str, tenant_id: str, office: Office) -> Identity:
    """Return a user who may become the tenant's member.

    Raises
    ------
    ConfigurationError
        There is none, or they are a member of another tenant.
    """
    identity = identity_of(user, office.identities)
    if identity is None:
        raise ConfigurationError(
            f"user: expected one who has signed up, found none called {user!r}; let them sign in once, or create them "
            "in Firebase Auth"
        )
    _refuse_other_tenant(identity, tenant_id, office)
    return identity


def identity_of(user: str, identities: Identities) -> Identity | None:
    """Look a user up by what a person says: an e-mail when there is an @ in it, else a uid."""
    if "@" in user:
        return identities.by_email(user.strip().lower())
    return identities.by_uid(checked_uid(user))


def known(identities: Identities, uid: str) -> Identity:
    identity = identities.by_uid(uid)
    if identity is None:
        raise ConfigurationError(
            f"user: expected {uid} to be a user still, found that they were deleted in Firebase Auth; remove the member"
        )
    return identity


def sign(tenant_id: str, uid: str, role: Role, office: Office) -> bool:
    """Give a member the claims that go with the document; False when they have them.

    Raises
    ------
    ConfigurationError
        The user is gone, or another tenant's member by now; the claims stay as they are.
    """
    identity = known(office.identities, uid)
    _refuse_other_tenant(identity, tenant_id, office)
    claims = member_claims(identity.claims, tenant_id, role)
    if claims == identity.claims:
        return False
    office.identities.set_claims(uid, claims)
    return True


def let_go(tenant_id: str, uid: str, office: Office) -> bool:
    """Clear the claims of somebody who departs and end their sessions; say whether there were claims to clear."""
    identity = office.identities.by_uid(uid)
    is_claimed = identity is not None and identity.tenant_id == tenant_id
    if identity is not None and is_claimed:
        office.identities.set_claims(uid, stranger_claims(identity.claims))
    if identity is not None:
        office.identities.revoke(uid)
    office.tenants.departed(tenant_id, uid)
    return is_claimed


def _refuse_other_tenant(identity: Identity, tenant_id: str, office: Office) -> None:
    other = identity.tenant_id
    if other is None or other == tenant_id or office.tenants.member(other, identity.uid) is None:
        return
    raise ConfigurationError(
        f"{identity.uid}: expected no tenant or {tenant_id}, found a member of {other}; a user belongs to one tenant: "
        f"use another account, or maestro member remove {other} {identity.uid} first"
    )
