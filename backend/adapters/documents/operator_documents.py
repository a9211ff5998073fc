"""``operators/{uid}``: who runs the platform."""

from collections.abc import Sequence

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, StoredDocument, delete, replace
from backend.domain.tenant import Operator


class DocumentOperators:
    """``Operators`` over any store of documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def operators(self) -> Sequence[Operator]:
        """Read all of them, by uid; see the port."""
        return sorted(map(_operator, self._documents.query(paths.OPERATORS)), key=lambda each: each.uid)

    def admit(self, operator: Operator) -> None:
        """Write one; see the port."""
        fields = {
            "uid": operator.uid,
            "email": operator.email,
            "added_at": operator.added_at,
            "added_by": operator.added_by,
        }
        self._documents.commit([replace(paths.platform_operator(operator.uid), fields)])

    def dismiss(self, uid: str) -> None:
        """Remove one; see the port."""
        self._documents.commit([delete(paths.platform_operator(uid))])


def _operator(document: StoredDocument) -> Operator:
    reader = FieldReader(document.path, document.fields, "correct or delete this document")
    return Operator(
        uid=reader.text("uid"),
        email=None if reader.value("email") is None else reader.text("email"),
        added_at=reader.instant("added_at"),
        added_by=reader.text("added_by"),
    )
