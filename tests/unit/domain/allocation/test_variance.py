"""Least variance and most diversification: published numbers, closed forms, skfolio, and the conditions of a minimum.

skfolio's default prior is the sample covariance with T − 1. Its solver is asked for more digits than doubles have and
says so; what it reaches is then within 5e-7 of the minimum.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio import RiskMeasure
from skfolio.optimization import MaximumDiversification, MeanRisk, ObjectiveFunction

from backend.domain.allocation import inverse_volatility, max_diversification, min_variance, sample_covariance
from backend.domain.errors import AllocationError
from tests.fakes.returns import daily_returns
from tests.unit.domain.allocation.covariances import (
    FOUR,
    FOUR_DEVIATIONS,
    NOT_COVARIANCES,
    FloatArray,
    constant,
    covariances,
)

SIZES = [10, 20, 50, 200]
BOUNDS = [(0.0, 1.0), (0.0, 4.0), (0.2, 2.0), (0.5, 1.1)]  # of each weight, in parts of 1/n but for the first
TIGHT = {"tol_gap_abs": 1e-14, "tol_gap_rel": 1e-14, "tol_feas": 1e-14}
Method = Callable[..., FloatArray]
Problem = tuple[FloatArray, FloatArray, FloatArray]  # covariance, lower, upper
METHODS: list[Method] = [min_variance, max_diversification]
at_limit = pytest.mark.filterwarnings("ignore:Solution may be inaccurate:UserWarning")


def scaled(bounds: tuple[float, float], width: int) -> tuple[float, float]:
    return bounds if bounds == (0.0, 1.0) else (bounds[0] / width, bounds[1] / width)


def variance(covariance: FloatArray, weights: FloatArray) -> float:
    return float(weights @ covariance @ weights)


def diversification(covariance: FloatArray, weights: FloatArray) -> float:
    return float(weights @ np.sqrt(covariance.diagonal())) / variance(covariance, weights) ** 0.5


def violation(slope: FloatArray, weights: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Say how far a pair of weights is from a minimum: what one could give and another could take, by their slopes."""
    gives, takes = weights > lower + 1e-10, weights < upper - 1e-10
    if not (gives.any() and takes.any()):
        return 0.0
    return max(float(slope[gives].max() - slope[takes].min()), 0.0)


def test_min_variance_of_the_papers_four_assets() -> None:
    np.testing.assert_allclose(100 * min_variance(FOUR), [74.5, 0.0, 15.2, 10.3], atol=0.05)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.2])
def test_min_variance_of_two_by_hand(correlation: float) -> None:
    first, second, common = 0.01, 0.09, correlation * 0.03
    expected = (second - common) / (first + second - 2.0 * common)
    found = min_variance(constant(np.array([0.1, 0.3]), correlation))
    np.testing.assert_allclose(found, [expected, 1.0 - expected], rtol=1e-12)


def test_min_variance_leaves_out_what_only_adds_risk() -> None:
    assert min_variance(constant(np.array([0.1, 0.3]), 0.9)).tolist() == [1.0, 0.0]  # ρ > σ1/σ2


@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.5, 0.9])
def test_max_diversification_with_constant_correlation_is_inverse_volatility(correlation: float) -> None:
    covariance = constant(FOUR_DEVIATIONS, correlation)
    np.testing.assert_allclose(max_diversification(covariance), inverse_volatility(covariance), rtol=1e-12)


def test_max_diversification_of_an_interior_maximum_is_its_closed_form() -> None:
    covariance = constant(np.array([0.1, 0.2, 0.4]), 0.2)
    covariance[0, 1] = covariance[1, 0] = -0.3 * 0.02
    expected = np.linalg.solve(covariance, np.sqrt(covariance.diagonal()))
    assert (expected > 0.0).all()
    np.testing.assert_allclose(max_diversification(covariance), expected / expected.sum(), rtol=1e-12)


@at_limit
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("bounds", BOUNDS)
def test_min_variance_equals_skfolio(width: int, bounds: tuple[float, float]) -> None:
    returns, (lower, upper) = daily_returns(width), scaled(bounds, width)
    model = MeanRisk(
        objective_function=ObjectiveFunction.MINIMIZE_RISK,
        risk_measure=RiskMeasure.VARIANCE,
        min_weights=lower,
        max_weights=upper,
        solver_params=TIGHT,
    )
    theirs = model.fit(returns).weights_
    covariance = sample_covariance(returns.to_numpy())
    ours = min_variance(covariance, lower=lower, upper=upper)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    assert variance(covariance, ours) <= variance(covariance, theirs / theirs.sum()) * (1.0 + 1e-9)


@at_limit
@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("bounds", BOUNDS)
def test_max_diversification_equals_skfolio(width: int, bounds: tuple[float, float]) -> None:
    returns, (lower, upper) = daily_returns(width), scaled(bounds, width)
    model = MaximumDiversification(min_weights=lower, max_weights=upper, solver_params=TIGHT)
    theirs = model.fit(returns).weights_
    covariance = sample_covariance(returns.to_numpy())
    ours = max_diversification(covariance, lower=lower, upper=upper)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)
    assert diversification(covariance, ours) >= diversification(covariance, theirs) * (1.0 - 1e-9)


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    """Draw a covariance and bounds that some weights keep, corners and equal bounds included."""
    covariance = draw(covariances())
    width = len(covariance)
    one = st.sampled_from([0.0, 0.0, 0.02, 0.5 / width, 1.0 / width])
    lower = np.array(draw(st.lists(one, min_size=width, max_size=width)))
    other = st.sampled_from([1.0, 0.5, 0.25, 1.0 / width, 1.5 / width])
    upper = np.maximum(np.array(draw(st.lists(other, min_size=width, max_size=width))), lower)
    if upper.sum() < 1.0:
        upper = np.maximum(upper, 1.0 / width)
    if lower.sum() > 1.0:
        lower /= lower.sum()
    return covariance, lower, upper


@given(problems())
@settings(derandomize=True, max_examples=400, deadline=None)
def test_min_variance_meets_the_conditions_of_a_minimum(problem: Problem) -> None:
    covariance, lower, upper = problem
    weights = min_variance(covariance, lower=lower, upper=upper)
    assert ((lower <= weights) & (weights <= upper)).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    slope = covariance @ weights / variance(covariance, weights)
    assert violation(slope, weights, lower, upper) <= 1e-7


@given(problems())
@settings(derandomize=True, max_examples=400, deadline=None)
def test_max_diversification_meets_the_conditions_of_a_maximum(
    problem: Problem,
) -> None:
    covariance, lower, upper = problem
    weights = max_diversification(covariance, lower=lower, upper=upper)
    assert ((lower <= weights) & (weights <= upper)).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-12)
    deviations = np.sqrt(covariance.diagonal())
    slope = covariance @ weights / variance(covariance, weights) - deviations / float(deviations @ weights)
    assert violation(slope, weights, lower, upper) <= 1e-7


@pytest.mark.parametrize("method", METHODS)
@given(problem=problems(), random=st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None)
def test_bounded_optimum_follows_the_order_of_strategies(method: Method, problem: Problem, random: Any) -> None:
    covariance, lower, upper = problem
    order = list(range(len(covariance)))
    random.shuffle(order)
    moved = method(covariance[np.ix_(order, order)], lower=lower[order], upper=upper[order])
    np.testing.assert_allclose(moved, method(covariance, lower=lower, upper=upper)[order], atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_bounds_that_leave_one_choice_give_it(method: Method) -> None:
    assert method(FOUR, upper=0.25).tolist() == [0.25] * 4
    assert method(FOUR, lower=0.25).tolist() == [0.25] * 4
    np.testing.assert_allclose(
        method(FOUR, lower=np.array([0.1, 0.2, 0.3, 0.4]), upper=np.array([0.1, 0.2, 0.3, 0.4])), [0.1, 0.2, 0.3, 0.4]
    )
    assert method(np.array([[0.04]])).tolist() == [1.0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("bounds", "says"),
    [
        ({"upper": 0.2}, "add up to 1, found 0 to 0.8; use bounded"),
        ({"lower": 0.3}, "add up to 1, found 1.2 to 4"),
        ({"lower": -0.1}, "0 ≤ lower"),
        ({"lower": 0.2, "upper": 0.1}, "lower ≤ upper"),
        ({"upper": np.nan}, "finite bounds"),
        ({"upper": np.ones(3)}, r"4 of them, found shape \(3,\)"),
    ],
)
def test_bounds_without_weights_are_refused(method: Method, bounds: dict[str, Any], says: str) -> None:
    with pytest.raises(AllocationError, match=says):
        method(FOUR, **bounds)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NOT_COVARIANCES)
def test_optimum_of_what_is_no_covariance_is_refused(method: Method, name: str) -> None:
    matrix, says = NOT_COVARIANCES[name]
    with pytest.raises(AllocationError, match=says):
        method(matrix)
