"""``tenants/{t}``, its ``members/{uid}`` and ``departures/{uid}``: who may use it, whose claims are to be cleared.

Whatever changes a tenant moves its trading document, too. So two changes never cross each other, and a tick that was
decided before a change can not be committed after it.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from backend.adapters.documents import audit_documents, paths, trading_documents
from backend.adapters.documents.fields import FieldReader, as_instant
from backend.adapters.documents.seam import (
    Documents,
    Filter,
    Order,
    StoredDocument,
    Write,
    create,
    delete,
    put,
    replace,
    update,
)
from backend.domain.audit import AuditEntry
from backend.domain.role import Role
from backend.domain.tenant import Member, Tenant, TenantStatus
from backend.domain.trading_state import Trading
from backend.ports.tenants import TenantChange, TenantOverview, TenantStanding

_AT_ONCE = 8  # tenants whose members are counted at the same time


class DocumentTenants:
    """``Tenants`` over any store of documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def standing(self, tenant_id: str) -> TenantStanding:
        """Read trading before all else: what changes from then on moves it."""
        own, trading, board = paths.tenant(tenant_id), paths.trading(tenant_id), paths.dashboard(tenant_id)
        found = self._documents.read([own, trading, board])
        return TenantStanding(
            tenant=from_document(found[own]) if own in found else None,
            members=tuple(sorted(map(member_of, self._all(tenant_id, "members")), key=lambda each: each.uid)),
            departing=tuple(paths.identifier(each.document_id) for each in self._all(tenant_id, "departures")),
            portfolios=_states(self._all(tenant_id, "portfolios")),
            ticked_at=_ticked_at(found.get(board)),
            trading=trading_documents.from_document(found[trading]) if trading in found else Trading(),
            expected=found[trading].version if trading in found else None,
        )

    def change(self, change: TenantChange, trading: Trading, entry: AuditEntry, *, expected: object | None) -> None:
        """Write a change with trading and its audit entry; see the port."""
        self._documents.commit(
            [
                put(paths.trading(entry.tenant_id), trading_documents.to_document(trading), expected),
                audit_documents.audit_write(entry),
                *_writes(change, entry),
            ]
        )

    def member(self, tenant_id: str, uid: str) -> Member | None:
        """Read one member; see the port."""
        path = paths.member(tenant_id, uid)
        found = self._documents.read([path]).get(path)
        return None if found is None else member_of(found)

    def departed(self, tenant_id: str, uid: str) -> None:
        """Forget somebody whose claims are cleared; see the port."""
        self._documents.commit([delete(paths.departure(tenant_id, uid))])

    def overviews(self, *, after: str | None, limit: int) -> Sequence[TenantOverview]:
        """Read a page of tenants by id, and a few of them at a time what lies below; see the port."""
        behind = [] if after is None else [Filter(field="tenant_id", operator=">", value=after)]
        found = self._documents.query(paths.TENANTS, behind, order=Order(field="tenant_id"), limit=limit)
        tenants = list(map(from_document, found))
        boards = {each.tenant_id: paths.dashboard(each.tenant_id) for each in tenants}
        read = self._documents.read(list(boards.values())) if boards else {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(lambda each: self._overview(each, read.get(boards[each.tenant_id])), tenants))

    def _overview(self, tenant: Tenant, board: StoredDocument | None) -> TenantOverview:
        return TenantOverview(
            tenant=tenant,
            portfolios=_states(self._all(tenant.tenant_id, "portfolios")),
            members=len(self._all(tenant.tenant_id, "members")),
            ticked_at=_ticked_at(board),
        )

    def _all(self, tenant_id: str, name: str) -> list[StoredDocument]:
        return self._documents.query(paths.collection(tenant_id, name))


def to_document(tenant: Tenant) -> dict[str, Any]:
    optional = {"suspended_at": tenant.suspended_at, "suspended_by": tenant.suspended_by, "reason": tenant.reason}
    return {
        "tenant_id": tenant.tenant_id,
        "name": tenant.name,
        "status": tenant.status.value,
        "created_at": tenant.created_at,
        "created_by": tenant.created_by,
        **{name: value for name, value in optional.items() if value is not None},
    }


def from_document(document: StoredDocument) -> Tenant:
    """Read a tenant back; StoreCorrupt when a field is missing or damaged."""
    reader = FieldReader(document.path, document.fields)
    return Tenant(
        tenant_id=reader.text("tenant_id"),
        name=reader.text("name"),
        status=reader.member("status", TenantStatus),
        created_at=reader.instant("created_at"),
        created_by=reader.text("created_by"),
        suspended_at=reader.instant("suspended_at") if "suspended_at" in reader else None,
        suspended_by=reader.text("suspended_by") if "suspended_by" in reader else None,
        reason=reader.text("reason") if "reason" in reader else None,
    )


def _writes(change: TenantChange, entry: AuditEntry) -> list[Write]:
    tenant_id = entry.tenant_id
    writes = [] if change.tenant is None else [replace(paths.tenant(tenant_id), to_document(change.tenant))]
    writes += [create(paths.portfolio(tenant_id, name), fields) for name, fields in change.founded.items()]
    writes += [update(paths.portfolio(tenant_id, name), fields) for name, fields in change.portfolios.items()]
    for member in change.members:
        writes += [
            replace(paths.member(tenant_id, member.uid), _member_fields(member)),
            delete(paths.departure(tenant_id, member.uid)),
        ]
    for uid in change.dismissed:
        departure = {"uid": uid, "since": entry.timestamp, "by": entry.actor}
        writes += [delete(paths.member(tenant_id, uid)), replace(paths.departure(tenant_id, uid), departure)]
    return writes


def _member_fields(member: Member) -> dict[str, Any]:
    return {
        "uid": member.uid,
        "role": member.role.value,
        "email": member.email,
        "added_at": member.added_at,
        "added_by": member.added_by,
    }


def member_of(document: StoredDocument) -> Member:
    """Read a member back, by hand written ones among them: one without a role may look, and nothing else."""
    reader = FieldReader(document.path, document.fields, "correct or delete this document")
    given = {name for name in ("role", "email", "added_at", "added_by") if document.fields.get(name) is not None}
    return Member(
        uid=paths.identifier(document.document_id),
        role=reader.member("role", Role) if "role" in given else Role.VIEWER,
        email=reader.text("email") if "email" in given else None,
        added_at=reader.instant("added_at") if "added_at" in given else None,
        added_by=reader.text("added_by") if "added_by" in given else None,
    )


def _ticked_at(board: StoredDocument | None) -> datetime | None:
    return None if board is None else as_instant(board.fields.get("timestamp"))


def _states(portfolios: Sequence[StoredDocument]) -> dict[str, str]:
    """Return states by portfolio as they are found: what is no state runs nothing."""
    return {paths.identifier(each.document_id): str(each.fields.get("state", "")) for each in portfolios}
