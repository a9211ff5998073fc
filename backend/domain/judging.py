"""Judge strategies by their records, and by an operator's word where it is in force.

1. score    – the mode policy in force, from the record and the mode that scoring last had each strategy in;
2. overrule – an override in its time takes the place of the score; it sees no halt and no limit, which act later;
3. disable  – who is disabled by configuration is, whatever the two others say.
"""

from collections.abc import Mapping, Sequence

from backend.domain.decision import DecisionInputs, ModeChange
from backend.domain.mode import DISABLED, Evidence, Judgement, ModeState, Score
from backend.domain.mode_override import ModeOverride
from backend.domain.signal import StrategyId


def judged(inputs: DecisionInputs, names: Sequence[StrategyId]) -> Judgement:
    """Return mode, multiplier and Sharpe ratio of everyone in ``names``, in that order."""
    policy, disabled, live = inputs.policy, inputs.policy.configured_off(), _live(inputs)
    found = policy.modes.judge(
        Evidence(
            strategies=tuple(names),
            record=inputs.record,
            standing=_standing(inputs),
            now=inputs.now,
            lookback_days=policy.lookback_days,
            periods_per_year=policy.periods_per_year,
            risk_free_rate=policy.risk_free_rate,
        )
    )
    if not disabled and not live:
        return found
    scores = [
        DISABLED if name in disabled else live[name].over(score) if name in live else score
        for name, score in zip(names, found.scores, strict=True)
    ]
    return found._replace(scores=scores)


def mode_changes(
    inputs: DecisionInputs, names: Sequence[StrategyId], scores: Sequence[Score]
) -> tuple[ModeChange, ...]:
    """Return who is in another mode than the book says, or in the same no longer by an override."""
    live, books = _live(inputs), inputs.book.strategies
    changes = []
    for name, score in zip(names, scores, strict=True):
        before = books[name].mode if name in books else None
        has_ended = before is not None and before.is_override and name not in live
        if before is not None and before.mode is score.mode and not has_ended:
            continue
        after = ModeState(mode=score.mode, since=inputs.now, reason=score.reason)
        if name in live:
            after = ModeState(
                mode=score.mode, since=inputs.now, reason=score.reason, is_override=True, scored=_scored(before)
            )
        changes.append(ModeChange(strategy=name, before=before.mode if before else None, after=after))
    return tuple(changes)


def _live(inputs: DecisionInputs) -> Mapping[StrategyId, ModeOverride]:
    """Return the overrides in force."""
    policy = inputs.policy
    if not policy.mode_overrides:
        return {}
    off = policy.configured_off()
    return {
        StrategyId(name): each
        for name, each in policy.mode_overrides.items()
        if each.is_live(inputs.now) and name not in off
    }


def _standing(inputs: DecisionInputs) -> dict[StrategyId, ModeState]:
    """Return the mode that scoring had each strategy in: after an override it takes up from there."""
    found = {name: _scored(book.mode) for name, book in inputs.book.strategies.items()}
    return {name: state for name, state in found.items() if state is not None}


def _scored(state: ModeState | None) -> ModeState | None:
    return state.scored if state is not None and state.is_override else state
