"""Hierarchical risk parity: PyPortfolioOpt, Riskfolio-Lib, a case by hand.

Both peers cluster the condensed matrix of √(½(1 − ρ)) with scipy's single linkage, and take scipy's leaves from left
to right: PyPortfolioOpt always, Riskfolio-Lib with ``leaf_order=False`` (else it sorts the leaves anew). Given a
covariance instead of returns, PyPortfolioOpt rounds correlations to six digits before it clusters; its own figure is
therefore taken from returns, and Riskfolio-Lib's from both.
"""

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import riskfolio
from hypothesis import given, settings
from pypfopt import HRPOpt

from backend.domain.allocation import hierarchical_risk_parity, sample_covariance, shrunk_covariance
from backend.domain.errors import AllocationError
from tests.fakes.returns import daily_returns
from tests.unit.domain.allocation.covariances import NOT_COVARIANCES, FloatArray, constant, covariances

SIZES = [2, 3, 10, 20, 50, 200]
EQUAL = 1e-12


@pytest.mark.parametrize("width", SIZES)
@pytest.mark.parametrize("days", [250, 1507])
def test_hierarchical_risk_parity_equals_pyportfolioopt(width: int, days: int) -> None:
    returns = daily_returns(width).iloc[-days:]
    theirs = HRPOpt(returns=returns).optimize(linkage_method="single")
    ours = hierarchical_risk_parity(sample_covariance(returns.to_numpy()))
    np.testing.assert_allclose(ours, [theirs[name] for name in returns.columns], rtol=0, atol=EQUAL)


@pytest.mark.parametrize("width", SIZES)
def test_hierarchical_risk_parity_equals_riskfolio(width: int) -> None:
    returns = daily_returns(width)
    theirs = riskfolio.HCPortfolio(returns=returns).optimization(
        model="HRP", codependence="pearson", rm="MV", rf=0, linkage="single", leaf_order=False
    )
    ours = hierarchical_risk_parity(sample_covariance(returns.to_numpy()))
    np.testing.assert_allclose(ours, theirs["weights"], rtol=0, atol=EQUAL)


@pytest.mark.parametrize("width", [10, 20, 50])
def test_hierarchical_risk_parity_with_short_strategies_equals_pyportfolioopt(width: int) -> None:
    returns = daily_returns(width) * np.where(np.arange(width) % 3 == 1, -1.0, 1.0)  # negative correlations
    theirs = HRPOpt(returns=returns).optimize(linkage_method="single")
    ours = hierarchical_risk_parity(sample_covariance(returns.to_numpy()))
    np.testing.assert_allclose(ours, [theirs[name] for name in returns.columns], rtol=0, atol=EQUAL)


@pytest.mark.parametrize("width", SIZES)
def test_hierarchical_risk_parity_of_a_shrunk_covariance_equals_riskfolio(width: int) -> None:
    returns = daily_returns(width).iloc[-60:]
    covariance = shrunk_covariance(returns.to_numpy())
    theirs = riskfolio.HCPortfolio(returns=returns).optimization(
        model="HRP",
        codependence="custom_cov",
        method_cov="custom_cov",
        custom_cov=pd.DataFrame(covariance, returns.columns, returns.columns),
        rm="MV",
        rf=0,
        linkage="single",
        leaf_order=False,
    )
    np.testing.assert_allclose(hierarchical_risk_parity(covariance), theirs["weights"], rtol=0, atol=EQUAL)


def test_hierarchical_risk_parity_without_correlation_by_hand() -> None:
    # all distances are equal: the order is that of the strategies; halves {0} and {1, 2}
    variances = np.array([0.01, 0.02, 0.04])
    pair = 1.0 / (1.0 / 0.02 + 1.0 / 0.04)  # of the inverse-variance portfolio of 1 and 2
    first = 1.0 - 0.01 / (0.01 + pair)
    expected = [first, (1.0 - first) * 2 / 3, (1.0 - first) / 3]
    np.testing.assert_allclose(hierarchical_risk_parity(np.diag(variances)), expected, rtol=EQUAL)


def test_hierarchical_risk_parity_of_two_is_inverse_variance() -> None:
    found = hierarchical_risk_parity(constant(np.array([0.1, 0.3]), 0.6))
    np.testing.assert_allclose(found, [0.9, 0.1], rtol=EQUAL)


@given(covariances(most=25))
@settings(derandomize=True, deadline=None)
def test_hierarchical_risk_parity_is_long_and_invested(covariance: FloatArray) -> None:
    weights = hierarchical_risk_parity(covariance)
    assert (weights > 0.0).all()
    assert weights.sum() == pytest.approx(1.0, abs=EQUAL)


@pytest.mark.parametrize("name", NOT_COVARIANCES)
def test_hierarchical_risk_parity_refuses_what_is_no_covariance(name: str) -> None:
    matrix, says = NOT_COVARIANCES[name]
    with pytest.raises(AllocationError, match=says):
        hierarchical_risk_parity(matrix)
