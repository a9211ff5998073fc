"""A store of documents that is read, and not written."""

from collections.abc import Sequence
from typing import NoReturn

from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument, Write
from backend.domain.errors import StoreError


class ReadOnlyDocuments:
    """Passes on what reads, and refuses to commit."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        return self._documents.read(paths)

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        return self._documents.query(collection, filters, order=order, limit=limit)

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        return self._documents.scan(prefix, after=after, limit=limit, with_fields=with_fields)

    def commit(self, writes: Sequence[Write]) -> NoReturn:
        """Refuse.

        Raises
        ------
        StoreError
            Always; nothing was written.
        """
        raise StoreError(
            f"expected a store that is only read, found {len(writes)} writes: "
            f"{', '.join(write.path for write in writes[:3])}; report it"
        )
