"""``/v2/account/portfolio/history``: the account's equity by day, through alpaca-py."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.requests import GetPortfolioHistoryRequest

from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.paper_broker_clients import Broker, closed, market_order, trading


def history(server: PaperBrokerServer, **fields: Any) -> Any:
    return trading(server).get_portfolio_history(GetPortfolioHistoryRequest(**{"timeframe": "1D", **fields}))


def days(server: PaperBrokerServer, **fields: Any) -> list[str]:
    return [f"{datetime.fromtimestamp(at, UTC):%m-%d %H:%M}" for at in history(server, **fields).timestamp]


@pytest.fixture
def held(start: Broker) -> PaperBrokerServer:
    """100 shares of AAPL since 2 January, which closes at 100, 110, 90, 120, 121; the clock at 7 January, 11:00."""
    server = start()
    trading(server).submit_order(market_order(qty=100))
    server.advance(datetime(2020, 1, 7, 16, tzinfo=UTC))
    return server


def test_history_holds_every_close_and_the_present(held: PaperBrokerServer) -> None:
    found = history(held)
    closes = [closed("2020-01-02"), closed("2020-01-03"), closed("2020-01-06")]
    assert found.timestamp == [int(at.timestamp()) for at in (*closes, datetime(2020, 1, 7, 16, tzinfo=UTC))]
    assert found.equity == [100_000, 101_000, 99_000, 99_000]
    assert (found.base_value, found.timeframe) == (100_000, "1D")
    assert found.profit_loss == [0, 1_000, -1_000, -1_000]
    assert found.profit_loss_pct == [0, 0.01, -0.01, -0.01]


def test_a_close_stays_as_it_was_whatever_follows(held: PaperBrokerServer) -> None:
    client = trading(held)
    held.advance(closed("2020-01-07"))
    client.close_all_positions()
    held.transfer(Decimal(50))
    assert history(held).equity == [100_000, 101_000, 99_000, 102_000]
    assert client.get_account().equity == "102050"
    held.advance(datetime(2020, 1, 8, 15, tzinfo=UTC))
    assert history(held).equity == [100_000, 101_000, 99_000, 102_000, 102_050]
    assert client.get_account().last_equity == "102000"


def test_profit_is_against_the_close_before_the_first_day(held: PaperBrokerServer) -> None:
    found = trading(held).get("/account/portfolio/history", {"timeframe": "1D", "period": "2D"})
    assert (found["base_value"], found["base_value_asof"]) == (101_000, "2020-01-03")
    assert (found["equity"], found["profit_loss"]) == ([99_000, 99_000], [-2_000, -2_000])
    # The fields of Alpaca's schema, but for cashflow, which only shows when it is asked for
    schema = {"timestamp", "equity", "profit_loss", "profit_loss_pct", "base_value", "base_value_asof", "timeframe"}
    assert set(found) == schema


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"period": "3D"}, ["01-03 21:00", "01-06 21:00", "01-07 16:00"]),
        ({"period": "1W", "date_end": date(2020, 1, 10)}, ["01-03 21:00", "01-06 21:00", "01-07 16:00"]),
        ({"period": "1A"}, ["01-02 21:00", "01-03 21:00", "01-06 21:00", "01-07 16:00"]),
        ({"period": "1M", "date_end": date(2020, 1, 3)}, ["01-02 21:00", "01-03 21:00"]),
        ({"start": datetime(2020, 1, 3, 5, tzinfo=UTC), "period": "1D"}, ["01-03 21:00"]),
        (
            {"start": datetime(2020, 1, 3, 5, tzinfo=UTC), "end": datetime(2020, 1, 7, 4, 59, tzinfo=UTC)},
            ["01-03 21:00", "01-06 21:00"],
        ),
        ({"start": datetime(2020, 1, 7, 15, tzinfo=UTC)}, ["01-07 16:00"]),
        ({"start": datetime(2020, 2, 7, 15, tzinfo=UTC)}, []),
    ],
)
def test_history_is_cut_to_the_days_that_are_asked_for(
    held: PaperBrokerServer, query: dict[str, Any], expected: list[str]
) -> None:
    assert days(held, **query) == expected


def test_weekends_and_days_without_prices_have_no_equity(start: Broker) -> None:
    server = start(start=datetime(2020, 1, 4, 22, tzinfo=UTC))  # a Saturday
    assert days(server) == []
    server.advance(datetime(2020, 1, 6, 14, tzinfo=UTC))
    assert days(server) == ["01-06 14:00"]
    server.advance(datetime(2020, 1, 11, 22, tzinfo=UTC))
    assert days(server) == ["01-06 21:00", "01-07 21:00", "01-08 21:00"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"timeframe": "15Min"}, "serves 1D, found 15Min"),
        ({"period": "1Y"}, "invalid period"),
        ({"period": "9999A"}, "leaves the calendar"),
        (
            {"period": "1D", "start": datetime(2020, 1, 2, tzinfo=UTC), "end": datetime(2020, 1, 3, tzinfo=UTC)},
            "only two of start, end and period",
        ),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    server: PaperBrokerServer, query: dict[str, Any], message: str
) -> None:
    with pytest.raises(APIError, match=message) as caught:
        history(server, **query)
    assert caught.value.status_code == 422
