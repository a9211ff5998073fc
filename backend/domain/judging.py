"""Judge strategies by their records: the mode policy in force, with those that are disabled set aside."""

from collections.abc import Sequence

from backend.domain.decision import DecisionInputs
from backend.domain.mode import DISABLED, Evidence, Judgement
from backend.domain.signal import StrategyId


def judged(inputs: DecisionInputs, names: Sequence[StrategyId]) -> Judgement:
    """Return mode, multiplier and Sharpe ratio of everyone in ``names``, in that order."""
    policy, disabled = inputs.policy, inputs.policy.disabled_names()
    found = policy.modes.judge(
        Evidence(
            strategies=tuple(names),
            record=inputs.record,
            standing={name: book.mode for name, book in inputs.book.strategies.items() if book.mode is not None},
            now=inputs.now,
            lookback_days=policy.lookback_days,
            periods_per_year=policy.periods_per_year,
            risk_free_rate=policy.risk_free_rate,
        )
    )
    if not disabled:
        return found
    scores = [DISABLED if name in disabled else score for name, score in zip(names, found.scores, strict=True)]
    return found._replace(scores=scores)
