"""Documents of the log as links of its chain: what they say, and what their body says that they must say."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from backend.adapters.documents import paths
from backend.adapters.documents.fields import as_instant
from backend.adapters.documents.log_documents import DOCUMENT_BYTES
from backend.adapters.documents.packing import unpack_text
from backend.adapters.documents.retained import DELETE_AFTER
from backend.adapters.documents.seam import StoredDocument
from backend.domain.audit_chain import Link, StoredEntry
from backend.domain.canonical import plain, read_canonical_json
from backend.domain.errors import ConfigurationError, StoreCorrupt

_APART = frozenset({"previous_hash", "entry_hash", "body", "inputs", "input_parts", DELETE_AFTER})
# A model may replace the text, and what caused a delivery is no part of what was decided.
_NOT_COVERED = frozenset({"ai_summary", "summary_source", "correlation_id"})
_COMMAND = ("tenant_id", "sequence", "timestamp", "kind", "actor", "reason")
_DECISION = (
    "tenant_id",
    "sequence",
    "timestamp",
    "portfolio_id",
    "uid",
    "session_id",
    "systemic_risk_detected",
    "systemic_risk_details",
    "signals_modified",
    "allocation_decisions",
)

PartReader = Callable[[Sequence[str]], Mapping[str, StoredDocument]]


def stored_entry(document: StoredDocument) -> StoredEntry:
    fields = document.fields
    repeated = {name: value for name, value in fields.items() if name not in _APART | _NOT_COVERED}
    return StoredEntry(
        path=document.path,
        previous_hash=fields.get("previous_hash"),
        entry_hash=fields.get("entry_hash"),
        body=_text(fields.get("body")),
        stated={**{name: _comparable(name, value) for name, value in repeated.items()}, "path": document.path},
        delete_after=as_instant(fields.get(DELETE_AFTER)),
    )


def command_link(document: StoredDocument) -> Link:
    entry = stored_entry(document)
    body = _body(entry)
    return Link(entry=entry, implied=_implied(body, _COMMAND, lambda: paths.audit(body["tenant_id"], body["sequence"])))


def decision_link(document: StoredDocument, copy: StoredDocument | None, read: PartReader) -> Link:
    """Read a decision; ``read`` fetches the parts of inputs that lie in documents of their own."""
    entry = stored_entry(document)
    body = _body(entry)
    implied = _implied(body, _DECISION, lambda: paths.log(body["tenant_id"], body["tick_id"]))
    if implied:
        implied["log_id"] = body["tick_id"]
        is_long = len(entry.body or "") > DOCUMENT_BYTES // 4
        if is_long and entry.stated.get("allocation_decisions") == []:  # they would not fit
            implied["allocation_decisions"] = []
    inputs = _inputs(document, read)
    kept = "" if entry.delete_after is None else f", kept until {entry.delete_after.isoformat()} (retention)"
    return Link(
        entry=entry,
        implied=implied,
        is_decision=True,
        inputs=inputs.text,
        inputs_hash=body.get("inputs_hash"),
        inputs_problem=f"{inputs.problem}{kept}" if inputs.lacks_parts else inputs.problem,
        lacks_parts=inputs.lacks_parts,
        copy_path=copy_path(document),
        copy=None if copy is None else stored_entry(copy),
    )


def copy_path(document: StoredDocument) -> str:
    """Name the operator's copy by where the entry lies, whatever its fields say."""
    _, tenant, _, entry = document.path.split("/")
    return paths.operator_log(paths.identifier(tenant), paths.identifier(entry))


def _body(entry: StoredEntry) -> Mapping[str, Any]:
    """Return the body's values; nothing where it cannot be read, which its hash shows."""
    try:
        body = plain(read_canonical_json(entry.body or ""))
    except StoreCorrupt:
        return {}
    return body if isinstance(body, Mapping) else {}


def _implied(body: Mapping[str, Any], names: Sequence[str], place: Callable[[], str]) -> dict[str, Any]:
    if not body:
        return {}
    try:
        path = place()
    except (KeyError, TypeError, ValueError, AttributeError, ConfigurationError):
        path = "no document: the body does not name it"  # a forged one
    return {**{name: _comparable(name, body[name]) for name in names if name in body}, "path": path}


class _Inputs(NamedTuple):
    text: str | None = None
    problem: str = ""
    lacks_parts: bool = False


def _inputs(document: StoredDocument, read: PartReader) -> _Inputs:
    content, count = document.fields.get("inputs"), document.fields.get("input_parts")
    if not isinstance(content, bytes) or not isinstance(count, int) or isinstance(count, bool) or count < 0:
        return _Inputs(problem=f"inputs {type(content).__name__} in {count!r} parts")
    if count:
        wanted = [f"{document.path}/inputs/{number}" for number in range(count)]
        found = read(wanted)
        missing = next((path for path in wanted if path not in found), None)
        if missing:
            return _Inputs(problem=f"no document {missing}", lacks_parts=True)
        if content:
            return _Inputs(problem="inputs beside their parts")
        parts = [found[path].fields.get("content") for path in wanted]
        content = b"".join(part for part in parts if isinstance(part, bytes))
    try:
        return _Inputs(text=zlib.decompress(content).decode())
    except (zlib.error, ValueError) as e:
        return _Inputs(problem=f"damaged compression: {e}")


def _text(packed: Any) -> str | None:
    try:
        return unpack_text(packed) if isinstance(packed, str | bytes) else None
    except ValueError:
        return None


def _comparable(name: str, value: Any) -> Any:
    """Write instants alike, however the store gives them back; other fields as they are."""
    if isinstance(value, Mapping):
        return {key: _comparable(key, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_comparable("", item) for item in value]
    at = as_instant(value) if name == "timestamp" or isinstance(value, datetime) else None
    return value if at is None else at.isoformat()
