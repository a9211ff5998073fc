"""``dead_letters/{kind}-{subject}``: work of a tenant that was given up."""

from collections.abc import Mapping
from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import Documents, Order, Write, delete, replace
from backend.adapters.task_payload import from_payload, to_payload
from backend.domain.dead_letter import DeadLetter
from backend.domain.errors import ConfigurationError, StoreCorrupt


def letter_write(letter: DeadLetter) -> Write:
    return replace(paths.dead_letter(letter.task.key.tenant_id, letter.letter_id), to_fields(letter))


def to_fields(letter: DeadLetter) -> dict[str, Any]:
    return {
        "tenant_id": letter.task.key.tenant_id,
        "kind": letter.task.kind.value,
        "subject": letter.task.subject,
        "error": letter.error,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "payload": to_payload(letter.task),
        "failed_at": letter.failed_at,
        "correlation_id": letter.task.correlation_id,
    }


def from_fields(path: str, fields: Mapping[str, Any]) -> DeadLetter:
    """Read one back; StoreCorrupt when it is none."""
    reader = FieldReader(path, fields)
    try:
        task = from_payload(fields.get("payload"))
    except ConfigurationError as e:
        raise StoreCorrupt(f"{path}: expected the payload of a task, found none: {e}") from e
    return DeadLetter(
        task=task,
        error=reader.text("error"),
        reason=reader.text("reason"),
        attempts=reader.integer("attempts"),
        failed_at=reader.instant("failed_at"),
    )


class DeadLetterDocuments:
    """``DeadLetters`` over any :class:`Documents`."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def add(self, letter: DeadLetter) -> None:
        self._documents.commit([letter_write(letter)])

    def letters(self, tenant_id: str) -> list[DeadLetter]:
        found = self._documents.query(
            paths.collection(tenant_id, "dead_letters"), order=Order(field="failed_at", descending=True)
        )
        return [from_fields(each.path, each.fields) for each in found]

    def remove(self, tenant_id: str, letter_id: str) -> None:
        self._documents.commit([delete(paths.dead_letter(tenant_id, letter_id))])
