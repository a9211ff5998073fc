"""What a portfolio risks, as figures: correlation between strategies, value at risk, leverage, concentration."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from backend.domain.account import Account
from backend.domain.lots import ZERO
from backend.domain.performance import FloatArray
from backend.domain.signal import Symbol

_FLAT = 1e-12  # a deviation below it is none
FEWEST = 20  # days in common that a correlation or a loss in the tail is judged from


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFigures:
    """None where something cannot be known yet.

    ``correlation`` is the highest of any two strategies' daily returns, ``pair`` those two. ``var`` and ``cvar`` are
    losses of one day, parts of equity, never below 0. ``leverage`` is Σ|position| ÷ equity, ``concentration`` the
    largest position ÷ equity, ``largest`` its symbol.
    """

    correlation: float | None = None
    pair: tuple[str, str] | None = None
    var: float | None = None
    cvar: float | None = None
    leverage: float | None = None
    concentration: float | None = None
    largest: Symbol | None = None


def correlations(returns: FloatArray) -> FloatArray:
    """Return Pearson correlations of columns, each pair over the days that both have.

    Parameters
    ----------
    returns : array, shape (days, n)
        NaN where there is none.

    Returns
    -------
    array, shape (n, n)
        NaN for fewer than ``FEWEST`` common days, for a column without variation, and on the diagonal.
    """
    known = ~np.isnan(returns)
    mask = known.astype(np.float64)
    values = np.where(known, returns, 0.0)
    count = mask.T @ mask
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (values.T @ mask) / count  # of column i over the days it shares with column j
        covariance = (values.T @ values) / count - mean * mean.T
        variance = ((values * values).T @ mask) / count - mean * mean
        deviation = np.sqrt(np.maximum(variance, 0.0))
        found = covariance / (deviation * deviation.T)
    found[(count < FEWEST) | (deviation < _FLAT) | (deviation.T < _FLAT)] = np.nan
    np.fill_diagonal(found, np.nan)
    limited: FloatArray = np.clip(found, -1.0, 1.0)
    return limited


def tail_losses(returns: FloatArray, weights: FloatArray, confidence: float) -> tuple[float, float] | None:
    """Return historical one-day value at risk and expected shortfall of the weighted strategies.

    The value at risk is the loss of the ⌈(1 − confidence)·T⌉-th worst of T days, the shortfall the mean loss of the
    days up to it. A strategy without a return on a day counts as 0 on it; days on which nobody has one are left out.

    Parameters
    ----------
    returns : array, shape (days, n)
    weights : array, shape (n,)
        Parts of equity.

    Returns
    -------
    (float, float) or None
        Losses as positive parts of equity, at least 0; None for fewer than ``FEWEST`` days.

    References
    ----------
    Rockafellar, R. T. and Uryasev, S. (2002), Conditional value-at-risk for general loss distributions.
    """
    held = ~np.isnan(returns).all(axis=1) if returns.size else np.zeros(len(returns), dtype=np.bool_)
    if int(held.sum()) < FEWEST:
        return None
    days = np.sort(np.nan_to_num(returns[held]) @ weights)
    worst = days[: max(1, math.ceil(round((1.0 - confidence) * len(days), 9)))]
    return max(0.0, -float(worst[-1])), max(0.0, -float(worst.mean()))


def risk_figures(
    names: Sequence[str],
    returns: FloatArray,
    pairs: FloatArray,
    weights: FloatArray,
    confidence: float,
    account: Account | None,
) -> RiskFigures:
    """Put the figures together; ``pairs`` are the correlations of ``returns``, whose columns are ``names``."""
    tail = tail_losses(returns, weights, confidence)
    highest, pair = None, None
    if pairs.size and not np.isnan(pairs).all():
        i, j = divmod(int(np.nanargmax(pairs)), len(names))
        highest, pair = float(pairs[i, j]), (names[min(i, j)], names[max(i, j)])
    exposure = _exposure(account) if account is not None else {}
    equity = account.equity if account is not None else ZERO
    largest = max(exposure, key=lambda symbol: (exposure[symbol], symbol), default=None)
    return RiskFigures(
        correlation=highest,
        pair=pair,
        var=tail[0] if tail else None,
        cvar=tail[1] if tail else None,
        leverage=float(sum(exposure.values(), ZERO) / equity) if equity > 0 else None,
        concentration=float(exposure[largest] / equity) if largest is not None and equity > 0 else None,
        largest=largest,
    )


def _exposure(account: Account) -> Mapping[Symbol, Decimal]:
    return {symbol: abs(each.quantity) * each.price for symbol, each in account.positions.items()}
