"""Bars shorter than a day, for the strategies that are listed with such a timeframe.

1. group – by length, with the symbols of all its strategies together;
2. read  – each length once; one that cannot be read is the failure of its own strategies;
3. bind  – each strategy is asked about its bars instead of the daily ones.
"""

from collections.abc import Awaitable, Iterable, Mapping, Sequence

from backend.domain.errors import MarketDataError
from backend.domain.evaluation import AccountSnapshot
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal, StrategyId, Symbol
from backend.ports.strategies import IntradayBars
from functions.strategies.base import BaseStrategy
from functions.strategies.scope import Scoped
from functions.strategies.views import read_only

Market = Mapping[str, SymbolHistory]


def served(
    strategies: Iterable[BaseStrategy], daily: Market, intraday: IntradayBars | None
) -> tuple[list[BaseStrategy], dict[StrategyId, str]]:
    """Return the strategies that have bars of their length, and a reason by name for those that have none.

    Parameters
    ----------
    daily : what everyone is shown; its symbols are those of a strategy that names none
    intraday : reads shorter bars; None when there are only daily ones
    """
    ready: list[BaseStrategy] = []
    by_length: dict[int, list[Scoped]] = {}
    for strategy in strategies:
        if isinstance(strategy, Scoped) and strategy.timeframe.is_intraday:
            by_length.setdefault(strategy.timeframe.minutes, []).append(strategy)
        else:
            ready.append(strategy)
    missing: dict[StrategyId, str] = {}
    for minutes, group in by_length.items():
        try:
            bars = _read(minutes, _symbols(group, daily), intraday)
        except MarketDataError as error:
            missing |= {StrategyId(each.name): f"{type(error).__name__}: {error}" for each in group}
        else:
            ready += [_Bound(each, bars) for each in group]
    return ready, missing


def _symbols(group: Sequence[Scoped], daily: Market) -> list[Symbol]:
    every = tuple(map(Symbol, daily))
    return sorted({symbol for each in group for symbol in each.symbols or every})


def _read(minutes: int, symbols: Sequence[Symbol], intraday: IntradayBars | None) -> Market:
    if intraday is None:
        raise MarketDataError(
            f"expected bars of {minutes} minutes, found a caller that has daily ones only; choose a timeframe of 1d or "
            "longer"
        )
    bars: Market = read_only(intraday(minutes, symbols))
    return bars


class _Bound(BaseStrategy):
    """Ask another strategy about these bars, whatever is shown."""

    def __init__(self, inner: BaseStrategy, bars: Market) -> None:
        self.name = inner.name
        self._inner = inner
        self._bars = bars

    def evaluate(
        self, market_data: Market, account_snapshot: AccountSnapshot, regime: str | None = None
    ) -> Signal | Awaitable[Signal]:
        return self._inner.evaluate(self._bars, account_snapshot, regime)
