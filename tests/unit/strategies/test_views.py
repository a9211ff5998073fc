"""Plain dicts become histories, and nothing that strategies see can be written to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from backend.domain.errors import MarketDataError
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.signal import Symbol
from functions.strategies.views import as_histories, read_only


def one_history() -> SymbolHistory:
    close = np.array([1.0, 2.0, 3.0])
    days = (date(2020, 3, 2), date(2020, 3, 3), date(2020, 3, 4))
    return SymbolHistory(symbol=Symbol("AAPL"), days=days, close=close, high=close.copy(), low=close.copy())


@pytest.mark.parametrize("close", [[1, 2, 3], (1.0, 2.0, 3.0), np.array([1.0, 2.0, 3.0])])
def test_closes_alone_become_a_history(close: Any) -> None:
    history = as_histories({"AAPL": {"close": close}})["AAPL"]
    assert isinstance(history, SymbolHistory)
    assert history.symbol == "AAPL"
    for prices in (history.close, history.high, history.low):
        assert prices.tolist() == [1.0, 2.0, 3.0]
    assert history.days == (date(1, 1, 1), date(1, 1, 2), date(1, 1, 3))


def test_high_low_and_dates_are_kept() -> None:
    dates = ["2020-03-02", date(2020, 3, 3), datetime(2020, 3, 4, 21, tzinfo=UTC)]
    bars = {"close": [1.0, 2.0, 3.0], "high": [2.0, 3.0, 4.0], "low": [0.5, 1.5, 2.5], "dates": dates}
    history = as_histories({"AAPL": bars})["AAPL"]
    assert history.high.tolist() == [2.0, 3.0, 4.0]
    assert history.low.tolist() == [0.5, 1.5, 2.5]
    assert history.days == (date(2020, 3, 2), date(2020, 3, 3), date(2020, 3, 4))


@pytest.mark.parametrize("data", [{"price": 1.0}, {"close": 1.0}, {"close": None}, {"close": ["a"]}, 7, None, "AAPL"])
def test_other_shapes_pass_untouched(data: Any) -> None:
    assert as_histories({"AAPL": data})["AAPL"] is data


def test_histories_pass_untouched() -> None:
    history = one_history()
    assert as_histories(MarketData({"AAPL": history}))["AAPL"] is history


@pytest.mark.parametrize(
    "bars",
    [
        {"close": []},
        {"close": [1.0, float("nan")]},
        {"close": [1.0, -1.0]},
        {"close": [1.0, 2.0], "high": [1.0]},
        {"close": [1.0, 2.0], "low": None},
        {"close": [1.0, 2.0], "dates": ["2020-03-02"]},
        {"close": [1.0], "dates": ["yesterday"]},
        {"close": [1.0], "dates": [None]},
    ],
)
def test_bad_bars_name_the_symbol(bars: Any) -> None:
    with pytest.raises(MarketDataError, match=r"^AAPL: expected"):
        as_histories({"AAPL": bars})


def test_market_data_that_is_no_mapping_is_refused() -> None:
    with pytest.raises(MarketDataError, match="expected symbol → daily bars, found a list"):
        as_histories([{"symbol": "AAPL"}])


def test_read_only_history_shares_prices_and_leaves_the_original_writable() -> None:
    history = one_history()
    view = read_only({"AAPL": history})["AAPL"]
    with pytest.raises(ValueError, match="read-only"):
        view.close[0] = 9.0
    with pytest.raises(ValueError, match="read-only"):
        view.low.sort()
    assert np.shares_memory(view.close, history.close)
    history.close[0] = 5.0
    assert view.close[0] == 5.0


def test_read_only_history_is_not_copied_again() -> None:
    view = read_only(one_history())
    assert read_only(view) is view


def test_read_only_history_keeps_the_starts_of_its_bars() -> None:
    starts = tuple(datetime(2020, 3, 2, hour, tzinfo=UTC) for hour in (14, 15, 16))
    assert read_only(replace(one_history(), starts=starts)).starts == starts


def test_history_has_a_start_for_each_bar_or_none() -> None:
    with pytest.raises(MarketDataError, match="AAPL: expected no start, or one for each of 3 bars, found 1"):
        replace(one_history(), starts=(datetime(2020, 3, 2, 14, tzinfo=UTC),))


def test_read_only_containers_cannot_change_however_deep() -> None:
    snapshot = {"sleeves": {"a": {"AAPL": 1.0}}, "orders": [{"id": 1}], "tags": {"x"}}
    view = read_only(snapshot)
    writes: tuple[Callable[[], object], ...] = (
        lambda: view.update(equity=0.0),
        lambda: view["sleeves"]["a"].clear(),
        lambda: view["orders"].append({}),
        lambda: view["orders"][0].pop("id"),
        lambda: view["tags"].add("y"),
    )
    for write in writes:
        with pytest.raises(AttributeError):
            write()
    assert view["sleeves"]["a"]["AAPL"] == 1.0
    assert view["orders"][0]["id"] == 1
