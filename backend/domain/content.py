"""What a signal says, as one text that does not depend on how the signal travelled.

A signal may have been through JSON, a queue or a document store before somebody executes it. So an instant equals its
ISO text, a tuple equals a list, 1 equals 1.0, and the order of keys is nothing; everything else counts.
"""

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import numpy as np

from backend.domain.canonical import canonical_json, digest, read_canonical_json
from backend.domain.errors import SignalError

_DEEPEST = 16  # levels of nesting; the log keeps more of them


def content_hash(signal: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of all that a signal says, metadata and expiry among it.

    Raises
    ------
    SignalError
        Something in it has no text: nested too deep, or a number of thousands of digits.
    """
    return digest(content_text(signal))


def is_same(presented: object, logged: object) -> bool:
    """Say whether a presented value is the one in the log, which keeps of a foreign object nothing but its kind."""
    issued, found = content_text(logged), content_text(presented)
    return found == issued or content_text(read_canonical_json(canonical_json(presented))) == issued


def content_text(value: object) -> str:
    """Return one text for all values that say the same; see :func:`content_hash`."""
    try:
        return json.dumps(_plain(value, 0), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as e:
        raise SignalError(f"expected values that JSON can hold, found one that it cannot ({e}); correct it") from e


def _plain(value: Any, depth: int) -> Any:
    """Return what JSON makes of a value."""
    if depth > _DEEPEST:
        raise SignalError(f"expected at most {_DEEPEST} levels of nesting, found more; flatten the metadata")
    if isinstance(value, Enum | np.generic):
        return _plain(value.value if isinstance(value, Enum) else value.item(), depth + 1)
    if isinstance(value, np.ndarray):
        return _plain(value.tolist(), depth + 1)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, str):
        return _instant_or_text(value)
    if isinstance(value, datetime):
        return _instant(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    return _text_of(value)


def _number(value: float) -> Any:
    if not math.isfinite(value):
        return {"$f": repr(float(value))}
    return int(value) if value.is_integer() else float(value)


def _instant_or_text(text: str) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return str(text)
    return str(text) if at.tzinfo is None else _instant(at)


def _instant(at: datetime) -> str:
    return at.isoformat() if at.tzinfo is None else at.astimezone(UTC).isoformat()


def _key(key: object) -> str:
    return key if isinstance(key, str) else json.dumps(key, default=str)


def _text_of(value: object) -> str:
    """Return the text that people write a value as, where there is one; the canonical text of all others."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else canonical_json(value)
