"""Expected numbers are worked out by hand in the comments."""

import math
from dataclasses import replace
from datetime import date

import empyrical
import numpy as np
import pytest

from backend.domain.errors import MarketDataError
from maestro.backtest.headline import drawdowns, headline, order_counts, performance
from maestro.backtest.outcome import OrderEvent
from tests.fakes.replay import STRATEGIES, synthetic_outcome


def test_performance_of_a_fall_and_recovery() -> None:
    measured = performance([100.0, 120.0, 90.0, 110.0])
    assert measured.total_return == pytest.approx(0.1)
    assert measured.max_drawdown == pytest.approx(-0.25)  # 90 below the peak of 120
    assert (measured.start, measured.final) == (100.0, 110.0)


def test_performance_equals_empyrical() -> None:
    closes = np.array(synthetic_outcome().benchmark)
    returns = closes[1:] / closes[:-1] - 1
    measured = performance(closes.tolist())
    assert measured.sharpe == pytest.approx(empyrical.sharpe_ratio(returns), rel=1e-12)
    assert measured.max_drawdown == pytest.approx(empyrical.max_drawdown(returns), rel=1e-12)


def test_performance_leaves_out_missing_closes() -> None:
    assert performance([math.nan, 100.0, math.nan, 150.0, math.inf]).total_return == pytest.approx(0.5)


def test_performance_without_closes_is_undefined() -> None:
    measured = performance([math.nan])
    assert math.isnan(measured.final)
    assert math.isnan(measured.total_return)
    assert math.isnan(measured.sharpe)


def test_drawdowns_keep_their_days() -> None:
    found = drawdowns([100.0, math.nan, 80.0, 120.0])
    assert found[[0, 2, 3]] == pytest.approx([0.0, -0.2, 0.0])
    assert math.isnan(found[1])


def test_headline_without_days_says_what_to_do() -> None:
    empty = replace(synthetic_outcome(), days=(), equity=(), benchmark=())
    with pytest.raises(MarketDataError, match=r"found 0 days, 0 and 0 closes; replay a window"):
        headline(empty)


def test_headline_with_curves_of_another_length_is_refused() -> None:
    outcome = synthetic_outcome()
    with pytest.raises(MarketDataError, match="252 days, 251 and 252 closes"):
        headline(replace(outcome, equity=outcome.equity[1:]))


def test_order_counts_split_sides_and_value_only_what_was_filled() -> None:
    order = OrderEvent(
        day=date(2020, 1, 2), strategy=STRATEGIES[1], symbol="KO", side="buy", status="filled", quantity=3.0, price=50.0
    )
    orders = (
        order,
        replace(order, side="sell", quantity=1.5, price=40.0),
        replace(order, status="rejected", quantity=None, price=None),
        replace(order, strategy="retired", quantity=0.0, status="cancelled"),
    )
    counts = {each.strategy: each for each in order_counts(replace(synthetic_outcome(), orders=orders))}
    mine = counts[STRATEGIES[1]]
    assert (mine.orders, mine.buys, mine.sells, mine.filled) == (3, 2, 1, 2)
    assert mine.traded == pytest.approx(3 * 50 + 1.5 * 40)
    assert counts["retired"].filled == 0
    assert counts[STRATEGIES[0]].orders == 0
