"""Drawdowns of 20 recorded stocks, each taken for an account: beside numpy on whole mills, and beside empyrical."""

import csv
import gzip
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import empyrical
import numpy as np
import pytest

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.guard import Breaker, Guard
from backend.domain.trading_state import TradingState
from backend.domain.watch import Sighting, watch

RECORDED = Path(__file__).resolve().parents[3] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
CLOSE = time(21, tzinfo=UTC)
with gzip.open(RECORDED, "rt") as _file:
    ROWS = list(csv.DictReader(_file))
SYMBOLS = [name for name in ROWS[0] if name != "date"]
DAYS = [date.fromisoformat(row["date"]) for row in ROWS]


def first_day(reached: np.ndarray) -> date | None:
    return DAYS[int(reached.argmax())] if reached.any() else None


@pytest.mark.parametrize("levels", [(10, 15, 20), (25, 35, 50)], ids=str)
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_drawdown_levels_are_reached_on_the_same_day_as_by_numpy(symbol: str, levels: tuple[int, int, int]) -> None:
    # The file has at most three decimals, so mills are whole numbers and the comparison is exact.
    mills = np.array([int(Decimal(row[symbol]) * 1000) for row in ROWS])
    marks = np.maximum.accumulate(mills)
    expected = {level: first_day((marks - mills) * 100 >= level * marks) for level in levels}

    warning, reduce, halt = (level / 100 for level in levels)
    limits = BreakerLimits(
        drawdown_warning=warning, drawdown_reduce=reduce, max_drawdown=halt, daily_loss_limit=1, equity_jump_limit=10
    )
    guard, tripped, found, worst = Guard(), dict[Breaker, TradingState](), dict[int, date | None](), Decimal(0)
    for day, row in zip(DAYS, ROWS, strict=True):
        sighting = Sighting(at=datetime.combine(day, CLOSE), equity=Decimal(row[symbol]), newest_bar=day)
        seen = watch(guard, sighting, limits, tripped)
        guard = seen.guard
        worst = max(worst, 1 - sighting.equity / guard.high_water_mark)
        if guard.is_warned:
            found.setdefault(levels[0], day)
        for trip in seen.trips:
            tripped[trip.breaker] = trip.state
            found.setdefault(levels[1], day)  # HALTED is beyond REDUCING
            if trip.state is TradingState.HALTED:
                found.setdefault(levels[2], day)
    assert {level: found.get(level) for level in levels} == expected
    closes = np.array([float(row[symbol]) for row in ROWS])
    assert -float(worst) == pytest.approx(empyrical.max_drawdown(closes[1:] / closes[:-1] - 1), abs=1e-12)


def test_drawdown_levels_of_the_recording_are_all_reached_by_someone() -> None:
    # Guards the test above: with levels that nobody reaches it would compare nothing with nothing.
    falls = {}
    for symbol in SYMBOLS:
        closes = np.array([float(row[symbol]) for row in ROWS])
        falls[symbol] = (1 - closes / np.maximum.accumulate(closes)).max()
    assert min(falls.values()) > 0.20
    assert max(falls.values()) > 0.50
    assert min(falls.values()) < 0.35
