"""Documents that say from when on they may be deleted: ``delete_after``, which Firestore's time-to-live acts on.

It is added where a document is written whole, from the instant that the document itself bears. No hash covers it, and
nothing that decides reads it. SQLite keeps it, and deletes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import as_instant
from backend.adapters.documents.seam import Documents, Filter, Order, StoredDocument, Write, WriteKind
from backend.domain.retention import Retention, kept_until

DELETE_AFTER = "delete_after"
# By collection: the field that a document's age counts from, and the field of Retention.
KEPT: Mapping[str, tuple[str, str]] = {
    "ticks": ("committed_at", "ticks_days"),
    "orchestration_logs": ("timestamp", "logs_days"),
    "audit_log": ("timestamp", "logs_days"),
    "alerts": ("timestamp", "alerts_days"),
    "dead_letters": ("failed_at", "dead_letters_days"),
}


@dataclass(frozen=True, slots=True)
class RetainedDocuments:
    """Passes everything on, and dates what is not kept for ever."""

    documents: Documents
    retention: Retention

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        return self.documents.read(paths)

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        return self.documents.query(collection, filters, order=order, limit=limit)

    def scan(
        self, prefix: str, *, after: str | None = None, limit: int, with_fields: bool = True
    ) -> list[StoredDocument]:
        return self.documents.scan(prefix, after=after, limit=limit, with_fields=with_fields)

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        """Write all or nothing; the parts of a decision's inputs are dated as the decision in the same commit."""
        dates = {each.path: self._date(each.path, each.fields) for each in writes if _is_whole(each)}
        return self.documents.commit([_dated(each, dates) for each in writes])

    def _date(self, path: str, fields: Mapping[str, Any]) -> datetime | None:
        collection = "orchestration_logs" if path.startswith(f"{paths.OPERATOR_LOGS}/") else _collection(path)
        if collection not in KEPT:
            return None
        counted_from, days = KEPT[collection]
        at = as_instant(fields.get(counted_from))
        return None if at is None else kept_until(at, getattr(self.retention, days))


def _is_whole(write: Write) -> bool:
    """Say whether a write leaves no field of before; one that is changed keeps its date."""
    return write.kind in (WriteKind.CREATE, WriteKind.REPLACE)


def _collection(path: str) -> str:
    """Return the collection of a tenant's document; nothing of any other."""
    parts = path.split("/")
    return parts[2] if parts[0] == "tenants" and len(parts) == 4 else ""


def _dated(write: Write, dates: Mapping[str, datetime | None]) -> Write:
    owner = write.path.rpartition("/inputs/")[0] or write.path
    date = dates.get(owner) if _is_whole(write) else None
    if date is None or DELETE_AFTER in write.fields:
        return write
    return replace(write, fields={**write.fields, DELETE_AFTER: date})
