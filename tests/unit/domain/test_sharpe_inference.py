"""What a Sharpe ratio is worth: the paper's worked examples, and skfolio and quantstats on real daily prices.

The examples are those in the text of Bailey and López de Prado, "The Sharpe Ratio Efficient Frontier" (Journal of
Risk 15 (2), 2012): a hedge fund with 24 monthly returns, judged as normal and as it is; and the track record that an
annualised ratio of 2 needs to exceed 1 at 95 %.
"""

import math
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import quantstats.stats as qs
from hypothesis import given, settings
from hypothesis import strategies as st
from skfolio.measures import probabilistic_sharpe_ratio as skfolio_psr

from backend.domain.performance import sharpe_ratio
from backend.domain.sharpe_inference import (
    SharpeEstimate,
    confidence_bands,
    estimate,
    min_track_record_lengths,
    probabilistic_sharpe_ratios,
    standard_errors,
)

PRICES = Path(__file__).parents[3] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
EQUAL = 1e-9


@pytest.fixture(scope="module")
def returns() -> pd.DataFrame:
    return pd.read_csv(PRICES, index_col=0, parse_dates=True).pct_change(fill_method=None).iloc[1:]


def known(
    sharpe: float, n: int = 24, skewness: float = 0.0, kurtosis: float = 3.0, periods: int = 12
) -> SharpeEstimate:
    """An estimate of which the moments are known; the Sharpe ratio is that of one period."""
    return SharpeEstimate(
        sharpe=np.array([sharpe]),
        n=np.array([n]),
        skewness=np.array([skewness]),
        kurtosis=np.array([kurtosis]),
        periods_per_year=periods,
    )


@pytest.mark.parametrize(
    ("skewness", "kurtosis", "expected"), [(0.0, 3.0, 0.982), (-2.448, 10.164, 0.913)], ids=["normal", "as-it-is"]
)
def test_probabilistic_sharpe_ratio_of_the_papers_hedge_fund(skewness: float, kurtosis: float, expected: float) -> None:
    found = probabilistic_sharpe_ratios(known(0.458, skewness=skewness, kurtosis=kurtosis))
    assert found[0] == pytest.approx(expected, abs=0.0005)


@pytest.mark.parametrize(
    ("periods", "skewness", "kurtosis", "years"),
    [(250, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
    ids=["daily", "weekly", "monthly", "monthly-hedge-funds"],
)
def test_min_track_record_length_of_the_papers_examples(
    periods: int, skewness: float, kurtosis: float, years: float
) -> None:
    two = known(2.0 / math.sqrt(periods), skewness=skewness, kurtosis=kurtosis, periods=periods)
    found = min_track_record_lengths(two, benchmark_sharpe=1.0, confidence=0.95)
    assert found[0] / periods == pytest.approx(years, abs=0.005)


@pytest.mark.parametrize("days", [20, 60, 1506])
@pytest.mark.parametrize("benchmark", [0.0, 1.0, -0.5])
def test_probabilistic_sharpe_ratios_equal_skfolio(returns: pd.DataFrame, days: int, benchmark: float) -> None:
    # skfolio has the same definitions: deviation over n − 1, plain moments; its benchmark is that of one period.
    for start in range(0, len(returns) - days + 1, max(days, 100)):
        window = returns.to_numpy()[start : start + days]
        ours = probabilistic_sharpe_ratios(estimate(window), benchmark_sharpe=benchmark)
        np.testing.assert_allclose(ours, skfolio_psr(window, benchmark / math.sqrt(252)), rtol=EQUAL, atol=EQUAL)


def test_probabilistic_sharpe_ratios_with_gaps_and_a_rate_equal_skfolio(returns: pd.DataFrame) -> None:
    window = returns.to_numpy()[300:360].copy()
    for j in range(window.shape[1]):
        window[: j * 2, j] = np.nan
    found = estimate(window, risk_free_rate=0.0252)
    np.testing.assert_allclose(
        probabilistic_sharpe_ratios(found), skfolio_psr(window, risk_free_rate=0.0001), rtol=EQUAL
    )
    assert found.n.tolist() == [60 - 2 * j for j in range(20)]


@pytest.mark.parametrize("days", [20, 60, 1506])
def test_probabilistic_sharpe_ratios_equal_quantstats_given_its_moments(returns: pd.DataFrame, days: int) -> None:
    # quantstats takes pandas' moments, which are corrected for bias: √(n(n−1))/(n−2) times our skewness, and
    # (n−1)/((n−2)(n−3)) · ((n+1)·excess + 6) for our excess kurtosis. With that, and nothing else, the two agree.
    window = returns.iloc[-days:]
    ours, n = estimate(window.to_numpy()), days
    excess = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (ours.kurtosis - 3.0) + 6.0)
    corrected = SharpeEstimate(
        sharpe=ours.sharpe,
        n=ours.n,
        skewness=ours.skewness * math.sqrt(n * (n - 1)) / (n - 2),
        kurtosis=excess + 3.0,
    )
    theirs = [qs.probabilistic_sharpe_ratio(window[symbol]) for symbol in window]
    np.testing.assert_allclose(probabilistic_sharpe_ratios(corrected), theirs, rtol=EQUAL)
    # The correction itself moves a probability by less than one in a hundred.
    np.testing.assert_allclose(probabilistic_sharpe_ratios(ours), theirs, atol=0.01)


def test_estimate_has_the_one_sharpe_ratio_of_the_house(returns: pd.DataFrame) -> None:
    window = returns.to_numpy()[:60]
    expected = [sharpe_ratio(window[:, j], risk_free_rate=0.02) for j in range(window.shape[1])]
    np.testing.assert_allclose(estimate(window, risk_free_rate=0.02).annualised, expected, rtol=1e-12)


def test_estimate_moments_equal_scipy(returns: pd.DataFrame) -> None:
    from scipy.stats import kurtosis, skew  # type: ignore[import-untyped]

    window = returns.to_numpy()[100:160]
    found = estimate(window)
    np.testing.assert_allclose(found.skewness, skew(window, bias=True), rtol=EQUAL)
    np.testing.assert_allclose(found.kurtosis, kurtosis(window, fisher=False, bias=True), rtol=EQUAL)


def test_confidence_band_ends_where_the_probability_says(returns: pd.DataFrame) -> None:
    # Against the lower end of a 90 % band the probability is 95 %, against the upper end 5 %.
    for symbol in ("AAPL", "GE", "XOM"):
        found = estimate(returns[[symbol]].to_numpy()[:60])
        lower, upper = confidence_bands(found, confidence=0.9)
        assert lower[0] < found.annualised[0] < upper[0]
        assert probabilistic_sharpe_ratios(found, benchmark_sharpe=float(lower[0]))[0] == pytest.approx(0.95, abs=EQUAL)
        assert probabilistic_sharpe_ratios(found, benchmark_sharpe=float(upper[0]))[0] == pytest.approx(0.05, abs=EQUAL)


@pytest.mark.parametrize("true_sharpe", [-2.0, 0.0, 1.0])
def test_confidence_band_holds_the_truth_as_often_as_it_says(true_sharpe: float) -> None:
    noise = np.random.default_rng(3).standard_normal((60, 20_000))
    lower, upper = confidence_bands(estimate(noise + true_sharpe / math.sqrt(252)))
    assert ((lower < true_sharpe) & (true_sharpe < upper)).mean() == pytest.approx(0.95, abs=0.01)


def test_min_track_record_length_is_where_the_confidence_is_reached() -> None:
    length = min_track_record_lengths(known(0.2, skewness=-0.5, kurtosis=5.0), benchmark_sharpe=0.3, confidence=0.99)
    reached = known(0.2, n=math.ceil(length[0]), skewness=-0.5, kurtosis=5.0)
    missed = known(0.2, n=math.floor(length[0]), skewness=-0.5, kurtosis=5.0)
    assert probabilistic_sharpe_ratios(missed, benchmark_sharpe=0.3)[0] < 0.99
    assert probabilistic_sharpe_ratios(reached, benchmark_sharpe=0.3)[0] >= 0.99


@pytest.mark.parametrize("sharpe", [0.1, 0.0, -0.1])
def test_min_track_record_length_is_undefined_without_an_excess(sharpe: float) -> None:
    found = min_track_record_lengths(known(sharpe), benchmark_sharpe=0.1 * math.sqrt(12))
    assert math.isnan(found[0])


@pytest.mark.parametrize(
    "column",
    [[], [0.01], [0.01, -0.02], [0.01] * 30, [-0.01] * 30, [0.0] * 5, [math.nan] * 30, [0.01, math.nan, 0.02]],
    ids=["nothing", "one", "two", "equal-gains", "equal-losses", "flat", "missing", "two-and-a-gap"],
)
def test_inference_from_too_little_is_undefined(column: list[float]) -> None:
    found = estimate(np.array(column).reshape(-1, 1))
    assert np.isnan(standard_errors(found)).all()
    assert np.isnan(probabilistic_sharpe_ratios(found)).all()
    assert np.isnan(np.array(confidence_bands(found))).all()


def test_inference_of_nobody_is_nothing() -> None:
    found = estimate(np.empty((30, 0)))
    assert probabilistic_sharpe_ratios(found).shape == min_track_record_lengths(found).shape == (0,)


def test_probabilistic_sharpe_ratio_keeps_its_digits_far_below() -> None:
    # Φ(−10) = 7.6199e−24 (Abramowitz and Stegun, table 26.2); 1 − Φ(10) would be 0 in doubles.
    found = known(-10.0, n=2601, skewness=0.0, kurtosis=1.0)
    at_ten = probabilistic_sharpe_ratios(found, benchmark_sharpe=(-10.0 + 10.0 / math.sqrt(2600)) * math.sqrt(12))
    assert at_ten[0] == pytest.approx(7.6199e-24, rel=1e-4)


@settings(deadline=None)
@given(st.lists(st.floats(-0.5, 0.5), min_size=3, max_size=60), st.floats(-5, 5), st.floats(-5, 5))
def test_probabilistic_sharpe_ratio_falls_with_the_benchmark(values: list[float], one: float, other: float) -> None:
    found = estimate(np.array(values).reshape(-1, 1))
    lower, higher = sorted((one, other))
    at_lower = probabilistic_sharpe_ratios(found, benchmark_sharpe=lower)[0]
    at_higher = probabilistic_sharpe_ratios(found, benchmark_sharpe=higher)[0]
    assert math.isnan(at_lower) == math.isnan(at_higher)
    assert math.isnan(at_lower) or 0.0 <= at_higher <= at_lower <= 1.0
