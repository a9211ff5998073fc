"""Modes by probability: the two levels, the dwell between them, and what is undefined keeps its mode."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.measures import probabilistic_sharpe_ratio as skfolio_psr

from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.decide import decide
from backend.domain.errors import ConfigurationError
from backend.domain.mode import Evidence, Mode, ModePolicy, ModeState, Score, ThresholdPolicy, UnscoredMode
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.domain.probabilistic_policy import ProbabilisticPolicy
from backend.domain.signal import StrategyId
from tests.unit.domain.decision_inputs import NOW, TODAY, buy, decided, inputs_of, record_of

POLICY = ProbabilisticPolicy()
PROBATION = ProbabilisticPolicy(unscored=UnscoredMode.PROBATION)
LONG_AGO = 60
# 60 returns whose Sharpe ratio is far above or far below zero, and some that prove nothing
GOOD = [0.02, -0.005] * 30
BAD = [-0.02, 0.005] * 30
MIDDLING = [0.0105, -0.011] * 30


def standing(mode: Mode, days_ago: int = LONG_AGO) -> ModeState:
    return ModeState(mode=mode, since=NOW - timedelta(days=days_ago), reason="earlier")


def judged(
    policy: ModePolicy,
    returns: Mapping[str, Sequence[float]],
    modes: Mapping[str, ModeState] | None = None,
    **more: Any,
) -> dict[str, Score]:
    names = tuple(StrategyId(name) for name in sorted(returns))
    known = {StrategyId(name): state for name, state in (modes or {}).items()}
    evidence = Evidence(strategies=names, record=record_of(**returns), standing=known, now=NOW, **more)
    return dict(zip(names, policy.judge(evidence).scores, strict=True))


@pytest.mark.parametrize(
    ("probability", "before", "after"),
    [
        (0.0999, Mode.ACTIVE, Mode.SHADOW_MODE),
        (0.1, Mode.ACTIVE, Mode.ACTIVE),
        (0.0, Mode.SHADOW_MODE, Mode.SHADOW_MODE),
        (0.5, Mode.SHADOW_MODE, Mode.SHADOW_MODE),
        (0.6, Mode.SHADOW_MODE, Mode.SHADOW_MODE),
        (0.6001, Mode.SHADOW_MODE, Mode.ACTIVE),
        (1.0, Mode.ACTIVE, Mode.ACTIVE),
        (0.0999, Mode.REDUCED, Mode.SHADOW_MODE),
        (0.3, Mode.REDUCED, Mode.REDUCED),
        (0.6001, Mode.REDUCED, Mode.ACTIVE),
    ],
)
def test_probabilistic_policy_at_its_levels(probability: float, before: Mode, after: Mode) -> None:
    score = POLICY.score(probability, 60, standing(before), LONG_AGO)
    assert (score.mode, score.multiplier) == (after, {"ACTIVE": 1.0, "REDUCED": 0.5, "SHADOW_MODE": 0.0}[after])
    assert f"P(Sharpe > 0.00) = {probability:.3f}" in score.reason
    assert (f"stays {before}" in score.reason) == (before is after)


@pytest.mark.parametrize(("probability", "before"), [(0.01, Mode.ACTIVE), (0.99, Mode.SHADOW_MODE)])
def test_probabilistic_policy_lets_a_mode_last_its_dwell(probability: float, before: Mode) -> None:
    assert POLICY.score(probability, 60, standing(before), 9).mode is before
    assert "stays" in POLICY.score(probability, 60, standing(before), 9).reason
    assert "day 9 of at least 10" in POLICY.score(probability, 60, standing(before), 9).reason
    assert POLICY.score(probability, 60, standing(before), 10).mode is not before


def test_probabilistic_policy_counts_the_dwell_in_days_of_the_record() -> None:
    # The record ends yesterday, one day each: a mode of 11 days ago has seen 10 days, one of 10 days ago 9.
    modes = {"early": standing(Mode.ACTIVE, 11), "late": standing(Mode.ACTIVE, 10)}
    scores = judged(POLICY, {"early": BAD, "late": BAD}, modes)
    assert [scores[StrategyId(name)].mode for name in ("early", "late")] == [Mode.SHADOW_MODE, Mode.ACTIVE]


def test_probabilistic_policy_counts_no_days_on_which_nobody_had_a_return() -> None:
    # A mode of 40 days ago, but the record has only five days since.
    record = record_of(TODAY - timedelta(days=35), a=BAD)
    evidence = Evidence(
        strategies=(StrategyId("a"),), record=record, standing={StrategyId("a"): standing(Mode.ACTIVE, 40)}, now=NOW
    )
    assert [score.mode for score in POLICY.judge(evidence).scores] == [Mode.ACTIVE]


@pytest.mark.parametrize("state", [None, standing(Mode.DISABLED, 0)], ids=["new", "disabled-until-now"])
def test_probabilistic_policy_judges_at_once_who_has_no_mode(state: ModeState | None) -> None:
    modes = {} if state is None else dict.fromkeys(("bad", "good", "middling"), state)
    scores = judged(POLICY, {"bad": BAD, "good": GOOD, "middling": MIDDLING}, modes)
    assert [score.mode for score in scores.values()] == [Mode.SHADOW_MODE, Mode.ACTIVE, Mode.ACTIVE]
    cautious = judged(PROBATION, {"bad": BAD, "good": GOOD, "middling": MIDDLING}, modes)
    assert [(score.mode, score.multiplier) for score in cautious.values()] == [
        (Mode.SHADOW_MODE, 0.0),
        (Mode.ACTIVE, 1.0),
        (Mode.REDUCED, 0.5),
    ]


@pytest.mark.parametrize("returns", [BAD[:19], GOOD[:19], [-0.01] * 19, [0.01], []], ids=len)
def test_probabilistic_policy_does_not_judge_a_short_record(returns: list[float]) -> None:
    n = len(returns)
    scores = judged(POLICY, {"a": returns, "b": GOOD}, {"a": standing(Mode.SHADOW_MODE)})
    expected = f"insufficient data: {n} daily returns, 20 needed; default allocation"
    assert scores[StrategyId("a")] == Score(mode=Mode.ACTIVE, multiplier=1.0, reason=expected)
    probation = judged(PROBATION, {"a": returns, "b": GOOD})[StrategyId("a")]
    assert (probation.mode, probation.multiplier) == (Mode.REDUCED, 0.25)


@pytest.mark.parametrize("mode", [Mode.ACTIVE, Mode.REDUCED, Mode.SHADOW_MODE])
@pytest.mark.parametrize("value", [0.0, 0.001])
def test_probabilistic_policy_keeps_the_mode_of_returns_without_variation(mode: Mode, value: float) -> None:
    # A strategy in SHADOW_MODE that stops trading stays there: nothing speaks for it.
    score = judged(POLICY, {"a": [value] * 60}, {"a": standing(mode)})[StrategyId("a")]
    assert score.mode is mode
    assert score.reason == f"Sharpe undefined: 60 returns without variation; stays {mode}"


@pytest.mark.parametrize("days_ago", [0, LONG_AGO])
def test_probabilistic_policy_shadows_equal_losses_at_once(days_ago: int) -> None:
    scores = judged(POLICY, {"a": [-0.001] * 30, "b": GOOD}, {"a": standing(Mode.ACTIVE, days_ago)})
    assert scores[StrategyId("a")] == Score(Mode.SHADOW_MODE, 0.0, "Sharpe undefined: 30 equal losses")


def test_probabilistic_policy_takes_skfolios_probability_of_the_newest_returns() -> None:
    draws = np.random.default_rng(5).normal(0.0002, 0.01, 60)
    policy = ProbabilisticPolicy(lookback_returns=40, benchmark_sharpe=0.5)
    expected = skfolio_psr(draws[-40:], 0.5 / math.sqrt(252))
    score = judged(policy, {"a": draws.tolist()}, {"a": standing(Mode.ACTIVE)})[StrategyId("a")]
    assert score.reason.startswith(f"P(Sharpe > 0.50) = {expected:.3f} ")
    assert score.reason.endswith("(n=40)")


def test_probabilistic_policy_judges_who_is_asked_in_that_order() -> None:
    record = record_of(bad=BAD, gone=BAD, good=GOOD)
    names = tuple(map(StrategyId, ("good", "unknown", "bad")))
    found = POLICY.judge(Evidence(strategies=names, record=record, standing={}, now=NOW))
    assert [score.mode for score in found.scores] == [Mode.ACTIVE, Mode.ACTIVE, Mode.SHADOW_MODE]
    assert found.counts == [60, 0, 60]
    assert math.isnan(found.sharpes[1])
    assert found.sharpes[0] == pytest.approx(-found.sharpes[2])


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        ({"benchmark_sharpe": math.nan}, "psr_benchmark_sharpe"),
        ({"benchmark_sharpe": math.inf}, "psr_benchmark_sharpe"),
        ({"demote_below": -0.01}, "psr_demote_below"),
        ({"demote_below": 1.01}, "psr_demote_below"),
        ({"demote_below": math.nan}, "psr_demote_below"),
        ({"promote_above": 0.09}, "psr_promote_above"),
        ({"promote_above": 1.01}, "psr_promote_above"),
        ({"min_dwell_days": -1}, "psr_min_dwell_days"),
        ({"min_dwell_days": 61}, "psr_min_dwell_days"),
        ({"lookback_returns": 61}, "psr_lookback_returns"),
        ({"lookback_returns": 2}, "psr_lookback_returns"),
        ({"lookback_returns": 19}, "psr_min_returns"),
        ({"min_returns": 2}, "psr_min_returns"),
    ],
)
def test_probabilistic_policy_refuses_settings_without_meaning(arguments: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{key}: expected .*, found .*; correct the configuration"):
        ProbabilisticPolicy(**arguments)


def test_decide_by_the_policy_that_is_named() -> None:
    # 60 days a little above zero, of which the last 30 lost: ACTIVE by probability, SHADOW_MODE by the last month.
    returns = [0.02, -0.01] * 15 + [0.01, -0.012] * 15
    inputs = inputs_of({"a": buy()}, record=record_of(a=returns))
    chosen = replace(inputs, policy=DecisionPolicy(mode_policy=ModePolicyName.PROBABILISTIC))
    assert decided(decide(inputs), "a").mode is Mode.SHADOW_MODE
    assert decided(decide(chosen), "a").mode is Mode.ACTIVE
    assert (decided(decide(inputs), "a").n, decided(decide(chosen), "a").n) == (30, 60)
    assert decided(decide(replace(chosen, policy=replace(chosen.policy, disabled=frozenset("a")))), "a").mode is (
        Mode.DISABLED
    )


def test_decide_by_probability_is_derived_again_from_its_canonical_inputs() -> None:
    policy = DecisionPolicy(
        mode_policy=ModePolicyName.PROBABILISTIC,
        scoring=ThresholdPolicy(reduce=1.25),
        probabilistic=ProbabilisticPolicy(
            benchmark_sharpe=0.25, demote_below=0.2, promote_above=0.7, min_dwell_days=5, lookback_returns=50,
            min_returns=10, unscored=UnscoredMode.PROBATION,
        ),
    )  # fmt: skip
    inputs = inputs_of({"a": buy(), "b": buy()}, record=record_of(a=BAD, b=MIDDLING), policy=policy)
    back = read_canonical_json(canonical_json(inputs))
    assert back.policy == policy
    assert canonical_json(decide(back)) == canonical_json(decide(inputs))


probabilities = st.floats(0, 1)


@settings(deadline=None)
@given(probabilities, probabilities, st.sampled_from([Mode.ACTIVE, Mode.REDUCED, Mode.SHADOW_MODE]), st.integers(0, 60))
def test_probabilistic_policy_never_gives_more_for_less(one: float, other: float, mode: Mode, days: int) -> None:
    lower, higher = sorted((one, other))
    state = standing(mode)
    assert POLICY.score(lower, 60, state, days).multiplier <= POLICY.score(higher, 60, state, days).multiplier


@settings(deadline=None)
@given(st.lists(st.tuples(probabilities, st.booleans()), min_size=1, max_size=60))
def test_probabilistic_policy_never_changes_a_mode_twice_within_its_dwell(days: list[tuple[float, bool]]) -> None:
    state, age, ages = standing(Mode.ACTIVE), LONG_AGO, []
    for probability, has_return in days:
        age += has_return
        score = POLICY.score(probability, 60, state, age)
        if score.mode is not state.mode:
            ages.append(age)
            state, age = standing(score.mode), 0
    assert all(each >= POLICY.min_dwell_days for each in ages)
