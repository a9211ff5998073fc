"""Who belongs to a tenant: the document that says so, and the claims in the user's tokens.

Both are needed for access. The document comes first when somebody is added and goes first when somebody is removed:

- what is done by half denies access, and the same command finishes it;
- wherever a claim may be, a document names the user: as a member, or as departing until the claims are cleared. So a
  claim to a tenant without a member's document is a remnant, and binds nobody.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from backend.domain.audit import AuditKind
from backend.domain.errors import ConfigurationError
from backend.domain.role import Role
from backend.domain.tenant import MOST_MEMBERS, Identity, Member, TenantStatus
from backend.engine.claims import identity_of, known, let_go, resolved, sign
from backend.engine.tenant_changes import Change, Office, changed, tenant_of
from backend.ports.identities import Identities
from backend.ports.tenants import TenantChange, TenantStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Somebody's membership after a command, and what of it the command had to write."""

    member: Member
    is_verified: bool
    was_written: bool
    were_claims_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Whose membership ended, and what of it the command had to do; tokens end within the hour in any case."""

    uid: str
    was_removed: bool
    were_claims_cleared: bool


def add_member(tenant_id: str, user: str, role: Role, office: Office) -> Joined:
    """Make a user, by uid or e-mail, a member; again where that was done by half.

    Raises
    ------
    ConfigurationError
        There is no such user, they are another tenant's or have another role, or the tenant is suspended or full.
    """
    identity = resolved(user, tenant_id, office)

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        tenant = tenant_of(standing, tenant_id)
        found = _member(standing, identity.uid)
        if found is not None and found.role is role:
            return None
        if found is not None:
            raise ConfigurationError(
                f"{identity.uid}: expected no member of {tenant_id} yet, found one with the role {found.role}; change "
                f"it with maestro member role {tenant_id} {identity.uid} {role}"
            )
        if tenant.status is TenantStatus.SUSPENDED or len(standing.members) >= MOST_MEMBERS:
            raise ConfigurationError(
                f"{tenant_id}: expected an active tenant with less than {MOST_MEMBERS} members, found it "
                f"{tenant.status} with {len(standing.members)}; resume it, or remove somebody"
            )
        member = Member(uid=identity.uid, role=role, email=identity.email, added_at=at, added_by=office.by)
        facts = {"uid": member.uid, "role": role.value}
        return Change(
            what=TenantChange(members=(member,)), kind=AuditKind.MEMBER_ADDED, reason="member added", facts=facts
        )

    done = changed(office, tenant_id, decide)
    return _joined(tenant_id, identity, was_written=done.was_changed, office=office)


def change_role(tenant_id: str, user: str, role: Role, office: Office) -> Joined:
    """Give a member another role; the document's counts from then on, the claim follows it.

    Raises
    ------
    ConfigurationError
        They are no member, or the last owner.
    """
    uid = member_named(office.tenants.standing(tenant_id), tenant_id, user).uid

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        found = member_named(standing, tenant_id, uid)
        if found.role is role:
            return None
        if not role.includes(Role.OWNER):
            _refuse_last_owner(standing, tenant_id, found)
        facts = {"uid": uid, "before": found.role.value, "after": role.value}
        what = TenantChange(members=(replace(found, role=role),))
        return Change(what=what, kind=AuditKind.MEMBER_ROLE, reason="role changed", facts=facts)

    done = changed(office, tenant_id, decide)
    return _joined(tenant_id, known(office.identities, uid), was_written=done.was_changed, office=office)


def remove_member(tenant_id: str, user: str, office: Office) -> Left:
    """End a membership, clear the claims and end the sessions; again where that was done by half.

    Raises
    ------
    ConfigurationError
        They are no member, or the last owner.
    """
    standing = office.tenants.standing(tenant_id)
    named = _member(standing, user)
    uid = named.uid if named is not None else _remnant(standing, tenant_id, user, office.identities)

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        found = _member(standing, uid)
        if found is None:
            return None
        _refuse_last_owner(standing, tenant_id, found)
        facts = {"uid": uid, "role": found.role.value}
        what = TenantChange(dismissed=(uid,))
        return Change(what=what, kind=AuditKind.MEMBER_REMOVED, reason="member removed", facts=facts)

    done = changed(office, tenant_id, decide)
    return Left(uid=uid, was_removed=done.was_changed, were_claims_cleared=let_go(tenant_id, uid, office))


def member_named(standing: TenantStanding, tenant_id: str, user: str) -> Member:
    """Return a member by uid or e-mail; ConfigurationError where there is none."""
    tenant_of(standing, tenant_id)
    found = _member(standing, user)
    if found is None:
        raise ConfigurationError(
            f"user: expected a member of {tenant_id}, found none called {user!r}; see maestro member list {tenant_id}"
        )
    return found


def _joined(tenant_id: str, identity: Identity, *, was_written: bool, office: Office) -> Joined:
    member = office.tenants.member(tenant_id, identity.uid)
    if member is None:
        raise ConfigurationError(
            f"{identity.uid}: expected a member of {tenant_id}, found that somebody removed them just now; look again"
        )
    signed = sign(tenant_id, member.uid, member.role, office)
    return Joined(member=member, is_verified=identity.is_verified, was_written=was_written, were_claims_set=signed)


def _member(standing: TenantStanding, user: str) -> Member | None:
    wanted = user.strip().lower()
    by_uid = next((each for each in standing.members if each.uid == user), None)
    by_email = (each for each in standing.members if each.email is not None and each.email.lower() == wanted)
    return by_uid or next(by_email, None)


def _remnant(standing: TenantStanding, tenant_id: str, user: str, identities: Identities) -> str:
    """Return the uid of somebody who is no member any more, but whose removal did not come to its end."""
    if user in standing.departing:
        return user
    identity = identity_of(user, identities)
    if identity is not None and (identity.uid in standing.departing or identity.tenant_id == tenant_id):
        return identity.uid
    return member_named(standing, tenant_id, user).uid


def _refuse_last_owner(standing: TenantStanding, tenant_id: str, member: Member) -> None:
    owners = [each.uid for each in standing.members if each.role is Role.OWNER]
    if owners == [member.uid]:
        raise ConfigurationError(
            f"{member.uid}: expected another owner of {tenant_id} beside them, found none; add one first"
        )
