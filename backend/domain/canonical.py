"""One text for one value: domain values to canonical JSON and back, without loss.

Every value that JSON lacks is an object with one "$…" key; dataclasses and enumerations carry their class
name and are looked up among the domain's own. Keys are sorted, so equal values give equal bytes.
"""

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Any

import numpy as np

from backend.domain import (
    account,
    alert,
    alert_rules,
    allocation_policy,
    book,
    breaker_limits,
    closing,
    corporate_action,
    crossing,
    decision,
    guard,
    journal,
    lease,
    lots,
    mode,
    mode_override,
    order,
    paper,
    policy,
    risk_limits,
    sighting,
    signal,
    sleeve,
    snapshot,
    strategy_definition,
    told,
    track_record,
    trading_state,
    weights,
)
from backend.domain.errors import MaestroError, StoreCorrupt

_DEEPEST = 24  # levels of nesting that are kept
_MODULES = (
    account,
    alert,
    alert_rules,
    allocation_policy,
    book,
    breaker_limits,
    closing,
    corporate_action,
    crossing,
    decision,
    guard,
    journal,
    lease,
    lots,
    mode,
    mode_override,
    order,
    paper,
    policy,
    risk_limits,
    sighting,
    signal,
    sleeve,
    snapshot,
    strategy_definition,
    told,
    track_record,
    trading_state,
    weights,
)


def _field_names(cls: type) -> tuple[str, ...] | None:
    """Return the fields of a dataclass or named tuple, None of anything else."""
    return tuple(f.name for f in fields(cls)) if is_dataclass(cls) else getattr(cls, "_fields", None)


_CLASSES: dict[str, type] = {
    name: value
    for module in _MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and (_field_names(value) is not None or issubclass(value, Enum))
}
_FIELDS = {name: names for name, cls in _CLASSES.items() if (names := _field_names(cls)) is not None}


def canonical_json(value: object) -> str:
    """Write a domain value as canonical JSON."""
    return json.dumps(_encode(value), sort_keys=True, separators=(",", ":"), allow_nan=False)


def read_canonical_json(text: str) -> Any:
    """Read what :func:`canonical_json` wrote.

    Raises
    ------
    StoreCorrupt
        The text is not JSON, or names a class that the domain does not have.
    """
    try:
        return _decode(json.loads(text))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MaestroError) as e:
        raise StoreCorrupt(f"expected canonical JSON of a domain value, found {text[:60]!r}…; restore a backup") from e


def plain(value: Any) -> Any:
    """Give JSON-ready values back as they came: canonical text makes no difference between list and tuple."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, tuple) else value


def digest(text: str) -> str:
    """Return the SHA-256 of a text in hex."""
    return sha256(text.encode()).hexdigest()


def _encode(value: object, depth: int = 0) -> Any:
    kind = type(value)
    if value is None or kind in (str, bool, int):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$f": repr(float(value))}
    if depth == _DEEPEST:
        return _foreign(value)
    if _CLASSES.get(kind.__name__) is kind:
        if isinstance(value, Enum):
            return {"$e": [kind.__name__, value.value]}
        fields_of = _FIELDS[kind.__name__]
        return {"$c": kind.__name__, "v": [_encode(getattr(value, key), depth + 1) for key in fields_of]}
    if isinstance(value, Mapping):
        pairs = [[_encode(key, depth + 1), _encode(item, depth + 1)] for key, item in value.items()]
        return {"$m": sorted(pairs, key=_key_text)}
    if isinstance(value, tuple | list):
        return [_encode(item, depth + 1) for item in value]
    if isinstance(value, frozenset | set):
        return {"$s": sorted((_encode(item, depth + 1) for item in value), key=_text)}
    for kind_of, (tag, write) in _WRITERS.items():
        if kind is kind_of:
            return {tag: write(value)}
    return _numeric(value, depth)


def _numeric(value: object, depth: int) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufmMSU":
        return {"$a": [list(value.shape), value.dtype.str, b64encode(np.ascontiguousarray(value).tobytes()).decode()]}
    if isinstance(value, np.generic) and not isinstance(item := value.item(), np.generic):
        return _encode(item, depth + 1)
    return _foreign(value)


def _foreign(value: object) -> dict[str, str]:
    """Keep the kind of what a strategy put into its metadata: its own text may differ from run to run."""
    return {"$o": f"<{type(value).__module__}.{type(value).__qualname__}>"}


def _key_text(pair: list[Any]) -> str:
    return _text(pair[0])


def _text(value: Any) -> str:
    """Return what values are sorted by; most are text, and stand for themselves."""
    return value if type(value) is str else json.dumps(value, sort_keys=True)


_WRITERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("$d", str),
    datetime: ("$t", datetime.isoformat),
    date: ("$y", date.isoformat),
    bytes: ("$b", bytes.hex),
}

_READERS: dict[str, Callable[[Any], Any]] = {
    "$f": float,
    "$e": lambda e: _CLASSES[e[0]](e[1]),
    "$m": lambda items: {_decode(key): _decode(item) for key, item in items},
    "$d": Decimal,
    "$t": datetime.fromisoformat,
    "$y": date.fromisoformat,
    "$b": bytes.fromhex,
    "$s": lambda items: frozenset(map(_decode, items)),
    "$a": lambda a: np.frombuffer(b64decode(a[2]), dtype=np.dtype(a[1])).reshape(a[0]),
    "$o": str,
}


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(item) for item in value)
    if not isinstance(value, dict):
        return value
    if "$c" in value:
        return _built(value["$c"], value["v"])
    ((tag, payload),) = value.items()
    return _READERS[tag](payload)


def _built(name: str, values: list[Any]) -> Any:
    """Make an instance; what was written before its last fields were added takes their defaults."""
    names = _FIELDS[name]
    if len(values) > len(names):
        raise ValueError(f"{len(values)} values for the {len(names)} fields of {name}")
    return _CLASSES[name](**dict(zip(names, map(_decode, values), strict=False)))
