"""Equal risk contribution: published numbers, closed forms, skfolio and Riskfolio-Lib, and its own definition."""

from typing import Any

import numpy as np
import pytest
import riskfolio
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio import RiskMeasure
from skfolio.optimization import RiskBudgeting

from backend.domain.allocation import (
    equal_risk_contribution,
    inverse_volatility,
    sample_covariance,
    shrunk_covariance,
)
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
EQUAL = 1e-12
TIGHT = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12}  # of Clarabel, the solver of both peers


def residual(covariance: FloatArray, weights: FloatArray) -> float:
    contributions = weights * (covariance @ weights)
    return float(np.abs(len(weights) * contributions / contributions.sum() - 1.0).max())


def test_equal_risk_contribution_of_the_papers_four_assets() -> None:
    found = equal_risk_contribution(FOUR)
    np.testing.assert_allclose(100 * found, [38.4, 19.2, 24.3, 18.2], atol=0.05)


@pytest.mark.parametrize("correlation", [-0.3, 0.0, 0.5, 0.99])
def test_equal_risk_contribution_with_constant_correlation_is_inverse_volatility(correlation: float) -> None:
    found = equal_risk_contribution(constant(FOUR_DEVIATIONS, correlation))
    np.testing.assert_allclose(100 * found, [48, 24, 16, 12], rtol=EQUAL)  # the paper's, exact: 1/σ ÷ Σ 1/σ


@pytest.mark.parametrize("correlation", [-0.999, -0.5, 0.0, 0.9])
def test_equal_risk_contribution_of_two_does_not_depend_on_their_correlation(correlation: float) -> None:
    found = equal_risk_contribution(constant(np.array([0.1, 0.3]), correlation))
    np.testing.assert_allclose(found, [0.75, 0.25], rtol=EQUAL)  # σ2 ÷ (σ1 + σ2)


def test_equal_risk_contribution_of_three_known_weights() -> None:
    pairs = np.array([[1.0, 0.5, 0.2], [0.5, 1.0, -0.1], [0.2, -0.1, 1.0]])
    deviations = np.array([0.10, 0.15, 0.20])
    found = equal_risk_contribution(pairs * np.outer(deviations, deviations))
    np.testing.assert_allclose(found, [0.406915, 0.323595, 0.269490], atol=1e-6)


def test_equal_risk_contribution_of_one_is_all() -> None:
    assert equal_risk_contribution(np.array([[0.04]])).tolist() == [1.0]


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("days", [60, 1507])
def test_equal_risk_contribution_is_equal(width: int, days: int) -> None:
    covariance = shrunk_covariance(daily_returns(width).to_numpy()[-days:])
    assert residual(covariance, equal_risk_contribution(covariance)) <= EQUAL


@pytest.mark.parametrize("width", SIZES)
def test_equal_risk_contribution_equals_skfolio(width: int) -> None:
    returns = daily_returns(width)
    theirs = RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, solver_params=TIGHT).fit(returns).weights_
    ours = equal_risk_contribution(sample_covariance(returns.to_numpy()))  # skfolio's prior: T − 1 as well
    np.testing.assert_allclose(ours, theirs, atol=1e-7)


@pytest.mark.parametrize("width", SIZES)
def test_equal_risk_contribution_equals_riskfolio(width: int) -> None:
    returns = daily_returns(width)
    portfolio = riskfolio.Portfolio(returns=returns)
    portfolio.assets_stats(method_mu="hist", method_cov="hist")
    theirs = portfolio.rp_optimization(model="Classic", rm="MV", rf=0, b=None, hist=True)
    ours = equal_risk_contribution(sample_covariance(returns.to_numpy()))
    np.testing.assert_allclose(ours, theirs["weights"], atol=1e-5)  # of the solver at its default tolerance
    assert residual(portfolio.cov.to_numpy(), ours) < residual(portfolio.cov.to_numpy(), theirs["weights"].to_numpy())


def test_equal_risk_contribution_with_a_hedge_equals_skfolio() -> None:
    every = daily_returns(20)
    returns = every.iloc[:, :5].assign(HEDGE=-every.mean(axis=1))  # it falls when the others rise
    covariance = sample_covariance(returns.to_numpy())
    theirs = RiskBudgeting(risk_measure=RiskMeasure.VARIANCE, solver_params=TIGHT).fit(returns).weights_
    ours = equal_risk_contribution(covariance)
    assert residual(covariance, ours) <= EQUAL
    np.testing.assert_allclose(ours, theirs, atol=1e-7)


@given(covariances())
@settings(derandomize=True, max_examples=300, deadline=None)
def test_equal_risk_contribution_holds_what_it_says(covariance: FloatArray) -> None:
    weights = equal_risk_contribution(covariance)
    assert (weights > 0.0).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-14)
    assert residual(covariance, weights) <= 1e-11  # drawn correlations near −1 cost digits


@given(covariances(least=2), st.randoms(use_true_random=False))
@settings(derandomize=True, deadline=None)
def test_equal_risk_contribution_follows_the_order_of_strategies(covariance: FloatArray, random: Any) -> None:
    order = list(range(len(covariance)))
    random.shuffle(order)
    moved = equal_risk_contribution(covariance[np.ix_(order, order)])
    np.testing.assert_allclose(moved, equal_risk_contribution(covariance)[order], rtol=1e-9)


@given(covariances(), st.sampled_from([1e-8, 1e-3, 252.0, 1e6]))
@settings(derandomize=True, deadline=None)
def test_equal_risk_contribution_does_not_depend_on_the_unit(covariance: FloatArray, factor: float) -> None:
    scaled = equal_risk_contribution(covariance * factor)
    np.testing.assert_allclose(scaled, equal_risk_contribution(covariance), rtol=1e-9)


@pytest.mark.parametrize("smallest", [1e-4, 1e-6, 1e-8])
def test_equal_risk_contribution_ends_where_strategies_nearly_cancel(smallest: float) -> None:
    covariance = constant(np.ones(4), -1.0 / 3.0 + smallest)  # the sum of all is nearly free of risk
    np.testing.assert_allclose(equal_risk_contribution(covariance), 0.25, rtol=1e-6)


def test_equal_risk_contribution_of_strategies_that_nearly_cancel_in_another_proportion() -> None:
    factors = np.array([[2.0, 0.0, 2.0], [0.0, -3.0, -3.0], [-3.0, 3.0, 0.0]])
    covariance = factors @ factors.T + 1e-4 * np.eye(3)
    assert residual(covariance, equal_risk_contribution(covariance)) <= 1e-9


def test_equal_risk_contribution_differs_from_inverse_volatility_with_other_correlations() -> None:
    assert np.abs(equal_risk_contribution(FOUR) - inverse_volatility(FOUR)).max() > 0.05


@pytest.mark.parametrize("name", NOT_COVARIANCES)
def test_equal_risk_contribution_refuses_what_is_no_covariance(name: str) -> None:
    matrix, says = NOT_COVARIANCES[name]
    with pytest.raises(AllocationError, match=says):
        equal_risk_contribution(matrix)
