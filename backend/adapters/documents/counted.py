"""Documents that count what goes through them."""

from collections.abc import Sequence

from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument, Write
from backend.domain.measured import Traffic


class CountedDocuments:
    """Passes everything on; retries within a driver are not seen. Not for use by several threads at once."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._read = 0
        self._written = 0
        self._trips = 0

    def traffic(self) -> Traffic:
        """Return what has gone through so far."""
        return Traffic(documents_read=self._read, documents_written=self._written, round_trips=self._trips)

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        self._trips += 1
        self._read += len(paths)
        return self._documents.read(paths)

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        self._trips += 1
        versions = self._documents.commit(writes)
        self._written += len(writes)
        return versions

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        self._trips += 1
        found = self._documents.query(collection, filters, order=order, limit=limit)
        self._read += max(len(found), 1)  # a query that finds nothing is billed as one
        return found

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        self._trips += 1
        found = self._documents.scan(prefix, after=after, limit=limit, with_fields=with_fields)
        self._read += max(len(found), 1)
        return found
