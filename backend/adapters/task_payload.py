"""A task as the map of texts that travels with it."""

from collections.abc import Mapping
from datetime import datetime

from backend.domain.errors import ConfigurationError
from backend.domain.task import Task, TaskKind
from backend.domain.tick_request import PortfolioKey

_NEEDED = ("tenant_id", "portfolio_id", "uid", "scheduled_at")


def to_payload(task: Task) -> dict[str, str]:
    payload = {
        "kind": task.kind.value,
        "tenant_id": task.key.tenant_id,
        "portfolio_id": task.key.portfolio_id,
        "uid": task.key.uid,
        "scheduled_at": task.scheduled_at.isoformat(),
        "correlation_id": task.correlation_id,
    }
    return payload if task.expires_at is None else {**payload, "expires_at": task.expires_at.isoformat()}


def from_payload(payload: object) -> Task:
    """Read a task's payload; without ``kind`` it is a tick.

    Raises
    ------
    ConfigurationError
        A field is missing or is not text, the kind is unknown, or an instant is none or lacks its offset.
    """
    found = payload if isinstance(payload, Mapping) else {}
    texts = {name: text for name, text in found.items() if isinstance(text, str) and text}
    if wrong := [name for name in _NEEDED if name not in texts]:
        raise ConfigurationError(
            f"task: expected {', '.join(_NEEDED)} as text, found none in {', '.join(wrong)}; drop it"
        )
    kind = texts.get("kind", TaskKind.TICK.value)
    if kind not in list(TaskKind):
        raise ConfigurationError(f"task: expected a kind among {', '.join(TaskKind)}, found {kind!r}; drop it")
    return Task(
        kind=TaskKind(kind),
        key=PortfolioKey(tenant_id=texts["tenant_id"], portfolio_id=texts["portfolio_id"], uid=texts["uid"]),
        scheduled_at=_instant("scheduled_at", texts["scheduled_at"]),
        correlation_id=texts.get("correlation_id", ""),
        expires_at=_instant("expires_at", texts["expires_at"]) if "expires_at" in texts else None,
    )


def _instant(name: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is None:
            raise ValueError("no offset")
    except ValueError as e:
        raise ConfigurationError(
            f"task: expected {name} to be an instant with its offset, found {text!r}; drop it"
        ) from e
    return instant
