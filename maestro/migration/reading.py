"""Read YAML and ``.env`` files with the place of every value.

The values are PyYAML's, as genebot reads them and as Maestro's settings do.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from backend.domain.errors import ConfigurationError
from maestro.migration.source import Items, Node, Place, SourceFile, Table, Value

MOST_BYTES = 1_000_000
MOST_VALUES = 20_000  # aliases of aliases can stand for more than any machine holds

_MOST_BITS = 64  # larger whole numbers stay text
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_STANDARD + name for name in ("null", "bool", "int", "float", "str", "timestamp"))
_MERGE = _STANDARD + "merge"
_VARIABLE = re.compile(r"\s*(?:export\s+)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*=(?P<value>.*)")
_EXPECTED = "expected a configuration in YAML"


def read_files(paths: Sequence[Path], *, root: Path) -> tuple[SourceFile, ...]:
    """Read files in the order given; names are relative to ``root`` where they can be.

    Raises
    ------
    ConfigurationError
        A file is missing, too large, not text, or not a mapping in YAML.
    """
    return tuple(_read(path, _name(path, root)) for path in paths)


def read_yaml(text: str, name: str) -> SourceFile:
    """Read the text of a YAML file.

    Raises
    ------
    ConfigurationError
        It does not parse, is nested too deeply, refers to itself, or is not a mapping.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        root = None if node is None else _Reader(name).node(node)
    except yaml.YAMLError as e:
        # neither the text nor the parser's error goes on: both may quote a secret
        raise ConfigurationError(f"{name}{_line(e)}: {_EXPECTED}, found text that does not parse; correct it") from None
    except RecursionError:
        raise ConfigurationError(f"{name}: {_EXPECTED}, found one nested too deeply; flatten it") from None
    if root is None or (isinstance(root, Value) and root.value is None):
        return SourceFile(name=name, root=Table(place=Place(file=name, line=1)), text=text)
    if not isinstance(root, Table):
        raise ConfigurationError(f"{root.place}: {_EXPECTED} that is a mapping, found something else; correct it")
    return SourceFile(name=name, root=root, text=text)


def read_environment(text: str, name: str) -> SourceFile:
    """Read the variables of a ``.env`` file; other lines count as comments."""
    entries: list[tuple[str, Node]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        found = _VARIABLE.fullmatch(line)
        if found is not None and not line.lstrip().startswith("#"):
            value = found["value"].strip().strip("\"'")
            entries.append((found["name"], Value(place=Place(file=name, line=number), value=value, text=value)))
    root = Table(place=Place(file=name, line=1), entries=tuple(entries))
    return SourceFile(name=name, root=root, text=text, is_environment=True)


def is_environment(path: Path) -> bool:
    """Say whether a file holds variables and not YAML."""
    return path.name == ".env" or path.name.startswith(".env.") or path.suffix == ".env"


def _read(path: Path, name: str) -> SourceFile:
    try:
        content = path.read_bytes()
    except OSError as e:
        raise ConfigurationError(f"{name}: expected a readable file, found {type(e).__name__}; correct the path") from e
    if len(content) > MOST_BYTES:
        raise ConfigurationError(f"{name}: expected at most {MOST_BYTES:,} bytes, found {len(content):,}; split it")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise ConfigurationError(f"{name}: expected text in UTF-8, found other bytes; save it anew") from e
    return read_environment(text, name) if is_environment(path) else read_yaml(text, name)


def _name(path: Path, root: Path) -> str:
    full, base = path.absolute(), root.absolute()
    return str(full.relative_to(base)) if full.is_relative_to(base) else str(full)


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f":{mark.line + 1}" if mark else ""


@dataclass(slots=True)
class _Reader:
    """Turns PyYAML's nodes into ours; an alias becomes a copy of what it stands for."""

    name: str
    values: int = 0
    open: set[int] = field(default_factory=set)

    def node(self, node: yaml.Node) -> Node:
        place = self._place(node)
        self.values += 1
        if self.values > MOST_VALUES:
            raise ConfigurationError(f"{place}: expected at most {MOST_VALUES:,} values, found more; split the file")
        if isinstance(node, yaml.ScalarNode):
            span = (node.start_mark.index, node.end_mark.index)
            return Value(place=place, value=_value(node), text=node.value, span=span)
        if id(node) in self.open:
            raise ConfigurationError(f"{place}: expected values, found an alias that contains itself; write it out")
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return Items(place=place, nodes=tuple(self.node(each) for each in node.value))
            return self._table(node, place)
        finally:
            self.open.discard(id(node))

    def _table(self, node: Any, place: Place) -> Table:
        merged: dict[str, Node] = {}
        entries: list[tuple[str, Node]] = []
        for key, child in node.value:
            if key.tag == _MERGE:
                for each in self._merged(child):
                    merged.update({name: each[1] for name in [each[0]] if name not in merged})
            else:
                entries.append((_key(key), self.node(child)))
        own = {key for key, _ in entries}
        entries = [*((key, child) for key, child in merged.items() if key not in own), *entries]
        first = node.value[0][0].start_mark if node.value else node.start_mark
        return Table(
            place=place,
            entries=tuple(entries),
            opens=(first.index, first.column),
            in_braces=bool(node.flow_style),
        )

    def _merged(self, node: yaml.Node) -> Iterator[tuple[str, Node]]:
        """Yield what a merge key brings in: of several mappings the first one counts."""
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            found = self.node(each)
            if not isinstance(found, Table):
                raise ConfigurationError(
                    f"{found.place}: expected a mapping after <<, found something else; correct it"
                )
            yield from found.entries

    def _place(self, node: yaml.Node) -> Place:
        return Place(file=self.name, line=node.start_mark.line + 1)


def _key(node: yaml.Node) -> str:
    """Return a key as text; one that is itself a list or mapping as its YAML."""
    return node.value if isinstance(node, yaml.ScalarNode) else yaml.serialize(node).strip()


def _value(node: yaml.ScalarNode) -> Any:
    """Return what PyYAML makes of a scalar; its text where that is nothing plain."""
    if node.tag not in _PLAIN_TAGS:
        return node.value
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError, OverflowError):
        return node.value
    return node.value if isinstance(value, int) and value.bit_length() > _MOST_BITS else value
