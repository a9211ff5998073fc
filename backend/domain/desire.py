"""What the method of the allocation would give every strategy now, within bounds and caps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backend.domain.allocation import (
    bounded,
    equal_risk_contribution,
    hierarchical_risk_parity,
    inverse_volatility,
    max_diversification,
    min_variance,
    performance_based,
    shrunk_covariance,
)
from backend.domain.allocation.limits import Group
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.decision import DecisionInputs
from backend.domain.mode import Evidence
from backend.domain.performance import FloatArray
from backend.domain.signal import StrategyId

_FLAT = 1e-12  # a deviation below it is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Desire:
    """Weights that, with cash, are 1, and what had to yield."""

    weights: Mapping[StrategyId, float]
    notes: tuple[str, ...] = ()


def desired(inputs: DecisionInputs, members: Sequence[StrategyId], sharpes: Mapping[StrategyId, float]) -> Desire:
    """Ask the method.

    Parameters
    ----------
    members : who shares the capital, each once
    sharpes : annualised, NaN where undefined; a member that is missing has none
    """
    if not members:
        return Desire(weights={})
    policy = inputs.policy.allocation
    returns = _returns(inputs, members)
    notes: tuple[str, ...] = ()
    if policy.method is AllocationMethod.PERFORMANCE_BASED:
        scores = _by_performance(inputs, members, sharpes, returns)
    elif policy.method.needs_covariance:
        scores, notes = _by_covariance(policy, members, returns)
    else:
        scores = np.ones(len(members))
    factors = {each.name: each.weight for each in inputs.policy.strategies}
    scores = scores * np.array([factors.get(name, 1.0) for name in members])
    upper = np.array([min(policy.max_weight, policy.caps.get(name, 1.0)) for name in members])
    groups = _groups(policy, members)
    result = bounded(scores, lower=policy.min_weight, upper=upper, groups=groups, labels=list(members))
    weights, overruled = _overruled(dict(zip(members, result.weights.tolist(), strict=True)), policy.base_weights)
    return Desire(weights=weights, notes=(*notes, *result.notes, *overruled, *_unknown(policy, members)))


def _returns(inputs: DecisionInputs, members: Sequence[StrategyId]) -> FloatArray:
    evidence = Evidence(strategies=tuple(members), record=inputs.record, standing={}, now=inputs.now)
    return evidence.columns(inputs.record.returns)


def _by_performance(
    inputs: DecisionInputs, members: Sequence[StrategyId], sharpes: Mapping[StrategyId, float], returns: FloatArray
) -> FloatArray:
    policy = inputs.policy
    counts = np.count_nonzero(~np.isnan(returns), axis=0)
    known = np.array([sharpes.get(name, np.nan) for name in members])
    known[counts < policy.scoring.min_returns] = np.nan  # too short to be judged is no record
    return performance_based(
        known, counts, shrinkage=policy.allocation.shrinkage, periods_per_year=policy.periods_per_year
    )


def _by_covariance(
    policy: AllocationPolicy, members: Sequence[StrategyId], returns: FloatArray
) -> tuple[FloatArray, tuple[str, ...]]:
    """Weigh those with a record by it; the others get the median of theirs."""
    chosen = _comparable(returns, policy.min_history)
    if len(chosen) < 2:
        why = f"fewer than two strategies have {policy.min_history} daily returns in common: equal weights"
        return np.ones(len(members)), (f"{policy.method}: {why}",)
    window = returns[:, chosen]
    known = _WEIGHERS[policy.method](shrunk_covariance(window[~np.isnan(window).any(axis=1)]), policy)
    scores = np.full(len(members), float(np.median(known)))
    scores[chosen] = known
    rest = [name for j, name in enumerate(members) if j not in set(chosen.tolist())]
    if not rest:
        return scores, ()
    return scores, (
        f"{policy.method}: the median weight, for want of {policy.min_history} daily returns that vary and "
        f"overlap with the others': {', '.join(rest)}",
    )


def _comparable(returns: FloatArray, fewest: int) -> np.ndarray:
    """Choose strategies whose returns vary and that have enough days in common; the shortest records leave first."""
    is_known = ~np.isnan(returns)
    counts = is_known.sum(axis=0)
    enough = np.flatnonzero(counts >= fewest)
    chosen = [int(j) for j in enough if np.nanstd(returns[:, j]) > _FLAT]
    chosen.sort(key=lambda j: (-int(counts[j]), j))
    while chosen and int(is_known[:, chosen].all(axis=1).sum()) < fewest:
        chosen.pop()
    return np.array(sorted(chosen), dtype=np.intp)


def _feasible(policy: AllocationPolicy, width: int) -> tuple[float, float]:
    """Return the bounds as the optimiser can keep them; what is infeasible is left to ``bounded``."""
    upper = policy.max_weight if policy.max_weight * width >= 1.0 else 1.0
    return (policy.min_weight if policy.min_weight * width <= 1.0 else 0.0), upper


def _least_variance(covariance: FloatArray, policy: AllocationPolicy) -> FloatArray:
    lower, upper = _feasible(policy, len(covariance))
    return min_variance(covariance, lower=lower, upper=upper)


def _most_diversified(covariance: FloatArray, policy: AllocationPolicy) -> FloatArray:
    lower, upper = _feasible(policy, len(covariance))
    return max_diversification(covariance, lower=lower, upper=upper)


_WEIGHERS: dict[AllocationMethod, Callable[[FloatArray, AllocationPolicy], FloatArray]] = {
    AllocationMethod.RISK_PARITY: lambda covariance, _: equal_risk_contribution(covariance),
    AllocationMethod.HIERARCHICAL_RISK_PARITY: lambda covariance, _: hierarchical_risk_parity(covariance),
    AllocationMethod.INVERSE_VOLATILITY: lambda covariance, _: inverse_volatility(covariance),
    AllocationMethod.MAX_DIVERSIFICATION: _most_diversified,
    AllocationMethod.MIN_VARIANCE: _least_variance,
}


def _overruled(
    weights: dict[StrategyId, float], given: Mapping[str, float]
) -> tuple[dict[StrategyId, float], tuple[str, ...]]:
    """Put configured weights in place of the method's; the others keep theirs, or share what is left."""
    fixed = {name: given[name] for name in weights if name in given}
    if not fixed:
        return weights, ()
    rest = {name: weight for name, weight in weights.items() if name not in fixed}
    left, wanted = max(0.0, 1.0 - sum(fixed.values())), sum(rest.values())
    if wanted <= left:
        return {name: fixed.get(name, weight) for name, weight in weights.items()}, ()
    note = f"base_weights leave {left:.1%} for strategies that would have {wanted:.1%}: theirs are scaled down to it"
    return {name: fixed.get(name, weight * left / wanted) for name, weight in weights.items()}, (note,)


def _groups(policy: AllocationPolicy, members: Sequence[StrategyId]) -> list[Group]:
    found = [
        (group, np.array([j for j, name in enumerate(members) if name in names], dtype=np.intp), policy.caps[group])
        for group, names in sorted(policy.groups.items())
        if group in policy.caps
    ]
    return [each for each in found if len(each[1])]


def _unknown(policy: AllocationPolicy, members: Sequence[StrategyId]) -> tuple[str, ...]:
    """Name constraints that hold nobody, so that a slip of the pen is seen."""
    known = {*members, *policy.groups}
    return tuple(
        f"allocation_constraints.{name}: no strategy and no group of this name"
        for name in policy.caps
        if name not in known
    )
