"""``alerts/{id}``: what needs a person."""

from collections.abc import Mapping
from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import StoredDocument, Write, put, replace
from backend.domain.alert import Alert, Severity


def alert_write(alert: Alert) -> Write:
    """Describe one alert; the same one of the same tick again replaces itself."""
    parts = (alert.kind, alert.subject, alert.tick_id or f"{alert.at:%Y%m%dT%H%M%S.%fZ}")
    fields = {**_required(alert), **{name: value for name, value in _optional(alert).items() if value}}
    return replace(paths.alert(alert.tenant_id, "-".join(filter(None, parts))), fields)


def raised_write(alert: Alert, alert_id: str, facts: Mapping[str, Any], expected: object | None) -> Write:
    """Describe an alert under a name of its own, conditional on the version of the one that it replaces.

    What it does not have is written, too: an update keeps the fields that it does not name.
    """
    return put(paths.alert(alert.tenant_id, alert_id), {**facts, **_required(alert), **_optional(alert)}, expected)


def from_document(document: StoredDocument) -> Alert:
    """Read an alert back, whoever wrote it; StoreCorrupt when it is none."""
    reader = FieldReader(document.path, document.fields)
    optional = {name: reader.text(name) for name in ("portfolio_id", "tick_id", "subject") if name in reader}
    return Alert(
        tenant_id=reader.text("tenant_id"),
        kind=reader.text("kind"),
        severity=reader.member("severity", Severity),
        message=reader.text("message"),
        at=reader.instant("timestamp"),
        told_at=reader.instant("told_at") if document.fields.get("told_at") is not None else None,
        repeats=reader.integer("repeats") if "repeats" in reader else 0,
        **optional,
    )


def _required(alert: Alert) -> dict[str, Any]:
    return {
        "tenant_id": alert.tenant_id,
        "kind": alert.kind,
        "severity": alert.severity.value,
        "message": alert.message,
        "timestamp": alert.at,
    }


def _optional(alert: Alert) -> dict[str, Any]:
    names = ("portfolio_id", "tick_id", "subject", "told_at", "repeats")
    return {name: getattr(alert, name) for name in names}
