"""Indicators at the newest day, for many symbols at once.

Every ``close``, ``high`` and ``low`` has shape (symbols, days), oldest first, and holds positive finite prices;
every result has shape (symbols,) and holds the value at the last day. NaN goes in, NaN comes out.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TRADING_DAYS = 252


class Bands(NamedTuple):
    lower: Floats
    middle: Floats
    upper: Floats


def sma(close: Floats, days: int) -> Floats:
    """Return the simple moving average of the last ``days`` closes."""
    mean: Floats = close[:, -days:].mean(axis=1)
    return mean


def past_return(close: Floats, days: int, skip: int = 0) -> Floats:
    """Return the simple return over ``days`` days that ended ``skip`` days ago."""
    end = close.shape[1] - 1 - skip
    growth: Floats = close[:, end] / close[:, end - days] - 1.0
    return growth


def wilder_rsi(close: Floats, period: int) -> Floats:
    """Return Wilder's relative strength index, 0 to 100; 50 where nothing moved.

    Average gain and loss start as the simple mean of the first ``period`` changes and are then smoothed by
    avg = (avg · (period - 1) + change) / period, over all days given.

    References
    ----------
    J. Welles Wilder, New Concepts in Technical Trading Systems (1978), section VI.
    """
    change = np.diff(close, axis=1)
    weights = _wilder_weights(change.shape[1], period)
    gain = np.maximum(change, 0.0) @ weights
    loss = np.maximum(-change, 0.0) @ weights
    moved = gain + loss
    # 100 - 100 / (1 + gain / loss) without the division by a loss of zero.
    return np.where(moved == 0.0, 50.0, 100.0 * gain / np.where(moved == 0.0, 1.0, moved))


def _wilder_weights(changes: int, period: int) -> Floats:
    """Unroll Wilder's recursion into one weight per change."""
    smoothed = changes - period
    kept = 1.0 - 1.0 / period
    weights = np.full(changes, kept**smoothed / period)
    weights[period:] = kept ** np.arange(smoothed - 1, -1, -1) / period
    return weights


def bollinger(close: Floats, days: int, width: float) -> Bands:
    """Return the mean of the last ``days`` closes and ± ``width`` population standard deviations around it.

    References
    ----------
    John Bollinger, Bollinger on Bollinger Bands (2001).
    """
    window = close[:, -days:]
    middle = window.mean(axis=1)
    margin = width * window.std(axis=1)
    return Bands(middle - margin, middle, middle + margin)


def highest_before(high: Floats, days: int) -> Floats:
    """Return the highest high of the ``days`` days before the newest one."""
    top: Floats = high[:, -days - 1 : -1].max(axis=1)
    return top


def lowest_before(low: Floats, days: int) -> Floats:
    """Return the lowest low of the ``days`` days before the newest one."""
    bottom: Floats = low[:, -days - 1 : -1].min(axis=1)
    return bottom


def realised_volatility(close: Floats, days: int) -> Floats:
    """Return the annualised sample standard deviation of the last ``days`` log returns."""
    returns = np.diff(np.log(close[:, -days - 1 :]), axis=1)
    return np.asarray(returns.std(axis=1, ddof=1) * np.sqrt(TRADING_DAYS), dtype=np.float64)


def ewma_volatility(close: Floats, center_of_mass: float) -> Floats:
    """Return the annualised exponentially weighted volatility of the simple daily returns, over all days given.

    Weights are (1 - d) · d^i, normalised, with d / (1 - d) = ``center_of_mass`` days.

    References
    ----------
    Moskowitz, Ooi and Pedersen, Time series momentum, J. Financial Economics 104 (2012), equation 1.
    """
    returns = np.diff(close, axis=1) / close[:, :-1]
    decay = center_of_mass / (1.0 + center_of_mass)
    weights = decay ** np.arange(returns.shape[1] - 1, -1, -1)
    weights /= weights.sum()
    centred = returns - (returns @ weights)[:, np.newaxis]
    return np.asarray(np.sqrt(centred**2 @ weights * TRADING_DAYS), dtype=np.float64)
