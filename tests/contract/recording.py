"""A document store that keeps what went through it."""

from collections.abc import Sequence

from backend.adapters.documents import Documents, Filter, Order, StoredDocument, Write


class RecordingDocuments:
    """Passes everything on and keeps what was written and which documents were asked for."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.written: list[Write] = []
        self.reads: list[tuple[str, ...]] = []  # paths of each round trip
        self.queried: list[str] = []  # collections
        self.scanned: list[int] = []  # limits of pages

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        self.reads.append(tuple(paths))
        return self._documents.read(paths)

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        self.written += writes
        return self._documents.commit(writes)

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        self.queried.append(collection)
        return self._documents.query(collection, filters, order=order, limit=limit)

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        self.scanned.append(limit)
        return self._documents.scan(prefix, after=after, limit=limit, with_fields=with_fields)
