"""Daily bars are joined to longer ones, and a longer one is shown when it has ended."""

from datetime import date, timedelta

import numpy as np
import pytest

from backend.domain.market import SymbolHistory
from backend.domain.signal import Symbol
from functions.strategies.scope import longer_bars

TUESDAY = date(2024, 1, 2)


def history(symbol: str, last: date) -> SymbolHistory:
    """Make bars of every day from Tuesday on with closes 1, 2, 3, …, a half above and below; of a share, weekdays."""
    every = [TUESDAY + timedelta(days=i) for i in range((last - TUESDAY).days + 1)]
    days = tuple(day for day in every if "/" in symbol or day.weekday() < 5)
    close = np.arange(1.0, len(days) + 1.0)
    return SymbolHistory(symbol=Symbol(symbol), days=days, close=close, high=close + 0.5, low=close - 0.5)


def test_a_week_has_the_last_close_and_the_extremes_of_its_days() -> None:
    shown = longer_bars(history("AAPL", date(2024, 1, 8)), 7, is_weekly=True)
    assert shown is not None
    assert (shown.days, shown.close.tolist()) == ((date(2024, 1, 5),), [4.0])  # Monday's week has begun only
    assert (shown.high.tolist(), shown.low.tolist()) == ([4.5], [0.5])


@pytest.mark.parametrize(
    ("symbol", "last", "has_ended"),
    [
        ("AAPL", date(2024, 1, 4), False),
        ("AAPL", date(2024, 1, 5), True),  # Friday
        ("BTC/USDT", date(2024, 1, 5), False),
        ("BTC/USDT", date(2024, 1, 6), False),
        ("BTC/USDT", date(2024, 1, 7), True),  # Sunday
    ],
)
def test_a_week_ends_with_its_last_trading_day(symbol: str, last: date, has_ended: bool) -> None:
    shown = longer_bars(history(symbol, last), 7, is_weekly=True)
    assert (shown is not None) is has_ended


def test_two_weeks_end_with_the_second_friday() -> None:
    # Blocks of two weeks from Monday 0001-01-01 on: one begins on 2023-12-25.
    assert longer_bars(history("AAPL", date(2024, 1, 4)), 14, is_weekly=True) is None
    shown = longer_bars(history("AAPL", date(2024, 1, 5)), 14, is_weekly=True)
    assert shown is not None
    assert shown.days == (date(2024, 1, 5),)
