"""Values that are stored whole: JSON text, compressed once it is long."""

import json
import zlib
from datetime import datetime
from typing import Any

from backend.domain.canonical import canonical_json, digest

TEXT_LIMIT = 200_000  # bytes; longer text is compressed, to stay clear of Firestore's 1 MiB a document


def pack(value: Any) -> str | bytes:
    """Write JSON-ready values and instants (as ISO text) as compact JSON with sorted keys."""
    return pack_text(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_instant)
    )


def unpack(packed: str | bytes) -> Any:
    """Read what :func:`pack` wrote; ValueError when it cannot be read."""
    return json.loads(unpack_text(packed))


def _instant(value: object) -> str:
    if not isinstance(value, datetime):
        raise TypeError(f"expected a JSON-ready value or an instant, found {type(value).__name__}")
    return value.isoformat()


def sealed(value: object) -> dict[str, str | bytes]:
    """Write a domain value whole, with the digest that tells whether it was altered since."""
    text = canonical_json(value)
    return {"payload": pack_text(text), "digest": digest(text)}


def pack_text(text: str) -> str | bytes:
    raw = text.encode()
    return text if len(raw) <= TEXT_LIMIT else zlib.compress(raw)


def unpack_text(packed: str | bytes) -> str:
    """Read what :func:`pack_text` wrote; ValueError when it cannot be read."""
    if isinstance(packed, str):
        return packed
    try:
        return zlib.decompress(packed).decode()
    except zlib.error as e:
        raise ValueError(f"damaged compression: {e}") from e
