"""Remove everything that is kept of a tenant; interrupted anywhere, the same command goes on.

1. refuse a tenant that is not suspended, that may still be traded for, or that holds something;
2. end every membership, page by page: from then on nobody has access;
3. clear the claims of those who depart;
4. remove the credentials, and take the tenant out of the leases of broker accounts;
5. remove the documents, the tenant's own last, and look again until a look finds none.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from backend.domain.audit import AuditKind
from backend.domain.errors import CommitConflict, ConfigurationError
from backend.domain.lease import STILL_SENDING
from backend.domain.tenant import TenantStatus
from backend.domain.trading_state import Trading
from backend.engine.claims import let_go
from backend.engine.exporting import collection_of, nothing_of
from backend.engine.tenant_changes import Change, Office, changed
from backend.ports.archive import Archive, SecretRemoval
from backend.ports.tenants import TenantChange, TenantStanding

SETTLING = STILL_SENDING * 2  # a tick or job that had begun before the suspension may write for so long
_OF_MEMBERS = ("/members", "/departures")  # collections that are told by who was in them
_PAGE = 200  # documents in one commit, with room for the entries of their indexes
_LOOKS = 20
_ATTEMPTS = 64

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was removed, or would be.

    ``members`` are the uids whose documents, claims and sessions end, ``documents`` how many others of each collection,
    ``leases`` the accounts that the tenant's part was taken out of, ``credentials`` names, never secrets.
    """

    members: tuple[str, ...]
    documents: Mapping[str, int]
    leases: tuple[str, ...]
    credentials: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance:
    """With what a tenant is removed."""

    office: Office
    archive: Archive
    secrets: SecretRemoval


def objections(standing: TenantStanding, at: datetime) -> list[str]:
    """Say what speaks against removing a tenant, in whole sentences; ``force`` overrules each of them."""
    found = []
    if standing.tenant is None:
        found.append("it has no document of its own, so nobody has suspended it")
    elif standing.tenant.suspended_at is not None and at < standing.tenant.suspended_at + SETTLING:
        until = standing.tenant.suspended_at + SETTLING
        found.append(f"what had begun before it was suspended may still write until {until:%Y-%m-%d %H:%M:%S} UTC")
    if working := len(standing.trading.working):
        found.append(f"{working} of its orders are under way")
    if held := _held(standing.trading):
        found.append(f"its strategies hold {', '.join(held)}")
    return found


def survey(tenant_id: str, clearance: Clearance) -> Removed:
    """Say what deleting would remove, and remove nothing.

    Raises
    ------
    ConfigurationError
        There is nothing of this tenant.
    """
    standing = clearance.office.tenants.standing(tenant_id)
    counts = Counter(map(collection_of, clearance.archive.names(tenant_id)))
    for collection in [each for each in counts if each.endswith(_OF_MEMBERS)]:
        del counts[collection]
    found = Removed(
        documents=dict(sorted(counts.items())),
        members=tuple(sorted({*(each.uid for each in standing.members), *standing.departing})),
        leases=tuple(clearance.archive.leases(tenant_id)),
        credentials=tuple(clearance.secrets.held(tenant_id)),
    )
    if not any((found.documents, found.members, found.leases, found.credentials)):
        raise nothing_of(tenant_id)
    return found


def check(tenant_id: str, clearance: Clearance, *, force: bool = False) -> None:
    """Refuse a tenant that may not be deleted now.

    Raises
    ------
    ConfigurationError
        It is not suspended; or, without ``force``, there are objections.
    """
    standing = clearance.office.tenants.standing(tenant_id)
    if standing.tenant is not None and standing.tenant.status is not TenantStatus.SUSPENDED:
        raise ConfigurationError(
            f"{tenant_id}: expected a tenant that is suspended, found it {standing.tenant.status}; run maestro tenant "
            f"suspend {tenant_id} --reason … first"
        )
    against = [] if force else objections(standing, clearance.office.now())
    if against:
        raise ConfigurationError(
            f"{tenant_id}: expected nothing to speak against deleting it, found that {'; '.join(against)}; see to it, "
            "or add --force"
        )


def delete(
    tenant_id: str, clearance: Clearance, *, force: bool = False, progress: Progress = lambda done: None
) -> Removed:
    """Remove everything.

    Parameters
    ----------
    force : overrule the objections; a tenant that is not suspended is refused all the same
    progress : told how many documents were removed so far

    Raises
    ------
    ConfigurationError
        It is refused, with the reasons; nothing was removed.
    StoreUnavailable, CommitConflict
        Part of it is removed; the same command goes on.
    """
    check(tenant_id, clearance, force=force)
    office, archive = clearance.office, clearance.archive
    members = _dismiss(tenant_id, office)
    credentials = tuple(clearance.secrets.remove(tenant_id))
    leases = tuple(archive.leases(tenant_id))
    for account_id in leases:
        _release(tenant_id, account_id, archive)
    documents: Counter[str] = Counter()
    for _ in range(_LOOKS):
        before = documents.total()
        for page in _pages(archive.names(tenant_id)):
            archive.remove(page)
            documents.update(map(collection_of, page))
            progress(documents.total())
        if documents.total() == before:
            return Removed(
                documents=dict(sorted(documents.items())), members=members, leases=leases, credentials=credentials
            )
    raise CommitConflict(
        f"{tenant_id}: expected that nothing is written of a tenant that is being deleted, found documents anew in "
        f"{_LOOKS} looks; find and stop what writes them, then run the command again"
    )


def _dismiss(tenant_id: str, office: Office) -> tuple[str, ...]:
    """End all memberships, then clear the claims; those who departed earlier are among them."""

    def decide(standing: TenantStanding, at: datetime) -> Change | None:
        uids = tuple(each.uid for each in standing.members[:_PAGE])
        what = TenantChange(dismissed=uids)
        facts = {"uids": list(uids)}
        return Change(what=what, kind=AuditKind.MEMBER_REMOVED, reason="tenant deleted", facts=facts) if uids else None

    while changed(office, tenant_id, decide).was_changed:
        continue
    departing = office.tenants.standing(tenant_id).departing
    for uid in departing:
        let_go(tenant_id, uid, office)
    return departing


def _release(tenant_id: str, account_id: str, archive: Archive) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return archive.release(tenant_id, account_id)
        except CommitConflict:
            if attempt == _ATTEMPTS:
                raise
    return None


def _pages(names: Iterable[str]) -> Iterator[list[str]]:
    iterator = iter(names)
    while page := list(islice(iterator, _PAGE)):
        yield page


def _held(trading: Trading) -> list[str]:
    return [
        f"{quantity} {symbol} in {portfolio}"
        for portfolio, held in sorted(trading.sleeves.items())
        for symbol, quantity in sorted(held.items())
        if quantity
    ]
