"""``nonces/{nonce}``: the signals that somebody else executes, each accepted once."""

from typing import Any

from backend.adapters.documents import audit_documents, log_documents, paths, trading_documents
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, Filter, StoredDocument, Write, create, put
from backend.domain.acceptance import LONGEST_AGE, Accepted, Standing
from backend.domain.audit import AuditEntry
from backend.domain.issue import Issued, issued
from backend.domain.signal import StrategyId
from backend.domain.tick import LogEntry
from backend.domain.trading_state import Trading


class AcceptanceDocuments:
    """Acceptances over any documents.

    Keeps the decision that it read last: all its signals are presented one after another, and it never changes.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._last: tuple[str, Issued] | None = None  # tenant; one value, so that threads need no lock

    def issued(self, tenant_id: str, session_id: str) -> Issued | None:
        """Return what the decision of a session issued; see the port."""
        last = self._last
        if last is not None and (last[0], last[1].session_id) == (tenant_id, session_id):
            return last[1]
        entry = self._decision(tenant_id, session_id)
        if entry is None:
            return None
        found = issued(entry)
        self._last = (tenant_id, found)
        return found

    def standing(self, tenant_id: str, nonce: str | None) -> Standing:
        """Read trading and the nonce at once; see the port."""
        trading_path = paths.trading(tenant_id)
        nonce_path = None if nonce is None else paths.nonce(tenant_id, nonce)
        found = self._documents.read([trading_path] if nonce_path is None else [trading_path, nonce_path])
        trading = found.get(trading_path)
        spent = None if nonce_path is None else found.get(nonce_path)
        return Standing(
            trading=Trading() if trading is None else trading_documents.from_document(trading),
            version=None if trading is None else trading.version,
            spent=None if spent is None else from_document(spent),
        )

    def record(
        self, trading: Trading, entry: AuditEntry, *, expected: object | None, spent: Accepted | None = None
    ) -> None:
        """Write trading and the audit entry, and spend the nonce; see the port."""
        self._documents.commit(
            [
                put(paths.trading(entry.tenant_id), trading_documents.to_document(trading), expected),
                audit_documents.audit_write(entry),
                *([] if spent is None else [_nonce_write(spent)]),
            ]
        )

    def _decision(self, tenant_id: str, session_id: str) -> LogEntry | None:
        collection = paths.collection(tenant_id, "orchestration_logs")
        of_session = Filter(field="session_id", operator="==", value=session_id)
        found = self._documents.query(collection, [of_session], limit=1)
        if not found:
            return None
        wanted = log_documents.input_parts(found[0])
        parts = self._documents.read(wanted) if wanted else {}
        return log_documents.from_document(found[0], [parts[path] for path in wanted if path in parts])


def _nonce_write(spent: Accepted) -> Write:
    """Create the nonce; one that exists means that the signal was accepted before."""
    return create(paths.nonce(spent.tenant_id, spent.nonce), _fields(spent))


def _fields(spent: Accepted) -> dict[str, Any]:
    return {
        "tenant_id": spent.tenant_id,
        "nonce": spent.nonce,
        "strategy_id": str(spent.strategy_id),
        "session_id": spent.session_id,
        "log_id": spent.log_id,
        "content_hash": spent.content_hash,
        "accepted_at": spent.accepted_at,
        "accepted_by": spent.accepted_by,
        "delete_after": spent.accepted_at + 2 * LONGEST_AGE,  # from then on its signal is refused for its age
    }


def from_document(document: StoredDocument) -> Accepted:
    """Read a spent nonce back; StoreCorrupt when a field is missing or damaged."""
    reader = FieldReader(document.path, document.fields)
    return Accepted(
        tenant_id=reader.text("tenant_id"),
        nonce=reader.text("nonce"),
        strategy_id=StrategyId(reader.text("strategy_id")),
        session_id=reader.text("session_id"),
        log_id=reader.text("log_id"),
        content_hash=reader.text("content_hash"),
        accepted_at=reader.instant("accepted_at"),
        accepted_by=reader.text("accepted_by"),
    )
