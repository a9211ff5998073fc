"""Study mode policies on returns of a known true Sharpe ratio: what each costs the good, how soon it catches the bad.

1. draw  – daily returns of many strategies, from the same noise for every true Sharpe ratio; one more group is good
   until a known day, and bad from then on;
2. judge – every weekday the policy itself judges all of them at once, from the newest 60 days of their records and
   the modes that it gave before;
3. count – days in SHADOW_MODE and changes of mode, and the days until those who turned bad are shadowed. A first
   year is played and not counted.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import ConfigurationError
from backend.domain.mode import Evidence, Mode, ModePolicy, ModeState
from backend.domain.performance import FloatArray
from backend.domain.signal import StrategyId
from backend.domain.track_record import WINDOW_DAYS, TrackRecord

DAYS_A_YEAR = 252
SHARPE_BEFORE, SHARPE_AFTER = 1.0, -2.0  # of the group that turns bad
_DEVIATION = 0.01  # of a daily return; no policy depends on it
_FIRST_DAY = date(2000, 1, 3)
_DECIDED_AT = time(15, tzinfo=UTC)

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What is drawn: ``paths`` strategies for each true Sharpe ratio (annualised), over ``years`` that count.

    Returns are normal, or Student's t of so many ``degrees_of_freedom`` with the same variance.
    """

    true_sharpes: tuple[float, ...] = (-1.0, 0.0, 0.5, 1.0, 2.0)
    years: int = 4
    paths: int = 200
    seed: int = 7
    degrees_of_freedom: int | None = None

    def __post_init__(self) -> None:
        if not (self.true_sharpes and all(math.isfinite(sharpe) for sharpe in self.true_sharpes)):
            raise ConfigurationError(
                f"expected finite true Sharpe ratios, found {self.true_sharpes}; name at least one"
            )
        if min(self.years, self.paths) < 1 or self.seed < 0:
            raise ConfigurationError(
                f"expected at least one year and one path and a seed of 0 or more, found years={self.years}, "
                f"paths={self.paths}, seed={self.seed}; correct them"
            )
        if self.degrees_of_freedom is not None and self.degrees_of_freedom < 3:
            raise ConfigurationError(
                f"expected 3 degrees of freedom or more (below, the variance is infinite), found "
                f"{self.degrees_of_freedom}; raise it, or leave it out for normal returns"
            )

    @property
    def days(self) -> int:
        """Days that are played; the first year of them is not counted."""
        return (self.years + 1) * DAYS_A_YEAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of strategies of one true Sharpe ratio.

    ``in_shadow`` is the share of their days in SHADOW_MODE; the same days are ``wrongly_shadowed`` when the true ratio
    is one that deserves ACTIVE, None otherwise.
    """

    true_sharpe: float
    in_shadow: float
    wrongly_shadowed: float | None
    mode_changes_a_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """How many bad days those who turn bad are traded for, of those who were trading; ∞ when not caught in time.

    ``already_in_shadow`` is the share of all that were shadowed when they were still good.
    """

    median_days: float
    ninety_percent_days: float
    already_in_shadow: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyStudy:
    standings: tuple[Standing, ...]
    detection: Detection


def study_modes(
    policies: Mapping[str, ModePolicy],
    plan: StudyPlan,
    *,
    deserves_active: float,
    lookback_days: int = 30,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, PolicyStudy]:
    """Let every policy judge the same strategies.

    Parameters
    ----------
    deserves_active : float
        The true Sharpe ratio from which SHADOW_MODE is wrong.
    lookback_days : int
        Calendar days that a policy may look back, as in the configuration.
    advance : called after every day of every policy
    """
    returns = _returns(plan)
    return {
        name: _study(*_judged(policy, returns, lookback_days, advance), plan, deserves_active)
        for name, policy in policies.items()
    }


def _returns(plan: StudyPlan) -> FloatArray:
    """Draw every group side by side; shape (days, paths × groups), the group that turns bad last."""
    generator, shape = np.random.default_rng(plan.seed), (plan.days, plan.paths)
    if plan.degrees_of_freedom is None:
        noise = generator.standard_normal(shape)
    else:
        freedom = plan.degrees_of_freedom
        noise = generator.standard_t(freedom, shape) * math.sqrt((freedom - 2) / freedom)
    turning = np.full((plan.days, 1), SHARPE_BEFORE)
    turning[DAYS_A_YEAR:] = SHARPE_AFTER
    groups = [*(np.full_like(turning, sharpe) for sharpe in plan.true_sharpes), turning]
    return np.hstack([_DEVIATION * (noise + sharpe / math.sqrt(DAYS_A_YEAR)) for sharpe in groups])


def _judged(
    policy: ModePolicy, returns: FloatArray, lookback_days: int, advance: Callable[[], None]
) -> tuple[BoolArray, BoolArray]:
    """Return who is in SHADOW_MODE on which day, and whose mode changed; a day is decided before its return."""
    names = tuple(StrategyId(f"path-{number}") for number in range(returns.shape[1]))
    days = _weekdays(len(returns))
    is_real = np.zeros((WINDOW_DAYS, len(names)), dtype=np.bool_)
    standing: dict[StrategyId, ModeState] = {}
    in_shadow, has_changed = np.zeros(returns.shape, dtype=np.bool_), np.zeros(returns.shape, dtype=np.bool_)
    for today, day in enumerate(days):
        known, now = slice(max(0, today - WINDOW_DAYS), today), datetime.combine(day, _DECIDED_AT)
        record = TrackRecord(
            strategies=names, days=days[known], returns=returns[known], is_virtual=is_real[: len(days[known])]
        )
        judged = policy.judge(
            Evidence(strategies=names, record=record, standing=standing, now=now, lookback_days=lookback_days)
        )
        for j, (name, score) in enumerate(zip(names, judged.scores, strict=True)):
            before = standing.get(name)
            if before is None or before.mode is not score.mode:
                standing[name] = ModeState(mode=score.mode, since=now, reason=score.reason)
                has_changed[today, j] = before is not None
        in_shadow[today] = [score.mode is Mode.SHADOW_MODE for score in judged.scores]
        advance()
    return in_shadow, has_changed


def _weekdays(count: int) -> tuple[date, ...]:
    every = (_FIRST_DAY + timedelta(days=number) for number in range(count * 7 // 5 + 7))
    return tuple(day for day in every if day.weekday() < 5)[:count]


def _study(in_shadow: BoolArray, has_changed: BoolArray, plan: StudyPlan, deserves_active: float) -> PolicyStudy:
    standings = []
    for group, sharpe in enumerate(plan.true_sharpes):
        columns = slice(group * plan.paths, (group + 1) * plan.paths)
        share = float(in_shadow[DAYS_A_YEAR:, columns].mean())
        standings.append(
            Standing(
                true_sharpe=sharpe,
                in_shadow=share,
                wrongly_shadowed=share if sharpe >= deserves_active else None,
                mode_changes_a_year=float(has_changed[DAYS_A_YEAR:, columns].mean()) * DAYS_A_YEAR,
            )
        )
    return PolicyStudy(standings=tuple(standings), detection=_detection(in_shadow[:, -plan.paths :]))


def _detection(in_shadow: BoolArray) -> Detection:
    """Count from the first bad day, which no policy can know of when it decides that day."""
    was_trading = ~in_shadow[DAYS_A_YEAR]
    caught = in_shadow[DAYS_A_YEAR:, was_trading]
    days = np.where(caught.any(axis=0), caught.argmax(axis=0), math.inf)
    median, ninety = np.percentile(days, [50, 90], method="inverted_cdf") if days.size else (math.nan, math.nan)
    return Detection(
        median_days=float(median),
        ninety_percent_days=float(ninety),
        already_in_shadow=float(in_shadow[DAYS_A_YEAR].mean()),
    )
