"""Splits and dividends at the paper broker: what they do to positions, cash, orders and equity."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from backend.domain.errors import MarketDataError
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration.paper_broker_clients import Broker, closed, limit_order, market_order, trading

# NVIDIA's closes around its 10 for 1 split of 10 June 2024, as printed.
NVDA = "date,NVDA\n2024-06-06,1209.98\n2024-06-07,1208.88\n2024-06-10,121.79\n2024-06-11,120.91\n"
HEADER = "symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date\n"
SPLIT = {"symbol": "NVDA", "kind": "split", "ex_date": "2024-06-10", "new_shares": 10, "old_shares": 1}
DIVIDEND = {"symbol": "AAPL", "kind": "dividend", "ex_date": "2020-01-06", "per_share": "0.77"}


def new_york(day: str, hour: int, minute: int = 0) -> datetime:
    """Return an instant in June, when New York is four hours behind UTC."""
    return datetime.fromisoformat(f"{day}T{hour:02}:{minute:02}:00-04:00")


def post(server: PaperBrokerServer, path: str, document: object) -> httpx.Response:
    return httpx.post(f"{server.url}/_paper/{path}", json=document)


def figures(server: PaperBrokerServer) -> tuple[Decimal, Decimal, dict[str, Decimal]]:
    """Return cash, equity and positions."""
    client = trading(server)
    account = client.get_account()
    held = {position.symbol: Decimal(position.qty) for position in client.get_all_positions()}
    return Decimal(account.cash or "nan"), Decimal(account.equity or "nan"), held


@pytest.fixture
def nvda(start: Broker, tmp_path: Path) -> PaperBrokerServer:
    path = tmp_path / "nvda.csv"
    path.write_text(NVDA)
    actions = tmp_path / "actions.csv"
    actions.write_text(f"{HEADER}NVDA,split,2024-06-10,10,1,,\nNVDA,dividend,2024-06-11,,,0.01,2024-06-28\n")
    return start(prices=path, actions=actions, start=new_york("2024-06-06", 16))


def test_a_split_multiplies_the_position_and_makes_nobody_richer(nvda: PaperBrokerServer) -> None:
    client = trading(nvda)
    client.submit_order(market_order(symbol="NVDA", qty=3))
    nvda.advance(new_york("2024-06-07", 16))
    cash, equity, _ = figures(nvda)
    nvda.advance(new_york("2024-06-09", 23, 59))
    assert figures(nvda)[2] == {"NVDA": 3}

    nvda.advance(new_york("2024-06-10", 0))
    assert figures(nvda) == (cash, equity, {"NVDA": 30})
    (position,) = client.get_all_positions()
    assert (position.avg_entry_price, position.cost_basis) == ("120.998", "3629.94")
    assert (position.current_price, position.lastday_price, position.unrealized_intraday_pl) == (
        "120.888",
        "120.888",
        "0",
    )

    nvda.advance(new_york("2024-06-10", 16))
    (position,) = client.get_all_positions()
    assert (position.current_price, position.change_today) == ("121.79", "0.007461")  # 121.79 / 120.888 − 1
    assert figures(nvda)[1] == cash + 30 * Decimal("121.79")


def test_an_order_before_the_first_close_after_a_split_pays_the_price_of_a_new_share(nvda: PaperBrokerServer) -> None:
    nvda.advance(new_york("2024-06-10", 10))
    order = trading(nvda).submit_order(market_order(symbol="NVDA", qty=10))
    assert order.filled_avg_price == "120.888"


def test_a_split_cancels_working_orders_of_its_symbol_alone(start: Broker) -> None:
    server = start()
    client = trading(server)
    split, kept = limit_order("buy", 80, time_in_force="gtc"), limit_order("buy", 30, "AMD", time_in_force="gtc")
    first, second = client.submit_order(split), client.submit_order(kept)
    post(server, "actions", [{**SPLIT, "symbol": "AAPL", "ex_date": "2020-01-03"}]).raise_for_status()

    server.advance(datetime(2020, 1, 3, 5, tzinfo=UTC))

    ended = client.get_order_by_id(first.id)
    assert (ended.status, ended.canceled_at) == ("canceled", datetime(2020, 1, 3, 5, tzinfo=UTC))
    assert client.get_order_by_id(second.id).status == "new"
    # The hold of the cancelled order is free again.
    assert client.get_account().buying_power == str(100_000 - 300)


@pytest.mark.parametrize(
    ("held", "new", "old", "after"),
    # What Alpaca's guide to activities shows of XRPT (1 for 20), SF (3 for 2) and a 1 for 15.
    [("33", 1, 20, "1.65"), ("0.54796447", "1.5", 1, "0.821946705"), ("25", 1, 15, "1.666666667")],
)
def test_a_split_keeps_fractions_to_nine_decimals(
    start: Broker, held: str, new: object, old: object, after: str
) -> None:
    server = start()
    trading(server).submit_order(market_order(qty=float(held)))
    action = {**SPLIT, "symbol": "AAPL", "ex_date": "2020-01-03", "new_shares": new, "old_shares": old}
    post(server, "actions", [action]).raise_for_status()
    server.advance(datetime(2020, 1, 3, 5, tzinfo=UTC))
    assert figures(server)[2] == {"AAPL": Decimal(after)}


def test_a_reverse_split_may_leave_nothing(start: Broker) -> None:
    server = start()
    trading(server).submit_order(market_order(qty=0.000000001))
    post(server, "actions", [{**SPLIT, "symbol": "AAPL", "ex_date": "2020-01-03", "new_shares": 1, "old_shares": 8}])
    server.advance(datetime(2020, 1, 3, 5, tzinfo=UTC))
    assert figures(server)[2] == {}


def test_a_dividend_is_paid_on_the_shares_held_when_its_ex_date_begins(start: Broker) -> None:
    server = start()
    client = trading(server)
    client.submit_order(market_order(qty=10))
    post(server, "actions", [DIVIDEND]).raise_for_status()
    server.advance(datetime(2020, 1, 6, 4, 59, 59, tzinfo=UTC))
    before = figures(server)[0]
    server.advance(datetime(2020, 1, 6, 5, tzinfo=UTC))
    assert figures(server)[0] == before + Decimal("7.70")

    client.submit_order(market_order(qty=10))
    server.advance(closed("2020-01-08"))
    assert [each["activity_type"] for each in server.state()["non_trade_activities"]] == ["DIV"]


def test_a_dividend_is_owed_until_its_pay_date_whatever_happens_to_the_shares(start: Broker) -> None:
    server = start()
    client = trading(server)
    client.submit_order(market_order(qty=10))
    split = {**SPLIT, "symbol": "AAPL", "ex_date": "2020-01-07"}
    post(server, "actions", [{**DIVIDEND, "pay_date": "2020-01-08"}, split]).raise_for_status()
    server.advance(closed("2020-01-07"))
    client.close_all_positions()
    unpaid = figures(server)[0]
    server.advance(datetime(2020, 1, 8, 4, 59, tzinfo=UTC))
    assert figures(server)[0] == unpaid
    server.advance(datetime(2020, 1, 8, 5, tzinfo=UTC))
    assert figures(server) == (unpaid + Decimal("7.70"), unpaid + Decimal("7.70"), {})


def test_a_short_position_pays_the_dividend(start: Broker) -> None:
    server = start(shorting=True)
    trading(server).submit_order(market_order("sell", qty=10))
    post(server, "actions", [DIVIDEND]).raise_for_status()
    server.advance(datetime(2020, 1, 6, 5, tzinfo=UTC))
    assert figures(server)[0] == 100_000 + 1_000 - Decimal("7.70")


def test_reset_forgets_actions_and_cash_that_were_posted(nvda: PaperBrokerServer) -> None:
    nvda.transfer(Decimal(5))
    posted = [{**SPLIT, "ex_date": "2024-06-07"}]
    assert post(nvda, "actions", posted).status_code == 200
    nvda.reset()
    assert post(nvda, "actions", posted).status_code == 200
    assert nvda.state()["cash"] == "100000"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "expected \\[{"),
        (["split"], "expected \\[{"),
        ([{**SPLIT, "kind": "merger"}], "expected kind split or dividend"),
        ([{**SPLIT, "new_shares": 1}], "expected a split with a ratio"),
        ([{**SPLIT, "new_shares": "Infinity"}], "plain numbers"),
        ([{**SPLIT, "pay_date": "2024-06-11"}], "none for a split"),
        ([{**SPLIT, "colour": "red"}], "remove the rest"),
        ([{"kind": "split"}], "expected ex_date"),
        ([{**DIVIDEND, "pay_date": "2020-01-05"}], "expected a pay_date from 2020-01-06 on"),
        ([SPLIT, SPLIT], "is scheduled already"),
        ([{**SPLIT, "ex_date": "2020-01-02"}], "the clock has passed"),
    ],
)
def test_an_action_that_cannot_be_scheduled_is_refused_and_schedules_nothing(
    server: PaperBrokerServer, document: object, message: str
) -> None:
    answer = post(server, "actions", document)
    assert answer.status_code == 422
    with pytest.raises(ValueError, match=message):
        raise ValueError(answer.json()["message"])
    assert post(server, "actions", []).json() == {"corporate_actions": {}}


def test_a_faulty_file_of_actions_is_told_at_the_start(tmp_path: Path) -> None:
    prices, actions = tmp_path / "prices.csv", tmp_path / "actions.csv"
    prices.write_text("date,AAPL\n2020-01-02,100\n")
    with pytest.raises(MarketDataError, match="found none"):
        PaperBrokerServer(PaperBrokerConfig(prices=prices, actions=actions))
