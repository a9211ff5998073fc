"""Hierarchical risk parity: halve the strategies again and again, and share by variance between the halves."""

import numpy as np

from backend.domain.allocation.covariance import FloatArray, standardised
from backend.domain.allocation.linkage import leaf_order


def hierarchical_risk_parity(covariance: FloatArray) -> FloatArray:
    """Return the weights of hierarchical risk parity.

    Strategies are put in the leaf order of single linkage on √(½(1 − ρ)). The order is halved, the first half being
    the shorter one; each half's variance is that of its inverse-variance portfolio; the halves share in inverse
    proportion to it; and so on within each half. What the distances leave open, the positions decide: weights depend
    on the order in which strategies are given.

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

    References
    ----------
    M. López de Prado, "Building Diversified Portfolios that Outperform Out of Sample", Journal of Portfolio
    Management 42 (4), 2016.
    """
    deviations, correlation = standardised(covariance)
    order = leaf_order(np.sqrt(np.clip((1.0 - correlation) / 2.0, 0.0, 1.0)))
    inverse = 1.0 / deviations[order]
    weights = np.empty(len(order))
    # With v = 1/σ² the variance of the inverse-variance portfolio is Σ v_i v_j σ_i σ_j ρ_ij ÷ (Σ v_i)².
    products = correlation[np.ix_(order, order)] * np.multiply.outer(inverse, inverse)
    weights[order] = _bisected(products, inverse * inverse)
    return weights


def _bisected(products: FloatArray, precisions: FloatArray) -> FloatArray:
    """Share 1 between halves, level by level."""
    weights = np.ones(len(precisions))
    sizes = np.array([len(precisions)])
    while sizes.max() > 1:
        halves = np.column_stack((sizes // 2, sizes - sizes // 2))
        starts = halves.cumsum() - halves.ravel()
        sums = np.add.reduceat(np.add.reduceat(products, starts, axis=0), starts, axis=1).diagonal()
        variances = (sums / np.add.reduceat(precisions, starts) ** 2).reshape(-1, 2)
        first = variances[:, 0] / variances.sum(axis=1)
        second = np.where(sizes > 1, first, 1.0)  # where one strategy is left it is the second half
        shares = np.column_stack((1.0 - second, second)).ravel()
        weights *= np.repeat(shares, halves.ravel())
        sizes = halves[halves > 0]
    return weights
