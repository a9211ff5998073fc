"""The study of mode policies: the targets that chose the defaults, and what it counts by rules that are known."""

import math
from collections.abc import Callable
from dataclasses import replace
from statistics import mean, stdev
from typing import Any

import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.mode import Evidence, Judgement, Mode, Score, ThresholdPolicy
from backend.domain.policy import DecisionPolicy
from maestro.backtest.mode_study import DAYS_A_YEAR, PolicyStudy, Standing, StudyPlan, study_modes

SMALL = StudyPlan(true_sharpes=(0.0, 1.0), years=1, paths=4)
ACTIVE, SHADOW = Score(Mode.ACTIVE, 1.0, "chosen"), Score(Mode.SHADOW_MODE, 0.0, "chosen")


class ByDay:
    """A rule that knows nothing but the number of the day, and remembers what it was shown."""

    def __init__(self, choose: Callable[[int], Score]) -> None:
        self.choose = choose
        self.shown: list[Evidence] = []

    def judge(self, evidence: Evidence) -> Judgement:
        score, asked = self.choose(len(self.shown)), len(evidence.strategies)
        self.shown.append(evidence._replace(standing=dict(evidence.standing)))
        return Judgement([score] * asked, [math.nan] * asked, [0] * asked)


def studied(rule: Any, plan: StudyPlan = SMALL, **more: Any) -> PolicyStudy:
    return study_modes({"rule": rule}, plan, deserves_active=1.0, **more)["rule"]


@pytest.mark.parametrize("degrees_of_freedom", [None, 4], ids=["normal", "student-t"])
def test_probabilistic_policy_meets_its_targets_at_a_true_sharpe_of_one(degrees_of_freedom: int | None) -> None:
    # At most 1.5 changes of mode a year and 15 % of days wrongly shadowed, with two standard errors to spare:
    # the error of the mean of five independent runs of 80 paths × 2 years.
    plan = StudyPlan(true_sharpes=(1.0,), years=2, paths=80, degrees_of_freedom=degrees_of_freedom)
    policy = DecisionPolicy()
    runs: list[Standing] = [
        studied(policy.probabilistic, replace(plan, seed=seed)).standings[0] for seed in range(100, 105)
    ]
    for target, found in (
        (1.5, [run.mode_changes_a_year for run in runs]),
        (0.15, [run.wrongly_shadowed or 0.0 for run in runs]),
    ):
        assert mean(found) + 2 * stdev(found) / math.sqrt(len(found)) <= target


def test_threshold_policy_shadows_nearly_half_of_the_days_of_a_good_strategy() -> None:
    # The ratio over about 21 returns is normal about the true one with an error of √(252/21) ≈ 3.46, so it is
    # below 0.5 with probability Φ((0.5 − 1)/3.46) = Φ(−0.144) = 44 %.
    found = studied(ThresholdPolicy(), StudyPlan(true_sharpes=(1.0,), years=2, paths=100)).standings[0]
    assert found.wrongly_shadowed == pytest.approx(0.44, abs=0.03)
    assert found.mode_changes_a_year > 20


def test_study_counts_shares_and_changes_after_the_first_year() -> None:
    # In shadow on every third day from the first on: two changes in three days, and nothing of year one counts.
    found = studied(ByDay(lambda day: SHADOW if day % 3 == 0 else ACTIVE))
    for each in found.standings:
        assert each.in_shadow == pytest.approx(1 / 3)
        assert each.mode_changes_a_year == pytest.approx(DAYS_A_YEAR * 2 / 3)
    early = studied(ByDay(lambda day: SHADOW if day < DAYS_A_YEAR else ACTIVE))
    assert [(each.in_shadow, each.mode_changes_a_year) for each in early.standings] == [(0.0, 1.0), (0.0, 1.0)]


def test_study_calls_it_wrong_only_from_the_ratio_that_deserves_active() -> None:
    found = studied(ByDay(lambda day: SHADOW))
    assert [(each.true_sharpe, each.in_shadow, each.wrongly_shadowed) for each in found.standings] == [
        (0.0, 1.0, None),
        (1.0, 1.0, 1.0),
    ]


@pytest.mark.parametrize(
    ("choose", "days"),
    [
        (lambda day: SHADOW if day >= DAYS_A_YEAR + 17 else ACTIVE, 17.0),
        (lambda day: SHADOW if day in (5, DAYS_A_YEAR + 1) else ACTIVE, 1.0),
        (lambda day: ACTIVE, math.inf),
    ],
    ids=["after-17-days", "next-day", "never"],
)
def test_study_counts_the_bad_days_until_shadow(choose: Callable[[int], Score], days: float) -> None:
    found = studied(ByDay(choose)).detection
    assert (found.median_days, found.ninety_percent_days, found.already_in_shadow) == (days, days, 0.0)


def test_study_leaves_out_who_was_in_shadow_already() -> None:
    found = studied(ByDay(lambda day: SHADOW)).detection
    assert found.already_in_shadow == 1.0
    assert math.isnan(found.median_days)
    assert math.isnan(found.ninety_percent_days)


def test_study_shows_a_policy_the_past_only_and_its_own_modes() -> None:
    rule = ByDay(lambda day: SHADOW if day >= 100 else ACTIVE)
    studied(rule, lookback_days=20)
    assert len(rule.shown) == 2 * DAYS_A_YEAR
    for number, evidence in enumerate(rule.shown):
        assert len(evidence.record.days) == min(number, 60)
        assert all(day < evidence.now.date() and day.weekday() < 5 for day in evidence.record.days)
        assert evidence.lookback_days == 20
    modes = [{state.mode for state in evidence.standing.values()} for evidence in rule.shown]
    assert (modes[0], modes[1], modes[100], modes[101]) == (set(), {Mode.ACTIVE}, {Mode.ACTIVE}, {Mode.SHADOW_MODE})
    assert {state.since for state in rule.shown[-1].standing.values()} == {rule.shown[100].now}


def test_study_draws_what_it_says() -> None:
    rule = ByDay(lambda day: ACTIVE)
    studied(rule, StudyPlan(true_sharpes=(0.0, 3.0), years=1, paths=2000, degrees_of_freedom=5))
    before, after = rule.shown[DAYS_A_YEAR].record.returns, rule.shown[DAYS_A_YEAR + 60].record.returns
    sharpe = [
        float(part.mean() / part.std() * math.sqrt(252))
        for part in (before[:, :2000], before[:, 2000:4000], before[:, 4000:], after[:, 4000:])
    ]
    assert sharpe == pytest.approx([0.0, 3.0, 1.0, -2.0], abs=0.15)
    # Student's t with ν degrees of freedom has an excess kurtosis of 6/(ν − 4): 6 here; normal would be 0.
    centred = before[:, :2000] - before[:, :2000].mean()
    assert float((centred**4).mean() / (centred**2).mean() ** 2) > 5.0


def test_study_of_the_same_seed_is_the_same() -> None:
    policy = DecisionPolicy().probabilistic
    first, again = studied(policy), studied(policy)
    assert first == again
    assert studied(policy, replace(SMALL, seed=8)) != first


def test_study_advances_once_a_day_of_every_policy() -> None:
    days: list[None] = []
    policies = {"one": ByDay(lambda day: ACTIVE), "other": ByDay(lambda day: ACTIVE)}
    study_modes(policies, SMALL, deserves_active=1.0, advance=lambda: days.append(None))
    assert len(days) == 2 * SMALL.days == 4 * DAYS_A_YEAR


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"true_sharpes": ()}, r"found \(\)"),
        ({"true_sharpes": (1.0, math.nan)}, "nan"),
        ({"years": 0}, "years=0"),
        ({"paths": 0}, "paths=0"),
        ({"seed": -1}, "seed=-1"),
        ({"degrees_of_freedom": 2}, "found 2"),
    ],
)
def test_study_plan_without_meaning_is_refused(arguments: dict[str, Any], found: str) -> None:
    with pytest.raises(ConfigurationError, match=found):
        StudyPlan(**arguments)
