"""Inverse volatility: by hand, and skfolio on real returns."""

import numpy as np
import pytest
from skfolio.optimization import InverseVolatility

from backend.domain.allocation import inverse_volatility, sample_covariance
from backend.domain.errors import AllocationError
from tests.fakes.returns import daily_returns
from tests.unit.domain.allocation.covariances import FOUR, NOT_COVARIANCES


def test_inverse_volatility_by_hand() -> None:
    np.testing.assert_allclose(inverse_volatility(FOUR), [0.48, 0.24, 0.16, 0.12], rtol=1e-14)


@pytest.mark.parametrize("width", [1, 10, 20, 200])
def test_inverse_volatility_equals_skfolio(width: int) -> None:
    returns = daily_returns(width)
    theirs = InverseVolatility().fit(returns).weights_
    np.testing.assert_allclose(inverse_volatility(sample_covariance(returns.to_numpy())), theirs, rtol=1e-12)


@pytest.mark.parametrize("name", NOT_COVARIANCES)
def test_inverse_volatility_refuses_what_is_no_covariance(name: str) -> None:
    matrix, says = NOT_COVARIANCES[name]
    with pytest.raises(AllocationError, match=says):
        inverse_volatility(matrix)
