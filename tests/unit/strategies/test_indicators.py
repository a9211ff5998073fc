"""Indicators against published tables and pandas."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from functions.strategies.library import indicators

# Wilder's 14-day RSI as worked out, close by close, in StockCharts' ChartSchool article "Relative Strength Index".
CHARTSCHOOL_CLOSES = (
    44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328,
    45.6140, 46.2820, 46.2820, 46.0028, 46.0328, 46.4116, 46.2222, 45.6439, 46.2122, 46.2521, 45.7137, 46.4515,
    45.7835, 45.3548, 44.0288, 44.1783, 44.2181, 44.5672, 43.4205, 42.6628, 43.1314,
)  # fmt: skip
CHARTSCHOOL_RSI = (
    70.53, 66.32, 66.55, 69.41, 66.36, 57.97, 62.93, 63.26, 56.06, 62.38, 54.71, 50.42, 39.99, 41.46, 41.87, 45.46,
    37.30, 33.08, 37.77,
)  # fmt: skip


@pytest.fixture
def close() -> NDArray[np.float64]:
    """Five random walks of 120 days, shape (symbols, days)."""
    steps = np.random.default_rng(7).normal(0.0005, 0.02, (5, 120))
    return 50.0 * np.exp(np.cumsum(steps, axis=1))


def test_wilder_rsi_matches_the_published_table() -> None:
    first = 15  # 14 changes need 15 closes
    for count, expected in enumerate(CHARTSCHOOL_RSI, start=first):
        closes = np.array([CHARTSCHOOL_CLOSES[:count]])
        assert indicators.wilder_rsi(closes, 14)[0] == pytest.approx(expected, abs=0.01)


def test_wilder_rsi_of_only_gains_only_losses_and_no_change() -> None:
    rising = np.arange(1.0, 41.0)
    rsi = indicators.wilder_rsi(np.array([rising, rising[::-1], np.full(40, 3.0)]), 14)
    assert rsi.tolist() == [100.0, 0.0, 50.0]


def test_sma_matches_pandas(close: NDArray[np.float64]) -> None:
    expected = pd.DataFrame(close.T).rolling(20).mean().iloc[-1]
    np.testing.assert_allclose(indicators.sma(close, 20), expected, rtol=1e-12)


def test_bollinger_matches_pandas_population_deviation(close: NDArray[np.float64]) -> None:
    rolling = pd.DataFrame(close.T).rolling(20)
    middle, deviation = rolling.mean().iloc[-1], rolling.std(ddof=0).iloc[-1]
    bands = indicators.bollinger(close, 20, 2.0)
    np.testing.assert_allclose(bands.middle, middle, rtol=1e-12)
    np.testing.assert_allclose(bands.lower, middle - 2 * deviation, rtol=1e-10)
    np.testing.assert_allclose(bands.upper, middle + 2 * deviation, rtol=1e-10)


def test_channel_leaves_the_newest_day_out(close: NDArray[np.float64]) -> None:
    frame = pd.DataFrame(close.T)
    np.testing.assert_array_equal(indicators.highest_before(close, 20), frame.shift(1).rolling(20).max().iloc[-1])
    np.testing.assert_array_equal(indicators.lowest_before(close, 10), frame.shift(1).rolling(10).min().iloc[-1])


def test_past_return_matches_pandas(close: NDArray[np.float64]) -> None:
    expected = pd.DataFrame(close.T).shift(5).pct_change(63).iloc[-1]
    np.testing.assert_allclose(indicators.past_return(close, 63, 5), expected, rtol=1e-12)


def test_realised_volatility_matches_pandas(close: NDArray[np.float64]) -> None:
    expected = np.log(pd.DataFrame(close.T)).diff().rolling(21).std().iloc[-1] * 252**0.5
    np.testing.assert_allclose(indicators.realised_volatility(close, 21), expected, rtol=1e-10)


def test_ewma_volatility_matches_pandas(close: NDArray[np.float64]) -> None:
    returns = pd.DataFrame(close.T).pct_change().dropna()
    expected = (returns.ewm(com=60).var(bias=True).iloc[-1] * 252) ** 0.5
    np.testing.assert_allclose(indicators.ewma_volatility(close, 60), expected, rtol=1e-10)
