"""Inputs for the allocation: who answers, on which records, under which allocation policy, after which ticks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.book import PortfolioBook
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.commitment import decision_events
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.journal import folded, noted
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.strategy_definition import StrategyDefinition
from tests.unit.domain.decision_inputs import HOLD, inputs_of


def alternating(mean: float, swing: float, count: int = 10) -> tuple[float, ...]:
    """Returns of mean ± swing in turns: the Sharpe ratio of a day is mean ÷ (swing · √(n ÷ (n − 1)))."""
    return tuple(mean + (swing if i % 2 else -swing) for i in range(count))


def policy_of(
    method: AllocationMethod,
    *,
    defined: Mapping[str, float] | None = None,
    rest: Mapping[str, Any] | None = None,
    **own: Any,
) -> DecisionPolicy:
    """A policy with an allocation of ``own`` fields; ``defined`` are strategies that are listed, with their factors."""
    listed = tuple(
        StrategyDefinition(name=StrategyId(name), kind="Some", weight=weight)
        for name, weight in (defined or {}).items()
    )
    return DecisionPolicy(allocation=AllocationPolicy(method=method, **own), strategies=listed, **(rest or {}))


def asked(names: str | Sequence[str], policy: DecisionPolicy, failed: str = "", **more: Any) -> DecisionInputs:
    """Everybody in ``names`` holds, everybody in ``failed`` has failed."""
    failures = {StrategyId(name): "StrategyTimeout: too slow" for name in failed}
    return inputs_of(dict.fromkeys(names, HOLD), policy=policy, failures=failures, **more)


def committed(inputs: DecisionInputs, decision: Decision | None = None) -> PortfolioBook:
    """The book after a decision, added up from its journal entry as the store keeps it."""
    decision = decide(inputs) if decision is None else decision
    events = decision_events(inputs, decision, inputs.book)
    book = folded(inputs.book, events)
    book, entry = noted(book, events, at=inputs.now, run_id=inputs.tick_id)
    if entry is None:
        return book
    kept = read_canonical_json(canonical_json(entry))
    assert kept == entry
    again = replace(folded(inputs.book, kept.events), entries=book.entries)
    assert canonical_json(again) == canonical_json(book)
    return read_canonical_json(canonical_json(again))  # type: ignore[no-any-return]


def weights_of(decision: Decision) -> dict[str, float]:
    return {str(name): weight for name, weight in decision.weights.by_strategy.items()}
