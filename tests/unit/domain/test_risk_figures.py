"""Correlations beside pandas, losses in the tail beside Riskfolio-Lib and skfolio, exposure by hand; real returns."""

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import riskfolio  # type: ignore[import-untyped]
from numpy.typing import NDArray
from skfolio import measures  # type: ignore[import-untyped]

from backend.domain.risk_figures import RiskFigures, correlations, risk_figures, tail_losses
from tests.fakes.returns import daily_returns
from tests.unit.domain.decision_inputs import AAPL, KO, MSFT, account_of

REAL = daily_returns(20).to_numpy()
ONE = np.ones(1)


def with_gaps(seed: int, share: float, days: int = 60) -> NDArray[np.float64]:
    """Real returns with holes at random, one strategy that began late and one that ended early."""
    chance = np.random.default_rng(seed)
    returns = REAL[-days:].copy()
    returns[chance.random(returns.shape) < share] = np.nan
    returns[:45, 3] = np.nan
    returns[15:, 4] = np.nan
    return returns


def by_pandas(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = pd.DataFrame(returns).corr(min_periods=20).to_numpy(copy=True)
    np.fill_diagonal(found, np.nan)
    return found


@pytest.mark.parametrize("share", [0.0, 0.05, 0.4, 0.5])
def test_correlations_are_those_of_pandas(share: float) -> None:
    returns = with_gaps(7, share)
    expected = by_pandas(returns)
    found = correlations(returns)
    assert 0 < np.isnan(expected).sum() < expected.size
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found, found.T, rtol=0, atol=1e-15)


def test_correlations_without_gaps_are_those_of_pandas() -> None:
    np.testing.assert_allclose(correlations(REAL), by_pandas(REAL), rtol=0, atol=1e-12)


def test_correlations_of_many_strategies_are_those_of_pandas() -> None:
    many = daily_returns(150).to_numpy()[-60:]  # more than two blocks of columns
    np.testing.assert_allclose(correlations(many), by_pandas(many), rtol=0, atol=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.01, -0.013, 1 / 3, 1e-9])
def test_correlation_with_what_does_not_vary_is_none(level: float) -> None:
    flat = np.column_stack([REAL[-60:, :2], np.full(60, level)])
    gap = flat.copy()
    gap[:20, 2] = np.nan
    gap[5, 0] = np.nan
    only_in_common = flat.copy()
    only_in_common[:20, 2] = REAL[:20, 5]  # varies, but not on the days that the others have
    only_in_common[:20, :2] = np.nan
    for returns in (flat, gap, only_in_common):
        assert np.isnan(correlations(returns)[2]).all()
        assert np.isfinite(correlations(returns)[0, 1])


@pytest.mark.parametrize(("days", "is_known"), [(19, False), (20, True)])
def test_correlation_needs_twenty_days_in_common(days: int, is_known: bool) -> None:
    assert np.isfinite(correlations(REAL[-days:, :2])[0, 1]) == is_known
    longer = REAL[-60:, :2].copy()
    longer[days:, 1] = np.nan
    assert np.isfinite(correlations(longer)[0, 1]) == is_known


def test_correlation_of_the_same_returns_is_one_and_never_more() -> None:
    returns = np.column_stack([REAL[-60:, 0], REAL[-60:, 0], -3 * REAL[-60:, 0]])
    found = correlations(returns)
    assert found[0, 1] == pytest.approx(1.0, abs=1e-12)
    assert found[0, 2] == pytest.approx(-1.0, abs=1e-12)
    assert np.nanmax(np.abs(found)) <= 1.0


@pytest.mark.parametrize("confidence", [0.95, 0.9, 0.975, 0.99, 0.5])
@pytest.mark.parametrize("days", [20, 25, 37, 41, 60])
@pytest.mark.parametrize("column", [0, 7, 13])
def test_tail_losses_are_those_of_riskfolio_and_skfolio(column: int, days: int, confidence: float) -> None:
    """Both take the ⌈x⌉-th worst of T days, x = (1 − confidence)·T, and average x days, the last in part.

    Riskfolio-Lib is told 1 − confidence, and so is not off by one where (1 − 0.95)·60 is a bit more than 3, as skfolio
    is; there it is asked for a level that is lower by rounding.
    """
    returns = REAL[-days:, column]
    found = tail_losses(returns[:, None], ONE, confidence)
    assert found is not None
    alpha = round(1 - confidence, 12)
    value_at_risk, shortfall = riskfolio.VaR_Hist(returns, alpha), riskfolio.CVaR_Hist(returns, alpha)
    assert found == pytest.approx((max(0.0, value_at_risk), max(0.0, shortfall)), abs=1e-12)
    level = confidence + 1e-9
    assert max(0.0, measures.value_at_risk(returns, beta=level)) == pytest.approx(found[0], abs=1e-12)
    assert max(0.0, measures.cvar(returns, beta=level)) == pytest.approx(found[1], abs=1e-7)


def test_tail_losses_are_of_the_weighted_sum() -> None:
    weights = np.array([0.2, 0.5, 0.1])
    found = tail_losses(REAL[-60:, :3], weights, 0.95)
    together = REAL[-60:, :3] @ weights
    assert found == pytest.approx((riskfolio.VaR_Hist(together, 0.05), riskfolio.CVaR_Hist(together, 0.05)))


def test_tail_losses_by_hand() -> None:
    # The worst of 25 days are −5 and −4 %; x = 1.25: the value at risk is 4 %, the shortfall (5 + 0.25 · 4) ÷ 1.25.
    days = np.array([-0.05, -0.04, *[0.01] * 23])[:, None]
    assert tail_losses(days, ONE, 0.95) == pytest.approx((0.04, 0.048))


def test_tail_losses_of_days_without_a_loss_are_nothing() -> None:
    assert tail_losses(np.full((30, 1), 0.01), ONE, 0.95) == (0.0, 0.0)


def test_tail_losses_take_no_return_for_none_and_leave_empty_days_out() -> None:
    returns = REAL[-40:, :2].copy()
    returns[:10, 1] = np.nan
    empty = np.vstack([np.full((15, 2), np.nan), returns])
    expected = tail_losses(np.nan_to_num(returns), np.ones(2), 0.95)
    assert tail_losses(returns, np.ones(2), 0.95) == expected
    assert tail_losses(empty, np.ones(2), 0.95) == expected


@pytest.mark.parametrize("returns", [np.empty((0, 0)), np.empty((0, 2)), REAL[-19:, :2], np.full((30, 2), np.nan)])
def test_tail_losses_need_twenty_days(returns: NDArray[np.float64]) -> None:
    assert tail_losses(returns, np.ones(returns.shape[1]), 0.95) is None


def figures(returns: NDArray[np.float64], names: str = "abc", **more: object) -> RiskFigures:
    weights = np.ones(returns.shape[1])
    account = account_of(**more) if more else None  # type: ignore[arg-type]
    return risk_figures(tuple(names), returns, correlations(returns), weights, 0.95, account)


def test_risk_figures_name_the_pair_with_the_highest_correlation() -> None:
    returns = REAL[-60:, [0, 7, 2]]
    matrix = pd.DataFrame(returns, columns=list("abc")).corr()
    pairs = {("a", "b"): matrix.loc["a", "b"], ("a", "c"): matrix.loc["a", "c"], ("b", "c"): matrix.loc["b", "c"]}
    found = figures(returns)
    assert found.pair == max(pairs, key=lambda pair: pairs[pair])
    assert found.correlation == pytest.approx(max(pairs.values()), abs=1e-9)


def test_risk_figures_name_the_first_of_pairs_that_are_alike_but_for_rounding() -> None:
    base = REAL[-60:, 0]
    found = figures(np.column_stack([base, 3 * base + 1e-3, 0.7 * base]))
    assert (found.correlation, found.pair) == (1.0, ("a", "b"))


def test_risk_figures_that_cannot_be_known_are_none() -> None:
    assert figures(REAL[-19:, :3]) == RiskFigures()
    assert figures(np.empty((0, 0)), "") == RiskFigures()
    alone = figures(REAL[-60:, :1], "a")
    assert (alone.correlation, alone.pair) == (None, None)
    assert alone.var is not None


def test_risk_figures_of_the_account() -> None:
    found = figures(np.empty((0, 3)), positions={AAPL: "300", MSFT: "-1000", KO: "100"})
    # 30,000 long, 50,000 short, 6,000 long of 100,000
    assert (found.leverage, found.concentration, found.largest) == (0.86, 0.5, MSFT)
    assert figures(np.empty((0, 3)), positions={AAPL: "1"}, equity="0").leverage is None
    assert figures(np.empty((0, 3)), positions={}) == RiskFigures(leverage=0.0)
