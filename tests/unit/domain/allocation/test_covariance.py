"""Covariances beside numpy's, pandas' and scikit-learn's, on real returns."""

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.covariance import LedoitWolf  # type: ignore[import-untyped]

from backend.domain.allocation import correlation, sample_covariance, shrunk_covariance
from backend.domain.allocation.covariance import standardised
from backend.domain.errors import AllocationError
from tests.fakes.returns import daily_returns
from tests.unit.domain.allocation.covariances import FOUR, FOUR_CORRELATION, NOT_COVARIANCES, FloatArray, covariances

EQUAL = 1e-12


@pytest.mark.parametrize("width", [1, 2, 10, 20, 50, 200])
@pytest.mark.parametrize("days", [2, 20, 60, 1507])
def test_shrunk_covariance_equals_scikit_learn(width: int, days: int) -> None:
    returns = daily_returns(width).to_numpy()[-days:]
    theirs = LedoitWolf().fit(returns).covariance_
    np.testing.assert_allclose(shrunk_covariance(returns), theirs, rtol=EQUAL, atol=EQUAL * np.abs(theirs).max())


def test_shrunk_covariance_equals_scikit_learn_in_any_unit() -> None:
    returns = daily_returns(20).to_numpy()[-40:] * 1e4 + 3.0
    np.testing.assert_allclose(shrunk_covariance(returns), LedoitWolf().fit(returns).covariance_, rtol=EQUAL)


def test_shrunk_covariance_of_few_returns_is_positive_definite() -> None:
    returns = daily_returns(200).to_numpy()[-5:]
    standardised(shrunk_covariance(returns))
    with pytest.raises(AllocationError, match="positive definite"):
        standardised(sample_covariance(returns))


def test_shrunk_covariance_gives_a_flat_strategy_some_variance() -> None:
    returns = daily_returns(3).to_numpy()[-60:].copy()
    returns[:, 1] = 0.0
    assert shrunk_covariance(returns)[1, 1] > 0.0


def test_shrunk_covariance_of_flat_strategies_is_zero() -> None:
    assert shrunk_covariance(np.full((5, 2), 0.01)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize("width", [1, 2, 20, 200])
def test_sample_covariance_equals_pandas(width: int) -> None:
    returns = daily_returns(width)
    np.testing.assert_allclose(sample_covariance(returns.to_numpy()), returns.cov(), rtol=EQUAL, atol=1e-18)


def test_correlation_equals_pandas() -> None:
    returns = daily_returns(20)
    np.testing.assert_allclose(correlation(sample_covariance(returns.to_numpy())), returns.corr(), rtol=EQUAL)


def test_correlation_of_the_papers_four_assets() -> None:
    np.testing.assert_allclose(correlation(FOUR), FOUR_CORRELATION, rtol=0, atol=1e-15)


def test_correlation_of_duplicates_is_one() -> None:
    column = daily_returns(1).to_numpy()
    found = correlation(sample_covariance(np.hstack((column, column, -3.0 * column))))
    np.testing.assert_allclose(found, [[1, 1, -1], [1, 1, -1], [-1, -1, 1]], rtol=0, atol=1e-15)


@pytest.mark.parametrize("factor", np.linspace(0.1, 2.0, 20).tolist())
def test_correlation_is_never_above_one_by_rounding(factor: float) -> None:
    column = daily_returns(1).to_numpy()
    assert np.abs(correlation(sample_covariance(np.hstack((column, factor * column))))).max() == 1.0


@given(covariances())
@settings(derandomize=True, deadline=None)
def test_correlation_is_within_one_and_symmetric(covariance: FloatArray) -> None:
    found = correlation(covariance)
    assert (np.abs(found) <= 1.0).all()
    assert (found == found.T).all()
    assert (found.diagonal() == 1.0).all()


@pytest.mark.parametrize("name", NOT_COVARIANCES)
def test_standardised_says_what_is_wrong(name: str) -> None:
    matrix, says = NOT_COVARIANCES[name]
    with pytest.raises(AllocationError, match=says):
        standardised(matrix)


def test_standardised_takes_asymmetry_for_rounding_up_to_its_limit() -> None:
    deviations, found = standardised(np.array([[4.0, 1.0], [1.0 + 1e-11, 1.0]]))
    assert deviations.tolist() == [2.0, 1.0]
    assert found[0, 1] == found[1, 0] == pytest.approx(0.5, abs=1e-11)


@pytest.mark.parametrize(
    "returns",
    [np.ones((1, 3)), np.ones(5), np.ones((5, 0)), np.array([[0.1], [np.nan]]), np.array([[0.1], [np.inf]])],
    ids=["one row", "a vector", "no column", "NaN", "infinite"],
)
def test_covariance_of_returns_that_have_none_is_refused(returns: FloatArray) -> None:
    for estimate in (sample_covariance, shrunk_covariance):
        with pytest.raises(AllocationError, match="expected"):
            estimate(returns)
