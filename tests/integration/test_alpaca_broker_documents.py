"""AlpacaBroker with the real alpaca-py: what goes out and comes back is exact to the last digit."""

from decimal import Decimal

import pytest

from backend.domain.order import OrderKind, OrderStatus, Side
from backend.domain.signal import Symbol
from tests.fakes.alpaca_venue import ORDER, ORDER_ID, intent, order, problem, venue
from tests.fakes.http_server import json_answer

ACCOUNT = {"id": "acc-1", "equity": "100000.10", "cash": "0.1", "buying_power": "12345678901234567.89"}


@pytest.mark.parametrize(
    ("status", "filled", "expected"),
    [
        ("new", "0", OrderStatus.SUBMITTED),
        ("accepted", "0", OrderStatus.SUBMITTED),
        ("pending_new", "0", OrderStatus.SUBMITTED),
        ("accepted_for_bidding", "0", OrderStatus.SUBMITTED),
        ("held", "0", OrderStatus.SUBMITTED),
        ("stopped", "0", OrderStatus.SUBMITTED),
        ("suspended", "0", OrderStatus.SUBMITTED),
        ("calculated", "0", OrderStatus.SUBMITTED),
        ("done_for_day", "0", OrderStatus.SUBMITTED),
        ("pending_cancel", "0", OrderStatus.SUBMITTED),
        ("pending_cancel", "1", OrderStatus.PARTIALLY_FILLED),
        ("pending_replace", "0", OrderStatus.SUBMITTED),
        ("pending_review", "0", OrderStatus.SUBMITTED),
        ("partially_filled", "1", OrderStatus.PARTIALLY_FILLED),
        ("filled", "1", OrderStatus.FILLED),
        ("canceled", "0", OrderStatus.CANCELLED),
        ("canceled", "1", OrderStatus.CANCELLED),
        ("expired", "0", OrderStatus.CANCELLED),
        ("replaced", "0", OrderStatus.CANCELLED),
        ("rejected", "0", OrderStatus.REJECTED),
    ],
)
def test_every_status_of_alpaca_has_one_of_ours(status: str, filled: str, expected: OrderStatus) -> None:
    with venue(order(status=status, filled_qty=filled)) as (broker, _, _):
        answer = broker.submit(intent())

    assert answer.status is expected
    assert answer.filled_quantity == Decimal(filled)
    assert (answer.average_price is None) == (filled == "0")


def test_every_status_that_alpaca_py_knows_is_mapped() -> None:
    from alpaca.trading.enums import OrderStatus as AlpacaStatus

    for status in AlpacaStatus:
        filled = "1" if status.value in ("filled", "partially_filled") else "0"
        with venue(order(status=status.value, filled_qty=filled)) as (broker, _, _):
            assert broker.submit(intent()).client_order_id == ORDER_ID


def test_an_order_is_read_to_the_last_digit() -> None:
    with venue(order()) as (broker, _, _):
        answer = broker.submit(intent())

    assert answer.broker_order_id == ORDER["id"]
    assert answer.filled_quantity == Decimal("1.234567891")
    assert answer.average_price == Decimal("100.10")
    assert str(answer.updated_at) == "2024-01-02 15:04:05.123456+00:00"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"notional": Decimal("98765432109876.37")}, {"type": "market", "notional": "98765432109876.37"}),
        (
            {"notional": None, "quantity": Decimal("1E-9"), "side": Side.SELL},
            {"type": "market", "side": "sell", "qty": "0.000000001"},
        ),
        (
            {"notional": None, "quantity": Decimal(3), "kind": OrderKind.LIMIT, "limit_price": Decimal("99.90")},
            {"type": "limit", "qty": "3", "limit_price": "99.90"},
        ),
    ],
)
def test_an_order_goes_out_to_the_last_digit(changes: dict[str, object], expected: dict[str, str]) -> None:
    with venue(order()) as (broker, server, _):
        broker.submit(intent(**changes))

    base = {"client_order_id": "mae-1", "symbol": "AAPL", "side": "buy", "time_in_force": "day"}
    assert server.requests[0].json() == {**base, **expected}
    assert server.requests[0].path == "/v2/orders"


def test_an_account_is_read_with_its_positions() -> None:
    long = {"symbol": "AAPL", "qty": "1.5", "side": "long", "avg_entry_price": "99.990000001", "current_price": "101"}
    short = {"symbol": "AMD", "qty": "-2", "side": "short", "avg_entry_price": "50", "current_price": None}
    with venue(json_answer(ACCOUNT), json_answer([long, {**short, "lastday_price": "49"}])) as (broker, _, _):
        held = broker.account()

    assert (held.account_id, held.equity, held.cash) == ("acc-1", Decimal("100000.10"), Decimal("0.1"))
    assert held.buying_power == Decimal("12345678901234567.89")
    assert held.positions[Symbol("AAPL")].average_price == Decimal("99.990000001")
    assert held.positions[Symbol("AMD")].quantity == Decimal(-2)
    assert held.positions[Symbol("AMD")].price == Decimal(49)


def test_assets_are_asked_for_once() -> None:
    asset = {"symbol": "AAPL", "status": "active", "tradable": True, "fractionable": True}
    answers = (json_answer(asset), problem(404, 40410000, "asset not found for NOPE"))
    with venue(*answers) as (broker, server, _):
        known = broker.assets([Symbol("AAPL")])
        both = broker.assets([Symbol("AAPL"), Symbol("NOPE")])

    assert known[Symbol("AAPL")].is_fractionable
    assert not both[Symbol("NOPE")].is_tradable
    assert [request.path for request in server.requests] == ["/v2/assets/AAPL", "/v2/assets/NOPE"]
