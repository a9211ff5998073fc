"""AlpacaBars with the real alpaca-py: over the local paper broker, and against answers of a bad day."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from backend.adapters.alpaca import AlpacaBars
from backend.adapters.csv_bars import CsvBars
from backend.domain.errors import MarketDataError
from backend.domain.signal import Symbol
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

AAPL, AMD = Symbol("AAPL"), Symbol("AMD")
UNTIL = datetime(2024, 1, 4, 21, 5, tzinfo=UTC)  # five past four in New York


def bar(day: str, close: object = 100.0, high: object = 101.0, low: object = 99.0) -> dict[str, object]:
    return {"t": f"{day}T05:00:00Z", "o": 100.0, "h": high, "l": low, "c": close, "v": 10, "n": 1, "vw": 100.0}


def page(token: str | None = None, **bars: object) -> Answer:
    return json_answer({"bars": bars, "next_page_token": token})


@contextmanager
def source(*answers: Answer, timeout_seconds: float = 5.0) -> Iterator[tuple[AlpacaBars, ScriptedServer]]:
    with ScriptedServer(*answers) as server:
        bars = AlpacaBars("key", "secret", url=server.url, timeout_seconds=timeout_seconds, sleep=lambda _: None)
        yield bars, server


def test_bars_equal_the_file_that_the_venue_serves(tmp_path: Path) -> None:
    days = [day for i in range(900) if (day := date(2021, 6, 1) + timedelta(days=i)).weekday() < 5]
    symbols = [Symbol(f"S{i}") for i in range(20)]
    path = tmp_path / "prices.csv"
    lines = [f"{day},{','.join(str(100 + i + j / 8) for j in range(len(symbols)))}" for i, day in enumerate(days)]
    path.write_text("\n".join([f"date,{','.join(symbols)}", *lines]))
    until = datetime.combine(days[-1], datetime.min.time(), UTC) + timedelta(hours=22)
    with PaperBrokerServer(PaperBrokerConfig(prices=path)) as server:
        bars = AlpacaBars("key", "secret", url=server.url)
        served = bars.daily([*symbols, Symbol("NOPE")], until=until, days=600)  # 12,000 bars: two pages

    expected = CsvBars(path).daily(symbols, until=until, days=600)
    assert set(served) == set(symbols)
    for symbol in symbols:
        assert served[symbol].days == expected[symbol].days
        np.testing.assert_array_equal(served[symbol].close, expected[symbol].close)


def test_pages_are_followed_to_the_end_and_joined() -> None:
    first = page("more", AAPL=[bar("2024-01-02")])
    second = page(None, AAPL=[bar("2024-01-03", 102.5, 103.25, 98.75)], AMD=[bar("2024-01-03", 50.0)])
    with source(first, second) as (bars, server):
        market = bars.daily([AAPL, AMD, Symbol("NOPE")], until=UNTIL, days=10)

    assert set(market) == {AAPL, AMD}
    assert market[AAPL].days == (date(2024, 1, 2), date(2024, 1, 3))
    assert (market[AAPL].close[-1], market[AAPL].high[-1], market[AAPL].low[-1]) == (102.5, 103.25, 98.75)
    asked = [parse_qs(urlsplit(request.path).query) for request in server.requests]
    assert "page_token" not in asked[0]
    assert asked[1]["page_token"] == ["more"]
    assert asked[0]["symbols"] == ["AAPL,AMD,NOPE"]
    assert (asked[0]["timeframe"], asked[0]["adjustment"], asked[0]["feed"]) == (["1Day"], ["all"], ["iex"])


@pytest.mark.parametrize(
    ("until", "last"),
    [(UNTIL, date(2024, 1, 4)), (datetime(2024, 1, 4, 20, 59, tzinfo=UTC), date(2024, 1, 3))],
    ids=["after the close", "before the close"],
)
def test_a_bar_that_is_still_growing_is_left_out(until: datetime, last: date) -> None:
    with source(page(AAPL=[bar("2024-01-02"), bar("2024-01-03"), bar("2024-01-04")])) as (bars, _):
        market = bars.daily([AAPL], until=until, days=2)

    assert market[AAPL].days[-1] == last
    assert len(market[AAPL].days) == 2


def test_many_symbols_are_asked_for_in_batches() -> None:
    with source(page()) as (bars, server):
        assert not bars.daily([Symbol(f"S{i}") for i in range(450)], until=UNTIL, days=1)

    assert len(server.requests) == 3
    assert all(len(request.path) < 4_000 for request in server.requests)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (json_answer({"message": "forbidden."}, 403), "HTTP 403: forbidden.*check key and secret"),
        (json_answer({"message": "no"}, 401), "HTTP 401.*check key and secret"),
        (json_answer({"message": "subscription does not permit querying recent SIP data"}, 422), "HTTP 422.*feed"),
        (Answer(status=500, body="<html>"), "HTTP 500.*try again later"),
        (json_answer({"message": "too many requests."}, 429), "HTTP 429"),
        (Answer(drops=True), "ConnectionError"),
        (Answer(body="<html>"), "JSONDecodeError"),
        (Answer(body=""), "expected a page of bars, found 'None'"),
        (Answer(body="[]"), "expected a page of bars"),
        (json_answer({"bars": [1]}), "expected lists of bars by symbol"),
        (page(AAPL=3), "expected lists of bars by symbol"),
        (page(AAPL=[3]), "expected a bar of AAPL with t, c, h and l"),
        (page(AAPL=[{"t": "2024-01-02T05:00:00Z"}]), "expected a bar of AAPL"),
        (page(AAPL=[bar("yesterday")]), "expected a bar of AAPL"),
        (page(AAPL=[bar("2024-01-02", "many")]), "expected a bar of AAPL"),
        (page(AAPL=[bar("2024-01-02", 0)]), "positive prices, one a day"),
        (page(AAPL=[bar("2024-01-02", "NaN")]), "positive prices, one a day"),
        (page(AAPL=[bar("2024-01-02", 1.0, float("inf"))]), "positive prices, one a day"),
        (page(AAPL=[bar("2024-01-03"), bar("2024-01-02")]), "oldest first"),
        (page(AAPL=[bar("2024-01-03"), bar("2024-01-03")]), "one a day"),
        (page("same", AAPL=[bar("2024-01-02")]), "expected a new next_page_token, found 'same'"),
    ],
)
def test_a_faulty_answer_is_refused(answer: Answer, message: str) -> None:
    with source(answer) as (bars, _), pytest.raises(MarketDataError, match=message):
        bars.daily([AAPL], until=UNTIL, days=5)


def test_a_source_that_never_answers_ends_in_an_error() -> None:
    with source(Answer(hangs=True), timeout_seconds=0.1) as (bars, server):
        with pytest.raises(MarketDataError, match="ReadTimeout"):
            bars.daily([AAPL], until=UNTIL, days=5)

        assert len(server.requests) == 3


def test_a_naive_instant_is_refused() -> None:
    with source(page()) as (bars, _), pytest.raises(MarketDataError, match="aware"):
        bars.daily([AAPL], until=UNTIL.replace(tzinfo=None), days=5)


def test_latest_is_the_newest_close_that_the_venue_serves(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("date,AAPL,AMD\n2024-01-02,185.64,138.58\n2024-01-03,184.25,135.32\n")
    start = datetime(2024, 1, 2, 22, tzinfo=UTC)
    with PaperBrokerServer(PaperBrokerConfig(prices=path, start=start)) as server:
        bars = AlpacaBars("key", "secret", url=server.url)
        before = bars.latest([AAPL, AMD, Symbol("NOPE")], at=start)
        server.advance(start + timedelta(days=1))
        after = bars.latest([AAPL], at=start + timedelta(days=1))
    assert before == {AAPL: Decimal("185.64"), AMD: Decimal("138.58")}
    assert after == {AAPL: Decimal("184.25")}


@pytest.mark.parametrize("newest", [{"c": 0}, {"c": "x"}, {}, None, {"c": float("inf")}])
def test_latest_without_a_positive_price_is_refused(newest: object) -> None:
    with source(json_answer({"bars": {"AAPL": newest}})) as (bars, _), pytest.raises(MarketDataError, match="AAPL"):
        bars.latest([AAPL], at=UNTIL)
