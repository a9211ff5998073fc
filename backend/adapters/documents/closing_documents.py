"""``state/closing_{portfolio_id}``: the marked book as of the last close, packed into one canonical text."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import sealed
from backend.adapters.documents.seam import StoredDocument
from backend.domain.closing import Closing
from backend.domain.tick import PortfolioKey

REMEDY = "restore it from a backup; no day is closed until then"


def to_document(closing: Closing, key: PortfolioKey) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "uid": key.uid,
        "portfolio_id": key.portfolio_id,
        "day": None if closing.day is None else closing.day.isoformat(),
        "closes_at": closing.closes_at,
        "entries": closing.entries,
        **sealed(closing),
    }


def from_document(document: StoredDocument) -> Closing:
    """Read a closing back.

    Raises
    ------
    StoreCorrupt
        It is damaged, or is not the closing that the document's other fields describe.
    """
    reader = FieldReader(document.path, document.fields, REMEDY)
    closing = reader.sealed(Closing)
    if (reader.optional_day("day"), reader.integer("entries")) != (closing.day, closing.entries):
        raise reader.corrupt(f"the close of {reader.optional_day('day')} in payload", closing.day)
    return closing
