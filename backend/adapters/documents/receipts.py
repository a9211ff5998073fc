"""``api_requests/{id}``: which requests to the HTTP API were carried out, and what they were answered.

A receipt is created in the commit that carries its request out. So of two deliveries of one request exactly one
commits, and whoever dies between commit and answer has left the answer behind.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from backend.adapters.documents import audit_documents, paths
from backend.adapters.documents.configuration_documents import DocumentConfigurations
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.packing import pack
from backend.adapters.documents.passed_on import ReadsPassedOn
from backend.adapters.documents.seam import Documents, StoredDocument, Write, create, update
from backend.adapters.documents.store import DocumentStore
from backend.domain.audit import AuditEntry
from backend.domain.errors import CommitConflict, RequestAnswered, StoreCorrupt
from backend.domain.receipt import KEPT, Receipt, WriteRequest
from backend.ports.configurations import Configurations
from backend.ports.control import TradingControl
from backend.ports.receipts import Once, Wording


class DocumentReceipts:
    """``Receipts`` over any store of documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def find(self, request: WriteRequest) -> Receipt | None:
        """Read one document; see the port."""
        path = _path(request)
        found = self._documents.read([path]).get(path)
        return None if found is None else _receipt(found).checked(request)

    def once(self, request: WriteRequest, wording: Wording, *, is_final: bool) -> Once:
        """Return stores over documents that add the receipt; see the port."""
        return DocumentOnce(ReceiptedDocuments(self._documents, request, wording, is_final=is_final))

    def finish(self, request: WriteRequest, receipt: Receipt, answer: Mapping[str, Any]) -> Receipt:
        """Update the version that was read; see the port."""
        path = _path(request)
        try:
            versions = self._documents.commit(
                [update(path, {"answer": pack(answer), "is_final": True}, receipt.version)]
            )
        except CommitConflict:
            found = self.find(request)
            if found is None:
                raise
            return found
        return replace(receipt, answer=answer, is_final=True, version=versions[path])


class DocumentOnce:
    """``Once`` over documents that add a receipt."""

    def __init__(self, documents: "ReceiptedDocuments") -> None:
        self._documents = documents

    @property
    def control(self) -> TradingControl:
        return DocumentStore(self._documents)

    @property
    def configurations(self) -> Configurations:
        return DocumentConfigurations(self._documents)

    def keep(self, answer: Mapping[str, Any]) -> None:
        """Create the receipt where no commit has; see the port."""
        self._documents.keep(answer)


class ReceiptedDocuments(ReadsPassedOn):
    """Passes everything on, and adds a receipt to the first commit that appends to the audit log."""

    def __init__(self, documents: Documents, request: WriteRequest, wording: Wording, *, is_final: bool) -> None:
        super().__init__(documents)
        self._request = request
        self._wording = wording
        self._is_final = is_final
        self._is_kept = False

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        """Write all or nothing, the receipt among it.

        Raises
        ------
        RequestAnswered
            The receipt exists: another delivery of the request was first.
        CommitConflict
            Another precondition does not hold.
        """
        entry = _entry(writes, self._request.tenant_id)
        if entry is None or self._is_kept:
            return self._documents.commit(writes)
        return self._kept(writes, self._wording(entry), entry.sequence, is_final=self._is_final)

    def keep(self, answer: Mapping[str, Any]) -> None:
        """Create the receipt by itself, unless it was created with a commit."""
        if not self._is_kept:
            self._kept([], answer, None, is_final=True)

    def _kept(
        self, writes: Sequence[Write], answer: Mapping[str, Any], sequence: int | None, *, is_final: bool
    ) -> dict[str, object]:
        path = _path(self._request)
        receipt = create(path, _fields(self._request, answer, sequence, is_final=is_final))
        try:
            versions = self._documents.commit([*writes, receipt])
        except CommitConflict as e:
            if self._documents.read([path]):
                raise RequestAnswered(
                    f"{path}: expected to carry the request out first, found its receipt; answer what it says"
                ) from e
            raise
        self._is_kept = True
        return versions


def _path(request: WriteRequest) -> str:
    return paths.api_request(request.tenant_id, request.receipt_id)


def _entry(writes: Sequence[Write], tenant_id: str) -> AuditEntry | None:
    """Return the entry of the audit log that a commit appends, None of a commit that appends none."""
    log = f"{paths.collection(tenant_id, 'audit_log')}/"
    found = next((write for write in writes if write.path.startswith(log)), None)
    if found is None:
        return None
    return audit_documents.from_document(StoredDocument(path=found.path, fields=found.fields, version=None))


def _fields(
    request: WriteRequest, answer: Mapping[str, Any], sequence: int | None, *, is_final: bool
) -> dict[str, Any]:
    return {
        "tenant_id": request.tenant_id,
        "uid": request.uid,
        "method": request.method,
        "path": request.path,
        "content_hash": request.content_hash,
        "at": request.at,
        "audit_sequence": sequence,
        "answer": pack(answer),
        "is_final": is_final,
        "delete_after": request.at + KEPT,
    }


def _receipt(document: StoredDocument) -> Receipt:
    reader = FieldReader(document.path, document.fields)
    answer = reader.packed("answer")
    if not isinstance(answer, Mapping):
        raise StoreCorrupt(f"{document.path}: expected answer to be an object, found {answer!r}; delete the receipt")
    return Receipt(
        content_hash=reader.text("content_hash"),
        method=reader.text("method"),
        path=reader.text("path"),
        answer=answer,
        is_final=reader.flag("is_final"),
        version=document.version,
    )
