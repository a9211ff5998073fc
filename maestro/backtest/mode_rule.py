"""The rule that modes are decided by, as a chart of Sharpe ratios shows it."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.domain.policy import DecisionPolicy, ModePolicyName


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A Sharpe ratio at which something is decided; ``swatch`` is how its line is drawn: rule or dots."""

    value: float
    swatch: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRule:
    """``first`` finds the position of the first of ``days`` that a tick on a later day looks back to.

    ``window`` and ``words`` say the same to people: which returns are looked at, and what is made of them.
    """

    window: str
    words: str
    min_returns: int
    levels: tuple[Level, ...]
    first: Callable[[Sequence[date], date], int]


def mode_rule(policy: DecisionPolicy) -> ModeRule:
    """Describe the mode policy in force."""
    if policy.mode_policy is ModePolicyName.PROBABILISTIC:
        return _probabilistic(policy)
    scoring, back = policy.scoring, timedelta(days=policy.lookback_days)
    active, shadow = f"ACTIVE from {scoring.reduce:g}", f"SHADOW_MODE below {scoring.shadow:g}"
    return ModeRule(
        window=f"the returns of the {policy.lookback_days} calendar days before",
        words=f"Sharpe ratio: {active}, {shadow}",
        min_returns=scoring.min_returns,
        levels=(
            Level(value=scoring.reduce, swatch="rule", words=active),
            Level(value=scoring.shadow, swatch="dots", words=shadow),
        ),
        first=lambda days, on: bisect_left(days, on - back),
    )


def _probabilistic(policy: DecisionPolicy) -> ModeRule:
    rule = policy.probabilistic
    return ModeRule(
        window=f"the returns of the {rule.lookback_returns} days before",
        words=(
            f"Probability that the Sharpe ratio exceeds {rule.benchmark_sharpe:g}: SHADOW_MODE below "
            f"{rule.demote_below:g}, ACTIVE above {rule.promote_above:g}"
        ),
        min_returns=rule.min_returns,
        levels=(Level(value=rule.benchmark_sharpe, swatch="rule", words=f"benchmark {rule.benchmark_sharpe:g}"),),
        first=lambda days, on: max(0, bisect_left(days, on) - rule.lookback_returns),
    )
