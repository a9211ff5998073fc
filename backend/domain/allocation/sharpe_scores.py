"""Scores in proportion to what strategies have earned for their risk, less what may be luck.

Algorithm with shrinkage, random effects as in a meta-analysis:

1. each Sharpe ratio has the standard error that it would have for normal returns, √((1 + SR²/2) ÷ (n − 1)) a period;
2. the variance τ² between the true ratios is that of the found ones, less what their errors alone would bring, and
   not below 0 (DerSimonian and Laird, 1986);
3. each ratio moves towards the common mean by error² ÷ (error² + τ²), its posterior mean: empirical Bayes, which for
   equal errors is the positive-part estimator of James and Stein with n − 1 in place of n − 3.
"""

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from backend.domain.allocation.covariance import FloatArray
from backend.domain.errors import AllocationError
from backend.domain.sharpe_inference import SharpeEstimate, standard_errors

_FEWEST = 2  # ratios between which there is a variance


class Shrinkage(StrEnum):
    """How far Sharpe ratios move towards their common mean before they become scores."""

    NONE = "none"
    STANDARD_ERROR = "standard_error"


def performance_based(
    sharpes: FloatArray,
    counts: NDArray[np.int64],
    *,
    shrinkage: Shrinkage | str,
    periods_per_year: int,
    benchmark: float = 0.0,
) -> FloatArray:
    """Return the positive part of every excess Sharpe ratio, for :func:`bounded`.

    Parameters
    ----------
    sharpes : array, shape (n,)
        Annualised; NaN where a strategy has no record.
    counts : array of int, shape (n,)
        Returns behind each ratio.
    shrinkage : Shrinkage
        ``none``, or ``standard_error``: each excess moves towards the mean of all by as much as it is uncertain. Of
        fewer than three returns there is no standard error, and such a ratio counts as no record.
    periods_per_year : int
        252, or 365 for markets that never close.
    benchmark : float
        What a ratio must exceed, annualised.

    Returns
    -------
    array, shape (n,)
        At least 0, not scaled. Without a record: the median of the others' scores; 1 for all where none has a record.

    Raises
    ------
    AllocationError
        Shapes differ, a ratio is infinite, a count is negative, or the shrinkage is not one of those.

    References
    ----------
    A. W. Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58 (4), 2002.
    R. DerSimonian and N. Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7 (3), 1986.
    B. Efron and C. Morris, "Stein's Estimation Rule and Its Competitors – An Empirical Bayes Approach", Journal of the
    American Statistical Association 68, 1973.
    """
    found, returns = np.asarray(sharpes, dtype=np.float64), np.asarray(counts)
    _check(found, returns, shrinkage)
    excess = found - benchmark
    if shrinkage == Shrinkage.STANDARD_ERROR:
        excess = _shrunk(excess, _errors(found, returns, periods_per_year))
    scores = np.maximum(excess, 0.0)  # NaN stays NaN
    recorded = ~np.isnan(scores)
    return np.where(recorded, scores, np.median(scores[recorded]) if recorded.any() else 1.0)


def _check(sharpes: FloatArray, counts: NDArray[np.int64], shrinkage: str) -> None:
    if sharpes.ndim != 1 or sharpes.shape != counts.shape:
        raise AllocationError(f"expected one count for each Sharpe ratio, found {counts.shape} for {sharpes.shape}")
    if np.isinf(sharpes).any() or (counts < 0).any():
        raise AllocationError("expected finite Sharpe ratios, or NaN, and counts of at least 0; found others")
    if shrinkage not in list(Shrinkage):
        raise AllocationError(f"expected shrinkage {' or '.join(Shrinkage)}, found {shrinkage!r}")


def _errors(sharpes: FloatArray, counts: NDArray[np.int64], periods_per_year: int) -> FloatArray:
    """Return annualised standard errors, as for normal returns: the record keeps no higher moments."""
    root = math.sqrt(periods_per_year)
    normal = SharpeEstimate(
        sharpe=sharpes / root,
        n=counts.astype(np.int64),
        skewness=np.zeros(len(sharpes)),
        kurtosis=np.full(len(sharpes), 3.0),
        periods_per_year=periods_per_year,
    )
    return standard_errors(normal) * root


def _shrunk(excess: FloatArray, errors: FloatArray) -> FloatArray:
    """Move every excess towards the mean; NaN where its error is."""
    known = ~np.isnan(errors)
    found, variances = excess[known], errors[known] ** 2
    shrunk = np.where(known, excess, np.nan)
    if len(found) < _FEWEST:
        return shrunk
    between = _variance_between(found, variances)
    precision = 1.0 / (variances + between)
    mean = float((precision * found).sum() / precision.sum())
    shrunk[known] = (between * found + variances * mean) * precision
    return shrunk


def _variance_between(found: FloatArray, variances: FloatArray) -> float:
    """Estimate τ² by the moments of DerSimonian and Laird."""
    precision = 1.0 / variances
    total = float(precision.sum())
    mean = float((precision * found).sum()) / total
    heterogeneity = float((precision * (found - mean) ** 2).sum())
    return max((heterogeneity - (len(found) - 1)) / (total - float((precision * precision).sum()) / total), 0.0)
