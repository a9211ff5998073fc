"""Reading single values: switches, lists of words, parameters; and showing them in a report."""

from collections.abc import Mapping
from typing import Any

from maestro.migration.report import children
from maestro.migration.secret import is_secret
from maestro.migration.setting import scalar
from maestro.migration.source import Items, Node, Table, Value


def truth(node: Node | None) -> bool:
    """Read a switch; one that is missing is on, one that says nothing clear is off."""
    if node is None:
        return True
    text = node.text.strip().lower() if isinstance(node, Value) else ""
    return text in ("true", "yes", "on", "1", "y")


def word(node: Node | None) -> str:
    """Return a text as it was written; empty for anything else, and for what looks like a secret."""
    if not isinstance(node, Value) or node.value is None or is_secret((), node.text):
        return ""
    return node.text.strip()


def texts(node: Node | None) -> tuple[str, ...]:
    """Return a list of words as they were written: ``ON`` is a ticker; a comma parts them in a text."""
    if isinstance(node, Value):
        return tuple(filter(None, (part.strip() for part in word(node).split(","))))
    if isinstance(node, Items):
        return tuple(dict.fromkeys(filter(None, map(word, node.nodes))))
    return ()


def whole(node: Node | None) -> int | None:
    """Return a whole number of at least 1; None for anything else."""
    value = node.value if isinstance(node, Value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 1 else None


def plain_value(node: Node) -> Any:
    """Return a parameter as the strategy's constructor gets it, secrets left out."""
    match node:
        case Value(value=value, text=text):
            return value if isinstance(value, bool | int | float | str) or value is None else text
        case Items(nodes=nodes):
            return [plain_value(each) for each in nodes if not _hides(each, ())]
        case Table():
            return {key: plain_value(each) for key, each in children(node) if not _hides(each, (key,))}


def _hides(node: Node, keys: tuple[str, ...]) -> bool:
    return isinstance(node, Value) and is_secret(keys, node.text)


def shown(value: object) -> str:
    """Return a value as a report shows it."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return str(value) if isinstance(value, Mapping | list) else scalar(value)
