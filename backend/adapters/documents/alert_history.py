"""The stored alerts read back, page by page, from any :class:`Documents`."""

from collections.abc import Sequence
from datetime import datetime

from backend.adapters.documents import alert_documents, paths
from backend.adapters.documents.ordered_pages import ordered_documents
from backend.adapters.documents.seam import Documents
from backend.domain.alert import Alert


class DocumentAlertHistory:
    """AlertHistory. StoreCorrupt when a document cannot be read back."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def alerts(self, tenant_id: str, *, since: datetime) -> Sequence[Alert]:
        """Read the stored alerts from ``since`` on, oldest first; see the port."""
        found = ordered_documents(
            self._documents, paths.collection(tenant_id, "alerts"), [], field="timestamp", start=since
        )
        return [alert_documents.from_document(document) for document in found]
