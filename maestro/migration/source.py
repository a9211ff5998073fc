"""A configuration as it was written: every value with its file and line.

Values of YAML 1.1 are kept beside their text, since ``ON`` is a ticker and yet reads as true.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands; ``line`` counts from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Value:
    """One scalar. ``text`` is as it was written, ``span`` its characters in the file (start, end)."""

    place: Place
    value: Any
    text: str
    span: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Items:
    """A list."""

    place: Place
    nodes: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A mapping; of two equal keys both are kept, and the last one counts.

    ``opens`` is where a first key of its own would be written: (character, column), and whether it is in braces.
    """

    place: Place
    entries: tuple[tuple[str, "Node"], ...] = ()
    opens: tuple[int, int] = (0, 0)
    in_braces: bool = False

    def get(self, *keys: str) -> "Node | None":
        """Return what stands under the first of the keys that is there."""
        found = dict(self.entries)
        return next((found[key] for key in keys if key in found), None)


Node = Value | Items | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A value, or an empty list or mapping; ``is_overridden`` where an equal key follows."""

    path: Path
    node: Node
    is_overridden: bool = False

    @property
    def key(self) -> str:
        """The nearest key above it, or the last one of its own."""
        return next((part for part in reversed(self.path) if isinstance(part, str)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file as it was read; ``is_environment`` for variables, which are never shown."""

    name: str
    root: Table
    text: str = field(repr=False)
    is_environment: bool = False

    def leaves(self) -> Iterator[Leaf]:
        return leaves(self.root) if self.root.entries else iter(())


def leaves(node: Node, path: Path = (), *, is_overridden: bool = False) -> Iterator[Leaf]:
    """Yield every leaf below a node, in the order of the file."""
    match node:
        case Table(entries=entries) if entries:
            last = dict(entries)
            for key, child in entries:
                yield from leaves(child, (*path, key), is_overridden=is_overridden or last[key] is not child)
        case Items(nodes=nodes) if nodes:
            for number, child in enumerate(nodes):
                yield from leaves(child, (*path, number), is_overridden=is_overridden)
        case _:
            yield Leaf(path=path, node=node, is_overridden=is_overridden)


def written(path: Path) -> str:
    """Return a path as people write it: ``strategies.ma.symbols[0]``; odd keys in quotes."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path]
    return "".join(parts).removeprefix(".")


def _key(key: str) -> str:
    is_plain = bool(key) and key.isprintable() and not any(mark in key for mark in '."[] ')
    return key if is_plain else '"' + key.encode("unicode_escape").decode().replace('"', '\\"') + '"'
