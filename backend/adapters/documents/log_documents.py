"""``orchestration_logs/{log_id}`` and the operator's copy: one decision, its inputs and its place in the chain.

``body`` is the canonical text that ``entry_hash`` covers, so that the chain can be verified from what is
stored. ``inputs`` is compressed and moves to documents of its own when it would not fit beside the rest.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import RESTORE, FieldReader, as_instant
from backend.adapters.documents.packing import pack_text
from backend.adapters.documents.retained import DELETE_AFTER
from backend.adapters.documents.seam import StoredDocument, Write, create
from backend.domain.canonical import canonical_json, plain
from backend.domain.tick import LogEntry

PART_BYTES = 700_000
DOCUMENT_BYTES = 900_000
_PUBLIC = ("systemic_risk_detected", "systemic_risk_details", "signals_modified")


def log_writes(entry: LogEntry, *, uid: str | None = None) -> list[Write]:
    """Describe an entry: the tenant's document, its further parts, and the operator's copy without inputs."""
    fields = _fields(entry, uid)
    inputs = zlib.compress(entry.inputs.encode(), level=1)  # most of it is noise, a higher level only costs time
    fits = len(inputs) <= DOCUMENT_BYTES // 4 or len(inputs) <= min(PART_BYTES, DOCUMENT_BYTES - _size(fields))
    parts = [] if fits else [inputs[i : i + PART_BYTES] for i in range(0, len(inputs), PART_BYTES)]
    stored = {"inputs": b"" if parts else inputs, "input_parts": len(parts)}
    return [
        create(paths.log(entry.tenant_id, entry.log_id), {**fields, **stored}),
        *(
            create(paths.log_inputs(entry.tenant_id, entry.log_id, number), {"content": part})
            for number, part in enumerate(parts)
        ),
        create(paths.operator_log(entry.tenant_id, entry.log_id), fields),
    ]


def _fields(entry: LogEntry, uid: str | None) -> dict[str, Any]:
    decisions = [_allocation(each) for each in entry.body.get("allocation_decisions", ())]
    body = canonical_json(entry.body)
    fields: dict[str, Any] = {
        "timestamp": entry.timestamp,
        "tenant_id": entry.tenant_id,
        "portfolio_id": entry.portfolio_id,
        "log_id": entry.log_id,
        "session_id": entry.session_id,
        "correlation_id": entry.correlation_id,
        "sequence": entry.sequence,
        "ai_summary": entry.summary,
        "summary_source": entry.summary_source,
        "previous_hash": entry.previous_hash,
        "entry_hash": entry.entry_hash,
        "body": pack_text(body),
        **{name: entry.body[name] for name in _PUBLIC if name in entry.body},
    }
    if uid is not None:
        fields["uid"] = uid
    # Thousands of strategies would not fit twice: the body has them all.
    is_short = len(body) <= DOCUMENT_BYTES // 4
    fields["allocation_decisions"] = decisions if is_short or _size([fields, decisions]) <= DOCUMENT_BYTES else []
    return fields


def _allocation(each: Mapping[str, Any]) -> dict[str, Any]:
    at = as_instant(each.get("timestamp"))
    return dict(each) if at is None else {**each, "timestamp": at}


def _size(value: object) -> int:
    """Estimate the bytes that Firestore counts for a value, from above."""
    if isinstance(value, str):
        return len(value.encode()) + 1
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, Mapping):
        return 32 + sum(_size(key) + _size(item) for key, item in value.items())
    if isinstance(value, list):
        return sum(map(_size, value))
    return 8


def input_parts(document: StoredDocument) -> list[str]:
    """Return the paths of the documents that hold the inputs of an entry."""
    return [f"{document.path}/inputs/{n}" for n in range(int(document.fields.get("input_parts", 0)))]


def from_document(document: StoredDocument, parts: Sequence[StoredDocument] = ()) -> LogEntry:
    """Read an entry back with the parts that :func:`input_parts` names.

    Raises
    ------
    StoreCorrupt
        A field or a part is missing or damaged.
    """
    reader = FieldReader(document.path, document.fields)
    if reader.integer("input_parts") != len(parts):
        raise FieldReader(document.path, document.fields, _remedy(document)).corrupt(
            f"{reader.integer('input_parts')} parts of inputs", len(parts)
        )
    content = b"".join(FieldReader(part.path, part.fields).blob("content") for part in parts)
    try:
        inputs = zlib.decompress(content or reader.blob("inputs")).decode()
    except (zlib.error, ValueError) as e:
        raise reader.corrupt(f"whole compressed inputs ({e})", f"{len(content)} bytes") from e
    return LogEntry(
        log_id=reader.text("log_id"),
        tenant_id=reader.text("tenant_id"),
        portfolio_id=reader.text("portfolio_id"),
        timestamp=reader.instant("timestamp"),
        session_id=reader.text("session_id"),
        body=plain(reader.canonical("body", dict)),
        inputs=inputs,
        sequence=reader.integer("sequence"),
        previous_hash=reader.text("previous_hash"),
        entry_hash=reader.text("entry_hash"),
        summary=reader.text("ai_summary"),
        summary_source=reader.text("summary_source"),
        correlation_id=reader.text("correlation_id") if "correlation_id" in reader else "",
    )


def _remedy(document: StoredDocument) -> str:
    """Say what to do about parts that are missing: nothing, where retention deletes them before the entry."""
    kept_until = as_instant(document.fields.get(DELETE_AFTER))
    if kept_until is None:
        return RESTORE
    return f"they were kept until {kept_until.isoformat()} (retention.logs_days); {RESTORE} if that is still to come"
