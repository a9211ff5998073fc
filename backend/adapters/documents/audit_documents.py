"""``audit_log/{sequence}``: what people and jobs did to trading, in the same hash chain as the decisions."""

from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import pack_text
from backend.adapters.documents.seam import StoredDocument, Write, create
from backend.domain.audit import AuditEntry, AuditKind
from backend.domain.canonical import canonical_json, plain


def audit_write(entry: AuditEntry) -> Write:
    """Create the entry; a number that is taken means that somebody else moved the chain."""
    return create(paths.audit(entry.tenant_id, entry.sequence), _fields(entry))


def _fields(entry: AuditEntry) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "sequence": entry.sequence,
        "timestamp": entry.timestamp,
        "kind": entry.kind.value,
        "actor": entry.actor,
        "reason": entry.reason,
        "previous_hash": entry.previous_hash,
        "entry_hash": entry.entry_hash,
        "body": pack_text(canonical_json(entry.body)),
    }


def from_document(document: StoredDocument) -> AuditEntry:
    """Read an entry back.

    Raises
    ------
    StoreCorrupt
        A field is missing or damaged.
    """
    reader = FieldReader(document.path, document.fields)
    return AuditEntry(
        sequence=reader.integer("sequence"),
        tenant_id=reader.text("tenant_id"),
        timestamp=reader.instant("timestamp"),
        kind=reader.member("kind", AuditKind),
        actor=reader.text("actor"),
        reason=reader.text("reason"),
        body=plain(reader.canonical("body", dict)),
        previous_hash=reader.text("previous_hash"),
        entry_hash=reader.text("entry_hash"),
    )
