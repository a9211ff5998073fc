"""What a scoped strategy is shown: its symbols, and bars of weeks and days beside pandas, on recorded closes."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from backend.domain.errors import MarketDataError, StrategyLoadError
from backend.domain.market import SymbolHistory
from backend.domain.signal import Signal, Symbol
from functions.strategies.base import BaseStrategy
from functions.strategies.scope import Scoped, longer_bars
from tests.fakes.returns import PRICES

CLOSES = pd.read_csv(PRICES, index_col=0, parse_dates=True)["AAPL"].loc["2018":"2020"]
AAPL, MSFT, KO, BTC = Symbol("AAPL"), Symbol("MSFT"), Symbol("KO"), Symbol("BTC/USDT")


def history(closes: pd.Series, symbol: Symbol = AAPL) -> SymbolHistory:
    """Highs and lows are a hundredth off, growing by the day, so that extremes are told apart."""
    close = closes.to_numpy(dtype=np.float64)
    wide = 0.01 + np.arange(len(close)) % 7 / 100
    days = tuple(each.date() for each in closes.index)
    return SymbolHistory(symbol=symbol, days=days, close=close, high=close * (1 + wide), low=close * (1 - wide))


def by_pandas(shown: SymbolHistory, rule: str, origin: str = "start_day") -> pd.DataFrame:
    frame = pd.DataFrame(
        {"close": shown.close, "high": shown.high, "low": shown.low, "day": shown.days},
        index=pd.DatetimeIndex(shown.days),
    )
    columns = {"close": "last", "high": "max", "low": "min", "day": "last"}
    return frame.resample(rule, origin=origin).agg(columns).dropna()


def assert_same(found: SymbolHistory | None, expected: pd.DataFrame) -> None:
    assert found is not None
    np.testing.assert_array_equal(found.close, expected["close"])
    np.testing.assert_array_equal(found.high, expected["high"])
    np.testing.assert_array_equal(found.low, expected["low"])
    assert list(found.days) == list(expected["day"])


def test_weekly_bars_are_those_of_pandas_holidays_and_all() -> None:
    shown = history(CLOSES)
    expected = by_pandas(shown, "W-FRI")
    fridays_off = [day for day in expected["day"] if day.weekday() != 4]
    assert date(2018, 3, 29) in fridays_off  # the Thursday before Good Friday
    assert_same(longer_bars(shown, 7, is_weekly=True), expected.iloc[:-1])  # 31 December 2020 was a Thursday


@pytest.mark.parametrize(
    ("until", "last"),
    [
        ("2018-03-16", "2018-03-16"),  # a Friday: its week has ended
        ("2018-03-19", "2018-03-16"),
        ("2018-03-22", "2018-03-16"),  # a Thursday
        ("2018-03-29", "2018-03-23"),  # Thursday before Good Friday: nobody says that the week is over
        ("2018-04-02", "2018-03-29"),  # until the next one begins
    ],
)
def test_half_weeks_are_left_out(until: str, last: str) -> None:
    found = longer_bars(history(CLOSES[:until]), 7, is_weekly=True)
    assert found is not None
    assert found.days[-1] == date.fromisoformat(last)
    assert found.close[-1] == CLOSES[last]


def test_no_week_has_ended_yet() -> None:
    assert longer_bars(history(CLOSES["2018-03-19":"2018-03-22"]), 7, is_weekly=True) is None


def test_weeks_of_a_pair_end_with_sunday() -> None:
    days = pd.date_range("2024-01-01", "2024-03-31", freq="D")  # a Monday to a Sunday
    closes = pd.Series(np.linspace(100.0, 200.0, len(days)), index=days)
    assert_same(longer_bars(history(closes, BTC), 7, is_weekly=True), by_pandas(history(closes, BTC), "W-SUN"))
    for until in ("2024-03-29", "2024-03-30"):  # a Friday and a Saturday
        found = longer_bars(history(closes[:until], BTC), 7, is_weekly=True)
        assert found is not None
        assert found.days[-1] == date(2024, 3, 24)


@pytest.mark.parametrize("weeks", [2, 4])
def test_bars_of_several_weeks_are_those_of_pandas(weeks: int) -> None:
    # Blocks are counted from 1 January of the year 1, a Monday.
    shown = history(CLOSES)
    first = date(1, 1, 1) + timedelta(weeks=weeks) * ((shown.days[0] - date(1, 1, 1)).days // (7 * weeks))
    expected = by_pandas(shown, f"{7 * weeks}D", origin=pd.Timestamp(first))
    found = longer_bars(shown, 7 * weeks, is_weekly=True)
    assert found is not None
    assert_same(found, expected.iloc[: len(found.days)])
    assert len(expected) - len(found.days) in (0, 1)


@pytest.mark.parametrize("days", [2, 3, 5, 10])
def test_bars_of_several_days_are_those_of_pandas(days: int) -> None:
    shown = history(CLOSES)
    first = date(1, 1, 1) + timedelta(days=days) * ((shown.days[0] - date(1, 1, 1)).days // days)
    expected = by_pandas(shown, f"{days}D", origin=pd.Timestamp(first))
    found = longer_bars(shown, days, is_weekly=False)
    assert found is not None
    assert_same(found, expected.iloc[: len(found.days)])
    assert len(expected) - len(found.days) in (0, 1)


TUESDAY = date(2024, 1, 2)


def counted(symbol: str, last: date) -> SymbolHistory:
    """Make bars of every day from Tuesday on with closes 1, 2, 3, …, a half above and below; of a share, weekdays."""
    every = [TUESDAY + timedelta(days=i) for i in range((last - TUESDAY).days + 1)]
    days = tuple(day for day in every if "/" in symbol or day.weekday() < 5)
    close = np.arange(1.0, len(days) + 1.0)
    return SymbolHistory(symbol=Symbol(symbol), days=days, close=close, high=close + 0.5, low=close - 0.5)


def test_a_week_has_the_last_close_and_the_extremes_of_its_days() -> None:
    shown = longer_bars(counted("AAPL", date(2024, 1, 8)), 7, is_weekly=True)
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
    shown = longer_bars(counted(symbol, last), 7, is_weekly=True)
    assert (shown is not None) is has_ended


def test_two_weeks_end_with_the_second_friday() -> None:
    # Blocks of two weeks from Monday 0001-01-01 on: one begins on 2023-12-25.
    assert longer_bars(counted("AAPL", date(2024, 1, 4)), 14, is_weekly=True) is None
    shown = longer_bars(counted("AAPL", date(2024, 1, 5)), 14, is_weekly=True)
    assert shown is not None
    assert shown.days == (date(2024, 1, 5),)


class Watches(BaseStrategy):
    """Keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: Mapping[str, SymbolHistory] = {}

    def evaluate(self, market_data: Mapping[str, Any], account_snapshot: Any, regime: str | None = None) -> Signal:
        self.shown = market_data
        return self.hold(f"regime {regime}")


def shown(timeframe: str = "1d", symbols: tuple[Symbol, ...] = ()) -> Mapping[str, SymbolHistory]:
    inner = Watches()
    market = {symbol: history(CLOSES, symbol) for symbol in (AAPL, MSFT)}
    market[KO] = history(CLOSES["2020-12-29":], KO)
    signal = Scoped(inner, symbols, timeframe).evaluate(market, {}, "calm")  # type: ignore[arg-type]
    assert isinstance(signal, dict)
    assert signal["reasoning"] == "regime calm"
    return inner.shown


def test_scoped_is_shown_everything_or_its_symbols_only() -> None:
    assert set(shown()) == {AAPL, MSFT, KO}
    assert set(shown(symbols=(MSFT,))) == {MSFT}
    assert set(shown(symbols=(MSFT, Symbol("GONE")))) == {MSFT}


def test_scoped_without_any_of_its_symbols_says_so() -> None:
    with pytest.raises(MarketDataError, match=r"expected bars of GONE, LOST, found none"):
        shown(symbols=(Symbol("GONE"), Symbol("LOST")))


def test_scoped_in_days_is_shown_the_very_bars() -> None:
    assert len(shown("1d")[AAPL].days) == len(CLOSES)


def test_scoped_in_weeks_is_not_shown_what_has_no_whole_week() -> None:
    found = shown("1w")
    assert set(found) == {AAPL, MSFT}
    assert len(found[AAPL].days) == len(by_pandas(history(CLOSES), "W-FRI")) - 1


def test_scoped_goes_by_the_name_of_the_strategy() -> None:
    assert Scoped(Watches()).name == "watches"


@pytest.mark.parametrize("timeframe", ["1M", "d", "0d", "1d ", "1000d", "90m", "36h", ""])
def test_scoped_in_bars_of_no_such_length_is_refused(timeframe: str) -> None:
    with pytest.raises(StrategyLoadError, match=r"timeframe: expected 1 to 59 minutes such as 15m"):
        Scoped(Watches(), (), timeframe)
