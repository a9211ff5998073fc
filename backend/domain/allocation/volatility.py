"""Inverse volatility: the less a strategy varies, the more it gets; correlations are left aside."""

from backend.domain.allocation.covariance import FloatArray, standardised


def inverse_volatility(covariance: FloatArray) -> FloatArray:
    """Return w_i = (1/σ_i) ÷ Σ_j (1/σ_j).

    Parameters
    ----------
    covariance : array, shape (n, n)
        Finite, symmetric, positive definite.

    Returns
    -------
    array, shape (n,)
        Positive, the sum is 1.

    Raises
    ------
    AllocationError
        The covariance is not as above.
    """
    deviations, _ = standardised(covariance)
    weights: FloatArray = 1.0 / deviations
    weights /= weights.sum()
    return weights
