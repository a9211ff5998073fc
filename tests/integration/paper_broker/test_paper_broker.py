"""The paper broker's account, positions, assets and clock, seen by alpaca-py."""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import AssetStatus, OrderStatus, PositionSide
from alpaca.trading.requests import ClosePositionRequest, GetAssetsRequest

from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.paper_broker_clients import (
    FIRST_CLOSE,
    Broker,
    closed,
    limit_order,
    market_order,
    trading,
    verdict,
)


def test_account_before_any_order(client: TradingClient) -> None:
    account = client.get_account()

    assert account.status == "ACTIVE"
    assert (account.cash, account.equity, account.buying_power) == ("100000", "100000", "100000")
    assert (account.long_market_value, account.multiplier, account.shorting_enabled) == ("0", "1", False)


def test_account_after_a_purchase_and_a_day(server: PaperBrokerServer, client: TradingClient) -> None:
    client.submit_order(market_order(qty=10))
    server.advance(closed("2020-01-03"))
    account = client.get_account()

    # 10 shares bought at 100 are worth 110 each a day later
    assert (account.cash, account.long_market_value, account.equity) == ("99000", "1100", "100100")
    assert (account.last_equity, account.buying_power) == ("100000", "99000")


def test_position_is_marked_at_the_new_close(server: PaperBrokerServer, client: TradingClient) -> None:
    client.submit_order(market_order(qty=10))
    server.advance(closed("2020-01-03"))
    client.submit_order(market_order(qty=30))
    position = client.get_open_position("AAPL")

    # (10 × 100 + 30 × 110) / 40 = 107.50
    assert (position.qty, position.qty_available, position.side) == ("40", "40", PositionSide.LONG)
    assert (position.avg_entry_price, position.cost_basis) == ("107.5", "4300")
    assert (position.current_price, position.lastday_price) == ("110", "100")
    assert (position.market_value, position.unrealized_pl) == ("4400", "100")
    assert [held.symbol for held in client.get_all_positions()] == ["AAPL"]


def test_a_close_is_not_known_a_second_before_four(server: PaperBrokerServer, client: TradingClient) -> None:
    client.submit_order(market_order(qty=1))

    server.advance(closed("2020-01-03") - timedelta(seconds=1))
    assert client.get_open_position("AAPL").current_price == "100"
    server.advance(closed("2020-01-03"))
    assert client.get_open_position("AAPL").current_price == "110"


def test_position_that_does_not_exist_is_404(client: TradingClient) -> None:
    with pytest.raises(APIError) as caught:
        client.get_open_position("AAPL")
    assert verdict(caught.value) == (404, 40410000, "position does not exist")


def test_closing_a_position_sells_all_of_it(client: TradingClient) -> None:
    client.submit_order(market_order(qty=2.5))
    order = client.close_position("AAPL")

    assert (order.side, order.qty, order.status) == ("sell", "2.5", OrderStatus.FILLED)
    assert client.get_all_positions() == []
    assert client.get_account().cash == "100000"


@pytest.mark.parametrize(("options", "left"), [({"qty": "3"}, "7"), ({"percentage": "25"}, "7.5")])
def test_closing_part_of_a_position(client: TradingClient, options: dict[str, str], left: str) -> None:
    client.submit_order(market_order(qty=10))
    client.close_position("AAPL", ClosePositionRequest(**options))
    assert client.get_open_position("AAPL").qty == left


def test_closing_all_positions_cancels_the_orders_in_the_way(client: TradingClient) -> None:
    client.submit_order(market_order(qty=10))
    client.submit_order(market_order(symbol="AMD", qty=4))
    client.submit_order(limit_order("sell", 200, qty=10))
    results = client.close_all_positions(cancel_orders=True)

    assert [(result.symbol, result.status) for result in results] == [("AAPL", 200), ("AMD", 200)]
    assert client.get_all_positions() == []


def test_closing_all_positions_reports_what_an_order_holds(client: TradingClient) -> None:
    client.submit_order(market_order(qty=10))
    client.submit_order(limit_order("sell", 200, qty=10))
    (result,) = client.close_all_positions()

    assert (result.status, client.get_open_position("AAPL").qty) == (403, "10")


def test_assets_say_what_trades_and_in_fractions(start: Broker) -> None:
    server = start(whole_share_symbols=frozenset({"AMD"}))
    client = trading(server)

    assert [asset.symbol for asset in client.get_all_assets()] == ["AAPL", "AMD", "BRK.B"]
    assert client.get_all_assets(GetAssetsRequest(status=AssetStatus.INACTIVE)) == []
    assert (client.get_asset("AAPL").fractionable, client.get_asset("AMD").fractionable) == (True, False)
    assert client.get_asset(str(client.get_asset("AMD").id)).symbol == "AMD"
    assert client.get_asset("BRK.B").tradable is False
    server.advance(closed("2020-01-06"))
    assert client.get_asset("BRK.B").tradable is True


def test_unknown_asset_is_404(client: TradingClient) -> None:
    with pytest.raises(APIError) as caught:
        client.get_asset("NOPE")
    assert verdict(caught.value)[:2] == (404, 40410000)


@pytest.mark.parametrize(
    ("now", "is_open", "next_open", "next_close"),
    [
        ("2020-01-03T09:29:59", False, "2020-01-03T09:30:00", "2020-01-03T16:00:00"),
        ("2020-01-03T09:30:00", True, "2020-01-06T09:30:00", "2020-01-03T16:00:00"),
        ("2020-01-03T16:00:00", False, "2020-01-06T09:30:00", "2020-01-06T16:00:00"),
        ("2020-01-05T12:00:00", False, "2020-01-06T09:30:00", "2020-01-06T16:00:00"),
        ("2020-01-10T17:00:00", False, "2020-01-13T09:30:00", "2020-01-13T16:00:00"),
    ],
)
def test_clock_knows_the_sessions(
    server: PaperBrokerServer, client: TradingClient, now: str, is_open: bool, next_open: str, next_close: str
) -> None:
    server.advance(datetime.fromisoformat(f"{now}-05:00"))
    clock = client.get_clock()

    assert clock.timestamp == datetime.fromisoformat(f"{now}-05:00")
    assert clock.is_open is is_open
    assert clock.next_open == datetime.fromisoformat(f"{next_open}-05:00")
    assert clock.next_close == datetime.fromisoformat(f"{next_close}-05:00")


def test_activities_list_every_fill_in_pages(client: TradingClient) -> None:
    for qty in (1, 2, 3):
        client.submit_order(market_order(qty=qty))
    newest = client.get("/account/activities/FILL", {"page_size": 2})
    rest = client.get("/account/activities", {"page_size": 2, "page_token": newest[-1]["id"]})

    assert [activity["qty"] for activity in newest + rest] == ["3", "2", "1"]
    assert {activity["activity_type"] for activity in newest} == {"FILL"}


@pytest.mark.parametrize(("key", "secret"), [("wrong", "right"), ("right", "wrong")])
def test_wrong_credentials_are_403(start: Broker, key: str, secret: str) -> None:
    server = start(key="right", secret="right")
    with pytest.raises(APIError, match="forbidden") as caught:
        trading(server, key, secret).get_account()
    assert caught.value.status_code == 403
    assert trading(server, "right", "right").get_account().cash == "100000"


def test_missing_credentials_are_401(server: PaperBrokerServer, client: TradingClient) -> None:
    client._api_key = ""
    with pytest.raises(APIError) as caught:
        client.get_account()
    assert verdict(caught.value) == (401, 40110000, "request is not authorized")


def test_an_unknown_path_says_what_is_not_served(client: TradingClient) -> None:
    with pytest.raises(APIError, match="does not serve GET /v2/watchlists") as caught:
        client.get_watchlists()
    assert caught.value.status_code == 404


def test_answers_do_not_wait_for_delayed_acknowledgements(client: TradingClient) -> None:
    # With Nagle's algorithm on, every answer costs the 40 ms after which a client acknowledges the first packet.
    client.get_clock()
    began = time.monotonic()
    for _ in range(50):
        client.get_clock()
    assert time.monotonic() - began < 50 * 0.04


def test_the_control_plane_moves_the_clock_forward_only(server: PaperBrokerServer, client: TradingClient) -> None:
    control = trading(server)
    control._api_version = "_paper"
    control.post("/clock", {"now": "2020-01-03T16:00:00-05:00"})
    assert client.get_clock().timestamp == closed("2020-01-03")

    for now in ("2020-01-02T16:00:00-05:00", "yesterday", None):
        with pytest.raises(APIError) as caught:
            control.post("/clock", {"now": now})
        assert caught.value.status_code == 422
    assert control.get("/state")["now"] == "2020-01-03T21:00:00Z"


def test_reset_returns_to_the_start(server: PaperBrokerServer, client: TradingClient) -> None:
    before = server.state()
    client.submit_order(market_order())
    server.advance(closed("2020-01-07"))
    server.set_faults(["GET /v2/account:500"])
    assert server.state() != before

    server.reset()
    assert server.state() == before
    assert client.get_clock().timestamp == FIRST_CLOSE


def test_two_equal_runs_give_equal_states(start: Broker) -> None:
    def run() -> dict[str, object]:
        server = start(partial_fill=Decimal("0.5"), fee_bps=Decimal(1))
        client = trading(server)
        client.submit_order(market_order(qty=5))
        client.submit_order(limit_order("buy", 49, symbol="AMD", client_order_id="mine"))
        server.advance(closed("2020-01-06"))
        return server.state()

    first = run()
    assert first == run()
    assert len(first["fills"]) == 3  # type: ignore[arg-type]


def test_an_order_that_is_unknown_is_404(client: TradingClient) -> None:
    identifier = uuid4()
    for lookup in (client.get_order_by_id, client.cancel_order_by_id, client.get_order_by_client_id):
        with pytest.raises(APIError) as caught:
            lookup(str(identifier))
        assert verdict(caught.value) == (404, 40410000, f"order not found for {identifier}")
