"""What a portfolio risks, as figures: correlation between strategies, value at risk, leverage, concentration."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from backend.domain.account import Account
from backend.domain.lots import ZERO
from backend.domain.performance import FloatArray
from backend.domain.signal import Symbol

_FLAT = 1e-12  # a deviation below it is none
_ROUNDING = 1e-12  # of a square; a variance below it may be made of digits that cancelled
_ALIKE = 1e-9  # correlations that differ by less are one: how processors round must not choose the pair
_BLOCK = 64  # columns
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
        NaN for fewer than ``FEWEST`` common days, for a column without variation on them, and on the diagonal.
    """
    count, width = returns.shape
    is_gapless = ~np.isnan(returns).any(axis=0)
    if is_gapless.all() and count >= FEWEST:
        found = _of_gapless(returns)
    else:
        found = np.full((width, width), np.nan)
        whole, rest = np.flatnonzero(is_gapless), np.flatnonzero(~is_gapless)
        if count >= FEWEST:
            found[np.ix_(whole, whole)] = _of_gapless(returns[:, whole])
            found[rest] = _in_pairs(returns[:, rest], returns)
            found[:, rest] = found[rest].T
    found.flat[:: width + 1] = np.nan
    return found


def _of_gapless(returns: FloatArray) -> FloatArray:
    centred = returns - returns.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    length[length < _FLAT * math.sqrt(len(returns))] = np.nan
    centred /= length
    return _limited(_products(centred))


def _products(columns: FloatArray) -> FloatArray:
    """Return X'X, block by block: small enough to stay on one processor, whose neighbours others are using."""
    width = columns.shape[1]
    found = np.empty((width, width))
    for i in range(0, width, _BLOCK):
        rows = columns[:, i : i + _BLOCK].T
        for j in range(i, width, _BLOCK):
            block = rows @ columns[:, j : j + _BLOCK]
            found[i : i + _BLOCK, j : j + _BLOCK] = block
            found[j : j + _BLOCK, i : i + _BLOCK] = block.T
    return found


def _in_pairs(some: FloatArray, others: FloatArray) -> FloatArray:
    """Correlate every column of ``some`` with every one of ``others`` over the days that both have."""
    (left, in_left), (right, in_right) = _filled(some), _filled(others)
    count = in_left.T @ in_right
    with np.errstate(invalid="ignore", divide="ignore"):
        # moments of a column over the days that it shares with the other one
        mean, other_mean = left.T @ in_right / count, in_left.T @ right / count
        square, other_square = (left * left).T @ in_right / count, in_left.T @ (right * right) / count
        variance, other_variance = square - mean * mean, other_square - other_mean * other_mean
        found = (left.T @ right / count - mean * other_mean) / np.sqrt(variance * other_variance)
        is_flat = _is_flat(variance, square) | _is_flat(other_variance, other_square)
    found[(count < FEWEST) | is_flat] = np.nan
    return _limited(found)


def _limited(found: FloatArray) -> FloatArray:
    np.maximum(found, -1.0, out=found)
    return np.minimum(found, 1.0, out=found)


def _filled(returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return columns less their means with 0 where they have no return, and 1 where they have one."""
    known = ~np.isnan(returns)
    values = np.where(known, returns, 0.0)
    mean = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, values - mean, 0.0), known.astype(np.float64)


def _is_flat(variance: FloatArray, square: FloatArray) -> NDArray[np.bool_]:
    """Say where a variance is none, or the rounding of the squares that it is the difference of."""
    return np.asarray(variance <= np.maximum(_FLAT * _FLAT, _ROUNDING * square))


def tail_losses(returns: FloatArray, weights: FloatArray, confidence: float) -> tuple[float, float] | None:
    """Return historical one-day value at risk and expected shortfall of the weighted strategies.

    The value at risk is the loss of the ⌈x⌉-th worst of T days, x = (1 − confidence)·T; the shortfall is the mean of
    the x worst, the last of them in part. A strategy without a return on a day counts as 0 on it; days on which nobody
    has one are left out.

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
    R. T. Rockafellar and S. Uryasev, "Conditional Value-at-Risk for General Loss Distributions", Journal of Banking
    and Finance 26 (7), 2002, proposition 8.
    """
    gaps = np.isnan(returns)
    if gaps.any() or not returns.size:
        returns = np.where(gaps, 0.0, returns)[~gaps.all(axis=1)]
    if len(returns) < FEWEST:
        return None
    days = np.sort(np.einsum("ij,j->i", returns, weights))
    part = round((1.0 - confidence) * len(days), 9)
    beyond = max(0, math.ceil(part) - 1)  # days that count in full
    last = float(days[beyond])
    shortfall = (float(days[:beyond].sum()) + (part - beyond) * last) / part if part > 0.0 else last
    return max(0.0, -last), max(0.0, -shortfall)


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
    highest, pair = _highest(names, pairs)
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


def _highest(names: Sequence[str], pairs: FloatArray) -> tuple[float | None, tuple[str, str] | None]:
    """Return the highest correlation and the first pair that has it."""
    highest = float(np.fmax.reduce(pairs, axis=None)) if pairs.size else math.nan
    if math.isnan(highest):
        return None, None
    i, j = divmod(int(np.argmax(pairs >= highest - _ALIKE)), len(names))
    return round(highest, 9), (names[min(i, j)], names[max(i, j)])


def _exposure(account: Account) -> Mapping[Symbol, Decimal]:
    return {symbol: abs(each.quantity) * each.price for symbol, each in sorted(account.positions.items())}
