"""A tenant's configuration as it stood at one time, and who changed what of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationVersion:
    """``values`` are those that were set, as plain JSON-ready values; versions count from 1."""

    number: int
    values: Mapping[str, Any]
    updated_at: datetime
    updated_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One key before and after; None where it was not set."""

    key: str
    before: Any
    after: Any


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs, by dotted key, in the order of the keys; what is listed goes by its name."""
    old, new = dict(_leaves(before)), dict(_leaves(after))
    return tuple(
        Change(key=key, before=old.get(key), after=new.get(key))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple) and value and all(isinstance(each, Mapping) for each in value):
            for number, each in enumerate(value):
                yield from _leaves(each, f"{prefix}{key}.{each.get('name', number)}.")
        else:
            yield f"{prefix}{key}", value
