"""Equal risk contribution: every strategy brings the same part of the portfolio's variance.

Algorithm, on the correlation C, so that the scale of a strategy does not matter:

1. the wanted x minimises ½ x'Cx − Σ ln x_i, strictly convex, with x_i·(Cx)_i = 1 at its minimum (Spinu, 2013);
2. start at 1/√(row sums), then take a few steps to the geometric mean of x_i and 1/(Cx)_i, which costs no solving;
3. Newton steps, damped by 1/(1 + δ) while the Newton decrement δ is large: x stays positive, and the function falls
   in every step because it is self-concordant;
4. undo the scale and make the sum 1.
"""

import math

import numpy as np

from backend.domain.allocation.covariance import FloatArray, standardised
from backend.domain.errors import AllocationError

_PRELIMINARY = 5
_LEAST_CONTRIBUTION = 0.05  # a hedge begins with a negative one, of which there is no root
_DAMPED_ABOVE = 0.95 * (3.0 - math.sqrt(5.0)) / 2.0  # of the decrement; below it full steps converge quadratically
_EXACT = 1e-13
_MOST_STEPS = 200


def equal_risk_contribution(covariance: FloatArray) -> FloatArray:
    """Return the long-only weights of which all risk contributions w_i·(Σw)_i ÷ w'Σw are 1/n.

    Parameters
    ----------
    covariance : array, shape (n, n)
        Finite, symmetric, positive definite.

    Returns
    -------
    array, shape (n,)
        Positive, the sum is 1. n times each contribution is 1 within 1e-12, unless correlations near −1 cancel digits.

    Raises
    ------
    AllocationError
        The covariance is not as above.

    References
    ----------
    S. Maillard, T. Roncalli and J. Teïletche, "The Properties of Equally Weighted Risk Contribution Portfolios",
    Journal of Portfolio Management 36 (4), 2010.
    F. Spinu, "An Algorithm for Computing Risk Parity Weights", 2013.
    """
    deviations, correlation = standardised(covariance)
    weights: FloatArray = _balanced(correlation) / deviations
    weights /= weights.sum()
    return weights


def _balanced(correlation: FloatArray) -> FloatArray:
    """Return x with x_i·(Cx)_i = 1."""
    width = len(correlation)
    x = _start(correlation)
    hessian = correlation.copy()
    decrement = math.inf
    for _ in range(_MOST_STEPS):
        marginal = correlation @ x
        if np.abs(x * marginal - 1.0).max() <= _EXACT:
            return x
        inverse = 1.0 / x
        descent = inverse - marginal
        hessian.flat[:: width + 1] = 1.0 + inverse * inverse
        step = np.linalg.solve(hessian, descent)
        previous, decrement = decrement, math.sqrt(max(float(descent @ step), 0.0))
        if decrement >= previous and previous < _DAMPED_ABOVE:
            return x  # a full step would have squared it: what is left is rounding
        x = x + (step if decrement < _DAMPED_ABOVE else step / (1.0 + decrement))
    raise AllocationError(f"expected equal contributions after {_MOST_STEPS} steps, found none; shrink the covariance")


def _start(correlation: FloatArray) -> FloatArray:
    x: FloatArray = np.ones(len(correlation))
    for _ in range(_PRELIMINARY):
        x /= np.sqrt(np.maximum(x * (correlation @ x), _LEAST_CONTRIBUTION))
    x *= math.sqrt(len(x) / float(x @ correlation @ x))  # as at the minimum, where x'Cx = n
    return x
