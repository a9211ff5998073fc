"""A fund made for measuring: strategies over real daily closes, with returns that lead to mixed modes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.adapters.csv_bars import CsvBars
from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal, StrategyId, Symbol
from backend.domain.track_record import TrackRecord
from functions.strategies.base import BaseStrategy

PRICES = Path(__file__).resolve().parents[1] / "examples" / "data" / "sp500_20_daily_closes_2017_2022.csv.gz"
OPENS_AT = datetime(2022, 6, 15, 20, 30, tzinfo=UTC)  # half an hour after a close in New York
CASH = Decimal(1_000_000)
RETURN_DAYS = 30
SHARPES = (2.0, 0.75, -0.5)
DAILY_DEVIATION = 0.01
COHORTS = 5  # one of them trades in a tick that trades

FloatArray = NDArray[np.float64]


def names(count: int) -> tuple[StrategyId, ...]:
    return tuple(StrategyId(f"synthetic_{number:04d}") for number in range(count))


def return_days() -> tuple[date, ...]:
    """Return the 30 calendar days that end yesterday."""
    today = OPENS_AT.date()
    return tuple(today - timedelta(days=back) for back in range(RETURN_DAYS, 0, -1))


def daily_returns(count: int) -> FloatArray:
    """Draw returns of shape (30, strategies) whose Sharpe ratios make every third ACTIVE, REDUCED and shadow."""
    draws = np.random.default_rng(7).normal(size=(RETURN_DAYS, count))
    unit = (draws - draws.mean(axis=0)) / draws.std(axis=0, ddof=1)
    sharpe = np.resize(np.array(SHARPES), count)
    returns: FloatArray = DAILY_DEVIATION * (unit + sharpe / 252**0.5)
    return returns


def track_record(count: int) -> TrackRecord:
    returns = daily_returns(count)
    return TrackRecord(
        strategies=names(count),
        days=return_days(),
        returns=returns,
        is_virtual=np.zeros(returns.shape, dtype=np.bool_),
        checked_on=OPENS_AT.date(),
    )


class Clock:
    """A clock that moves on a minute for every tick."""

    def __init__(self, now: datetime = OPENS_AT) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def next_tick(self) -> datetime:
        self._now += timedelta(minutes=1)
        return self._now


@dataclass(slots=True)
class Stage:
    """Which cohort of strategies wants to trade in the present tick; none in a quiet one."""

    cohort: int | None = None
    _next: Iterator[int] = field(default_factory=lambda: _cohorts())

    def set_trading(self, is_trading: bool) -> None:
        self.cohort = next(self._next) if is_trading else None


def _cohorts() -> Iterator[int]:
    while True:
        yield from range(COHORTS)


@dataclass(frozen=True, kw_only=True)
class SyntheticStrategy(BaseStrategy):
    """Work out a moving average every tick; when its cohort is called, leave what is held or else buy."""

    name: str
    symbol: str
    window: int
    allocation: float
    cohort: int
    stage: Stage

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal:
        history = market_data[self.symbol]
        reason = f"{history.price:.2f} beside its {self.window}-day average {history.close[-self.window :].mean():.2f}"
        if self.stage.cohort != self.cohort:
            return self.hold(reason)
        if self.holdings(account_snapshot):
            return self.sell(self.symbol, reasoning=reason)
        return self.buy(self.symbol, self.allocation, reasoning=reason)


def strategies(count: int, symbols: tuple[Symbol, ...], stage: Stage) -> list[SyntheticStrategy]:
    """Make strategies that together ask for the whole account, spread over the symbols."""
    return [
        SyntheticStrategy(
            name=name,
            symbol=symbols[number % len(symbols)],
            window=20 + number % 180,
            allocation=1.0 / count,
            cohort=number % COHORTS,
            stage=stage,
        )
        for number, name in enumerate(names(count))
    ]


def bars() -> CsvBars:
    """Read the 20 stocks that the demo plays."""
    return CsvBars(PRICES)
