"""Whether minimum, maximum and caps of an allocation can hold at the same time."""

from collections.abc import Iterator

from backend.domain.policy import DecisionPolicy
from maestro.migration.finding import Finding

_ROUNDING = 1e-9


def weight_findings(policy: DecisionPolicy) -> Iterator[Finding]:
    """Say which weights no allocation could give to the strategies that are listed and enabled."""
    allocation, disabled = policy.allocation, policy.disabled_names()
    names = {each.name for each in policy.strategies}
    enabled = names - disabled
    if not names:
        return
    count, least, most = len(enabled), allocation.min_weight, allocation.max_weight
    if least * count > 1 + _ROUNDING:
        yield _error(f"min_allocation {least:g} for {count} strategies comes to {least * count:g}, more than all")
    if count and most * count < 1 - _ROUNDING:
        text = f"max_allocation {most:g} for {count} strategies leaves {1 - most * count:.0%} in cash"
        yield Finding(place=None, is_error=False, text=f"orchestrator.allocation: {text}")
    for group, members in sorted(allocation.groups.items()):
        strangers = sorted(members - names)
        if strangers:
            yield _error(f"groups.{group} names {', '.join(strangers)}, which no strategy is called")
    for name, cap in sorted(allocation.caps.items()):
        held = allocation.groups.get(name, frozenset({name})) & enabled
        if name not in allocation.groups and name not in names:
            yield _error(f"allocation_constraints.{name}: neither a strategy nor a group is called so")
        elif least * len(held) > cap + _ROUNDING:
            text = f"min_allocation {least:g} for {len(held)} strategies is above its cap {cap:g}"
            yield _error(f"allocation_constraints.{name}: {text}")


def _error(text: str) -> Finding:
    return Finding(place=None, is_error=True, text=f"orchestrator.allocation: {text}")
