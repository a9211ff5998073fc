"""Figures of a replay, against numbers worked out by hand."""

from datetime import date

import pytest

from maestro.backtest.comparison import replay_figures
from maestro.backtest.outcome import OrderEvent, ReplayOutcome, StrategyPath

DAYS = (date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7))


def path(*allocation: float) -> StrategyPath:
    return StrategyPath(mode=("ACTIVE",) * 3, sharpe=(None,) * 3, allocation=allocation, returns=(None,) * 3)


def order(side: str, quantity: float | None, price: float | None) -> OrderEvent:
    status = "filled" if quantity else "rejected"
    return OrderEvent(day=DAYS[0], strategy="ma", symbol="KO", side=side, status=status, quantity=quantity, price=price)


OUTCOME = ReplayOutcome(
    days=DAYS,
    equity=(1000.0, 1100.0, 990.0),
    benchmark=(1000.0, 1000.0, 1000.0),
    strategies=(),
    paths={"rsi": path(0.0, 0.3, 0.3), "ma": path(0.2, 0.4, 0.0)},
    mode_changes=(),
    overrides=(),
    orders=(order("buy", 10.0, 20.0), order("sell", 5.0, 22.0), order("buy", None, None)),
    fills=2,
    ticks=3,
)


def test_figures_of_three_days_by_hand() -> None:
    found = replay_figures(OUTCOME)
    assert (found.orders, found.buys, found.sells) == (3, 2, 1)
    assert (found.final, found.total_return) == (990.0, pytest.approx(-0.01))
    assert abs(found.max_drawdown) == pytest.approx(0.1)  # from 1100 to 990
    # Returns are +10 % and −10 %: mean 0, sample deviation √(0.01 + 0.01) = √0.02; times √252.
    assert found.volatility == pytest.approx(0.02**0.5 * 252**0.5)
    assert found.gross_mean == pytest.approx((0.2 + 0.7 + 0.3) / 3)
    assert found.gross_max == pytest.approx(0.7)
    # 200 + 110 were traded in 3 days on a mean equity of 1030; a year has 252 days.
    assert found.turnover == pytest.approx(310 / 1030 * 252 / 3)
    assert found.weights == {"ma": pytest.approx(0.2), "rsi": pytest.approx(0.2)}
