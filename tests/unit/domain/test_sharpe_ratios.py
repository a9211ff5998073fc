"""Many Sharpe ratios at once: equal to one by one, undefined where there is nothing to divide by."""

import math

import empyrical
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.datasets import load_sp500_dataset

from backend.domain.performance import FloatArray, sharpe_ratio, sharpe_ratios

EXACT = 1e-12


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    return load_sp500_dataset()


def test_sharpe_ratios_equal_one_by_one(prices: pd.DataFrame) -> None:
    # 20 stocks × 8 windows of 60 days, each with its own gaps: the matrix against a loop over empyrical.
    table = prices.pct_change(fill_method=None).to_numpy()[1:]
    matrix = np.hstack([table[start : start + 60] for start in range(0, 8000, 1000)])
    for j in range(matrix.shape[1]):
        matrix[: j % 7, j] = np.nan
    sharpe, n = sharpe_ratios(matrix)
    expected = [empyrical.sharpe_ratio(matrix[:, j]) for j in range(matrix.shape[1])]
    np.testing.assert_allclose(sharpe, expected, rtol=EXACT)
    assert n.tolist() == [60 - j % 7 for j in range(matrix.shape[1])]


def test_sharpe_ratios_of_more_strategies_than_one_block(prices: pd.DataFrame) -> None:
    # 4,100 columns are three blocks; the last is cut short and only the middle one has gaps.
    series = prices["JPM"].pct_change(fill_method=None).to_numpy()[1:]
    matrix = np.column_stack([series[start : start + 30] for start in range(4100)])
    matrix[3, 2048:4096] = np.nan
    sharpe, n = sharpe_ratios(matrix)
    for j in (0, 2047, 2048, 4095, 4096, 4099):
        assert sharpe[j] == pytest.approx(empyrical.sharpe_ratio(matrix[:, j]), rel=EXACT)
    assert n[[2047, 2048, 4095, 4096]].tolist() == [30, 29, 29, 30]


@pytest.mark.parametrize("value", [0.01, 0.001, -0.01, 0.1, 1 / 3, 0.0, 1e-9])
@pytest.mark.parametrize("days", [2, 5, 30, 60])
def test_sharpe_ratio_of_a_constant_return_is_undefined(value: float, days: int) -> None:
    # Known fault: the rounding left over in the deviation of 30 × 0.01 gave a Sharpe ratio of 10¹⁶.
    sharpe, n = sharpe_ratios(np.full((days, 3), value))
    assert np.isnan(sharpe).all()
    assert n.tolist() == [days] * 3


def test_sharpe_ratio_of_a_constant_return_with_gaps_is_undefined() -> None:
    assert math.isnan(sharpe_ratio(np.array([0.01, np.nan, 0.01, 0.01, np.nan, 0.01, 0.01])))


@pytest.mark.parametrize(("days", "width"), [(0, 0), (0, 3), (1, 3), (5, 0)])
def test_sharpe_ratios_of_too_little(days: int, width: int) -> None:
    sharpe, n = sharpe_ratios(np.full((days, width), 0.01))
    assert sharpe.shape == n.shape == (width,)
    assert np.isnan(sharpe).all()
    assert n.tolist() == [days] * width


def test_sharpe_ratios_of_columns_that_are_all_missing() -> None:
    sharpe, n = sharpe_ratios(np.array([[np.nan, 0.01], [np.nan, 0.03]]))
    # mean 0.02, deviation √(2 · 0.01²) = 0.01·√2, so √252 · √2
    assert sharpe[1] == pytest.approx(math.sqrt(504), rel=EXACT)
    assert math.isnan(sharpe[0])
    assert n.tolist() == [0, 2]


daily_values = st.lists(st.floats(-0.99, 3.0), min_size=1, max_size=60)


@settings(deadline=None)
@given(daily_values, st.integers(1, 5))
def test_sharpe_ratio_ignores_columns_beside_it(values: list[float], width: int) -> None:
    column: FloatArray = np.array(values).reshape(-1, 1)
    beside = np.hstack([column, *[np.full_like(column, np.nan)] * width])
    # A lone column is summed pairwise, several row by row; so the last digits may differ.
    np.testing.assert_allclose(sharpe_ratios(beside)[0][0], sharpe_ratios(column)[0][0], rtol=1e-9, atol=1e-9)
