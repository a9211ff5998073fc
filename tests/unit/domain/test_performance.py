"""Sharpe ratio and companions beside empyrical-reloaded and quantstats, on real daily prices."""

import math
from datetime import date, timedelta

import empyrical
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import quantstats.stats as qs
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.datasets import load_sp500_dataset

from backend.domain.errors import TrackRecordError
from backend.domain.performance import (
    FloatArray,
    annualised_return,
    max_drawdown,
    sharpe_ratio,
    volatility,
    win_rate,
)
from backend.domain.signal import StrategyId
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn

EXACT = 1e-12
# A power with exponent P/n (50 for a week) multiplies the last digit's rounding of the compounded wealth, which
# is a product there and a sum of logarithms here; so annual returns agree to nine digits relative, not twelve.
ROUNDED = 1e-9

# symbol, first day, number of daily returns: calm, crash and recovery, a week to the whole record
WINDOWS = [
    ("AAPL", "2017-01-03", 5),
    ("AAPL", "2020-02-20", 30),
    ("AMD", "2002-06-03", 60),
    ("BAC", "2008-09-02", 30),
    ("GE", "2018-01-02", 252),
    ("KO", "1999-11-01", 30),
    ("RRC", "2020-02-20", 60),
    ("XOM", "1990-01-03", 8312),
]
windows = pytest.mark.parametrize("window", WINDOWS, ids=lambda w: f"{w[0]}-{w[1]}-{w[2]}")


@pytest.fixture(scope="module")
def prices() -> pd.DataFrame:
    return load_sp500_dataset()


@pytest.fixture
def returns(prices: pd.DataFrame, window: tuple[str, str, int]) -> pd.Series:
    symbol, first, length = window
    found = prices[symbol].pct_change(fill_method=None).loc[first:].iloc[:length].dropna()
    assert len(found) == length, "the window asks for more days than the data set has"
    return found


@windows
@pytest.mark.parametrize("periods", [252, 365])
def test_sharpe_ratio_equals_both_libraries(returns: pd.Series, periods: int) -> None:
    ours = sharpe_ratio(returns.to_numpy(), periods_per_year=periods)
    assert ours == pytest.approx(empyrical.sharpe_ratio(returns.to_numpy(), annualization=periods), rel=EXACT)
    assert ours == pytest.approx(qs.sharpe(returns, periods=periods), rel=EXACT)


@windows
def test_sharpe_ratio_subtracts_the_rate_per_period(returns: pd.Series) -> None:
    # empyrical takes the rate per day. quantstats takes it per year and divides it geometrically,
    # (1+rf)^(1/P) − 1, where the contract says rf/P; so it is given the yearly rate that compounds from ours.
    ours = sharpe_ratio(returns.to_numpy(), risk_free_rate=0.0252)
    assert ours == pytest.approx(empyrical.sharpe_ratio(returns.to_numpy(), risk_free=0.0001), rel=EXACT)
    assert ours == pytest.approx(qs.sharpe(returns, rf=1.0001**252 - 1, periods=252), rel=1e-9)


@windows
def test_volatility_equals_both_libraries(returns: pd.Series) -> None:
    ours = volatility(returns.to_numpy())
    assert ours == pytest.approx(empyrical.annual_volatility(returns.to_numpy()), rel=EXACT)
    assert ours == pytest.approx(qs.volatility(returns, periods=252), rel=EXACT)


@windows
def test_max_drawdown_equals_both_libraries(returns: pd.Series) -> None:
    ours = max_drawdown(returns.to_numpy())
    assert ours == pytest.approx(empyrical.max_drawdown(returns.to_numpy()), abs=EXACT)
    assert ours == pytest.approx(qs.max_drawdown(returns), abs=EXACT)


@windows
def test_annualised_return_equals_both_libraries(returns: pd.Series) -> None:
    ours = annualised_return(returns.to_numpy())
    assert ours == pytest.approx(empyrical.annual_return(returns.to_numpy()), rel=ROUNDED)
    assert ours == pytest.approx(qs.cagr(returns, periods=252), rel=ROUNDED)


@windows
def test_win_rate_equals_quantstats(returns: pd.Series) -> None:
    assert win_rate(returns.to_numpy()) == pytest.approx(qs.win_rate(returns), abs=EXACT)


def test_win_rate_leaves_out_days_that_did_not_move() -> None:
    # Two up, one down, one unmoved: 2/3 here and in quantstats. empyrical's nearest figure, the batting average
    # against a benchmark of zero, keeps the unmoved day and says 2/4.
    series = pd.Series([0.01, 0.0, -0.02, 0.03], index=pd.bdate_range("2024-01-01", periods=4))
    assert win_rate(series.to_numpy()) == pytest.approx(2 / 3, abs=EXACT)
    assert qs.win_rate(series) == pytest.approx(2 / 3, abs=EXACT)
    assert empyrical.batting_average(series, series * 0.0)["batting average"] == pytest.approx(0.5)


def test_win_rate_without_a_moved_day_is_undefined() -> None:
    assert math.isnan(win_rate(np.zeros(5)))


@windows
def test_missing_days_count_for_nothing(returns: pd.Series) -> None:
    gapped = np.insert(returns.to_numpy(), [0, 2, len(returns)], np.nan)
    assert sharpe_ratio(gapped) == pytest.approx(empyrical.sharpe_ratio(gapped), rel=EXACT)
    assert volatility(gapped) == pytest.approx(empyrical.annual_volatility(gapped), rel=EXACT)
    assert max_drawdown(gapped) == pytest.approx(empyrical.max_drawdown(gapped), abs=EXACT)
    # empyrical's annual return counts missing days as time that passed; quantstats' CAGR does not, nor do we.
    labelled = pd.Series(gapped, index=pd.bdate_range("2000-01-03", periods=len(gapped)))
    assert annualised_return(gapped) == pytest.approx(qs.cagr(labelled, periods=252), rel=ROUNDED)
    assert win_rate(gapped) == pytest.approx(qs.win_rate(labelled), abs=EXACT)


@pytest.mark.parametrize("statistic", [volatility, annualised_return, win_rate])
def test_statistics_of_nothing_are_undefined(statistic: object) -> None:
    assert callable(statistic)
    assert math.isnan(statistic(np.array([])))
    assert math.isnan(statistic(np.array([np.nan, np.nan])))


def test_max_drawdown_of_nothing_is_zero() -> None:
    assert max_drawdown(np.array([])) == 0.0
    assert max_drawdown(np.array([np.nan])) == 0.0


@pytest.mark.parametrize("statistic", [volatility, annualised_return, max_drawdown, win_rate])
@pytest.mark.parametrize(
    ("series", "message"), [([0.01, math.inf], "finite"), ([[0.01], [0.02]], r"one-dimensional .* \(2, 1\)")]
)
def test_statistics_refuse_what_is_no_series(statistic: object, series: list[object], message: str) -> None:
    assert callable(statistic)
    with pytest.raises(TrackRecordError, match=message):
        statistic(np.array(series))


def test_max_drawdown_counts_a_loss_on_the_first_day() -> None:
    # wealth 1 → 0.90 → 0.99: the fall is from the starting capital
    assert max_drawdown(np.array([-0.10, 0.10])) == pytest.approx(-0.10, abs=EXACT)


def test_max_drawdown_needs_time_order() -> None:
    # Known fault: documents were read newest first. A price of 100, 120, 90, 180 falls by 1 − 90/120 = 25 %; read
    # backwards (180, 90, 120, 100) the rise to 180 becomes a fall of 50 %.
    path = np.array([100.0, 120.0, 90.0, 180.0])
    assert max_drawdown(path[1:] / path[:-1] - 1) == pytest.approx(-0.25, abs=EXACT)
    backwards = path[::-1]
    assert max_drawdown(backwards[1:] / backwards[:-1] - 1) == pytest.approx(-0.50, abs=EXACT)


def test_max_drawdown_changes_when_days_change_places() -> None:
    # −10 %, −10 % in a row: 1 − 0.9² = 19 %; with a +20 % day between them: 10 % at most, 1.08 → 0.972
    assert max_drawdown(np.array([-0.10, -0.10, 0.20])) == pytest.approx(-0.19, abs=EXACT)
    assert max_drawdown(np.array([-0.10, 0.20, -0.10])) == pytest.approx(-0.10, abs=EXACT)


def test_max_drawdown_of_days_recorded_out_of_order() -> None:
    # The track record restores time order, whichever way the documents came: +20 %, −10 %, −10 %, +50 %.
    values = [0.20, -0.10, -0.10, 0.50]
    shuffled = [3, 1, 0, 2]
    name = StrategyId("s")
    record = EMPTY_TRACK_RECORD.extended(
        DailyReturn(strategy=name, day=date(2025, 1, 6) + timedelta(days=i), value=values[i]) for i in shuffled
    )
    assert max_drawdown(record.returns[:, 0]) == pytest.approx(-0.19, abs=EXACT)
    assert max_drawdown(np.array([values[i] for i in shuffled])) != pytest.approx(-0.19, abs=1e-3)


@pytest.mark.parametrize("returns", [[-1.5, 0.1, 0.1], [-1.0, 0.5], [0.2, -1.2, -3.0]])
def test_annualised_return_of_lost_capital_is_minus_one(returns: list[float]) -> None:
    # Known fault: (1 − 1.5)^(252/n) is a complex number.
    result = annualised_return(np.array(returns))
    assert isinstance(result, float)
    assert result == -1.0


@pytest.mark.parametrize("returns", [[-1.5, -1.5, 5.0], [-1.0, 3.0]])
def test_max_drawdown_never_exceeds_the_capital(returns: list[float]) -> None:
    assert max_drawdown(np.array(returns)) == -1.0


daily_values = st.lists(st.floats(-0.99, 3.0), min_size=1, max_size=60)


@settings(deadline=None)
@given(daily_values)
def test_statistics_stay_in_their_range(values: list[float]) -> None:
    series: FloatArray = np.array(values)
    assert -1.0 <= max_drawdown(series) <= 0.0
    assert math.isnan(win_rate(series)) or 0.0 <= win_rate(series) <= 1.0
    assert math.isnan(volatility(series)) or volatility(series) >= 0.0
    assert not math.isinf(sharpe_ratio(series))
