"""What strategies are shown: histories where the data can be one, and nothing that one could change for another."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.domain.errors import MarketDataError
from backend.domain.market import SymbolHistory
from backend.domain.signal import Symbol

_IMMUTABLE = frozenset({float, int, str, bool, type(None), Decimal})  # most of a snapshot, so asked first


def as_histories(market_data: Any) -> dict[str, Any]:
    """Turn ``{"AAPL": {"close": [...], "high": [...], "low": [...], "dates": [...]}}`` into histories.

    ``high`` and ``low`` default to the closes. Without ``dates`` the days are counted from 0001-01-01, which
    keeps their order and cannot be mistaken for a calendar. Whatever has no list of closes passes untouched.

    Raises
    ------
    MarketDataError
        Not a mapping, closes that are not positive and finite, or arrays of different lengths.
    """
    if not isinstance(market_data, Mapping):
        found = type(market_data).__name__
        raise MarketDataError(f"market_data: expected symbol → daily bars, found a {found}; pass a mapping")
    return {symbol: _history(symbol, data) for symbol, data in market_data.items()}


def _history(symbol: str, data: Any) -> Any:
    close = _floats(data.get("close")) if isinstance(data, Mapping) else None
    if close is None:
        return data
    high, low = (_floats(data.get(key, close)) for key in ("high", "low"))
    days = _days(symbol, data.get("dates"), len(close))
    if high is None or low is None or not close.shape == high.shape == low.shape:
        raise MarketDataError(
            f"{symbol}: expected high and low as lists as long as close ({len(close)}); correct or leave them out"
        )
    return SymbolHistory(symbol=Symbol(symbol), days=days, close=close, high=high, low=low)


def _floats(values: Any) -> NDArray[np.float64] | None:
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    array.setflags(write=False)
    return array if array.ndim == 1 else None


def _days(symbol: str, dates: Any, count: int) -> tuple[date, ...]:
    if dates is None:
        return tuple(map(date.fromordinal, range(1, count + 1)))
    try:
        plain = [each.date() if isinstance(each, datetime) else each for each in dates]
        days = tuple(np.array(plain, dtype="datetime64[D]").tolist())
    except (TypeError, ValueError) as error:
        raise MarketDataError(f"{symbol}: expected dates as date or YYYY-MM-DD, found {dates!r}") from error
    if len(days) != count or None in days:
        raise MarketDataError(f"{symbol}: expected one date for each of {count} closes, found {len(days)}")
    return days


def read_only(value: Any) -> Any:
    """Return a view that cannot be written to: of mappings, lists, sets, arrays and histories, however deep.

    Containers are copied once, numbers are not; anything else is passed as it is.
    """
    if type(value) in _IMMUTABLE:
        return value
    if isinstance(value, SymbolHistory):
        return _read_only_history(value)
    if isinstance(value, np.ndarray):
        return _read_only_array(value)
    if isinstance(value, Mapping):
        return MappingProxyType({key: read_only(each) for key, each in value.items()})
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return tuple(map(read_only, value))
    if isinstance(value, set):
        return frozenset(value)
    return value


def _read_only_history(history: SymbolHistory) -> SymbolHistory:
    if not (history.close.flags.writeable or history.high.flags.writeable or history.low.flags.writeable):
        return history
    return replace(
        history,
        close=_read_only_array(history.close),
        high=_read_only_array(history.high),
        low=_read_only_array(history.low),
    )


def _read_only_array(array: NDArray[Any]) -> NDArray[Any]:
    if not array.flags.writeable:
        return array
    view = array.view()
    view.setflags(write=False)
    return view
