"""Least variance, and most diversification, within bounds.

Both minimise w'Σw ÷ (c'w)² with Σw = 1: c = 1 gives the least variance, c = σ the highest diversification ratio.
Scaled to c'y = 1 that is a quadratic program: minimise y'Σy where lower_i·Σy ≤ y_i ≤ upper_i·Σy; w = y ÷ Σy.
"""

import numpy as np

from backend.domain.allocation.bounded_variance import BoundedRatio
from backend.domain.allocation.covariance import FloatArray, standardised
from backend.domain.errors import AllocationError

_ROUNDING = 1e-12

Bound = float | FloatArray


def min_variance(covariance: FloatArray, *, lower: Bound = 0.0, upper: Bound = 1.0) -> FloatArray:
    """Return the weights of the least variance w'Σw.

    Parameters
    ----------
    covariance : array, shape (n, n)
        Finite, symmetric, positive definite.
    lower, upper : float or array, shape (n,)
        0 ≤ lower ≤ upper, of each weight.

    Returns
    -------
    array, shape (n,)
        Within the bounds, the sum is 1.

    Raises
    ------
    AllocationError
        The covariance or the bounds are not as above, or no weights within the bounds have the sum 1 (Σ lower > 1 or
        Σ upper < 1). No cash is left here: give :func:`bounded` the unbounded weights where bounds may be infeasible.

    References
    ----------
    H. Markowitz, "Portfolio Selection", Journal of Finance 7 (1), 1952.
    """
    deviations, correlation = standardised(covariance)
    return _least(deviations, correlation, 1.0 / deviations, lower, upper)


def max_diversification(covariance: FloatArray, *, lower: Bound = 0.0, upper: Bound = 1.0) -> FloatArray:
    """Return the weights of the highest diversification ratio w'σ ÷ √(w'Σw).

    Parameters
    ----------
    covariance : array, shape (n, n)
        Finite, symmetric, positive definite.
    lower, upper : float or array, shape (n,)
        0 ≤ lower ≤ upper, of each weight.

    Returns
    -------
    array, shape (n,)
        Within the bounds, the sum is 1.

    Raises
    ------
    AllocationError
        As :func:`min_variance`.

    References
    ----------
    Y. Choueifaty and Y. Coignard, "Toward Maximum Diversification", Journal of Portfolio Management 35 (1), 2008.
    """
    deviations, correlation = standardised(covariance)
    return _least(deviations, correlation, np.ones(len(deviations)), lower, upper)


def _least(
    deviations: FloatArray, correlation: FloatArray, normal: FloatArray, lower: Bound, upper: Bound
) -> FloatArray:
    """Minimise z'Cz, where z = σ·y, subject to normal'z = 1 and the bounds."""
    width = len(deviations)
    low, high = _bounds(lower, width), _bounds(upper, width)
    _check(low, high)
    problem = BoundedRatio(
        correlation=correlation, sums=1.0 / deviations, normal=normal, low=low * deviations, high=high * deviations
    )
    weights: FloatArray = problem.minimum(np.argsort(deviations, kind="stable")) / deviations
    weights /= weights.sum()
    return np.clip(weights, low, high)


def _bounds(bound: Bound, width: int) -> FloatArray:
    values = np.asarray(bound, dtype=np.float64)
    if values.shape not in ((), (width,)):
        raise AllocationError(f"expected one bound, or {width} of them, found shape {values.shape}")
    return np.broadcast_to(values, (width,))


def _check(low: FloatArray, high: FloatArray) -> None:
    if not (np.isfinite(low).all() and np.isfinite(high).all() and low.min() >= 0.0 and (low <= high).all()):
        raise AllocationError("expected finite bounds with 0 ≤ lower ≤ upper, found others; correct the bounds")
    if low.sum() > 1.0 + _ROUNDING or high.sum() < 1.0 - _ROUNDING:
        raise AllocationError(
            f"expected bounds between which weights add up to 1, found {low.sum():g} to {high.sum():g}; "
            "use bounded(), which leaves cash"
        )
