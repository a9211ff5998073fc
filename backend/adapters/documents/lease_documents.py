"""``account_leases/{account_id}``: beside the tenants, since two of them may have the same broker account."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend.adapters.documents import book_documents, paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, StoredDocument, Write, put
from backend.domain.errors import ConfigurationError
from backend.domain.lease import LEASE_DURATION, AccountLeases, Lease, LeaseChange, Release, place_of
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.ports.leases import HolderBook

# Not sooner: until it has expired, a lease in a holder's book counts without a look at this document.
REMEDY = (
    "restore it from a backup, or delete it when no orchestrator of this account has run for "
    f"{LEASE_DURATION.days} days"
)


class LeaseDocuments:
    """Leases over any documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def leases(self, account_id: str) -> tuple[AccountLeases, object | None]:
        """Read an account's leases with their version; see the port."""
        path = paths.account_leases(account_id)
        document = self._documents.read([path]).get(path)
        if document is None:
            return AccountLeases(account_id=account_id), None
        return from_document(document), document.version

    def book(self, holder: str) -> HolderBook | None:
        """Read a holder's book; see the port."""
        tenant_id, portfolio_id = place_of(holder)
        path = paths.book(tenant_id, portfolio_id)
        document = self._documents.read([path]).get(path)
        if document is None:
            return None
        uid = FieldReader(path, document.fields, book_documents.REMEDY).text("uid")
        return HolderBook(
            key=PortfolioKey(tenant_id=tenant_id, portfolio_id=portfolio_id, uid=uid),
            book=book_documents.from_document(document),
            version=document.version,
        )

    def change(self, change: LeaseChange, *, fenced: HolderBook | None = None) -> None:
        """Write an account's leases, and a holder's book; see the port."""
        self._documents.commit([*lease_writes(change), *([] if fenced is None else [_book_write(fenced)])])

    def accounts(self) -> Sequence[AccountLeases]:
        """Return the leases of every account; see the port."""
        return [from_document(each) for each in self._documents.query(paths.ACCOUNT_LEASES)]


def lease_writes(change: LeaseChange | None) -> list[Write]:
    """Write what was claimed, conditional on what was read: for a commit of its own, or one that depends on it."""
    if change is None:
        return []
    return [put(paths.account_leases(change.leases.account_id), to_document(change.leases), change.expected)]


def to_document(leases: AccountLeases) -> dict[str, Any]:
    return {
        "account_id": leases.account_id,
        "leases": [
            {
                "holder": each.holder,
                "strategies": sorted(each.strategies),
                "since": each.since,
                "renewed_at": each.renewed_at,
                "expires_at": each.expires_at,
            }
            for each in leases.leases
        ],
        "releases": [
            {
                "holder": each.holder,
                "strategies": sorted(each.strategies),
                "by": each.by,
                "reason": each.reason,
                "at": each.at,
            }
            for each in leases.releases
        ],
    }


def from_document(document: StoredDocument) -> AccountLeases:
    """Read an account's leases back; StoreCorrupt when a field is missing or damaged."""
    reader = FieldReader(document.path, document.fields, REMEDY)
    account_id = reader.text("account_id")
    return AccountLeases(
        account_id=account_id,
        leases=tuple(
            _lease(account_id, reader.nested(f"leases[{n}]", each)) for n, each in enumerate(reader.items("leases"))
        ),
        releases=tuple(
            _release(reader.nested(f"releases[{n}]", each)) for n, each in enumerate(reader.items("releases"))
        ),
    )


def _book_write(held: HolderBook) -> Write:
    path = paths.book(held.key.tenant_id, held.key.portfolio_id)
    return put(path, book_documents.to_document(held.book, held.key), held.version)


def _lease(account_id: str, reader: FieldReader) -> Lease:
    instants: dict[str, datetime] = {name: reader.instant(name) for name in ("since", "renewed_at", "expires_at")}
    try:
        return Lease(account_id=account_id, holder=reader.text("holder"), strategies=_names(reader), **instants)
    except ConfigurationError as e:
        raise reader.corrupt("a lease", str(e)) from e


def _release(reader: FieldReader) -> Release:
    return Release(
        holder=reader.text("holder"),
        strategies=_names(reader),
        by=reader.text("by"),
        reason=reader.text("reason"),
        at=reader.instant("at"),
    )


def _names(reader: FieldReader) -> frozenset[StrategyId]:
    names = reader.items("strategies")
    if not all(isinstance(name, str) for name in names):
        raise reader.corrupt("names of strategies", names)
    return frozenset(map(StrategyId, names))
