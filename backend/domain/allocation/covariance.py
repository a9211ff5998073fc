"""The covariance of strategies' returns: sample, shrunk, and as deviations with a correlation.

Every method of allocation but one starts from :func:`standardised`, which admits a covariance or says what is wrong
with it.
"""

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import AllocationError

FEWEST = 2  # returns of which a covariance can be taken
_ASYMMETRY = 1e-10  # of a correlation; more is no rounding
_LEAST_OWN = 1e-12  # part of a variance that no other strategy explains; less is the rounding of zero

FloatArray = NDArray[np.float64]


def sample_covariance(returns: FloatArray) -> FloatArray:
    """Return the sample covariance, with T − 1 in the denominator.

    Parameters
    ----------
    returns : array, shape (T, n)
        One row a period, one column a strategy; finite.

    Returns
    -------
    array, shape (n, n)
        Singular where T ≤ n, or where a strategy is a combination of others.

    Raises
    ------
    AllocationError
        Fewer than two rows, no column, or a value that is not finite.
    """
    centred = _centred(returns)
    return centred.T @ centred / (len(centred) - 1)


def shrunk_covariance(returns: FloatArray) -> FloatArray:
    """Shrink the covariance towards the scaled identity, as far as few returns make it doubtful.

    (1 − δ)·S + δ·m·I, where S has T in its denominator, m is the mean of its diagonal and δ is estimated from the
    returns. Positive definite for any T where δ > 0 and some strategy varies.

    Parameters
    ----------
    returns : array, shape (T, n)
        One row a period, one column a strategy; finite.

    Returns
    -------
    array, shape (n, n)
        A strategy that never moved gets the variance δ·m, not zero.

    Raises
    ------
    AllocationError
        Fewer than two rows, no column, or a value that is not finite.

    References
    ----------
    O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
    Multivariate Analysis 88 (2), 2004.
    """
    centred = _centred(returns)
    count, width = centred.shape
    # Not by BLAS: it adds in an order that hangs on the processor and the number of threads, and weights follow.
    sample: FloatArray = np.einsum("ti,tj->ij", centred, centred) / count
    mean = float(sample.trace()) / width
    energies = np.einsum("ij,ij->i", centred, centred)  # of each period, over all strategies
    squares = float((sample * sample).sum())
    doubt = (float((energies * energies).sum()) / count - squares) / (width * count)
    distance = (squares - width * mean * mean) / width
    doubt = min(doubt, distance)
    shrinkage = doubt / distance if doubt > 0.0 else 0.0
    shrunk: FloatArray = (1.0 - shrinkage) * sample
    shrunk.flat[:: width + 1] += shrinkage * mean
    return shrunk


def correlation(covariance: FloatArray) -> FloatArray:
    """Return the correlation of a covariance, which may be singular.

    Parameters
    ----------
    covariance : array, shape (n, n)
        Finite and symmetric, with a positive diagonal.

    Returns
    -------
    array, shape (n, n)
        Within [−1, 1], the diagonal exactly 1.

    Raises
    ------
    AllocationError
        Another shape, a value that is not finite, no symmetry, or a variance that is not positive.
    """
    return _split(covariance)[1].clip(-1.0, 1.0)


def standardised(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Split a covariance into deviations, shape (n,), and the correlation, shape (n, n).

    Raises
    ------
    AllocationError
        As :func:`correlation`, and where the matrix is not positive definite.
    """
    deviations, found = _split(covariance)
    try:
        own = np.linalg.cholesky(found).diagonal()
    except np.linalg.LinAlgError as e:
        raise AllocationError(_SINGULAR) from e
    if own.min() ** 2 < _LEAST_OWN:
        raise AllocationError(_SINGULAR)
    return deviations, found


_SINGULAR = (
    "expected a positive definite covariance, found a strategy that others explain in full; "
    "use shrunk_covariance, more returns than strategies, or leave a duplicate out"
)


def _split(covariance: FloatArray) -> tuple[FloatArray, FloatArray]:
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise AllocationError(f"expected a square covariance of at least one strategy, found shape {matrix.shape}")
    if not np.isfinite(matrix).all():
        raise AllocationError("expected a finite covariance, found NaN or an infinite value; leave that strategy out")
    variances = matrix.diagonal()
    if variances.min() <= 0.0:
        flat = np.flatnonzero(variances <= 0.0).tolist()
        raise AllocationError(
            f"expected positive variances, found none at positions {flat}; "
            "leave strategies out whose returns do not vary"
        )
    deviations = np.sqrt(variances)
    found = matrix / np.multiply.outer(deviations, deviations)
    found.flat[:: len(matrix) + 1] = 1.0
    asymmetry = float(np.abs(found - found.T).max())
    if asymmetry > _ASYMMETRY:
        raise AllocationError(f"expected a symmetric covariance, found correlations that differ by {asymmetry:.1e}")
    return deviations, found if asymmetry == 0.0 else (found + found.T) / 2.0


def _centred(returns: FloatArray) -> FloatArray:
    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] < FEWEST or table.shape[1] < 1:
        raise AllocationError(f"expected returns of shape (at least {FEWEST}, at least 1), found {table.shape}")
    if not np.isfinite(table).all():
        raise AllocationError("expected finite returns, found NaN or an infinite one; leave out rows or strategies")
    centred: FloatArray = table - table.mean(axis=0)
    return centred
