"""Orders at the paper broker, placed with alpaca-py: what is accepted, what is refused, how they fill."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from alpaca.common.enums import Sort
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderStatus, PositionSide, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import GetOrdersRequest, OrderRequest, StopOrderRequest

from maestro.servers.paper_broker import FillDelay, PaperBrokerServer
from tests.integration.paper_broker_clients import (
    FIRST_CLOSE,
    Broker,
    closed,
    limit_order,
    market_order,
    trading,
    verdict,
)


def refused(client: TradingClient, request: OrderRequest) -> tuple[int | None, int, str]:
    """Return the refusal of an order, having seen that it changed nothing."""
    before = client.get("/account"), client.get("/orders", {"status": "all"})
    with pytest.raises(APIError) as caught:
        client.submit_order(request)
    assert (client.get("/account"), client.get("/orders", {"status": "all"})) == before
    return verdict(caught.value)


def test_market_order_fills_in_the_answer(client: TradingClient) -> None:
    order = client.submit_order(market_order(qty=10, client_order_id="first"))

    assert (order.status, order.filled_qty, order.filled_avg_price) == (OrderStatus.FILLED, "10", "100")
    assert order.submitted_at == order.filled_at == FIRST_CLOSE
    assert client.get_order_by_id(order.id) == order
    assert client.get_order_by_client_id("first") == order


def test_notional_order_buys_nine_decimals_for_exactly_its_amount(
    server: PaperBrokerServer, client: TradingClient
) -> None:
    server.advance(closed("2020-01-03"))
    order = client.submit_order(market_order(notional=1000))

    # 1000 / 110 = 9.0909090909…, cut after nine decimals
    assert (order.qty, order.notional, order.filled_qty) == (None, "1000", "9.09090909")
    assert client.get_account().cash == "99000"


def test_an_order_without_client_order_id_gets_one(client: TradingClient) -> None:
    order = client.submit_order(market_order())
    assert client.get_order_by_client_id(order.client_order_id).id == order.id


def test_duplicate_client_order_id_is_422_and_changes_nothing(client: TradingClient) -> None:
    client.submit_order(market_order(qty=1, client_order_id="same"))
    expected = (422, 40010001, "client_order_id must be unique")

    assert refused(client, market_order(qty=1, client_order_id="same")) == expected
    assert refused(client, limit_order("sell", 500, qty=1, client_order_id="same")) == expected


def test_more_than_the_buying_power_is_403(client: TradingClient) -> None:
    expected = (403, 40310000, "insufficient buying power")
    assert refused(client, market_order(qty=1000.0001)) == expected
    assert refused(client, market_order(notional=100000.01)) == expected
    assert client.submit_order(market_order(qty=1000)).status == OrderStatus.FILLED
    assert client.get_account().buying_power == "0"


def test_open_orders_hold_buying_power_until_they_are_canceled(client: TradingClient) -> None:
    order = client.submit_order(limit_order("buy", 90, qty=1000))
    assert order.status == OrderStatus.NEW
    assert client.get_account().buying_power == "10000"
    assert refused(client, market_order(qty=101))[:2] == (403, 40310000)

    client.cancel_order_by_id(order.id)
    assert client.get_order_by_id(order.id).status == OrderStatus.CANCELED
    assert client.get_account().buying_power == "100000"


def test_a_multiplier_lends_buying_power(start: Broker) -> None:
    client = trading(start(buying_power_multiplier=Decimal(2)))
    client.submit_order(market_order(qty=1500))
    account = client.get_account()
    assert (account.cash, account.equity, account.buying_power) == ("-50000", "100000", "50000")


@pytest.mark.parametrize("held", [0, 5])
def test_selling_more_than_is_held_is_403(client: TradingClient, held: int) -> None:
    if held:
        client.submit_order(market_order(qty=held))
    message = f"insufficient qty available for order (requested: 6, available: {held})"
    assert refused(client, market_order("sell", qty=6)) == (403, 40310000, message)


def test_shares_that_an_open_order_sells_are_not_available(client: TradingClient) -> None:
    client.submit_order(market_order(qty=10))
    client.submit_order(limit_order("sell", 200, qty=7))

    assert client.get_open_position("AAPL").qty_available == "3"
    assert "requested: 4, available: 3" in refused(client, market_order("sell", qty=4))[2]


def test_short_sale_through_zero_and_back(start: Broker) -> None:
    server = start(shorting=True)
    client = trading(server)
    client.submit_order(market_order(qty=10))
    client.submit_order(market_order("sell", qty=30))
    server.advance(closed("2020-01-03"))
    position, account = client.get_open_position("AAPL"), client.get_account()

    # 20 short at 100, now at 110: a loss of 200, the ten bought at 100 were sold at 100
    assert (position.side, position.qty, position.avg_entry_price) == (PositionSide.SHORT, "-20", "100")
    assert (position.market_value, position.unrealized_pl) == ("-2200", "-200")
    assert (account.cash, account.short_market_value, account.equity) == ("102000", "-2200", "99800")
    client.close_position("AAPL")
    assert client.get_account().equity == client.get_account().cash == "99800"


def test_crossing_zero_starts_a_new_average_price(start: Broker) -> None:
    server = start(shorting=True)
    client = trading(server)
    client.submit_order(market_order(qty=10))
    server.advance(closed("2020-01-03"))
    client.submit_order(market_order("sell", qty=15))
    position = client.get_open_position("AAPL")
    assert (position.qty, position.avg_entry_price, position.unrealized_pl) == ("-5", "110", "0")


def test_shares_that_an_open_order_buys_back_are_not_available(start: Broker) -> None:
    client = trading(start(shorting=True))
    client.submit_order(market_order("sell", qty=10))
    client.submit_order(limit_order("buy", 90, qty=4))
    assert client.get_open_position("AAPL").qty_available == "-6"


def test_fractions_cannot_be_sold_short(start: Broker) -> None:
    client = trading(start(shorting=True))
    assert "cannot be sold short" in refused(client, market_order("sell", qty=0.5))[2]


def _unchecked(**fields: Any) -> OrderRequest:
    """Return a request that alpaca-py's own checks would not let through."""
    return market_order(client_order_id="invalid").model_copy(update=fields)


@pytest.mark.parametrize(
    ("invalid", "message"),
    [
        (market_order(symbol="NOPE"), 'asset "NOPE" not found'),
        (market_order(symbol="BRK.B", qty=1), "has no price yet"),
        (market_order(qty=0), "qty must be > 0"),
        (market_order(qty=-1), "qty must be > 0"),
        (market_order(qty=0.1234567891), "9 decimal places"),
        (market_order(notional=10.001), "2 decimal places"),
        (market_order(notional=0.99), "must be >= 1.00"),
        (market_order(notional=10, time_in_force=TimeInForce.GTC), "must be DAY orders"),
        (market_order(qty=1.5, time_in_force=TimeInForce.GTC), "must be DAY orders"),
        (market_order(time_in_force=TimeInForce.OPG), "invalid time_in_force"),
        (market_order(client_order_id="x" * 129), "no more than 128 characters"),
        (limit_order("buy", 0), "limit_price must be > 0"),
        (limit_order("buy", 90, notional=10, qty=None), "notional orders must be market orders"),
        (StopOrderRequest(symbol="AAPL", qty=1, side="buy", time_in_force="day", stop_price=9), "stop_price is not"),
        (_unchecked(qty=None), "qty or notional is required"),
        (_unchecked(notional=10.0), "only one of qty or notional"),
        (_unchecked(side=None), "side is required"),
        (_unchecked(symbol=None), "symbol is required"),
    ],
)
def test_invalid_orders_are_422(client: TradingClient, invalid: OrderRequest, message: str) -> None:
    status, _, found = refused(client, invalid)
    assert status == 422
    assert message in found


def test_a_body_that_is_no_object_is_400(client: TradingClient) -> None:
    for body in ([], "text", 7):
        with pytest.raises(APIError) as caught:
            client.post("/orders", body)  # type: ignore[arg-type]
        assert verdict(caught.value) == (400, 40010000, "request body format is invalid")


def test_fractions_of_whole_share_assets_are_refused(start: Broker) -> None:
    client = trading(start(whole_share_symbols=frozenset({"AAPL"})))
    assert "not fractionable" in refused(client, market_order(qty=0.5))[2]
    assert "not fractionable" in refused(client, market_order(notional=500))[2]
    assert client.submit_order(market_order(qty=5)).status == OrderStatus.FILLED


def test_limit_order_waits_for_its_price(server: PaperBrokerServer, client: TradingClient) -> None:
    patient = client.submit_order(limit_order("buy", 95, time_in_force=TimeInForce.GTC))
    server.advance(closed("2020-01-03"))
    assert client.get_order_by_id(patient.id).status == OrderStatus.NEW

    server.advance(closed("2020-01-07"))  # through the close of the 6th, at 90
    order = client.get_order_by_id(patient.id)
    assert (order.status, order.filled_avg_price, order.filled_at) == ("filled", "90", closed("2020-01-06"))


def test_sell_limit_fills_at_the_market_when_that_is_better(client: TradingClient) -> None:
    client.submit_order(market_order())
    order = client.submit_order(limit_order("sell", 80))
    assert (order.status, order.filled_avg_price) == (OrderStatus.FILLED, "100")


def test_day_order_expires_at_the_next_close(server: PaperBrokerServer, client: TradingClient) -> None:
    order = client.submit_order(limit_order("buy", 95))
    server.advance(closed("2020-01-03") - timedelta(seconds=1))
    assert client.get_order_by_id(order.id).status == OrderStatus.NEW

    server.advance(closed("2020-01-03"))
    expired = client.get_order_by_id(order.id)
    assert (expired.status, expired.expired_at) == (OrderStatus.EXPIRED, closed("2020-01-03"))
    assert client.get_account().buying_power == "100000"


def test_cancelling_a_filled_order_is_422(client: TradingClient) -> None:
    order = client.submit_order(market_order())
    with pytest.raises(APIError) as caught:
        client.cancel_order_by_id(order.id)
    assert verdict(caught.value) == (422, 42210000, 'order is already in "filled" state')


def test_cancel_all_reports_each_open_order(client: TradingClient) -> None:
    client.submit_order(market_order())
    waiting = [client.submit_order(limit_order("buy", price, qty=1)) for price in (80, 81)]
    results = client.cancel_orders()

    assert {(result.id, result.status) for result in results} == {(order.id, 200) for order in waiting}
    assert client.get_orders() == []


def test_slippage_and_fees_are_paid_on_both_sides(start: Broker) -> None:
    server = start(slippage_bps=Decimal(10), fee_bps=Decimal(5), fee_per_share=Decimal("0.01"))
    client = trading(server)
    bought = client.submit_order(market_order(qty=10))
    # 100 × 1.001; fee 10 × 0.01 + 1001 × 0.0005 = 0.6005
    assert (bought.filled_avg_price, client.get_account().cash) == ("100.1", "98998.4")

    sold = client.submit_order(market_order("sell", qty=10))
    # 100 × 0.999; fee 0.10 + 999 × 0.0005 = 0.5995
    assert (sold.filled_avg_price, client.get_account().cash) == ("99.9", "99996.8")
    assert [fill["fee"] for fill in server.state()["fills"]] == ["0.6", "0.6"]


def test_slippage_is_rounded_against_the_trader(start: Broker) -> None:
    client = trading(start(slippage_bps=Decimal("0.333")))
    # 100 × (1 ± 0.0000333)
    assert client.submit_order(market_order(qty=1)).filled_avg_price == "100.0034"
    assert client.submit_order(market_order("sell", qty=1)).filled_avg_price == "99.9966"


def test_slippage_never_passes_a_limit(start: Broker) -> None:
    client = trading(start(slippage_bps=Decimal(100)))
    assert client.submit_order(limit_order("buy", 100.5)).filled_avg_price == "100.5"


@pytest.mark.parametrize(
    ("size", "first", "total"),
    [({"qty": 5}, "2", "5"), ({"qty": 1}, "1", "1"), ({"qty": 0.5}, "0.25", "0.5"), ({"notional": 100}, "0.5", None)],
)
def test_partial_fill_leaves_the_rest_to_the_next_step(
    start: Broker, size: dict[str, float], first: str, total: str | None
) -> None:
    server = start(partial_fill=Decimal("0.5"))
    client = trading(server)
    order = client.submit_order(market_order(**size))
    assert order.filled_qty == first
    server.advance(FIRST_CLOSE + timedelta(hours=1))

    done = client.get_order_by_id(order.id)
    assert (done.status, done.filled_qty) == (OrderStatus.FILLED, total or "1")


def test_partial_fill_averages_its_prices(start: Broker) -> None:
    server = start(partial_fill=Decimal("0.25"))
    client = trading(server)
    order = client.submit_order(market_order(qty=8))
    assert (order.status, order.filled_qty) == (OrderStatus.PARTIALLY_FILLED, "2")
    server.advance(closed("2020-01-03"))

    # (2 × 100 + 6 × 110) / 8
    assert client.get_order_by_id(order.id).filled_avg_price == "107.5"
    assert client.get_open_position("AAPL").avg_entry_price == "107.5"


def test_delayed_order_is_accepted_until_the_clock_moves(start: Broker) -> None:
    server = start(fill_delay=FillDelay.NEXT_STEP)
    client = trading(server)
    order = client.submit_order(market_order(qty=10))
    assert (order.status, order.filled_qty) == (OrderStatus.ACCEPTED, "0")
    assert client.get_account().buying_power == "99000"
    server.advance(FIRST_CLOSE)
    assert client.get_order_by_id(order.id).status == OrderStatus.ACCEPTED

    server.advance(closed("2020-01-07"))
    done = client.get_order_by_id(order.id)
    assert (done.status, done.filled_avg_price, done.filled_at) == ("filled", "110", closed("2020-01-03"))


def test_one_move_of_the_clock_is_one_step_at_each_close(start: Broker) -> None:
    server = start(fill_delay=FillDelay.NEXT_STEP, partial_fill=Decimal("0.5"))
    client = trading(server)
    order = client.submit_order(market_order(qty=10, time_in_force=TimeInForce.GTC))
    server.advance(closed("2020-01-03") + timedelta(hours=1))
    assert client.get_order_by_id(order.id).filled_qty == "5"
    server.advance(closed("2020-01-06"))
    assert client.get_order_by_id(order.id).filled_qty == "10"


def test_delayed_order_that_cannot_be_paid_any_more_is_rejected(start: Broker) -> None:
    server = start(fill_delay=FillDelay.NEXT_STEP)
    client = trading(server)
    order = client.submit_order(market_order(qty=1000))
    server.advance(closed("2020-01-03"))

    assert client.get_order_by_id(order.id).status == OrderStatus.REJECTED
    account = client.get_account()
    assert (account.cash, account.buying_power) == ("100000", "100000")


def test_delayed_notional_sale_ends_with_what_is_held(start: Broker) -> None:
    server = start(partial_fill=Decimal("0.5"))
    client = trading(server)
    client.submit_order(market_order(symbol="AMD", qty=1))
    client.submit_order(market_order("sell", symbol="AMD", notional=50))
    server.advance(closed("2020-01-03"))  # from 50 to 48: half of 50 is more than the half share that is left
    assert client.get_all_positions() == []


def test_orders_are_listed_by_status_symbol_and_direction(client: TradingClient) -> None:
    done = client.submit_order(market_order())
    waiting = [client.submit_order(limit_order("buy", 40, symbol="AMD", qty=1)) for _ in range(3)]

    def listed(**fields: Any) -> list[object]:
        return [order.id for order in client.get_orders(GetOrdersRequest(**fields))]

    everything = [done.id, *(order.id for order in waiting)]
    assert listed(status=QueryOrderStatus.ALL, direction=Sort.ASC) == everything
    assert listed(status=QueryOrderStatus.ALL) == everything[::-1]
    assert listed() == everything[:0:-1]
    assert listed(status=QueryOrderStatus.CLOSED) == [done.id]
    assert listed(status=QueryOrderStatus.ALL, symbols=["AMD"], limit=2) == everything[:1:-1]
    assert listed(status=QueryOrderStatus.ALL, side="sell") == []


def test_orders_are_listed_between_two_instants(server: PaperBrokerServer, client: TradingClient) -> None:
    client.submit_order(market_order())
    server.advance(closed("2020-01-03"))
    second = client.submit_order(market_order())

    window = GetOrdersRequest(status=QueryOrderStatus.ALL, after=FIRST_CLOSE, until=closed("2020-01-06"))
    assert [order.id for order in client.get_orders(window)] == [second.id]


@pytest.mark.parametrize("fields", [{"limit": 501}, {"limit": 0}])
def test_a_limit_out_of_range_is_422(client: TradingClient, fields: dict[str, int]) -> None:
    with pytest.raises(APIError, match="expected 1 to 500") as caught:
        client.get_orders(GetOrdersRequest(**fields))
    assert caught.value.status_code == 422
