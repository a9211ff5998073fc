"""The stored alerts read back, page by page, from any :class:`Documents`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend.adapters.documents import alert_documents, paths
from backend.adapters.documents.ordered_pages import ordered_documents
from backend.adapters.documents.seam import Documents
from backend.domain.alert import Alert


class DocumentAlertHistory:
    """AlertHistory and AlertRegister. StoreCorrupt when a document cannot be read back."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def alerts(self, tenant_id: str, *, since: datetime) -> Sequence[Alert]:
        """Read the stored alerts from ``since`` on, oldest first; see the port."""
        found = ordered_documents(
            self._documents, paths.collection(tenant_id, "alerts"), [], field="timestamp", start=since
        )
        return [alert_documents.from_document(document) for document in found]

    def raised(self, tenant_id: str, alert_id: str) -> tuple[Alert | None, object | None]:
        """Read one alert with its version; see the port."""
        path = paths.alert(tenant_id, alert_id)
        found = self._documents.read([path]).get(path)
        return (None, None) if found is None else (alert_documents.from_document(found), found.version)

    def keep(self, alert: Alert, alert_id: str, facts: Mapping[str, Any], *, expected: object | None) -> None:
        """Write one alert; see the port."""
        self._documents.commit([alert_documents.raised_write(alert, alert_id, facts, expected)])
