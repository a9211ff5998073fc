"""AlpacaStatements with the real alpaca-py: against Alpaca's published examples, and over the local paper broker."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from backend.adapters.alpaca import AlpacaStatements
from backend.adapters.csv_actions import read_action
from backend.domain.errors import BrokerUnavailable
from backend.domain.market import start_of
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.fakes.alpaca_books import NON_TRADE, NONE, TRADE, books
from tests.fakes.http_server import Answer, json_answer
from tests.integration.paper_broker_clients import market_order, trading


def one(document: dict[str, Any], day: date) -> Activity:
    with books(json_answer([document]), NONE) as (statements, _):
        (activity,) = statements.activities(day, day)
    return activity


def other(kind: str, **changes: object) -> Activity:
    """Read an activity of 10 January 2026 that is no trade."""
    fields = {"activity_type": kind, "id": "1::1", "date": "2026-01-10", "net_amount": "0", "status": "executed"}
    return one({**fields, **changes}, date(2026, 1, 10))


def test_the_published_fill_is_read_to_the_last_digit() -> None:
    assert one(TRADE, date(2022, 2, 2)) == Activity(
        activity_id=TRADE["id"],
        kind=ActivityKind.FILL,
        at=datetime(2022, 2, 2, 18, 55, 9, 981482, tzinfo=UTC),
        symbol=Symbol("AAPL"),
        quantity=Decimal(2),
        price=Decimal("174.78"),
        cash=Decimal("-349.56"),
        order_id="b5abe576-6a8a-49f3-a353-46b72c1ccae9",
    )


def test_the_published_dividend_moves_cash_and_no_shares() -> None:
    assert one(NON_TRADE, date(2021, 5, 10)) == Activity(
        activity_id=NON_TRADE["id"],
        kind=ActivityKind.DIVIDEND,
        at=datetime.fromisoformat(NON_TRADE["created_at"]),
        day=date(2019, 8, 1),
        symbol=Symbol("T"),
        cash=Decimal("1.02"),
    )


@pytest.mark.parametrize(
    ("side", "quantity", "cash"),
    # Alpaca's guide to activities: 0.04 shares at 480.338 cost 19.21
    [("buy", "0.04", "-19.21"), ("sell", "-0.04", "19.21"), ("sell_short", "-0.04", "19.21")],
)
def test_a_fill_moves_whole_cents(side: str, quantity: str, cash: str) -> None:
    fill = one({**TRADE, "side": side, "qty": "0.04", "price": "480.338"}, date(2022, 2, 2))
    assert (fill.quantity, fill.cash) == (Decimal(quantity), Decimal(cash))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        *((name, ActivityKind.SPLIT) for name in ("SPLIT", "SSP")),
        *((name, ActivityKind.DIVIDEND) for name in ("DIV", "DIVCGL", "DIVCGS", "DIVFEE", "DIVFT", "DIVNRA")),
        *((name, ActivityKind.DIVIDEND) for name in ("DIVROC", "DIVTW", "DIVTXEX", "CGD")),
        *((name, ActivityKind.FEE) for name in ("FEE", "CFEE", "PTC", "PTR")),
        *((name, ActivityKind.INTEREST) for name in ("INT", "INTNRA", "INTTW", "INTPNL")),
        *((name, ActivityKind.TRANSFER) for name in ("CSD", "CSW", "TRANS", "JNL", "JNLC", "ACATC", "MEM")),
        *((name, ActivityKind.SHARES) for name in ("JNLS", "ACATS", "FOPT", "OCT")),
        *((name, ActivityKind.OTHER) for name in ("NC", "MA", "REORG", "REO", "SPIN", "VOF", "CIL", "WH", "OPEXP")),
        ("WHATEVER_COMES", ActivityKind.OTHER),
    ],
)
def test_every_type_has_a_kind_and_keeps_its_cash(kind: str, expected: ActivityKind) -> None:
    activity = other(kind, net_amount="-8.47")
    assert (activity.kind, activity.cash, activity.quantity) == (expected, Decimal("-8.47"), 0)


def test_every_type_that_alpaca_py_knows_is_read() -> None:
    from alpaca.trading.enums import ActivityType

    kinds = {each.value: other(each.value).kind for each in ActivityType if each is not ActivityType.FILL}
    assert len(kinds) == len(ActivityType) - 1


@pytest.mark.parametrize(
    ("kind", "fields", "quantity"),
    # Shares from Alpaca's guide to activities; a fee for crypto is taken in coins.
    [
        ("SPLIT", {"symbol": "XRPT", "qty": "-33", "price": "7"}, "-33"),
        ("SPLIT", {"symbol": "XRPT", "qty": "1.65", "price": "140"}, "1.65"),
        ("NC", {"symbol": "RNA", "qty": "-7.30762391", "price": "328.77"}, "-7.30762391"),
        ("JNLS", {"symbol": "AAPL", "qty": "0.00911"}, "0.00911"),
        ("CFEE", {"symbol": "ETHUSD", "qty": "-0.000195", "price": "1884.5"}, "-0.000195"),
        ("DIV", {"symbol": "VG", "qty": "113", "net_amount": "28.25", "activity_sub_type": "CDIV"}, "0"),
        ("DIVNRA", {"symbol": "VG", "qty": "0", "net_amount": "-8.47"}, "0"),
    ],
)
def test_quantity_is_the_change_of_the_position(kind: str, fields: dict[str, str], quantity: str) -> None:
    activity = other(kind, **fields)
    assert (activity.symbol, activity.quantity) == (fields["symbol"], Decimal(quantity))


def test_a_stock_dividend_adds_shares_of_another_kind() -> None:
    activity = other("DIV", symbol="SBS", qty="0.002709921", activity_sub_type="SDIV")
    assert (activity.kind, activity.quantity, activity.cash) == (ActivityKind.OTHER, Decimal("0.002709921"), 0)


def test_an_activity_that_was_cancelled_changed_nothing() -> None:
    cancelled = {"activity_type": "CSD", "id": "1::1", "date": "2026-01-10", "net_amount": "5", "status": "canceled"}
    corrected = {**cancelled, "id": "2::2", "status": "correct"}
    with books(json_answer([cancelled, corrected]), NONE) as (statements, _):
        found = statements.activities(date(2026, 1, 10), date(2026, 1, 10))
    assert [each.activity_id for each in found] == ["2::2"]


@pytest.mark.parametrize(
    ("created", "at"),
    [
        (None, datetime(2026, 1, 9, 5, tzinfo=UTC)),
        ("2026-01-09T22:15:00.5Z", datetime(2026, 1, 9, 22, 15, 0, 500_000, tzinfo=UTC)),
        ("2026-01-10T04:59:59Z", datetime(2026, 1, 10, 4, 59, 59, tzinfo=UTC)),  # still the 9th in New York
        ("2026-01-10T05:00:00Z", datetime(2026, 1, 10, 5, tzinfo=UTC)),  # a fee, booked the night after
    ],
)
def test_what_is_no_trade_counts_from_when_it_was_booked_and_is_for_its_date(created: str | None, at: datetime) -> None:
    fee = {"activity_type": "FEE", "id": "1::1", "date": "2026-01-09T00:00:00Z", "net_amount": "-0.01"}
    with books(json_answer([{**fee, "created_at": created}]), NONE) as (statements, _):
        (activity,) = statements.activities(date(2026, 1, 9), date(2026, 1, 10))
    assert (activity.at, activity.trading_day) == (at, date(2026, 1, 9))


def test_a_fee_finds_its_order_through_the_execution() -> None:
    execution = TRADE["id"].partition("::")[2]
    shared = {"activity_type": "FEE", "date": "2022-02-02", "net_amount": "-0.02"}
    fees = [
        {**shared, "id": "1::1", "execution_id": execution},
        {**shared, "id": "2::2", "order_id": "named"},
        {**shared, "id": "3::3", "execution_id": "of another day"},
        {**shared, "id": "4::4"},
    ]
    with books(json_answer([TRADE, *fees]), NONE) as (statements, _):
        found = statements.activities(date(2022, 2, 2), date(2022, 2, 2))
    assert [each.order_id for each in found] == [TRADE["order_id"], TRADE["order_id"], "named", "", ""]


def test_pages_are_followed_until_one_is_empty() -> None:
    first = [{**TRADE, "id": f"1::{number}"} for number in range(100)]
    second = [{**TRADE, "id": "2::0"}]
    with books(json_answer(first), json_answer(second), NONE) as (statements, server):
        found = statements.activities(date(2022, 2, 2), date(2022, 2, 2))

    assert [each.activity_id for each in found] == [*(f"1::{number}" for number in range(100)), "2::0"]
    asked = [parse_qs(urlsplit(request.path).query) for request in server.requests]
    assert [query.get("page_token") for query in asked] == [None, ["1::99"], ["2::0"]]
    assert (asked[0]["direction"], asked[0]["page_size"]) == (["asc"], ["100"])


def test_days_are_those_of_new_york(tmp_path: Path) -> None:
    instants = ["2022-02-02T04:59:59.999999Z", "2022-02-02T05:00:00Z", "2022-02-03T04:59:59Z", "2022-02-03T05:00:00Z"]
    fills = [{**TRADE, "id": f"1::{at}", "transaction_time": at} for at in instants]
    with books(json_answer(fills), NONE) as (statements, server):
        found = statements.activities(date(2022, 2, 2), date(2022, 2, 2))

    assert [each.activity_id for each in found] == [f"1::{at}" for at in instants[1:3]]
    query = parse_qs(urlsplit(server.requests[0].path).query)
    assert (query["after"], query["until"]) == (["2022-02-02T04:59:59Z"], ["2022-02-03T05:00:00Z"])


def test_no_activities_are_none() -> None:
    with books(NONE) as (statements, server):
        assert statements.activities(date(2022, 2, 2), date(2022, 2, 2)) == ()
        assert len(server.requests) == 1


def test_the_paper_brokers_books_are_read_as_they_happened(tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("date,AAPL\n2024-01-02,100\n2024-01-03,110\n2024-01-04,57\n2024-01-05,60\n")
    close = datetime(2024, 1, 2, 21, tzinfo=UTC)
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, start=close, fee_bps=Decimal(10))) as server:
        statements = AlpacaStatements("key", "secret", url=server.url)
        order = trading(server).submit_order(market_order(qty=10))
        split = {"symbol": "AAPL", "kind": "split", "ex_date": "2024-01-04", "new_shares": "2", "old_shares": "1"}
        paid = {"symbol": "AAPL", "kind": "dividend", "ex_date": "2024-01-03", "per_share": "0.24"}
        server.schedule([read_action(split, "test"), read_action(paid, "test")])
        server.advance(close + timedelta(days=2, hours=2))
        server.transfer(Decimal(500))
        activities = statements.activities(date(2024, 1, 2), date(2024, 1, 4))
        equity = statements.closing_equity(date(2024, 1, 1), date(2024, 1, 5))

    assert [(each.kind, each.at, each.quantity, each.cash) for each in activities] == [
        (ActivityKind.FILL, close, 10, -1000),
        (ActivityKind.FEE, close, 0, -1),
        (ActivityKind.DIVIDEND, start_of(date(2024, 1, 3)), 0, Decimal("2.40")),
        (ActivityKind.SPLIT, start_of(date(2024, 1, 4)), -10, 0),
        (ActivityKind.SPLIT, start_of(date(2024, 1, 4)), 20, 0),
        (ActivityKind.TRANSFER, close + timedelta(days=2, hours=2), 0, 500),
    ]
    assert activities[0].order_id == activities[1].order_id == str(order.id)
    assert equity == {
        date(2024, 1, 2): 100_000,
        date(2024, 1, 3): Decimal("100101.40"),
        date(2024, 1, 4): Decimal("100141.40"),
    }


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (json_answer({"message": "hello"}), "expected a list of activities"),
        (json_answer(["FILL"]), "expected an activity"),
        (json_answer([{**TRADE, "id": None}]), "non-empty 'id'"),
        (json_answer([{**TRADE, "activity_type": 7}]), "non-empty 'activity_type'"),
        (json_answer([{**TRADE, "qty": "many"}]), "decimal string in 'qty'"),
        (json_answer([{**TRADE, "qty": "-1"}]), "a fill with side"),
        (json_answer([{**TRADE, "price": None}]), "decimal string in 'price'"),
        (json_answer([{**TRADE, "side": "borrow"}]), "a fill with side"),
        (json_answer([{**TRADE, "symbol": ""}]), "non-empty 'symbol'"),
        (json_answer([{**TRADE, "order_id": None}]), "non-empty 'order_id'"),
        (json_answer([{**TRADE, "transaction_time": "noon"}]), "RFC 3339 instant in 'transaction_time'"),
        (json_answer([{**TRADE, "transaction_time": None}]), "a fill with side"),
        (json_answer([{**NON_TRADE, "created_at": None, "date": "soon"}]), "an activity with its date"),
        (json_answer([{**NON_TRADE, "created_at": None, "net_amount": 1.5}]), "decimal string in 'net_amount'"),
        (json_answer([TRADE, TRADE]), "each activity once"),
        (json_answer([TRADE]), "each activity once"),  # the same page again and again
        (Answer(status=200), "a list of activities, found 'None'"),
    ],
)
def test_activities_that_cannot_be_read_are_told(answer: Answer, message: str) -> None:
    with books(answer) as (statements, _), pytest.raises(BrokerUnavailable, match=message):
        statements.activities(date(2021, 1, 1), date(2022, 12, 31))
