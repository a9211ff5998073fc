"""A strategy that is shown some symbols only, in bars of its own length."""

from collections.abc import Awaitable, Mapping

import numpy as np

from backend.domain.errors import ConfigurationError, MarketDataError, StrategyLoadError
from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory, is_pair
from backend.domain.signal import Signal, Symbol
from backend.domain.timeframe import Timeframe, read_timeframe
from functions.strategies.base import BaseStrategy

_WEEK, _TRADING_WEEK = 7, 5  # days; a week has ended with its Friday, that of a pair with its Sunday
_MONDAY = 1  # ordinal of one: 0001-01-01


class Scoped(BaseStrategy):
    """Ask another strategy about a part of the market.

    Parameters
    ----------
    inner : answers, under its own name
    symbols : all that it is shown; everything when empty
    timeframe : length of the bars; one of days or weeks, such as ``5d`` or ``1w``, is joined from the daily bars that
        it is shown, a shorter one, such as ``4h``, is to be shown as it is; a bar counts when it has ended

    Raises
    ------
    StrategyLoadError
        There is no such timeframe.
    """

    def __init__(self, inner: BaseStrategy, symbols: tuple[Symbol, ...] = (), timeframe: str = "1d") -> None:
        self.name = inner.name
        self.inner = inner
        self.symbols = symbols
        self.timeframe = _timeframe(timeframe)

    def evaluate(
        self,
        market_data: Mapping[str, SymbolHistory],
        account_snapshot: AccountSnapshot,
        regime: str | None = None,
    ) -> Signal | Awaitable[Signal]:
        return self.inner.evaluate(self._shown(market_data), account_snapshot, regime)

    def _shown(self, market_data: Mapping[str, SymbolHistory]) -> Mapping[str, SymbolHistory]:
        wanted: tuple[str, ...] = self.symbols or tuple(market_data)
        shown: dict[str, SymbolHistory] = {symbol: market_data[symbol] for symbol in wanted if symbol in market_data}
        if not shown:
            sought = ", ".join(wanted) or "any symbol"
            raise MarketDataError(f"expected bars of {sought}, found none; correct symbols or price source")
        days, is_weekly = self.timeframe.days, self.timeframe.is_weekly
        if self.timeframe.is_intraday or days == 1:
            return shown
        longer = {symbol: longer_bars(history, days, is_weekly) for symbol, history in shown.items()}
        return {symbol: history for symbol, history in longer.items() if history is not None}


def longer_bars(history: SymbolHistory, days: int, is_weekly: bool) -> SymbolHistory | None:
    """Join daily bars to longer ones, each of ``days`` calendar days, weeks from a Monday; None before one has ended.

    A bar has the day of its last daily one, its close, and the extremes of all of them. A week ends with its Friday,
    for a symbol that trades at weekends with its Sunday; where that was a holiday, with the next week's first bar.
    """
    ordinals = np.array([day.toordinal() - _MONDAY for day in history.days])
    blocks = ordinals // days
    lasting = days - (_WEEK - _TRADING_WEEK) if is_weekly and not is_pair(history.symbol) else days
    has_ended = ordinals[-1] - blocks[-1] * days >= lasting - 1
    last = np.append(np.flatnonzero(np.diff(blocks)), len(blocks) - 1)
    first = np.append(0, last[:-1] + 1)
    if not has_ended:
        first, last = first[:-1], last[:-1]
    if not len(last):
        return None
    end = int(last[-1]) + 1
    return SymbolHistory(
        symbol=history.symbol,
        days=tuple(history.days[i] for i in last),
        close=history.close[last],
        high=np.maximum.reduceat(history.high[:end], first),
        low=np.minimum.reduceat(history.low[:end], first),
    )


def _timeframe(text: str) -> Timeframe:
    try:
        return read_timeframe(text)
    except ConfigurationError as error:
        raise StrategyLoadError(str(error)) from error
