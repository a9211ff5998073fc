"""Deposits, withdrawals and interest at the paper broker."""

import httpx
import pytest

from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.paper_broker_clients import limit_order, trading


def post(server: PaperBrokerServer, document: object) -> httpx.Response:
    return httpx.post(f"{server.url}/_paper/cash", json=document)


def test_cash_comes_and_goes(server: PaperBrokerServer) -> None:
    for document in (
        {"amount": "1000.00"},
        {"amount": -250},
        {"amount": "-0.45", "kind": "INT"},
        {"amount": "12.30", "kind": "JNLC"},
    ):
        post(server, document).raise_for_status()
    account = trading(server).get_account()
    assert (account.cash, account.equity) == ("100761.85", "100761.85")
    booked = [(each["activity_type"], each["net_amount"]) for each in server.state()["non_trade_activities"]]
    assert booked == [("CSD", "1000"), ("CSW", "-250"), ("INT", "-0.45"), ("JNLC", "12.3")]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "found None"),
        ({"amount": "much"}, "found much"),
        ({"amount": "NaN"}, "whole cents"),
        ({"amount": 0}, "whole cents"),
        ({"amount": "0.001"}, "whole cents"),
        ({"amount": 1, "kind": "DIV"}, "expected none, INT or JNLC, found DIV"),
        ({"amount": "1e30"}, "whole cents"),
        ({"amount": "-99100.01"}, "insufficient cash .requested: 99100.01, available: 99100"),
    ],
)
def test_cash_that_cannot_be_moved_is_refused(server: PaperBrokerServer, document: object, message: str) -> None:
    trading(server).submit_order(limit_order("buy", 90, qty=10, time_in_force="gtc"))
    answer = post(server, document)
    assert answer.status_code == 422
    with pytest.raises(ValueError, match=message):
        raise ValueError(answer.json()["message"])
    assert server.state()["non_trade_activities"] == []
