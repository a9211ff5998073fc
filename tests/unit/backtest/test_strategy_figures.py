"""What days add up to, beside empyrical-reloaded and by hand; Sharpe ratios as a tick saw them."""

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import empyrical
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from backend.domain.mode import Evidence
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.domain.probabilistic_policy import ProbabilisticPolicy
from backend.domain.sharpe_inference import confidence_bands, estimate, probabilistic_sharpe_ratios
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn, TrackRecord
from maestro.backtest.sharpe_band import sharpe_bands, sharpe_bands_seen_on
from maestro.backtest.strategy_figures import portfolio_figures, strategy_figures
from maestro.backtest.strategy_record import StrategyRecord, strategy_records
from tests.fakes.performances import portfolio_day, price_changes, strategy_day, strategy_days

FIRST, LAST = date(2019, 1, 2), date(2020, 12, 31)
POLICY = DecisionPolicy()


def records(*symbols: str) -> tuple[StrategyRecord, ...]:
    return strategy_records(
        [day for symbol in symbols for day in strategy_days(symbol, price_changes(symbol, FIRST, LAST))]
    )


def test_figures_equal_empyrical_on_real_price_changes() -> None:
    found = strategy_figures(records("AAPL", "XOM"), POLICY)
    for each, symbol in zip(found, ("AAPL", "XOM"), strict=True):
        returns = np.array(list(price_changes(symbol, FIRST, LAST).values()))
        assert each.total_return == pytest.approx(empyrical.cum_returns_final(returns), rel=1e-12)
        assert each.annualised_return == pytest.approx(empyrical.annual_return(returns), rel=1e-9)
        assert each.volatility == pytest.approx(empyrical.annual_volatility(returns), rel=1e-12)
        assert each.sharpe.sharpe == pytest.approx(empyrical.sharpe_ratio(returns), rel=1e-12)
        assert each.max_drawdown == pytest.approx(empyrical.max_drawdown(returns), rel=1e-12)
        assert (each.days, each.sharpe.n) == (len(returns), len(returns))


def test_figures_take_periods_and_rate_from_the_policy() -> None:
    (found,) = strategy_figures(records("KO"), replace(POLICY, periods_per_year=365, risk_free_rate=0.0365))
    returns = np.array(list(price_changes("KO", FIRST, LAST).values()))
    assert found.sharpe.sharpe == pytest.approx(empyrical.sharpe_ratio(returns, 0.0001, annualization=365), rel=1e-12)
    assert found.volatility == pytest.approx(empyrical.annual_volatility(returns, annualization=365), rel=1e-12)


def test_figures_of_money_are_exact_and_of_the_real_sleeve() -> None:
    days = [
        strategy_day(
            FIRST, real_realized_pnl=Decimal("0.10"), real_unrealized_pnl=Decimal("5"), real_pnl=Decimal("5.1")
        ),
        strategy_day(
            FIRST + timedelta(days=1),
            is_virtual=True,
            real_realized_pnl=Decimal("0.20"),
            real_unrealized_pnl=Decimal("-1"),
            real_pnl=Decimal("-5.8"),
        ),
    ]
    (found,) = strategy_figures(strategy_records(days), POLICY)
    assert (found.realised, found.unrealised, found.pnl) == (Decimal("0.30"), Decimal(-1), Decimal("-0.7"))
    assert found.virtual_share == 0.5


def test_figures_without_returns_are_undefined() -> None:
    (found,) = strategy_figures(strategy_records([strategy_day(FIRST, None, capital=Decimal(0))]), POLICY)
    undefined = (found.total_return, found.annualised_return, found.volatility, found.max_drawdown, found.win_rate)
    assert all(map(math.isnan, (*undefined, found.sharpe.sharpe, found.sharpe.low, found.sharpe.psr)))
    assert (found.days, found.sharpe.n) == (1, 0)


def test_bands_of_many_equal_those_of_each_alone() -> None:
    series = [each.returns for each in records("AAPL", "KO")]
    series = [series[0], series[1][:30], np.array([0.1, np.nan]), np.array([])]
    for each, found in zip(series, sharpe_bands(series, POLICY), strict=True):
        alone = estimate(each.reshape(-1, 1))
        (low,), (high,) = confidence_bands(alone)
        expected = (alone.annualised[0], low, high, probabilistic_sharpe_ratios(alone)[0], alone.n[0])
        assert (found.sharpe, found.low, found.high, found.psr, found.n) == pytest.approx(expected, nan_ok=True)


def test_bands_seen_on_a_day_are_those_of_the_calendar_days_before_it() -> None:
    (record,) = records("AAPL")
    on = [*record.days, record.days[-1] + timedelta(days=1)]
    found = sharpe_bands_seen_on(on, record, POLICY)
    series = pd.Series(record.returns, index=pd.DatetimeIndex(record.days))
    for day, each in list(zip(on, found, strict=True))[10::50]:
        until = pd.Timestamp(day)
        window = series[(series.index >= until - pd.Timedelta(days=30)) & (series.index < until)]
        assert each.n == len(window)
        assert each.sharpe == pytest.approx(empyrical.sharpe_ratio(window.to_numpy()), rel=1e-9)
    assert found[0].n == 0


def test_bands_of_a_part_of_the_record_see_the_days_before_it() -> None:
    (record,) = records("AAPL")
    part = replace(record, snapshots=record.snapshots[100:], earlier=record.snapshots[:100])
    alone = replace(record, snapshots=record.snapshots[100:])
    whole = sharpe_bands_seen_on(record.days, record, POLICY)[100:]
    assert sharpe_bands_seen_on(part.days, part, POLICY) == whole
    assert sharpe_bands_seen_on(alone.days, alone, POLICY)[5].n == 5 < whole[5].n


@pytest.mark.parametrize("name", list(ModePolicyName))
def test_bands_seen_on_a_day_are_what_the_policy_judges_by(name: ModePolicyName) -> None:
    (record,) = records("AAPL")
    policy = replace(POLICY, mode_policy=name, probabilistic=ProbabilisticPolicy(lookback_returns=40))
    at = 200
    known: TrackRecord = EMPTY_TRACK_RECORD.extended(
        DailyReturn(strategy=record.strategy, day=day, value=float(value))
        for day, value in zip(record.days[:at], record.returns[:at], strict=True)
    )
    now = datetime(record.days[at].year, record.days[at].month, record.days[at].day, 15, tzinfo=UTC)
    judged = policy.modes.judge(Evidence(strategies=(record.strategy,), record=known, standing={}, now=now))
    (seen,) = sharpe_bands_seen_on([record.days[at]], record, policy)
    assert (seen.sharpe, seen.n) == pytest.approx((judged.sharpes[0], judged.counts[0]), rel=1e-9)


def test_portfolio_figures_leave_deposits_out_of_the_return() -> None:
    # 100,000 → +1,000 of its own (1%) and a deposit of 50,000 → 151,000; then −3,020 (−2%) and 5 unexplained.
    days = [
        portfolio_day(FIRST, equity=Decimal(100_000), previous_equity=None, external=Decimal(0), residual=Decimal(0)),
        portfolio_day(
            FIRST + timedelta(days=1),
            previous_equity=Decimal(100_000),
            equity=Decimal(151_000),
            strategies=Decimal(1_000),
            external=Decimal(50_000),
            residual=Decimal(0),
        ),
        portfolio_day(
            FIRST + timedelta(days=2),
            previous_equity=Decimal(151_000),
            equity=Decimal(147_980),
            strategies=Decimal(-3_025),
            external=Decimal(0),
            residual=Decimal(5),
        ),
    ]
    found = portfolio_figures(days)
    assert found is not None
    assert (found.equity_from, found.equity_to) == (Decimal(100_000), Decimal(147_980))
    assert found.equity_from + found.strategies + found.external + found.residual == found.equity_to
    assert found.total_return == pytest.approx(1.01 * 0.98 - 1)
    assert found.max_drawdown == pytest.approx(-0.02)


def test_portfolio_figures_of_a_first_day_and_of_none() -> None:
    found = portfolio_figures([portfolio_day(FIRST, previous_equity=None)])
    assert found is not None
    assert (found.equity_from, found.strategies) == (found.equity_to, Decimal(0))
    assert math.isnan(found.total_return)
    assert math.isnan(found.max_drawdown)
    assert portfolio_figures([]) is None
