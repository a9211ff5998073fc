"""A collection read page by page in the order of one field, so that its size does not matter."""

from collections.abc import Iterator, Sequence
from typing import Any

from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument

PAGE_DOCUMENTS = 500


def ordered_documents(
    documents: Documents,
    collection: str,
    filters: Sequence[Filter],
    *,
    field: str,
    start: Any = None,
    page_documents: int = PAGE_DOCUMENTS,
) -> Iterator[StoredDocument]:
    """Yield documents by ``field``, smallest first and from ``start`` on, equal ones by document id.

    A page begins with the value that the one before ended with, and leaves out what was seen of it; where
    that value fills a whole page, the page grows.
    """
    seen: set[str] = set()
    limit = page_documents
    while True:
        bounds = [] if start is None else [Filter(field=field, operator=">=", value=start)]
        page = documents.query(collection, [*filters, *bounds], order=Order(field=field), limit=limit)
        yield from (document for document in page if document.path not in seen)
        if len(page) < limit:
            return
        last = page[-1].fields[field]
        limit = limit * 2 if last == start else page_documents
        seen = {document.path for document in page if document.fields[field] == last}
        start = last
