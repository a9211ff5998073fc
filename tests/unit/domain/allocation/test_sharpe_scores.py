"""Scores from Sharpe ratios: by hand, and statsmodels' random effects."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects  # type: ignore[import-untyped]

from backend.domain.allocation import Shrinkage, performance_based
from backend.domain.errors import AllocationError
from backend.domain.sharpe_inference import estimate, standard_errors
from tests.fakes.returns import daily_returns
from tests.unit.domain.allocation.covariances import FloatArray

NAN = math.nan


def plain(sharpes: list[float], benchmark: float = 0.0) -> list[float]:
    counts = np.full(len(sharpes), 30)
    found = performance_based(
        np.array(sharpes), counts, shrinkage=Shrinkage.NONE, periods_per_year=252, benchmark=benchmark
    )
    return found.tolist()


def shrunk(sharpes: FloatArray, counts: FloatArray, benchmark: float = 0.0) -> FloatArray:
    return performance_based(
        sharpes, counts.astype(np.int64), shrinkage="standard_error", periods_per_year=252, benchmark=benchmark
    )


def lo_variance(sharpe: FloatArray, counts: FloatArray) -> FloatArray:
    """Annualise Lo's (2002) variance of a Sharpe ratio of independent normal returns, over n − 1."""
    found: FloatArray = 252.0 * (1.0 + 0.5 * sharpe**2 / 252.0) / (counts - 1.0)
    return found


@pytest.mark.parametrize(
    ("sharpes", "benchmark", "expected"),
    [
        ([1.2, 0.9, 1.5, 0.0, 0.6], 0.0, [1.2, 0.9, 1.5, 0.0, 0.6]),
        ([1.5, 0.5, -2.0], 0.5, [1.0, 0.0, 0.0]),
        ([1.0, NAN, 3.0, -4.0], 0.0, [1.0, 1.0, 3.0, 0.0]),  # the median of 1, 3 and 0
        ([NAN, 2.0, -1.0], 0.0, [1.0, 2.0, 0.0]),  # of the scores 2 and 0, not of the ratios
        ([NAN, NAN], 0.0, [1.0, 1.0]),
        ([-1.0, -2.0, NAN], 0.0, [0.0, 0.0, 0.0]),
    ],
    ids=["positive", "benchmark", "no record", "median of scores", "nobody has a record", "nothing positive"],
)
def test_performance_based_without_shrinkage(sharpes: list[float], benchmark: float, expected: list[float]) -> None:
    assert plain(sharpes, benchmark) == expected


def test_shrinkage_of_equal_errors_is_that_of_james_and_stein() -> None:
    # Of ratios that are small beside √252 the errors are nearly equal; then the part that is kept is
    # 1 − (k − 1)·V ÷ Σ(x − mean)², the positive-part James–Stein estimator with k − 1.
    sharpes, counts = np.array([0.1, 0.5, 0.9, 1.3, 2.2]), np.full(5, 2520.0)
    variance = float(lo_variance(sharpes, counts).mean())
    spread = float(((sharpes - 1.0) ** 2).sum())
    kept = 1.0 - 4.0 * variance / spread
    assert 0.5 < kept < 0.9
    np.testing.assert_allclose(shrunk(sharpes, counts), 1.0 + kept * (sharpes - 1.0), rtol=0.01)


@pytest.mark.parametrize("benchmark", [0.0, -1.0])
def test_shrinkage_equals_the_posterior_means_of_statsmodels_random_effects(benchmark: float) -> None:
    sharpes, counts = np.array([1.4, 3.0, 0.2, 2.2, 5.5]), np.array([60.0, 250.0, 1000.0, 500.0, 120.0])
    variances = lo_variance(sharpes, counts)
    theirs = combine_effects(sharpes - benchmark, variances, method_re="chi2")
    assert theirs.tau2 > 0.0
    kept = theirs.tau2 / (theirs.tau2 + variances)
    expected = theirs.mean_effect_re + kept * (sharpes - benchmark - theirs.mean_effect_re)
    np.testing.assert_allclose(shrunk(sharpes, counts, benchmark), expected, rtol=1e-12)


def test_shrinkage_makes_ratios_equal_that_luck_alone_explains() -> None:
    sharpes, counts = np.array([3.0, -1.0, 1.0]), np.full(3, 30.0)  # a standard error of about 3
    weight = 1.0 / lo_variance(sharpes, counts)
    np.testing.assert_allclose(shrunk(sharpes, counts), (weight @ sharpes) / weight.sum(), rtol=1e-12)


def test_shrinkage_moves_the_less_certain_ratio_more() -> None:
    found = shrunk(np.array([4.0, 4.0, 0.0, 0.5]), np.array([60.0, 1500.0, 1500.0, 1500.0]))
    assert 0.0 < found[3] < found[0] < found[1] < 4.0


def test_shrinkage_gives_strategies_without_a_record_the_median() -> None:
    whole = shrunk(np.array([3.0, 1.0, 0.2]), np.full(3, 2000.0))
    found = shrunk(np.array([3.0, NAN, 1.0, 0.2, 9.0]), np.array([2000.0, 0.0, 2000.0, 2000.0, 2.0]))
    np.testing.assert_allclose(found, [whole[0], whole[1], whole[1], whole[2], whole[1]], rtol=1e-12)


def test_shrinkage_of_a_single_record_leaves_it() -> None:
    assert shrunk(np.array([1.7, NAN]), np.array([40.0, 0.0])).tolist() == [1.7, 1.7]
    assert shrunk(np.array([5.0, NAN]), np.array([2.0, 0.0])).tolist() == [1.0, 1.0]


def test_errors_of_normal_returns_are_near_those_of_real_moments() -> None:
    # What the record does not keep, skewness and kurtosis, changes the error of real daily ratios by little.
    found = estimate(daily_returns(20).to_numpy()[-250:])
    ours = np.sqrt(lo_variance(found.annualised, found.n.astype(np.float64)))
    np.testing.assert_allclose(ours, standard_errors(found) * math.sqrt(252), rtol=0.1)


@given(st.lists(st.tuples(st.floats(-10, 10) | st.just(NAN), st.integers(0, 600)), min_size=1, max_size=12))
@settings(derandomize=True, deadline=None)
def test_shrinkage_stays_within_the_ratios(records: list[tuple[float, int]]) -> None:
    sharpes, counts = (np.array(column, dtype=np.float64) for column in zip(*records, strict=True))
    found = shrunk(sharpes, counts)
    assert np.isfinite(found).all()
    recorded = sharpes[~np.isnan(sharpes) & (counts > 2)]
    if len(recorded):
        assert found.max() <= max(recorded.max(), 0.0) + 1e-9
        assert found.min() >= max(recorded.min(), 0.0) - 1e-9


@pytest.mark.parametrize(
    ("sharpes", "counts", "shrinkage", "says"),
    [
        ([1.0, 2.0], [30], "none", "one count for each"),
        ([[1.0]], [[30]], "none", "one count for each"),
        ([math.inf], [30], "none", "finite Sharpe ratios"),
        ([1.0], [-1], "none", "counts of at least 0"),
        ([1.0], [30], "some", "none or standard_error, found 'some'"),
    ],
)
def test_performance_based_refuses_what_is_no_record(
    sharpes: list[Any], counts: list[Any], shrinkage: str, says: str
) -> None:
    with pytest.raises(AllocationError, match=says):
        performance_based(np.array(sharpes), np.array(counts), shrinkage=shrinkage, periods_per_year=252)
