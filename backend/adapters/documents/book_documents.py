"""``state/book_{portfolio_id}``: sleeves, paper accounts and open orders, packed into one canonical text."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import sealed
from backend.adapters.documents.seam import StoredDocument
from backend.domain.book import PortfolioBook
from backend.domain.tick import PortfolioKey

REMEDY = "restore it from a backup, or rebuild it from the journal; no order is sent until then"


def to_document(book: PortfolioBook, key: PortfolioKey) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "uid": key.uid,
        "portfolio_id": key.portfolio_id,
        "strategy_count": len(book.strategies),
        "open_order_count": len(book.open_orders),
        "entries": book.entries,
        **sealed(book),
    }


def from_document(document: StoredDocument) -> PortfolioBook:
    """Read a book back.

    Raises
    ------
    StoreCorrupt
        It is damaged, or is not the book that the document's other fields describe.
    """
    reader = FieldReader(document.path, document.fields, REMEDY)
    book = reader.sealed(PortfolioBook)
    counts = tuple(reader.integer(name) for name in ("strategy_count", "open_order_count", "entries"))
    found = (len(book.strategies), len(book.open_orders), book.entries)
    if counts != found:
        raise reader.corrupt(f"{counts} strategies, open orders and journal entries in payload", found)
    return book
