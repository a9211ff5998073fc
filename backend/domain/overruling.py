"""Configured base weights in place of the method's, and caps of strategies and groups that hold over both."""

import math
from collections.abc import Collection, Iterator, Mapping

from backend.domain.allocation_policy import AllocationPolicy
from backend.domain.signal import StrategyId

_ROUNDING = 1e-12

Limit = tuple[str, Collection[str], float]  # what it is called, whom it holds, the most they may have together


def overruled(
    weights: Mapping[StrategyId, float], policy: AllocationPolicy, *, total: float = math.inf
) -> tuple[dict[StrategyId, float], tuple[str, ...]]:
    """Put ``base_weights`` in place of the method's; what is above a cap then yields, the method's weights first.

    Parameters
    ----------
    total : what all may have together

    Returns
    -------
    (dict, tuple of str)
        The weights, and a note for every limit that took something away.
    """
    fixed = {name: float(policy.base_weights[name]) for name in weights if name in policy.base_weights}
    found = {**weights, **fixed}
    notes: list[str] = []
    for label, members, cap in _limits(found, policy, total):
        own = math.fsum(found[name] for name in fixed if name in members)
        others = [name for name in found if name in members and name not in fixed]
        rest = math.fsum(found[name] for name in others)
        if own + rest <= cap + _ROUNDING:
            continue
        left = max(0.0, cap - own)
        found.update({name: found[name] * left / rest for name in others if rest > 0.0})
        if own > cap:
            found.update({name: found[name] * cap / own for name in fixed if name in members})
        notes.append(f"{label}: {own + rest:.1%} with base_weights is more than {cap:.1%}: reduced to it")
    return found, tuple(notes)


def _limits(weights: Mapping[StrategyId, float], policy: AllocationPolicy, total: float) -> Iterator[Limit]:
    for name, cap in sorted(policy.caps.items()):
        if name in weights:
            yield f"allocation_constraints.{name}", (name,), cap
        if name in policy.groups:
            yield f"allocation_constraints.{name}", policy.groups[name], cap
    yield "all strategies together", weights.keys(), total
