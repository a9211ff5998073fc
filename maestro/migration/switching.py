"""Switch strategies on or off in a YAML file, and leave every other character as it is.

Only the words true and false are written over, or one line is added where there is no ``enabled``; the result is read
again and must differ in nothing else. Comments, order, quotes and line ends stay.
"""

from collections.abc import Iterable, Mapping

from backend.domain.errors import ConfigurationError
from maestro.migration.reading import read_yaml
from maestro.migration.report import children
from maestro.migration.source import Items, Leaf, Node, SourceFile, Table, Value, leaves, written
from maestro.migration.values import word

_SWITCH = "enabled"


def switched(file: SourceFile, switches: Mapping[str, bool]) -> str:
    """Return the file's text with strategies switched, by the names that they have in it.

    Raises
    ------
    ConfigurationError
        A strategy is not in the file, or an alias shares its switch with others.
    """
    tables = strategy_tables(file)
    edits: dict[int, tuple[int, str]] = {}  # from which character, up to which, and what stands there then
    for name, is_on in switches.items():
        if name not in tables:
            known = ", ".join(sorted(tables)) or "none"
            raise ConfigurationError(f"{file.name}: expected a strategy {name}, found {known}; name one of these")
        table = tables[name]
        start, end, text = _edit(table, file.text, is_on)
        edits[start] = (end, text)
    result = file.text
    for start, (end, text) in sorted(edits.items(), reverse=True):
        result = result[:start] + text + result[end:]
    _check(file, result, switches)
    return result


def strategy_tables(file: SourceFile) -> dict[str, Table]:
    """Return the strategies of a file by name, in genebot's format or in Maestro's."""
    found: dict[str, Table] = {}
    blocks = [
        file.root.get("strategies"),
        *(node for key, node in children(file.root.get("orchestrator")) if key == "strategies"),
    ]
    for block in blocks:
        for name, node in _named(block):
            if isinstance(node, Table):
                found[name] = node
    return found


def _named(block: Node | None) -> Iterable[tuple[str, Node]]:
    if isinstance(block, Items):
        return [(word(node.get("name", "type")), node) for node in block.nodes if isinstance(node, Table)]
    return children(block)


def _edit(table: Table, text: str, is_on: bool) -> tuple[int, int, str]:
    said = "true" if is_on else "false"
    switch = table.get(_SWITCH)
    at, column = table.opens
    if isinstance(switch, Value) and switch.span[0] >= at:  # else a merge key brought it from further up
        return (*switch.span, said)
    if table.in_braces:
        return at, at, f"{_SWITCH}: {said}, " if table.entries else f"{_SWITCH}: {said}"
    end = "\r\n" if "\r\n" in text else "\n"
    return at, at, f"{_SWITCH}: {said}{end}{' ' * column}"


def _check(file: SourceFile, text: str, switches: Mapping[str, bool]) -> None:
    """Compare what is read before and after: only the switches may differ."""
    before, after = _flags(file), _flags(read_yaml(text, file.name))
    wanted = {**before, **switches}
    if after != wanted or _others(file) != _others(read_yaml(text, file.name)):
        others = sorted(name for name in after if after[name] != wanted.get(name))
        raise ConfigurationError(
            f"{file.name}: expected to switch {', '.join(sorted(switches))} alone, found an alias that would switch "
            f"{', '.join(others) or 'something else'} as well; write enabled under each strategy"
        )


def _flags(file: SourceFile) -> dict[str, object]:
    return {
        name: node.value if isinstance(node := table.get(_SWITCH), Value) else True
        for name, table in strategy_tables(file).items()
    }


def _others(file: SourceFile) -> list[tuple[str, object]]:
    return [
        (written(leaf.path), getattr(leaf.node, "value", None)) for leaf in leaves(file.root) if not _is_switch(leaf)
    ]


def _is_switch(leaf: Leaf) -> bool:
    return leaf.path[-1:] == (_SWITCH,) and "strategies" in leaf.path
