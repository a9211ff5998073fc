"""Documents that are read through another store; who inherits says what a commit is."""

from collections.abc import Sequence

from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument


class ReadsPassedOn:
    """Reads through another store; whoever inherits it says what a commit is."""

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
