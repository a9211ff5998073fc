"""Sharpe ratio and its companions, each a plain function of a series of daily returns.

Algorithm for :func:`sharpe_ratios`, the one a tick calls for every strategy at once:

1. drop missing days (NaN) per strategy and count what is left;
2. mean, and sample deviation (ddof = 1) in one pass, in two where digits would cancel;
3. √P · (mean − rf/P) / std, undefined (NaN) where std < 1e-12 or fewer than two returns are left.
"""

import math

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import TrackRecordError

FLAT_STD = 1e-12
_LARGEST_EXPONENT = 709.0  # beyond it e^x is no double
_BLOCK = 8192  # columns worked on at a time, so that a block stays in the processor's cache

FloatArray = NDArray[np.float64]


def sharpe_ratios(
    returns: FloatArray, *, periods_per_year: int = 252, risk_free_rate: float = 0.0
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Score many strategies at once.

    Parameters
    ----------
    returns : array, shape (days, strategies)
        Simple daily returns; NaN marks a day on which a strategy has no return.
    periods_per_year : int
        252, or 365 for markets that never close.
    risk_free_rate : float
        Per year.

    Returns
    -------
    sharpe : array, shape (strategies,)
        Annualised; NaN where it is undefined (fewer than two returns, or std < 1e-12).
    n : array of int, shape (strategies,)
        Returns used.

    References
    ----------
    W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management 21 (1), 1994.
    """
    width = returns.shape[1]
    sharpe = np.empty(width)
    n = np.empty(width, dtype=np.int64)
    for start in range(0, width, _BLOCK):
        stop = min(start + _BLOCK, width)
        mean, std, count = _moments(returns[:, start:stop])
        undefined = (std < FLAT_STD) | (count < 2)
        if undefined.any():
            std[undefined] = np.nan
        excess = (mean - risk_free_rate / periods_per_year) * math.sqrt(periods_per_year)
        np.divide(excess, std, out=sharpe[start:stop])
        n[start:stop] = count
    return sharpe, n


def _moments(block: FloatArray) -> tuple[FloatArray, FloatArray, NDArray[np.int64]]:
    """Return mean, deviation and count of every column; of one return the deviation is 0."""
    values, total = block, np.add.reduce(block, axis=0)
    count = np.int64(len(block))  # of every column, unless days are missing
    if math.isnan(total.dot(total)):
        present = ~np.isnan(block)
        count = np.add.reduce(present, axis=0, dtype=np.int64)
        values = np.where(present, block, 0.0)
        total = np.add.reduce(values, axis=0)
    mean = total / np.maximum(count, 1)
    raw = np.einsum("ij,ij->j", values, values)
    squares = raw - total * mean
    # Where the mean outweighs the deviation digits cancel; there, and only there, a second pass is needed.
    doubtful = squares < 0.5 * raw
    if doubtful.any():
        centred = np.nan_to_num(block[:, doubtful] - mean[doubtful], copy=False, nan=0.0)
        squares[doubtful] = np.einsum("ij,ij->j", centred, centred)
    return mean, np.sqrt(squares / np.maximum(count - 1, 1)), np.asarray(count)


def sharpe_ratio(returns: FloatArray, *, periods_per_year: int = 252, risk_free_rate: float = 0.0) -> float:
    """Score one series; see :func:`sharpe_ratios`. NaN where undefined."""
    column = np.asarray(returns, dtype=np.float64).reshape(-1, 1)
    sharpe, _ = sharpe_ratios(column, periods_per_year=periods_per_year, risk_free_rate=risk_free_rate)
    return float(sharpe[0])


def volatility(returns: FloatArray, *, periods_per_year: int = 252) -> float:
    """Annualise the sample deviation: √P · std(r, ddof=1). NaN with fewer than two returns."""
    clean = _clean(returns)
    return float(clean.std(ddof=1) * math.sqrt(periods_per_year)) if clean.size > 1 else math.nan


def annualised_return(returns: FloatArray, *, periods_per_year: int = 252) -> float:
    """Compound and annualise: (Π(1+r))^(P/n) − 1.

    −1 when the capital was lost in full (the power of a negative wealth would be complex), ∞ when the result
    is no double, NaN without returns.
    """
    clean = _clean(returns)
    if clean.size == 0:
        return math.nan
    wealth = 1.0 + clean
    if (wealth <= 0.0).any():
        return -1.0
    growth = float(np.log(wealth).sum()) * periods_per_year / clean.size
    return math.expm1(growth) if growth < _LARGEST_EXPONENT else math.inf


def max_drawdown(returns: FloatArray) -> float:
    """Find the deepest fall of compounded wealth below its running peak, in [−1, 0]; returns oldest first."""
    clean = _clean(returns)
    if clean.size == 0:
        return 0.0
    wealth = np.concatenate(([1.0], np.cumprod(1.0 + clean)))
    wealth = np.maximum(wealth, 0.0)
    return float((wealth / np.maximum.accumulate(wealth) - 1.0).min())


def win_rate(returns: FloatArray) -> float:
    """Count days with r > 0 among days with r ≠ 0; NaN when there is none."""
    clean = _clean(returns)
    moved = clean[clean != 0.0]
    return float((moved > 0.0).mean()) if moved.size else math.nan


def _clean(returns: FloatArray) -> FloatArray:
    series = np.asarray(returns, dtype=np.float64)
    if series.ndim != 1:
        raise TrackRecordError(f"expected a one-dimensional series of daily returns, found shape {series.shape}")
    if np.isinf(series).any():
        raise TrackRecordError("expected finite daily returns, found an infinite one; correct the source document")
    return series[~np.isnan(series)]
