"""Everything of one tenant: below its own document, the operator's copies, its summary, its part of leases.

Documents are read and removed page by page, so that memory does not grow with what a tenant has.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace as altered
from itertools import chain

from backend.adapters.documents import lease_documents, paths
from backend.adapters.documents.seam import Documents, StoredDocument, Write, delete, put
from backend.adapters.documents.tagging import tagged
from backend.domain.errors import ConfigurationError
from backend.domain.lease import AccountLeases, place_of
from backend.ports.archive import ArchivedDocument

NAMES_PAGE = 500
FIELDS_PAGE = 100  # a document may come near a megabyte, and two pages are held at a time
_DELETED = "a tenant that was deleted"


class DocumentArchive:
    """``Archive`` over any store of documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def documents(self, tenant_id: str) -> Iterator[ArchivedDocument]:
        """Read all of it: the tenant's own document first, its part of leases last; see the port."""
        for document in chain(self._read(tenant_id), self._below(tenant_id, with_fields=True)):
            yield ArchivedDocument(path=document.path, fields=tagged(document.path, document.fields))
        for document, leases in self._leases(tenant_id):
            own = lease_documents.to_document(_part(leases, tenant_id))
            yield ArchivedDocument(path=document.path, fields=tagged(document.path, own))

    def names(self, tenant_id: str) -> Iterator[str]:
        """Return what is the tenant's alone; see the port."""
        for document in self._below(tenant_id, with_fields=False):
            yield document.path
        for document in reversed(self._read(tenant_id)):
            yield document.path

    def remove(self, paths: Sequence[str]) -> None:
        """Remove documents in one commit; see the port."""
        self._documents.commit([delete(path) for path in paths])

    def leases(self, tenant_id: str) -> Sequence[str]:
        """Name the accounts whose leases or releases name the tenant; see the port."""
        return [leases.account_id for _, leases in self._leases(tenant_id)]

    def release(self, tenant_id: str, account_id: str) -> None:
        """Take the tenant's leases and releases out of an account's; without any left the document goes."""
        path = paths.account_leases(account_id)
        document = self._documents.read([path]).get(path)
        if document is not None:
            left = _without(lease_documents.from_document(document), tenant_id)
            self._documents.commit([_written(document, left)])

    def _read(self, tenant_id: str) -> list[StoredDocument]:
        wanted = [paths.tenant(tenant_id), paths.tenant_summary(tenant_id)]
        found = self._documents.read(wanted)
        return [found[path] for path in wanted if path in found]

    def _below(self, tenant_id: str, *, with_fields: bool) -> Iterator[StoredDocument]:
        limit = FIELDS_PAGE if with_fields else NAMES_PAGE
        for prefix in (f"{paths.tenant(tenant_id)}/", paths.operator_logs(tenant_id)):
            after = None
            while page := self._documents.scan(prefix, after=after, limit=limit, with_fields=with_fields):
                yield from page
                after = page[-1].path

    def _leases(self, tenant_id: str) -> Iterator[tuple[StoredDocument, AccountLeases]]:
        for document in self._documents.query(paths.ACCOUNT_LEASES):
            leases = lease_documents.from_document(document)
            if leases != _without(leases, tenant_id):
                yield document, leases


def _part(leases: AccountLeases, tenant_id: str) -> AccountLeases:
    return altered(
        leases,
        leases=tuple(each for each in leases.leases if _is_of(each.holder, tenant_id)),
        releases=tuple(each for each in leases.releases if _is_of(each.holder, tenant_id)),
    )


def _without(leases: AccountLeases, tenant_id: str) -> AccountLeases:
    """Leave out what the tenant held; where it took over what another's was, that release stays, without its name."""
    others = (each for each in leases.releases if not _is_of(each.holder, tenant_id))
    return altered(
        leases,
        leases=tuple(each for each in leases.leases if not _is_of(each.holder, tenant_id)),
        releases=tuple(altered(each, by=_DELETED) if _is_of(each.by, tenant_id) else each for each in others),
    )


def _is_of(holder: str, tenant_id: str) -> bool:
    try:
        return place_of(holder)[0] == tenant_id
    except ConfigurationError:  # a person's name, as of whoever released a lease
        return False


def _written(document: StoredDocument, left: AccountLeases) -> Write:
    if not left.leases and not left.releases:
        return delete(document.path, document.version)
    return put(document.path, lease_documents.to_document(left), document.version)
