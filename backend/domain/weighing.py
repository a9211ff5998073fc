"""Weigh: every strategy's base weight, by the method of the allocation, asked anew when it is due.

1. members – who shares the capital: those who answered, those who failed, and those that the configuration lists;
   the disabled, and who is neither, keep the weight they had;
2. desire  – what the method gives them, times their own factor, within bounds and caps; the rest is cash;
3. due     – first, changed, ordered, by the calendar, or when a weight would move by more than the drift;
4. stand   – until then, what the last rebalance gave.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy, RebalanceFrequency
from backend.domain.canonical import canonical_json, digest
from backend.domain.decision import DecisionInputs
from backend.domain.desire import Desire, desired
from backend.domain.draft import BASIS_POINT
from backend.domain.market import new_york_day
from backend.domain.overruling import overruled
from backend.domain.signal import StrategyId
from backend.domain.weights import Rebalance, Weights

_PERIODS: dict[RebalanceFrequency, Callable[[date], object]] = {
    RebalanceFrequency.DAILY: lambda day: day,
    RebalanceFrequency.WEEKLY: lambda day: day.isocalendar()[:2],
    RebalanceFrequency.MONTHLY: lambda day: (day.year, day.month),
}


def weigh(inputs: DecisionInputs, names: Sequence[StrategyId]) -> Weights:
    """Return the base weights of everyone in ``names``, and what a rebalance turns over.

    Who failed is weighed like everyone else, so that nobody's weight depends on whether another one answers.
    """
    policy = inputs.policy.allocation
    if policy.method is AllocationMethod.FULL:
        return _of_the_whole_account(inputs, names)
    members, rule, last = _members(inputs), _rule(inputs), inputs.book.rebalance
    standing: Mapping[StrategyId, float] = {} if last is None else last.weights
    reason = _due(inputs, members, rule)
    desire: Desire | None = None
    if reason or policy.rebalance is RebalanceFrequency.DRIFT:
        desire = desired(inputs, members)
        reason = reason or _drifted(policy, desire, standing)
    weights = standing if desire is None or not reason else desire.weights
    traded, turnover = _changes(standing, weights)
    rate = float((inputs.policy.shadow_slippage_bps + inputs.policy.shadow_fee_bps) * BASIS_POINT)
    return Weights(
        method=policy.method,
        by_strategy=_by_strategy(inputs, names, weights),
        rebalance=Rebalance(at=inputs.now, rule=rule, weights=weights) if reason else None,
        reason=reason,
        cash=_cash(weights),
        turnover=turnover,
        cost=traded * rate,
        notes=desire.notes if desire is not None and reason else (),
    )


def _by_strategy(
    inputs: DecisionInputs, names: Sequence[StrategyId], weights: Mapping[StrategyId, float]
) -> dict[StrategyId, float]:
    """Return the weights of ``names`` and of members that the book knows; who is no member keeps the one he had."""
    book, neutral = inputs.book, inputs.policy.neutral_weight(weights.keys(), inputs.now)
    known = [name for name in weights if name in book.strategies]
    return {
        name: weights[name] if name in weights else float(book.of(name).weight) if name in book.strategies else neutral
        for name in sorted({*names, *known})
    }


def _changes(before: Mapping[StrategyId, float], after: Mapping[StrategyId, float]) -> tuple[float, float]:
    """Return Σ|change| over strategies, and half of it with cash: the part of equity that changes hands."""
    traded = math.fsum(abs(after.get(name, 0.0) - before.get(name, 0.0)) for name in {*before, *after})
    return traded, (traded + abs(_cash(after) - _cash(before))) / 2


def _cash(weights: Mapping[StrategyId, float]) -> float:
    # A plain sum has other last digits in another order, and mappings that are equal may have any.
    return max(0.0, 1.0 - math.fsum(weights.values()))


def _of_the_whole_account(inputs: DecisionInputs, names: Sequence[StrategyId]) -> Weights:
    """Give everyone the whole account, less what is configured: such weights are no parts of a sum."""
    policy, factors = inputs.policy.allocation, {each.name: each.weight for each in inputs.policy.strategies}
    weights = dict.fromkeys(names, policy.max_weight)
    if policy.caps:
        # Groups are shared with who failed, and not with who places no order.
        weights |= dict.fromkeys(sorted({*names, *_members(inputs)}), policy.max_weight)
    weights |= {name: min(policy.max_weight, factor) for name, factor in factors.items() if name in weights}
    if policy.caps or policy.base_weights:
        resting = inputs.policy.disabled_names(inputs.now)
        weights |= overruled({name: weight for name, weight in weights.items() if name not in resting}, policy)[0]
        weights = {name: weights[name] for name in names}
    return Weights(method=policy.method, by_strategy=weights)


def _members(inputs: DecisionInputs) -> list[StrategyId]:
    listed = [each.name for each in inputs.policy.strategies]
    return sorted({*inputs.signals, *inputs.failures, *listed} - inputs.policy.disabled_names(inputs.now))


def _rule(inputs: DecisionInputs) -> str:
    """Return a short mark of what the weights follow from, besides records."""
    factors = {each.name: each.weight for each in inputs.policy.strategies}
    return digest(canonical_json((inputs.policy.allocation, factors)))[:16]


def _due(inputs: DecisionInputs, members: Sequence[StrategyId], rule: str) -> str:
    """Say why the method is asked; empty where it is not, or only to see how far the weights have drifted."""
    last, frequency = inputs.book.rebalance, inputs.policy.allocation.rebalance
    if last is None:
        return "first weights"
    if last.rule != rule or _are_others_in_force(inputs, last.weights):
        return "the configuration of the allocation has changed"
    if last.weights.keys() != set(members):
        return "the strategies have changed"
    if inputs.is_rebalance_ordered:
        return "ordered by an operator"
    period = _PERIODS.get(frequency)
    if period is not None and period(new_york_day(inputs.now)) != period(new_york_day(last.at)):
        return f"{frequency} rebalance"
    return ""


def _are_others_in_force(inputs: DecisionInputs, weights: Mapping[StrategyId, float]) -> bool:
    """Say whether the book holds other weights than the last rebalance gave: those of ``full``, in between."""
    book, disabled = inputs.book.strategies, inputs.policy.disabled_names(inputs.now)
    return any(
        float(book[name].weight) != weight for name, weight in weights.items() if name in book and name not in disabled
    )


def _drifted(policy: AllocationPolicy, desire: Desire, standing: Mapping[StrategyId, float]) -> str:
    moves = [(abs(weight - standing.get(name, 0.0)), name) for name, weight in desire.weights.items()]
    drift, name = max(moves, default=(0.0, ""))
    if drift <= policy.drift:
        return ""
    return f"drift: {name} would move by {drift:.1%}, more than {policy.drift:.1%}"
