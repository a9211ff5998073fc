"""Series of a strategy's days beside empyrical-reloaded and quantstats, on real daily price changes."""

import math
from datetime import date, timedelta

import empyrical
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
import quantstats.stats as qs

from backend.domain.errors import TrackRecordError
from backend.domain.performance import annualised_return, max_drawdown
from maestro.backtest.strategy_record import (
    StrategyRecord,
    drawdowns,
    month_returns,
    strategy_records,
    total_return,
    wealth,
    year_returns,
)
from tests.fakes.performances import price_changes, strategy_day, strategy_days

EXACT = 1e-12
WINDOWS = [
    ("AAPL", date(2018, 6, 1), date(2020, 12, 31)),
    ("RRC", date(2017, 1, 4), date(2022, 12, 28)),
    ("KO", date(2020, 2, 20), date(2020, 4, 3)),
]
windows = pytest.mark.parametrize("window", WINDOWS, ids=lambda window: window[0])


def series(window: tuple[str, date, date]) -> pd.Series:
    changes = price_changes(*window)
    return pd.Series(changes.values(), index=pd.DatetimeIndex(list(changes)))


def record(window: tuple[str, date, date], *, shadow: int = 0) -> StrategyRecord:
    (found,) = strategy_records(strategy_days("trend", price_changes(*window), shadow=shadow))
    return found


@windows
def test_total_return_equals_both_libraries(window: tuple[str, date, date]) -> None:
    returns = series(window)
    found = total_return(record(window).returns)
    assert found == pytest.approx(empyrical.cum_returns_final(returns), rel=EXACT)
    assert found == pytest.approx(qs.comp(returns), rel=EXACT)


@windows
def test_wealth_equals_empyricals_cumulative_returns(window: tuple[str, date, date]) -> None:
    found = wealth(record(window).returns)
    assert found.tolist() == pytest.approx(
        empyrical.cum_returns(series(window), starting_value=1.0).tolist(), rel=EXACT
    )


@windows
def test_drawdowns_equal_quantstats_and_their_deepest_is_the_domains(window: tuple[str, date, date]) -> None:
    returns = record(window).returns
    found = drawdowns(returns)
    assert found.tolist() == pytest.approx(qs.to_drawdown_series(series(window)).tolist(), abs=1e-12)
    assert found.min() == pytest.approx(max_drawdown(returns), rel=EXACT)
    assert found.min() == pytest.approx(empyrical.max_drawdown(series(window)), rel=EXACT)


@windows
def test_months_and_years_equal_empyricals(window: tuple[str, date, date]) -> None:
    months = month_returns(record(window))
    expected = empyrical.aggregate_returns(series(window), "monthly")
    assert {(each.year, each.month): each.value for each in months} == pytest.approx(expected.to_dict(), rel=EXACT)
    yearly = empyrical.aggregate_returns(series(window), "yearly")
    assert year_returns(months) == pytest.approx(yearly.to_dict(), rel=1e-11)


def test_total_loss_stays_a_loss_as_in_the_domain() -> None:
    returns = np.array([0.5, -1.5, 3.0])
    assert wealth(returns).tolist() == [1.5, 0.0, 0.0]
    assert total_return(returns) == annualised_return(returns) == -1.0
    assert drawdowns(returns).min() == max_drawdown(returns) == -1.0


def test_day_without_a_return_changes_nothing() -> None:
    returns = np.array([0.1, np.nan, -0.1])
    assert wealth(returns).tolist() == pytest.approx([1.1, 1.1, 0.99])
    assert total_return(returns) == pytest.approx(-0.01)
    assert math.isnan(total_return(np.array([np.nan])))
    assert math.isnan(total_return(np.array([])))


def test_month_counts_scored_and_virtual_days() -> None:
    first = date(2025, 1, 30)
    days = [
        strategy_day(first, 0.1),
        strategy_day(first + timedelta(days=1), None, is_virtual=True),
        strategy_day(first + timedelta(days=2), -0.5, is_virtual=True),
        strategy_day(first + timedelta(days=3), 0.5),
    ]
    (found,) = strategy_records(days)
    january, february = month_returns(found)
    assert (january.year, january.month, january.days, january.virtual_days) == (2025, 1, 1, 0)
    assert (february.days, february.virtual_days) == (2, 1)
    assert february.value == pytest.approx(-0.25)
    assert year_returns([january, february]) == {2025: pytest.approx(1.1 * 0.75 - 1)}


def test_records_are_grouped_by_strategy_and_ordered() -> None:
    days = price_changes(*WINDOWS[2])
    mixed = [*strategy_days("b", days), *reversed(strategy_days("a", days))]
    found = strategy_records(mixed)
    assert [each.strategy for each in found] == ["a", "b"]
    assert found[0].days == found[1].days == tuple(days)
    assert strategy_records([]) == ()


@pytest.mark.parametrize("offsets", [[], [1, 0], [0, 0]])
def test_record_of_unordered_repeated_or_no_days_is_refused(offsets: list[int]) -> None:
    days = [strategy_day(date(2025, 1, 1) + timedelta(days=n)) for n in offsets]
    with pytest.raises(TrackRecordError, match="expected at least one day, each once, oldest first"):
        StrategyRecord(strategy=strategy_day(date(2025, 1, 1)).strategy_id, snapshots=tuple(days))
