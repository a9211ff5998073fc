"""What is read of Alpaca's pages of bars."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from backend.adapters.alpaca.bar_source import DAILY, BarSource, batches
from backend.adapters.alpaca.pages import MarketDataPages
from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol
from tests.fakes.alpaca_market import bar

AAPL, BTC = Symbol("AAPL"), Symbol("BTC/USD")
NEW_YORK = ZoneInfo("America/New_York")
SPAN = ("2024-03-08T00:00:00+00:00", "2024-03-12T00:00:00+00:00")


class PagesInMemory(MarketDataPages):
    """Pages as they were given; ``asked`` keeps the queries."""

    def __init__(self, *pages: Mapping[str, Any]) -> None:
        self._left = list(pages)
        self.asked: list[Mapping[str, Any]] = []

    def page(self, path: str, query: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(query)
        return self._left.pop(0)


def source(pages: MarketDataPages, zone: tzinfo = NEW_YORK, *, has_adjustments: bool = True) -> BarSource:
    return BarSource(
        pages=pages,
        path="/bars",
        latest_path="/bars/latest",
        query={"feed": "sip"} if has_adjustments else {},
        zone=zone,
        stamp_within=timedelta(hours=1),
        has_adjustments=has_adjustments,
    )


def rows_of(bars: Sequence[Mapping[str, Any]], timeframe: str, zone: tzinfo = NEW_YORK) -> list[Any]:
    return source(PagesInMemory({"bars": {AAPL: bars}}), zone).rows([AAPL], timeframe, *SPAN)[AAPL]


def test_offsets_are_read_as_instants() -> None:
    stamps = ["2024-03-08T09:00:00-05:00", "2024-03-11T09:00:00-04:00", "2024-03-11T14:00:00Z"]
    found = rows_of([bar(stamp, 1.0) for stamp in stamps], "1Hour")
    assert [row.start for row in found] == [
        datetime(2024, 3, d, h, tzinfo=UTC) for d, h in ((8, 14), (11, 13), (11, 14))
    ]


@pytest.mark.parametrize(("zone", "day"), [(NEW_YORK, date(2024, 3, 10)), (UTC, date(2024, 3, 11))])
def test_the_day_of_a_bar_is_that_of_its_source(zone: tzinfo, day: date) -> None:
    (row,) = rows_of([bar("2024-03-11T03:30:00Z", 1.0)], "30Min", zone)  # 23:30 in New York
    assert row.day == day


def test_two_bars_of_one_day_are_refused_as_daily_ones_only() -> None:
    bars = [bar("2024-03-11T04:00:00Z", 1.0), bar("2024-03-11T05:00:00Z", 2.0)]
    assert len(rows_of(bars, "1Hour")) == 2
    with pytest.raises(MarketDataError, match="bars of AAPL with positive prices, one a day, oldest first"):
        rows_of(bars, DAILY)


def test_a_stamp_without_an_offset_is_refused() -> None:
    with pytest.raises(MarketDataError, match="expected a bar of AAPL with t, c, h and l"):
        rows_of([bar("2024-03-11T14:00:00", 1.0)], "1Hour")


def test_pages_are_joined_in_their_order() -> None:
    first, second = bar("2024-03-11T13:00:00Z", 1.0), bar("2024-03-11T14:00:00Z", 2.0, 2.5, 1.5)
    pages = PagesInMemory({"bars": {AAPL: [first]}, "next_page_token": "x"}, {"bars": {AAPL: [second]}})
    rows = source(pages).rows([AAPL, Symbol("NOPE")], "1Hour", *SPAN)
    assert [tuple(row)[2:] for row in rows[AAPL]] == [(1.0, 1.0, 1.0), (2.0, 2.5, 1.5)]
    assert rows[Symbol("NOPE")] == []
    assert [query.get("page_token") for query in pages.asked] == [None, "x"]


def test_a_source_without_adjustments_asks_for_none() -> None:
    shares, pairs = PagesInMemory({"bars": {}}), PagesInMemory({"bars": None})
    source(shares).rows([AAPL], DAILY, *SPAN, "raw")
    assert source(pairs, UTC, has_adjustments=False).rows([BTC], DAILY, *SPAN) == {BTC: []}
    assert (shares.asked[0]["adjustment"], shares.asked[0]["feed"]) == ("raw", "sip")
    assert not {"adjustment", "feed"} & pairs.asked[0].keys()


def test_nothing_is_asked_for_no_symbol() -> None:
    pages = PagesInMemory()
    assert source(pages).rows([], "1Hour", *SPAN) == {}
    assert source(pages).latest([]) == {}
    assert pages.asked == []


def test_batches_have_each_symbol_once() -> None:
    symbols = [Symbol(f"S{i}") for i in range(450)]
    parts = list(batches([*symbols, *symbols]))
    assert [len(part) for part in parts] == [200, 200, 50]
    assert [symbol for part in parts for symbol in part] == symbols
