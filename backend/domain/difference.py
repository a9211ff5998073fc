"""Where two JSON-ready values differ, leaf by leaf in a stable order."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Absent(Enum):
    """Stands for a leaf that one of the two does not have: null is a value."""

    ABSENT = "nothing"

    def __repr__(self) -> str:
        return self.value


ABSENT = Absent.ABSENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``path`` such as ``orders[0].qty``; empty when the values themselves are leaves."""

    path: str
    expected: Any
    found: Any


def differences(expected: Any, found: Any, path: str = "") -> Iterator[Difference]:
    """Yield every leaf that differs: keys in name order, list items by position.

    Numbers are equal by value, whatever their type, and NaN equals NaN; true and false are no numbers. What only one
    side has counts as one leaf, however much it holds.
    """
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for key in sorted({*expected, *found}, key=str):
            below = f"{path}.{key}" if path else str(key)
            yield from differences(expected.get(key, ABSENT), found.get(key, ABSENT), below)
    elif _is_list(expected) and _is_list(found):
        for i in range(max(len(expected), len(found))):
            yield from differences(_item(expected, i), _item(found, i), f"{path}[{i}]")
    elif not _is_same(expected, found):
        yield Difference(path=path, expected=expected, found=found)


def leaf_count(value: Any) -> int:
    """Count the leaves that can differ."""
    if isinstance(value, Mapping):
        return sum(map(leaf_count, value.values()))
    return sum(map(leaf_count, value)) if _is_list(value) else 1


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _item(items: Sequence[Any], position: int) -> Any:
    return items[position] if position < len(items) else ABSENT


def _is_same(expected: Any, found: Any) -> bool:
    if _is_number(expected) and _is_number(found):
        return bool(expected == found) or (math.isnan(expected) and math.isnan(found))
    return type(expected) is type(found) and bool(expected == found)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
