"""Daily bars of the paper broker, read by alpaca-py."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from alpaca.common.enums import Sort
from alpaca.common.exceptions import APIError
from alpaca.data.requests import StockBarsRequest, StockLatestBarRequest
from alpaca.data.timeframe import TimeFrame

from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration.paper_broker_clients import Broker, closed, market_data

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)


def closes(server: PaperBrokerServer, *symbols: str, **fields: object) -> dict[str, list[float]]:
    terms = {"start": EARLIEST, "timeframe": TimeFrame.Day, **fields}
    served = market_data(server).get_stock_bars(StockBarsRequest(symbol_or_symbols=list(symbols), **terms))
    return {symbol: [bar.close for bar in bars] for symbol, bars in served.data.items()}


def test_bars_reach_to_the_last_known_close(start: Broker) -> None:
    server = start(start=None)
    server.reset()
    assert closes(server, "AAPL") == {"AAPL": [100, 110, 90, 120, 121]}

    earlier = start(start=closed("2020-01-06") - timedelta(seconds=1))
    assert closes(earlier, "AAPL") == {"AAPL": [100, 110]}
    earlier.advance(closed("2020-01-06"))
    assert closes(earlier, "AAPL", "BRK.B", "NOPE") == {"AAPL": [100, 110, 90], "BRK.B": [300]}


def test_a_bar_is_its_close_stamped_at_midnight_in_new_york(start: Broker) -> None:
    request = StockBarsRequest(symbol_or_symbols="AMD", start=EARLIEST, timeframe=TimeFrame.Day)
    (bar,) = market_data(start()).get_stock_bars(request)["AMD"]

    assert bar.timestamp == datetime(2020, 1, 2, 5, tzinfo=UTC)
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (50, 50, 50, 50, 0)


def test_start_and_end_are_inclusive(start: Broker) -> None:
    server = start(start=closed("2020-01-08"))
    third, sixth = datetime(2020, 1, 3, 5, tzinfo=UTC), datetime(2020, 1, 6, 5, tzinfo=UTC)
    second = timedelta(seconds=1)

    assert closes(server, "AAPL", start=third, end=sixth) == {"AAPL": [110, 90]}
    assert closes(server, "AAPL", start=third + second, end=sixth) == {"AAPL": [90]}
    assert closes(server, "AAPL", start=third, end=sixth - second) == {"AAPL": [110]}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 12])
@pytest.mark.parametrize("sort", ["asc", "desc"])
def test_pages_join_to_the_whole(start: Broker, limit: int, sort: str) -> None:
    client = market_data(start(start=closed("2020-01-08")))
    parameters = {"symbols": "AMD,BRK.B,AAPL", "timeframe": "1Day", "start": "2020-01-01", "sort": sort}
    joined: dict[str, list[float]] = {}
    token, pages = "", 0
    while token is not None:
        page = client.get("/stocks/bars", {**parameters, "limit": limit, "page_token": token})
        assert 1 <= sum(len(bars) for bars in page["bars"].values()) <= limit
        for symbol, bars in page["bars"].items():
            joined.setdefault(symbol, []).extend(bar["c"] for bar in bars)
        token, pages = page["next_page_token"], pages + 1

    expected = {"AAPL": [100, 110, 90, 120, 121], "AMD": [50, 48, 40, 60, 61], "BRK.B": [300, 310.25, 311]}
    assert joined == {symbol: values[:: 1 if sort == "asc" else -1] for symbol, values in expected.items()}
    assert pages == -(-13 // limit)


def test_the_client_follows_pages_of_ten_thousand(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    days = [date(2000, 1, 3) + timedelta(days=index) for index in range(4_000)]
    lines = [f"{day},{symbol},{index + 1}" for index, day in enumerate(days) for symbol in ("A", "B", "C")]
    path.write_text("date,symbol,close\n" + "\n".join(lines), encoding="utf-8")
    with PaperBrokerServer(PaperBrokerConfig(prices=path)) as server:
        served = closes(server, "A", "B", "C", start=datetime(2000, 1, 1, tzinfo=UTC))
    assert served == {symbol: [float(index + 1) for index in range(4_000)] for symbol in "ABC"}


def test_limit_and_sort_give_the_latest_bars(start: Broker) -> None:
    server = start(start=closed("2020-01-08"))
    assert closes(server, "AAPL", limit=2, sort=Sort.DESC) == {"AAPL": [121, 120]}


def test_latest_bar_is_the_last_known_close(start: Broker) -> None:
    server = start(start=closed("2020-01-03"))
    latest = market_data(server).get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=["AAPL", "BRK.B"]))
    assert {symbol: bar.close for symbol, bar in latest.items()} == {"AAPL": 110}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"timeframe": "1Min"}, "invalid timeframe"),
        ({"symbols": ""}, "symbols is required"),
        ({"start": "soon"}, "invalid start"),
        ({"start": "2020-01-03", "end": "2020-01-02"}, "end should not be before start"),
        ({"limit": "10001"}, "invalid limit"),
        ({"page_token": "???"}, "invalid page_token"),
        ({"page_token": "AAAA"}, "invalid page_token"),
        ({"sort": "up"}, "invalid sort"),
    ],
)
def test_invalid_queries_are_400(start: Broker, parameters: dict[str, str], message: str) -> None:
    client = market_data(start())
    with pytest.raises(APIError, match=message) as caught:
        client.get("/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day", **parameters})
    assert caught.value.status_code == 400
