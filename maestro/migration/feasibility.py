"""Whether minimum, maximum and caps of an allocation can hold at the same time."""

from collections.abc import Iterator

from maestro.migration.finding import Finding
from maestro.migration.report import children
from maestro.migration.source import Items, Node, SourceFile, Table, Value
from maestro.migration.values import texts, truth, word

_ROUNDING = 1e-9


def weight_findings(file: SourceFile) -> Iterator[Finding]:
    """Say which weights no allocation could give to the strategies that are enabled."""
    orchestrator = dict(children(file.root.get("orchestrator")))
    allocation = orchestrator.get("allocation")
    if not isinstance(allocation, Table):
        return
    is_enabled = _enabled(orchestrator.get("strategies"))
    count = sum(is_enabled.values())
    groups = {name: texts(node) for name, node in children(allocation.get("groups"))}
    least, most = _number(allocation.get("min_allocation"), 0.0), _number(allocation.get("max_allocation"), 1.0)

    def found(text: str, *, is_error: bool = True) -> Finding:
        return Finding(place=allocation.place, is_error=is_error, text=f"orchestrator.allocation: {text}")

    if least > most:
        yield found(f"min_allocation {least:g} is above max_allocation {most:g}")
    if least * count > 1 + _ROUNDING:
        yield found(f"min_allocation {least:g} for {count} strategies comes to {least * count:g}, more than all")
    if count and most * count < 1 - _ROUNDING:
        text = f"max_allocation {most:g} for {count} strategies leaves {1 - most * count:.0%} in cash"
        yield found(text, is_error=False)
    for group, named in groups.items():
        strangers = sorted(set(named) - is_enabled.keys())
        if strangers:
            yield found(f"groups.{group} names {', '.join(strangers)}, which no strategy is called")
    for name, node in children(allocation.get("allocation_constraints")):
        cap = _number(node, 1.0)
        members = [each for each in groups.get(name, (name,)) if is_enabled.get(each)]
        if name not in groups and name not in is_enabled:
            yield found(f"allocation_constraints.{name}: neither a strategy nor a group is called so")
        elif not 0 <= cap <= 1:
            yield found(f"allocation_constraints.{name}: expected 0 to 1, found {cap:g}")
        elif least * len(members) > cap + _ROUNDING:
            text = f"min_allocation {least:g} for {len(members)} strategies is above its cap {cap:g}"
            yield found(f"allocation_constraints.{name}: {text}")


def _enabled(block: Node | None) -> dict[str, bool]:
    """Return every strategy of a list, and whether it is enabled."""
    nodes = block.nodes if isinstance(block, Items) else ()
    return {word(node.get("name")): truth(node.get("enabled")) for node in nodes if isinstance(node, Table)}


def _number(node: Node | None, default: float) -> float:
    value = node.value if isinstance(node, Value) else None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
