"""Fields of a document as JSON has them, without loss: what JSON lacks is a map with one key that begins with ``$``.

``$timestamp`` (RFC 3339, to the nanosecond where the store keeps them), ``$bytes`` (base64), ``$double`` (NaN and the
infinities), ``$reference`` (a path), ``$geopoint`` (latitude and longitude), ``$vector`` (numbers); and ``$map`` around
a map of the document's own that would be taken for one of these.
"""

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.domain.errors import StoreCorrupt


def tagged(path: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document's fields as JSON-ready values.

    Raises
    ------
    StoreCorrupt
        A value is of a kind that is not known here; leaving it out would lose it.
    """
    return {name: _tagged(path, value) for name, value in fields.items()}


def _tagged(path: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$double": repr(value)}
    if isinstance(value, datetime):
        return {"$timestamp": _instant(value)}
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value).decode()}
    if isinstance(value, Mapping):
        inner = tagged(path, value)
        return {"$map": inner} if len(inner) == 1 and next(iter(inner)).startswith("$") else inner
    if isinstance(value, list | tuple) and not hasattr(value, "to_map_value"):
        return [_tagged(path, item) for item in value]
    return _foreign(path, value)


def _instant(value: datetime) -> str:
    # Firestore's own kind of datetime says 0 where whole microseconds suffice.
    nanosecond: int = getattr(value, "nanosecond", 0) or value.microsecond * 1000
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{nanosecond:09d}Z"


def _foreign(path: str, value: Any) -> dict[str, Any]:
    """Tag what only Firestore has, which no writer of ours uses; a client may, in what is its own."""
    if hasattr(value, "latitude") and hasattr(value, "longitude"):
        return {"$geopoint": [value.latitude, value.longitude]}
    if hasattr(value, "to_map_value"):
        return {"$vector": list(value)}
    if isinstance(found := getattr(value, "path", None), str):
        return {"$reference": found}
    raise StoreCorrupt(
        f"{path}: expected a value that documents can hold, found {type(value).__name__}; convert or delete it"
    )
