"""How far a Sharpe ratio can be believed: standard error, probabilistic Sharpe ratio, minimum track record length.

Algorithm for :func:`estimate`, on whose result the others work:

1. the Sharpe ratio of :func:`~backend.domain.performance.sharpe_ratios`, brought back to one period;
2. skewness and kurtosis from central moments over n;
3. the variance of the estimate, (1 − γ3·SR + (γ4−1)/4·SR²) ÷ (n−1), undefined below three returns.

The deviation in SR has n − 1 in its denominator, as everywhere in Maestro, so that there is one Sharpe ratio. γ3 and
γ4 are plain moments, m3/m2^1.5 and m4/m2², without the corrections for bias that pandas makes: plain ones always
satisfy γ4 ≥ γ3² + 1, so the variance is never negative; corrected ones do not, least of all over few returns.

References
----------
D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15 (2), 2012.
E. Mertens, "Comments on variance of the IID estimator in Lo (2002)", working paper, 2002.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from backend.domain.performance import FloatArray, sharpe_ratios

FEWEST = 3  # of two returns skewness and kurtosis are always 0 and 1
_DEGENERATE = 1e-12  # a variance below it is the rounding of zero: returns that take two values, of a certain ratio


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharpeEstimate:
    """Estimated Sharpe ratios, one entry a strategy, with what their error depends on.

    ``sharpe`` is that of one period, not annualised; ``kurtosis`` is 3 for normal returns. NaN where undefined.
    """

    sharpe: FloatArray
    n: NDArray[np.int64]
    skewness: FloatArray
    kurtosis: FloatArray
    periods_per_year: int = 252

    @property
    def annualised(self) -> FloatArray:
        return self.sharpe * math.sqrt(self.periods_per_year)


def estimate(returns: FloatArray, *, periods_per_year: int = 252, risk_free_rate: float = 0.0) -> SharpeEstimate:
    """Estimate the Sharpe ratios of many strategies.

    Parameters
    ----------
    returns : array, shape (days, strategies)
        Simple daily returns; NaN marks a day on which a strategy has no return.
    periods_per_year : int
        252, or 365 for markets that never close.
    risk_free_rate : float
        Per year.
    """
    sharpe, n = sharpe_ratios(returns, periods_per_year=periods_per_year, risk_free_rate=risk_free_rate)
    count = np.maximum(n, 1)
    centred = returns - np.nansum(returns, axis=0) / count
    np.nan_to_num(centred, copy=False, nan=0.0)
    squares = centred * centred
    second = np.where(np.isnan(sharpe), np.nan, squares.sum(axis=0) / count)
    return SharpeEstimate(
        sharpe=sharpe / math.sqrt(periods_per_year),
        n=n,
        skewness=np.einsum("ij,ij->j", squares, centred) / count / second**1.5,
        kurtosis=np.einsum("ij,ij->j", squares, squares) / count / second**2,
        periods_per_year=periods_per_year,
    )


def standard_errors(found: SharpeEstimate) -> FloatArray:
    """Return the standard error of every ratio, of one period like ``found.sharpe``; NaN where undefined."""
    variance = _variance(found) / np.maximum(found.n - 1, 1)
    return np.sqrt(np.where(found.n < FEWEST, np.nan, variance))


def probabilistic_sharpe_ratios(found: SharpeEstimate, *, benchmark_sharpe: float = 0.0) -> FloatArray:
    """Return the probability that each true Sharpe ratio exceeds a benchmark.

    Φ((SR − SR*) ÷ standard error): the probability, were the benchmark the truth, of an estimate below the one found.

    Parameters
    ----------
    benchmark_sharpe : float
        SR*, annualised.

    Returns
    -------
    array, shape (strategies,)
        0 to 1; NaN where undefined (fewer than three returns, or returns without variation).
    """
    distance = (found.sharpe - benchmark_sharpe / math.sqrt(found.periods_per_year)) / standard_errors(found)
    # erfc rather than 1 + erf: it keeps its digits in the lower tail
    return np.array([0.5 * math.erfc(-z / math.sqrt(2.0)) for z in distance.tolist()])


def min_track_record_lengths(
    found: SharpeEstimate, *, benchmark_sharpe: float = 0.0, confidence: float = 0.95
) -> FloatArray:
    """Return how many returns are needed before each ratio exceeds a benchmark with a given confidence.

    1 + (1 − γ3·SR + (γ4−1)/4·SR²) · (Φ⁻¹(confidence) ÷ (SR − SR*))², if ratio and moments stay as they are.

    Parameters
    ----------
    benchmark_sharpe : float
        SR*, annualised.
    confidence : float
        Above 0.5 and below 1.

    Returns
    -------
    array, shape (strategies,)
        Periods, not rounded; NaN where the ratio is undefined or does not exceed the benchmark: no length suffices.
    """
    excess = found.sharpe - benchmark_sharpe / math.sqrt(found.periods_per_year)
    quantile = NormalDist().inv_cdf(confidence)
    return 1.0 + _variance(found) * (quantile / np.where(excess > 0.0, excess, np.nan)) ** 2


def confidence_bands(found: SharpeEstimate, *, confidence: float = 0.95) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper bound of every annualised ratio: ± Φ⁻¹((1 + confidence)/2) standard errors."""
    half = NormalDist().inv_cdf((1.0 + confidence) / 2.0) * standard_errors(found) * math.sqrt(found.periods_per_year)
    return found.annualised - half, found.annualised + half


def _variance(found: SharpeEstimate) -> FloatArray:
    """Return n − 1 times the variance of every estimate."""
    sharpe = found.sharpe
    variance = 1.0 - found.skewness * sharpe + (found.kurtosis - 1.0) / 4.0 * sharpe * sharpe
    return np.where(variance > _DEGENERATE, variance, np.nan)
