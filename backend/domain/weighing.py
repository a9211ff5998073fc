"""Weigh: every strategy's base weight, by the method of the allocation, asked anew when it is due.

1. members – who shares the capital: those who answered, those who failed, and those that the configuration lists;
   the disabled keep the weight they had;
2. desire  – what the method gives them, times their own factor, within bounds and caps; the rest is cash;
3. due     – first, changed, ordered, by the calendar, or when a weight would move by more than the drift;
4. stand   – until then, the weights that stand in the book.
"""

from collections.abc import Callable, Sequence
from datetime import date

from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy, RebalanceFrequency
from backend.domain.canonical import canonical_json, digest
from backend.domain.decision import DecisionInputs
from backend.domain.desire import Desire, desired
from backend.domain.draft import BASIS_POINT
from backend.domain.market import new_york_day
from backend.domain.mode import Judgement
from backend.domain.signal import StrategyId
from backend.domain.weights import Rebalance, Weights

_PERIODS: dict[RebalanceFrequency, Callable[[date], object]] = {
    RebalanceFrequency.DAILY: lambda day: day,
    RebalanceFrequency.WEEKLY: lambda day: day.isocalendar()[:2],
    RebalanceFrequency.MONTHLY: lambda day: (day.year, day.month),
}


def weigh(inputs: DecisionInputs, names: Sequence[StrategyId], scored: Judgement) -> Weights:
    """Return the base weight of everyone in ``names``, and what a rebalance turns over.

    Parameters
    ----------
    names : in the order of ``scored``
    """
    policy = inputs.policy.allocation
    if policy.method is AllocationMethod.FULL:
        return _of_the_whole_account(inputs, names)
    members = _members(inputs, names)
    rule = _rule(inputs)
    standing = {name: float(inputs.book.of(name).weight) for name in members if name in inputs.book.strategies}
    reason = _due(inputs, members, rule)
    desire: Desire | None = None
    if reason or policy.rebalance is RebalanceFrequency.DRIFT:
        desire = desired(inputs, members, dict(zip(names, scored.sharpes, strict=True)))
        reason = reason or _drifted(policy, desire, standing)
    weights = standing if desire is None or not reason else desire.weights
    changes = sum(abs(weights[name] - standing.get(name, 0.0)) for name in members)
    rate = float((inputs.policy.shadow_slippage_bps + inputs.policy.shadow_fee_bps) * BASIS_POINT)
    neutral = inputs.policy.neutral_weight(members)
    resting = {
        name: float(inputs.book.of(name).weight) if name in inputs.book.strategies else neutral for name in names
    }
    return Weights(
        method=policy.method,
        by_strategy={name: weights.get(name, resting[name]) for name in names},
        rebalance=Rebalance(at=inputs.now, rule=rule, members=frozenset(members)) if reason else None,
        reason=reason,
        cash=round(max(0.0, 1.0 - sum(weights.values())), 12),
        turnover=changes / 2,
        cost=changes * rate,
        notes=desire.notes if desire is not None and reason else (),
    )


def _of_the_whole_account(inputs: DecisionInputs, names: Sequence[StrategyId]) -> Weights:
    """Give everyone the whole account, less what is configured: such weights are no parts of a sum."""
    policy = inputs.policy.allocation
    weights = dict.fromkeys(names, policy.max_weight)
    for each in inputs.policy.strategies:
        if each.name in weights:
            weights[each.name] = min(each.weight, policy.max_weight)
    for name, cap in policy.caps.items():
        if StrategyId(name) in weights:
            weights[StrategyId(name)] = min(weights[StrategyId(name)], cap)
    for group, members in policy.groups.items():
        found = [name for name in names if name in members]
        total, cap = sum(weights[name] for name in found), policy.caps.get(group, 1.0 * len(found))
        if total > cap:
            weights.update({name: weights[name] * cap / total for name in found})
    weights.update({StrategyId(name): each for name, each in policy.base_weights.items() if name in weights})
    return Weights(method=policy.method, by_strategy=weights)


def _members(inputs: DecisionInputs, names: Sequence[StrategyId]) -> list[StrategyId]:
    disabled = inputs.policy.disabled_names()
    listed = [each.name for each in inputs.policy.strategies]
    return sorted({*names, *inputs.failures, *listed} - disabled)


def _rule(inputs: DecisionInputs) -> str:
    """Return a short mark of what the weights follow from, besides records."""
    factors = {each.name: each.weight for each in inputs.policy.strategies}
    return digest(canonical_json((inputs.policy.allocation, factors)))[:16]


def _due(inputs: DecisionInputs, members: Sequence[StrategyId], rule: str) -> str:
    """Say why the method is asked; empty where it is not, or only to see how far the weights have drifted."""
    last, frequency = inputs.book.rebalance, inputs.policy.allocation.rebalance
    if last is None:
        return "first weights"
    if last.rule != rule:
        return "the configuration of the allocation has changed"
    if last.members != frozenset(members):
        return "the strategies have changed"
    if inputs.is_rebalance_ordered:
        return "ordered by an operator"
    period = _PERIODS.get(frequency)
    if period is not None and period(new_york_day(inputs.now)) != period(new_york_day(last.at)):
        return f"{frequency} rebalance"
    return ""


def _drifted(policy: AllocationPolicy, desire: Desire, standing: dict[StrategyId, float]) -> str:
    drift, name = max((abs(weight - standing.get(name, 0.0)), name) for name, weight in desire.weights.items())
    if drift <= policy.drift:
        return ""
    return f"drift: {name} would move by {drift:.1%}, more than {policy.drift:.1%}"
