"""``config/orchestrator`` and ``config_versions/{number}``: what a tenant configured, now and before."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.adapters.documents import audit_documents, paths, trading_documents
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, Order, StoredDocument, create, put, replace
from backend.configuration import METADATA
from backend.domain.audit import AuditEntry
from backend.domain.configuration_version import ConfigurationVersion
from backend.domain.errors import StoreCorrupt
from backend.domain.trading_state import Trading
from backend.ports.configurations import Standing


class DocumentConfigurations:
    """``Configurations`` over any store of documents."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def configuration(self, tenant_id: str) -> Standing:
        """Read configuration and trading in one round trip."""
        own, trading = paths.configuration(tenant_id), paths.trading(tenant_id)
        found = self._documents.read([own, trading])
        fields = found[own].fields if own in found else {}
        return Standing(
            values={key: value for key, value in fields.items() if key not in METADATA},
            number=_number(own, fields),
            trading=trading_documents.from_document(found[trading]) if trading in found else Trading(),
            expected=found[trading].version if trading in found else None,
        )

    def configure(
        self, version: ConfigurationVersion, trading: Trading, entry: AuditEntry, *, expected: object | None
    ) -> None:
        """Replace the configuration: every writer is conditional on the trading document."""
        tenant_id = entry.tenant_id
        told = {
            "version": version.number,
            "updated_at": version.updated_at,
            "updated_by": version.updated_by,
            "reason": version.reason,
        }
        self._documents.commit(
            [
                put(paths.trading(tenant_id), trading_documents.to_document(trading), expected),
                replace(paths.configuration(tenant_id), {**version.values, **told}),
                create(paths.configuration_version(tenant_id, version.number), {"values": version.values, **told}),
                audit_documents.audit_write(entry),
            ]
        )

    def versions(self, tenant_id: str, *, last: int) -> Sequence[ConfigurationVersion]:
        """Query the versions, newest first."""
        collection = paths.collection(tenant_id, "config_versions")
        found = self._documents.query(collection, order=Order(field="version", descending=True), limit=last)
        return [_version(document) for document in found]


def _number(path: str, fields: Mapping[str, Any]) -> int:
    number = fields.get("version", 0)
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        raise StoreCorrupt(f"{path}.version: expected a whole number, found {number!r}; correct or remove the field")
    return number


def _version(document: StoredDocument) -> ConfigurationVersion:
    reader = FieldReader(document.path, document.fields)
    return ConfigurationVersion(
        number=reader.integer("version"),
        values=reader.mapping("values"),
        updated_at=reader.instant("updated_at"),
        updated_by=reader.text("updated_by"),
        reason=reader.text("reason"),
    )
