"""Field values as JSON text in SQLite, and what they are compared by."""

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.domain.errors import ConfigurationError


def scalar(value: Any) -> Any:
    """Return what SQLite can compare a value by; None of a list or map."""
    if isinstance(value, datetime):
        return instant(value)
    return value if isinstance(value, str | int | float) else None


def instant(value: datetime) -> str:
    if value.tzinfo is None:
        raise ConfigurationError(f"expected an aware instant, found {value!r}; use UTC")
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def json_text(path: str, fields: Mapping[str, Any]) -> str:
    try:
        return json.dumps(fields, default=_encoded, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as e:
        raise ConfigurationError(f"{path}: expected finite numbers, found one that is not ({e}); leave it out") from e


def _encoded(value: object) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, Mapping):
        return dict(value)
    raise ConfigurationError(f"expected a value that documents can hold, found {type(value).__name__}; convert it")


def bytes_back(value: dict[str, Any]) -> Any:
    return b64decode(value["$bytes"]) if value.keys() == {"$bytes"} else value
