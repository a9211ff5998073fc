"""``/v2/account/activities``: Alpaca's shapes, filters and pages, asked through alpaca-py."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import ActivityType
from alpaca.trading.models import NonTradeActivity, TradeActivity

from backend.adapters.csv_actions import read_action
from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.paper_broker_clients import Broker, closed, market_order, trading

# The fields that Alpaca's reference shows of a trade activity and of another one, and the two that only orders' fees
# have: execution_id is not in the reference, but in its answers; order_id is the paper broker's own.
TRADE = {
    *("activity_type", "cum_qty", "id", "leaves_qty", "order_id", "order_status", "price", "qty", "side", "symbol"),
    *("transaction_time", "type"),
}
NON_TRADE = {"activity_type", "created_at", "currency", "date", "description", "id", "net_amount", "status"}
OF_A_DIVIDEND = {"activity_sub_type", "group_id", "per_share_amount", "qty", "symbol"}


def activities(client: TradingClient, path: str = "", **query: object) -> Any:
    return client.get(f"/account/activities{path}", query)


@pytest.fixture
def booked(start: Broker) -> PaperBrokerServer:
    """An account with a fill and its fee, a dividend, a split and a deposit, in this order."""
    server = start(fee_bps=Decimal(10))
    trading(server).submit_order(market_order(qty=10))
    terms = {"symbol": "AAPL", "kind": "dividend", "ex_date": "2020-01-03", "per_share": "0.77"}
    split = {"symbol": "AAPL", "kind": "split", "ex_date": "2020-01-06", "new_shares": "2", "old_shares": "1"}
    server.schedule([read_action(terms, "test"), read_action(split, "test")])
    server.advance(closed("2020-01-07"))
    server.transfer(Decimal("1000.00"))
    return server


def test_activities_have_the_fields_that_alpaca_documents(booked: PaperBrokerServer) -> None:
    fill, fee, dividend, old, new, deposit = activities(trading(booked), direction="asc")
    assert set(fill) == TRADE
    assert set(dividend) == NON_TRADE | OF_A_DIVIDEND
    assert set(deposit) == NON_TRADE
    assert set(fee) == NON_TRADE | {"activity_sub_type", "symbol", "execution_id", "order_id"}
    assert set(old) == set(new) == NON_TRADE | {"activity_sub_type", "group_id", "price", "qty", "symbol"}


def test_alpacas_own_models_read_every_activity(booked: PaperBrokerServer) -> None:
    fill, *others = activities(trading(booked), direction="asc")
    account = {"account_id": "1d9eed04-be39-4e01-9b84-a48ac5bbafcf"}  # that of a broker's customer, which ours is not
    trade = TradeActivity(**fill, **account)
    assert (trade.qty, trade.price, trade.transaction_time) == (10, 100, closed("2020-01-02"))
    kinds = [NonTradeActivity(**each, **account).activity_type for each in others]
    expected = [ActivityType.FEE, ActivityType.DIV, ActivityType.SPLIT, ActivityType.SPLIT, ActivityType.CSD]
    assert kinds == expected


def test_each_activity_says_what_changed(booked: PaperBrokerServer) -> None:
    fill, fee, dividend, old, new, deposit = activities(trading(booked), direction="asc")
    assert (fee["net_amount"], fee["symbol"], fee["order_id"]) == ("-1", "AAPL", fill["order_id"])
    assert fill["id"].endswith(fee["execution_id"])
    assert (dividend["net_amount"], dividend["qty"], dividend["per_share_amount"]) == ("7.7", "10", "0.77")
    assert (dividend["date"], dividend["created_at"]) == ("2020-01-03", "2020-01-03T05:00:00Z")
    # As in Alpaca's guide: the old shares out, the new ones in, linked as siblings.
    assert (old["qty"], old["price"], new["qty"], new["price"]) == ("-10", "110", "20", "55")
    assert (old["description"], new["activity_sub_type"]) == (
        "REMOVE, From QTY:-10, To QTY:20, Position Value:1100",
        "FSPLIT",
    )
    assert old["group_id"] == new["group_id"]
    assert (deposit["activity_type"], deposit["net_amount"], deposit["date"]) == ("CSD", "1000", "2020-01-07")


def test_no_fee_means_no_activity_of_one(start: Broker) -> None:
    client = trading(start())
    client.submit_order(market_order())
    assert [each["activity_type"] for each in activities(client)] == ["FILL"]


@pytest.mark.parametrize(
    ("path", "query", "types"),
    [
        ("", {}, ["CSD", "SPLIT", "SPLIT", "DIV", "FEE", "FILL"]),
        ("/FILL", {}, ["FILL"]),
        ("/DIV", {}, ["DIV"]),
        ("/JNLS", {}, []),
        ("", {"activity_types": "FEE,FILL", "direction": "asc"}, ["FILL", "FEE"]),
        ("", {"activity_types": "TRANS"}, ["CSD"]),
        ("", {"activity_types": "MISC"}, ["SPLIT", "SPLIT", "FEE"]),
        ("", {"category": "trade_activity"}, ["FILL"]),
        ("", {"category": "non_trade_activity"}, ["CSD", "SPLIT", "SPLIT", "DIV", "FEE"]),
        ("", {"after": "2020-01-02T21:00:00Z", "until": "2020-01-06T05:00:00Z"}, ["DIV"]),
        ("", {"after": "2020-01-06"}, ["CSD", "SPLIT", "SPLIT"]),
        ("", {"until": "2020-01-03"}, ["FEE", "FILL"]),
        ("", {"date": "2020-01-06"}, ["SPLIT", "SPLIT"]),
        ("", {"date": "2020-01-04"}, []),
    ],
)
def test_activities_are_filtered(
    booked: PaperBrokerServer, path: str, query: dict[str, object], types: list[str]
) -> None:
    assert [each["activity_type"] for each in activities(trading(booked), path, **query)] == types


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_follow_each_other_without_gap_or_overlap(booked: PaperBrokerServer, direction: str) -> None:
    client = trading(booked)
    found: list[Any] = []
    page = activities(client, direction=direction, page_size=4)
    while page:
        found += page
        page = activities(client, direction=direction, page_size=4, page_token=page[-1]["id"])
    assert found == activities(client, direction=direction)


def test_a_page_holds_a_hundred_unless_a_date_is_asked_for(server: PaperBrokerServer) -> None:
    for _ in range(101):
        server.transfer(Decimal(1))
    client = trading(server)
    assert len(activities(client)) == 100
    assert len(activities(client, date="2020-01-02")) == 101


@pytest.mark.parametrize(
    ("path", "query", "message"),
    [
        # Alpaca's answer word for word, recorded by alpaca_elixir on 11 June 2020
        ("/FFFFF", {}, "invalid activity type: FFFFF"),
        ("", {"activity_types": "FILL,FFFFF"}, "invalid activity type: FFFFF"),
        ("", {"activity_types": "FILL", "category": "trade_activity"}, "cannot be used"),
        ("", {"category": "all"}, "invalid category"),
        ("", {"date": "2020-01-02", "after": "2020-01-01"}, "cannot be used"),
        ("", {"page_size": 101}, "invalid page_size"),
        ("", {"page_token": "nowhere"}, "invalid page_token"),
        ("", {"direction": "up"}, "invalid direction"),
        ("", {"after": "yesterday"}, "invalid after"),
    ],
)
def test_a_faulty_question_is_refused(
    booked: PaperBrokerServer, path: str, query: dict[str, object], message: str
) -> None:
    with pytest.raises(APIError, match=message) as caught:
        activities(trading(booked), path, **query)
    assert (caught.value.status_code, caught.value.code) == (422, 40010001)


def test_order_of_activities_is_that_of_the_account(start: Broker) -> None:
    server = start(fee_per_share=Decimal("0.01"))
    client = trading(server)
    client.submit_order(market_order(qty=1))
    server.transfer(Decimal(-5))
    server.advance(datetime(2020, 1, 2, 22, tzinfo=UTC) + timedelta(minutes=1))
    client.submit_order(market_order(qty=2))
    assert [each["activity_type"] for each in activities(client, direction="asc")] == [
        *("FILL", "FEE", "CSW", "FILL", "FEE")
    ]
