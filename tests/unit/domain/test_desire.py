"""What each method gives: closed forms of two on sklearn's covariance, Sharpe ratios from empyrical, bounds by hand."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import empyrical
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf  # type: ignore[import-untyped]

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.decision import DecisionInputs
from backend.domain.desire import Desire, desired
from backend.domain.mode import ThresholdPolicy
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.domain.probabilistic_policy import ProbabilisticPolicy
from backend.domain.signal import StrategyId
from tests.fakes.returns import daily_returns
from tests.unit.domain.allocation_inputs import alternating, asked, policy_of
from tests.unit.domain.decision_inputs import record_of

METHODS = [method for method in AllocationMethod if method is not AllocationMethod.FULL]
BY_COVARIANCE = [method for method in METHODS if method.needs_covariance]
REAL = daily_returns(4).to_numpy()[-60:]  # of 60 trading days, one a strategy
Series = Mapping[str, Sequence[float]]


def real(*names: str, days: int = 60) -> dict[str, list[float]]:
    return {name: REAL[-days:, j].tolist() for j, name in enumerate(names)}


def asking(series: Series, policy: DecisionPolicy, members: str | None = None, **more: Any) -> Desire:
    names = members or "".join(series)
    inputs: DecisionInputs = asked(names, policy, record=record_of(**series), **more)
    return desired(inputs, [StrategyId(name) for name in names])


def inverse_volatility(covariance: NDArray[np.float64]) -> float:
    first, second = np.sqrt(covariance.diagonal())
    return float(second / (first + second))


def inverse_variance(covariance: NDArray[np.float64]) -> float:
    first, second = covariance.diagonal()
    return float(second / (first + second))


def least_variance(covariance: NDArray[np.float64]) -> float:
    (first, shared), (_, second) = covariance
    return float((second - shared) / (first + second - 2 * shared))


@pytest.mark.parametrize(
    ("method", "first"),
    [
        # Two strategies bring equal risk, and diversify most, at inverse volatility, whatever their correlation.
        (AllocationMethod.RISK_PARITY, inverse_volatility),
        (AllocationMethod.INVERSE_VOLATILITY, inverse_volatility),
        (AllocationMethod.MAX_DIVERSIFICATION, inverse_volatility),
        (AllocationMethod.HIERARCHICAL_RISK_PARITY, inverse_variance),  # one split, between clusters of one
        (AllocationMethod.MIN_VARIANCE, least_variance),
    ],
)
def test_desire_of_two_by_their_covariance_is_the_closed_form(
    method: AllocationMethod, first: Callable[[NDArray[np.float64]], float]
) -> None:
    covariance = ledoit_wolf(REAL[:, :2])[0]
    found = asking(real("a", "b"), policy_of(method))
    assert found.weights["a"] == pytest.approx(first(covariance), rel=1e-6)
    assert sum(found.weights.values()) == pytest.approx(1.0)
    assert found.notes == ()


def test_desire_by_covariance_is_of_the_days_that_all_have() -> None:
    series = {**real("a", "b"), "b": REAL[-30:, 1].tolist()}
    found = asking(series, policy_of(AllocationMethod.INVERSE_VOLATILITY))
    assert found.weights["a"] == pytest.approx(inverse_volatility(ledoit_wolf(REAL[-30:, :2])[0]), rel=1e-9)


@pytest.mark.parametrize("method", BY_COVARIANCE)
def test_desire_of_who_has_no_record_is_the_median_of_the_others(method: AllocationMethod) -> None:
    known = asking(real("a", "b", "c"), policy_of(method)).weights
    found = asking(real("a", "b", "c"), policy_of(method), members="abcn")
    median = float(np.median(list(known.values())))
    assert found.weights["n"] == pytest.approx(median / (1 + median), rel=1e-9)
    assert found.weights["a"] == pytest.approx(known[StrategyId("a")] / (1 + median), rel=1e-9)
    assert "the median weight, for want of 20 daily returns" in found.notes[0]
    assert found.notes[0].endswith(": n")


@pytest.mark.parametrize("method", BY_COVARIANCE)
@pytest.mark.parametrize("level", [0.0, 0.01, -0.01])
def test_desire_of_a_record_without_variation_is_the_median_of_the_others(
    method: AllocationMethod, level: float
) -> None:
    series = {**real("a", "b", "c"), "flat": [level] * 60}
    found = desired(asked(list(series), policy_of(method), record=record_of(**series)), list(map(StrategyId, series)))
    without = asking(real("a", "b", "c"), policy_of(method), members="abcn")
    assert found.weights["flat"] == pytest.approx(without.weights["n"], rel=1e-9)


@pytest.mark.parametrize("method", BY_COVARIANCE)
def test_desire_of_a_record_that_is_flat_on_the_days_in_common_is_the_median(method: AllocationMethod) -> None:
    series = {**real("a", "b", days=25), "late": [*REAL[:35, 2].tolist(), *[0.01] * 25]}
    found = desired(asked(list(series), policy_of(method), record=record_of(**series)), list(map(StrategyId, series)))
    assert ": late" in found.notes[0]


@pytest.mark.parametrize(("days", "is_equal"), [(19, True), (20, False)])
@pytest.mark.parametrize("method", BY_COVARIANCE)
def test_desire_by_covariance_needs_min_history(method: AllocationMethod, days: int, is_equal: bool) -> None:
    found = asking(real("a", "b", days=days), policy_of(method, min_history=20))
    assert (found.weights == {"a": 0.5, "b": 0.5}) is is_equal
    assert ("fewer than two strategies have 20 daily returns in common" in " ".join(found.notes)) is is_equal


@pytest.mark.parametrize("method", BY_COVARIANCE)
def test_desire_of_strategies_that_records_do_not_tell_apart_is_equal_and_says_why(method: AllocationMethod) -> None:
    # The same coin twice: nothing varies between the days but the sign, so there is nothing to shrink by.
    twins = {"a": alternating(0.0, 0.01, 40), "b": alternating(0.0, 0.01, 40)}
    found = asking(twins, policy_of(method))
    assert found.weights == {"a": 0.5, "b": 0.5}
    assert found.notes[0].startswith(f"{method}: equal weights, since no others follow: expected a positive definite")


def test_desire_by_performance_is_in_proportion_to_sharpe_ratios() -> None:
    series = real("a", "b", "c", "d", days=25)
    ratios = {name: max(0.0, float(empyrical.sharpe_ratio(np.array(each)))) for name, each in series.items()}
    found = asking(series, policy_of(AllocationMethod.PERFORMANCE_BASED, shrinkage="none"))
    assert 0 < sum(1 for ratio in ratios.values() if ratio) < 4  # some earn, some do not
    expected = {name: ratio / sum(ratios.values()) for name, ratio in ratios.items()}
    assert found.weights == pytest.approx(expected, rel=1e-9)


def test_desire_by_performance_looks_back_as_far_as_the_modes() -> None:
    series = {"a": [*alternating(0.05, 0.01, 20), *alternating(0.01, 0.02, 10)], "b": alternating(0.01, 0.02, 10)}
    own = {"shrinkage": "none"}
    assert asking(series, policy_of(AllocationMethod.PERFORMANCE_BASED, rest={"lookback_days": 10}, **own)).weights == (
        pytest.approx({"a": 0.5, "b": 0.5})
    )
    longer = policy_of(AllocationMethod.PERFORMANCE_BASED, rest={"lookback_days": 30}, **own)
    assert asking(series, longer).weights["a"] > 0.6


def test_desire_by_performance_counts_only_the_returns_behind_the_ratio() -> None:
    # Ten returns of each are judged. That a has fifty more, older ones, makes its ratio no more certain.
    newest = {"a": alternating(0.01, 0.01), "b": alternating(0.006, 0.01)}
    older = {"a": [*alternating(0.0, 0.03, 50), *newest["a"]], "b": newest["b"]}
    policy = policy_of(AllocationMethod.PERFORMANCE_BASED, rest={"lookback_days": 10})
    assert asking(older, policy).weights == pytest.approx(asking(newest, policy).weights)


@pytest.mark.parametrize(
    ("rest", "days"),
    [
        ({"scoring": ThresholdPolicy(min_returns=5)}, 4),
        ({"scoring": ThresholdPolicy(min_returns=10)}, 9),
        ({"mode_policy": ModePolicyName.PROBABILISTIC, "probabilistic": ProbabilisticPolicy(min_returns=20)}, 19),
    ],
    ids=str,
)
def test_desire_by_performance_of_a_record_too_short_to_be_judged_is_the_median(
    rest: dict[str, Any], days: int
) -> None:
    own = policy_of(AllocationMethod.PERFORMANCE_BASED, shrinkage="none", rest=rest)
    series = {"a": alternating(0.01, 0.01, 30), "b": alternating(0.02, 0.01, 30), "c": alternating(0.05, 0.01, 30)}
    short = asking({**series, "n": alternating(0.03, 0.01, days)}, own).weights
    unknown = asking(series, own, members="abcn").weights
    assert short == pytest.approx(unknown)
    long = asking({**series, "n": alternating(0.03, 0.01, days + 1)}, own).weights
    assert long["n"] != pytest.approx(unknown[StrategyId("n")], rel=1e-3)


def test_desire_by_performance_of_equal_losses_is_nothing_and_of_equal_gains_the_median() -> None:
    own = policy_of(AllocationMethod.PERFORMANCE_BASED, shrinkage="none")
    series = {"a": alternating(0.01, 0.01), "b": alternating(0.01, 0.01)}
    assert asking({**series, "l": [-0.01] * 10}, own).weights == pytest.approx({"a": 0.5, "b": 0.5, "l": 0.0})
    assert asking({**series, "g": [0.01] * 10}, own).weights == pytest.approx(dict.fromkeys("abg", 1 / 3))


def test_desire_by_performance_of_who_failed_is_what_the_record_earns() -> None:
    own = policy_of(AllocationMethod.PERFORMANCE_BASED, shrinkage="none")
    record = record_of(a=alternating(0.01, 0.01), b=alternating(-0.01, 0.01))
    answered = desired(asked("ab", own, record=record), [StrategyId("a"), StrategyId("b")])
    one_failed = desired(asked("a", own, failed="b", record=record), [StrategyId("a"), StrategyId("b")])
    assert one_failed == answered
    assert answered.weights == pytest.approx({"a": 1.0, "b": 0.0})


def test_desire_where_nobody_earns_is_cash_and_says_so() -> None:
    losing = {"a": alternating(-0.01, 0.01), "b": alternating(-0.02, 0.01)}
    found = asking(losing, policy_of(AllocationMethod.PERFORMANCE_BASED, shrinkage="none"))
    assert found.weights == {"a": 0.0, "b": 0.0}
    assert "No strategy has a positive score" in found.notes[0]


def test_desire_of_nobody_is_nothing() -> None:
    assert desired(asked("", policy_of(AllocationMethod.EQUAL_WEIGHT)), []) == Desire(weights={})


def test_desire_of_three_capped_at_a_quarter_leaves_a_quarter_in_cash_and_says_why() -> None:
    found = asking({}, policy_of(AllocationMethod.EQUAL_WEIGHT, max_weight=0.25), members="abc")
    assert found.weights == {"a": 0.25, "b": 0.25, "c": 0.25}
    assert found.notes == ("25 % stays in cash (at their maximum: a, b, c).",)


@pytest.mark.parametrize("method", METHODS)
def test_desire_holds_a_group_to_its_cap_together_and_gives_the_rest_to_others(method: AllocationMethod) -> None:
    own = policy_of(method, caps={"high_risk_strategies": 0.15}, groups={"high_risk_strategies": frozenset("ab")})
    found = asking(real("a", "b", "c", "d"), own, members="abcd").weights
    free = asking(real("a", "b", "c", "d"), policy_of(method), members="abcd").weights
    together = free[StrategyId("a")] + free[StrategyId("b")]
    assert found["a"] + found["b"] == pytest.approx(min(0.15, together))
    assert sum(found.values()) == pytest.approx(sum(free.values()))


def test_desire_holds_a_strategy_to_its_own_cap() -> None:
    found = asking({}, policy_of(AllocationMethod.EQUAL_WEIGHT, caps={"a": 0.1}), members="abc")
    assert found.weights == pytest.approx({"a": 0.1, "b": 0.45, "c": 0.45})


def test_desire_with_a_minimum_lifts_who_earns_nothing() -> None:
    own = policy_of(AllocationMethod.PERFORMANCE_BASED, shrinkage="none", min_weight=0.05)
    found = asking({"a": alternating(0.01, 0.01), "b": alternating(-0.01, 0.01)}, own)
    assert found.weights == pytest.approx({"a": 0.95, "b": 0.05})


def test_desire_names_constraints_that_hold_nobody() -> None:
    own = policy_of(
        AllocationMethod.EQUAL_WEIGHT,
        caps={"high_risk_strategies": 0.15, "a": 0.5, "off": 0.1},
        rest={"disabled": frozenset({"off"})},
    )
    assert asking({}, own, members="ab").notes == (
        "allocation_constraints.high_risk_strategies: no strategy and no group of this name",
    )


@pytest.mark.parametrize(
    ("factors", "expected"),
    [
        ({"a": 1.0, "b": 1.0}, {"a": 0.5, "b": 0.5}),
        ({"a": 3.0, "b": 1.0}, {"a": 0.75, "b": 0.25}),
        ({"a": 0.0, "b": 1.0}, {"a": 0.0, "b": 1.0}),
        ({"a": 0.0, "b": 0.0}, {"a": 0.0, "b": 0.0}),
    ],
    ids=str,
)
def test_desire_multiplies_what_the_method_gives_by_the_own_factor(
    factors: dict[str, float], expected: dict[str, float]
) -> None:
    assert asking({}, policy_of(AllocationMethod.EQUAL_WEIGHT, defined=factors), members="ab").weights == expected


@pytest.mark.parametrize(
    ("own", "expected", "notes"),
    [
        # They stand in place of the method's; the others keep theirs, and the rest is cash.
        ({"base_weights": {"a": 0.2}}, {"a": 0.2, "b": 1 / 3, "c": 1 / 3}, 0),
        ({"base_weights": {"a": 0.2}, "max_weight": 0.1}, {"a": 0.2, "b": 0.1, "c": 0.1}, 1),
        ({"base_weights": {"a": 0.0}, "min_weight": 0.1}, {"a": 0.0, "b": 1 / 3, "c": 1 / 3}, 0),
        # More than is there: the others share what is left.
        ({"base_weights": {"a": 0.8}}, {"a": 0.8, "b": 0.1, "c": 0.1}, 1),
        ({"base_weights": {"a": 0.9, "b": 0.6}}, {"a": 0.6, "b": 0.4, "c": 0.0}, 1),
        ({"base_weights": {"elsewhere": 0.9}}, {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, 0),
        # Caps hold over them: 0.5 of a becomes 0.3; the two of a group are 0.5 together, the method's yields first.
        ({"base_weights": {"a": 0.5}, "caps": {"a": 0.3}}, {"a": 0.3, "b": 0.35, "c": 0.35}, 1),
        (
            {"base_weights": {"a": 0.4}, "caps": {"g": 0.5}, "groups": {"g": frozenset("ab")}},
            {"a": 0.4, "b": 0.1, "c": 0.5},
            1,
        ),
        (
            {"base_weights": {"a": 0.8}, "caps": {"g": 0.5}, "groups": {"g": frozenset("ab")}},
            {"a": 0.5, "b": 0.0, "c": 0.5},
            1,
        ),
    ],
    ids=str,
)
def test_desire_puts_configured_weights_in_place_of_the_methods(
    own: dict[str, Any], expected: dict[str, float], notes: int
) -> None:
    found = asking({}, policy_of(AllocationMethod.EQUAL_WEIGHT, **own), members="abc")
    assert found.weights == pytest.approx(expected)
    assert len(found.notes) == notes


@pytest.mark.parametrize("method", METHODS)
def test_desire_is_plain_floats(method: AllocationMethod) -> None:
    found = asking(real("a", "b", "c"), policy_of(method, base_weights={"a": 0.2}))
    assert all(type(weight) is float and math.isfinite(weight) for weight in found.weights.values())
