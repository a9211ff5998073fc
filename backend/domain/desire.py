"""What the method of the allocation would give every strategy now, within bounds and caps."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
from backend.domain.errors import AllocationError
from backend.domain.judging import judged
from backend.domain.mode import Evidence
from backend.domain.overruling import overruled
from backend.domain.performance import FloatArray
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId

_FLAT = 1e-12  # a deviation below it is none

Scored = tuple[FloatArray, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desire:
    """Weights that, with cash, are 1, and what had to yield."""

    weights: Mapping[StrategyId, float]
    notes: tuple[str, ...] = ()


def desired(inputs: DecisionInputs, members: Sequence[StrategyId]) -> Desire:
    """Ask the method.

    Parameters
    ----------
    members : who shares the capital, each once, none of them disabled
    """
    if not members:
        return Desire(weights={})
    policy = inputs.policy.allocation
    try:
        scores, notes = _scores(inputs, members)
    except (AllocationError, np.linalg.LinAlgError) as error:
        # A tick is not lost for want of weights: what the records do not tell apart is weighed alike.
        scores, notes = np.ones(len(members)), (f"{policy.method}: equal weights, since no others follow: {error}",)
    factors = {each.name: each.weight for each in inputs.policy.strategies}
    scores = scores * np.array([factors.get(name, 1.0) for name in members])
    upper = np.array([min(policy.max_weight, policy.caps.get(name, 1.0)) for name in members])
    groups = _groups(policy, members)
    result = bounded(scores, lower=policy.min_weight, upper=upper, groups=groups, labels=list(members))
    weights, yielded = overruled(dict(zip(members, result.weights.tolist(), strict=True)), policy, total=1.0)
    return Desire(weights=weights, notes=(*notes, *result.notes, *yielded, *_unknown(inputs.policy, members)))


def _scores(inputs: DecisionInputs, members: Sequence[StrategyId]) -> Scored:
    policy = inputs.policy.allocation
    if policy.method is AllocationMethod.PERFORMANCE_BASED:
        return _by_performance(inputs, members), ()
    if policy.method.needs_covariance:
        evidence = Evidence(strategies=tuple(members), record=inputs.record, standing={}, now=inputs.now)
        return _by_covariance(policy, members, evidence.columns(inputs.record.returns))
    return np.ones(len(members)), ()


def _by_performance(inputs: DecisionInputs, members: Sequence[StrategyId]) -> FloatArray:
    """Score the Sharpe ratios that modes are judged by, failures' too; equal losses have none and earn nothing."""
    policy, judgement = inputs.policy, judged(inputs, members)
    sharpes, counts = np.array(judgement.sharpes), np.array(judgement.counts)
    is_long = counts >= policy.min_returns  # too short to be judged is no record
    scores = performance_based(
        np.where(is_long, sharpes, np.nan),
        counts,
        shrinkage=policy.allocation.shrinkage,
        periods_per_year=policy.periods_per_year,
    )
    pairs = zip(judgement.sharpes, judgement.scores, strict=True)
    has_failed = np.array([math.isnan(sharpe) and score.multiplier == 0.0 for sharpe, score in pairs])
    return np.where(is_long & has_failed, 0.0, scores)


def _by_covariance(policy: AllocationPolicy, members: Sequence[StrategyId], returns: FloatArray) -> Scored:
    """Weigh those with a record by it; the others get the median of theirs."""
    chosen = _comparable(returns, policy.min_history)
    if len(chosen) < 2:
        why = f"fewer than two strategies have {policy.min_history} daily returns in common: equal weights"
        return np.ones(len(members)), (f"{policy.method}: {why}",)
    known = _WEIGHERS[policy.method](shrunk_covariance(_in_common(returns, chosen)), policy)
    scores = np.full(len(members), float(np.median(known)))
    scores[chosen] = known
    rest = [name for j, name in enumerate(members) if j not in set(chosen.tolist())]
    if not rest:
        return scores, ()
    return scores, (
        f"{policy.method}: the median weight, for want of {policy.min_history} daily returns that vary and "
        f"overlap with the others': {', '.join(rest)}",
    )


def _comparable(returns: FloatArray, fewest: int) -> NDArray[np.intp]:
    """Choose strategies whose returns vary and that have enough days in common; the shortest records leave first."""
    is_known = ~np.isnan(returns)
    counts = is_known.sum(axis=0)
    enough = np.flatnonzero(counts >= fewest)
    longest_first = enough[np.argsort(-counts[enough], kind="stable")]
    longest_first = longest_first[_varies(returns[:, longest_first])]
    in_common = np.logical_and.accumulate(is_known[:, longest_first], axis=1).sum(axis=0)
    chosen = np.sort(longest_first[in_common >= fewest])
    return chosen[_varies(_in_common(returns, chosen))]


def _in_common(returns: FloatArray, chosen: NDArray[np.intp]) -> FloatArray:
    """Return the days on which all the chosen have a return."""
    window = returns[:, chosen]
    return window[~np.isnan(window).any(axis=1)]


def _varies(window: FloatArray) -> NDArray[np.bool_]:
    if not window.size:
        return np.zeros(window.shape[1], dtype=np.bool_)
    return np.asarray(np.nanstd(window, axis=0) > _FLAT)


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


def _groups(policy: AllocationPolicy, members: Sequence[StrategyId]) -> list[Group]:
    found = [
        (group, np.array([j for j, name in enumerate(members) if name in names], dtype=np.intp), policy.caps[group])
        for group, names in sorted(policy.groups.items())
        if group in policy.caps
    ]
    return [each for each in found if len(each[1])]


def _unknown(policy: DecisionPolicy, members: Sequence[StrategyId]) -> tuple[str, ...]:
    """Name constraints that hold nobody, so that a slip of the pen is seen."""
    known = {*members, *policy.configured_off(), *policy.mode_overrides, *policy.allocation.groups}
    return tuple(
        f"allocation_constraints.{name}: no strategy and no group of this name"
        for name in sorted(policy.allocation.caps)  # replayed inputs come in another order
        if name not in known
    )
