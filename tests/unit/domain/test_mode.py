"""What a record earns: thresholds to the last digit, and bad kept apart from none."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import ConfigurationError
from backend.domain.mode import DISABLED, Mode, ThresholdPolicy, UnscoredMode
from backend.domain.performance import sharpe_ratio

POLICY = ThresholdPolicy()
PROBATION = ThresholdPolicy(unscored=UnscoredMode.PROBATION)


@pytest.mark.parametrize(
    ("sharpe", "mode", "multiplier"),
    [
        (3.0, Mode.ACTIVE, 1.0),
        (1.0, Mode.ACTIVE, 1.0),
        (math.nextafter(1.0, 0.0), Mode.REDUCED, 0.5),
        (0.5, Mode.REDUCED, 0.5),
        (math.nextafter(0.5, 0.0), Mode.SHADOW_MODE, 0.0),
        (0.0, Mode.SHADOW_MODE, 0.0),
        (-0.0, Mode.SHADOW_MODE, 0.0),
        (-4.0, Mode.SHADOW_MODE, 0.0),
    ],
)
def test_threshold_policy_at_its_thresholds(sharpe: float, mode: Mode, multiplier: float) -> None:
    score = POLICY.score(sharpe, 30)
    assert (score.mode, score.multiplier) == (mode, multiplier)
    assert f"{sharpe:.2f}" in score.reason
    assert "n=30" in score.reason


@pytest.mark.parametrize("policy", [POLICY, PROBATION], ids=["active", "probation"])
@pytest.mark.parametrize(
    "returns",
    [
        [-0.01, -0.02, -0.01, -0.03, -0.02],
        [-0.05, 0.0, 0.0, 0.0, 0.0],
        [0.02, -0.03, 0.01, -0.04, 0.01],
        [0.01, -0.01, 0.01, -0.01, 0.01, -0.01],
    ],
    ids=["every-day-a-loss", "one-loss", "mixed", "nothing-earned"],
)
def test_threshold_policy_sends_a_losing_record_to_shadow(policy: ThresholdPolicy, returns: list[float]) -> None:
    # Known fault: a Sharpe ratio ≤ 0 was read as "insufficient data" and given full capital.
    score = policy.score(sharpe_ratio(np.array(returns)), len(returns))
    assert (score.mode, score.multiplier) == (Mode.SHADOW_MODE, 0.0)
    assert "insufficient" not in score.reason
    assert "default" not in score.reason


@pytest.mark.parametrize("n", [0, 1, 4])
@pytest.mark.parametrize("sharpe", [math.nan, 5.0, -5.0])
def test_threshold_policy_does_not_judge_a_short_record(sharpe: float, n: int) -> None:
    score = POLICY.score(sharpe, n)
    assert (score.mode, score.multiplier) == (Mode.ACTIVE, 1.0)
    assert score.reason == f"insufficient data: {n} daily returns, 5 needed; default allocation"


def test_threshold_policy_judges_from_the_fifth_return_on() -> None:
    assert POLICY.score(-5.0, 4).mode is Mode.ACTIVE
    assert POLICY.score(-5.0, 5).mode is Mode.SHADOW_MODE


@pytest.mark.parametrize(("sharpe", "n"), [(2.0, 4), (math.nan, 30)], ids=["short", "undefined"])
def test_threshold_policy_on_probation_gives_a_quarter(sharpe: float, n: int) -> None:
    score = PROBATION.score(sharpe, n)
    assert (score.mode, score.multiplier) == (Mode.REDUCED, 0.25)
    assert "on probation ×0.25" in score.reason


def test_threshold_policy_says_that_a_sharpe_is_undefined() -> None:
    score = POLICY.score(math.nan, 30)
    assert (score.mode, score.multiplier) == (Mode.ACTIVE, 1.0)
    assert score.reason == "Sharpe undefined: 30 returns without variation; default allocation"


def test_threshold_policy_takes_other_thresholds() -> None:
    strict = ThresholdPolicy(reduce=2.0, shadow=2.0, min_returns=2)
    assert strict.score(2.0, 2).mode is Mode.ACTIVE
    assert strict.score(1.99, 2).mode is Mode.SHADOW_MODE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reduce": 0.5, "shadow": 1.0}, r"shadow ≤ reduce, found shadow=1\.0, reduce=0\.5"),
        ({"reduce": math.nan}, "finite"),
        ({"shadow": -math.inf}, "finite"),
        ({"min_returns": 1}, "at least 2 .* found 1"),
    ],
)
def test_threshold_policy_refuses_settings_without_meaning(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ThresholdPolicy(**arguments)  # type: ignore[arg-type]


def test_disabled_places_nothing() -> None:
    assert (DISABLED.mode, DISABLED.multiplier) == (Mode.DISABLED, 0.0)


def test_mode_reads_as_its_name() -> None:
    assert [str(mode) for mode in Mode] == ["ACTIVE", "REDUCED", "SHADOW_MODE", "DISABLED"]


@settings(deadline=None)
@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(5, 60))
def test_threshold_policy_never_gives_more_for_less(first: float, second: float, n: int) -> None:
    lower, higher = sorted((first, second))
    assert POLICY.score(lower, n).multiplier <= POLICY.score(higher, n).multiplier


@settings(deadline=None)
@given(st.lists(st.floats(-0.5, -1e-4), min_size=5, max_size=30, unique=True))
def test_threshold_policy_never_funds_uninterrupted_losses(losses: list[float]) -> None:
    sharpe = sharpe_ratio(np.array(losses))
    score = POLICY.score(sharpe, len(losses))
    assert score.multiplier == 0.0 or math.isnan(sharpe)
