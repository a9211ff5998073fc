"""``journal/{portfolio_id}__{number}``: what one commit did to the book; append-only, numbered without a gap."""

from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import sealed
from backend.adapters.documents.seam import StoredDocument, Write, create
from backend.domain.journal import JournalEntry
from backend.domain.tick import PortfolioKey

REMEDY = "restore it from a backup; no day is closed until then"


def journal_writes(entry: JournalEntry | None, key: PortfolioKey) -> list[Write]:
    """Create the entry; a number that is taken means that somebody else moved the book."""
    if entry is None:
        return []
    return [create(paths.journal(key.tenant_id, key.portfolio_id, entry.number), to_document(entry, key))]


def to_document(entry: JournalEntry, key: PortfolioKey) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "uid": key.uid,
        "portfolio_id": key.portfolio_id,
        "number": entry.number,
        "timestamp": entry.committed_at,
        "run_id": entry.run_id,
        "event_count": len(entry.events),
        **sealed(entry),
    }


def from_document(document: StoredDocument) -> JournalEntry:
    """Read an entry back.

    Raises
    ------
    StoreCorrupt
        It is damaged, or is not the entry that the document's other fields describe.
    """
    reader = FieldReader(document.path, document.fields, REMEDY)
    entry = reader.sealed(JournalEntry)
    counts = reader.integer("number"), reader.integer("event_count")
    if counts != (entry.number, len(entry.events)):
        raise reader.corrupt(f"number {counts[0]} with {counts[1]} events", (entry.number, len(entry.events)))
    return entry
