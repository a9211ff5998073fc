"""An order that cannot be meant is not made."""

from decimal import Decimal
from typing import Any

import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.order import ClientOrderId, OrderIntent, OrderKind, OrderStatus, Side
from backend.domain.signal import StrategyId, Symbol


def intent(**fields: Any) -> OrderIntent:
    return OrderIntent(
        client_order_id=ClientOrderId("mae-1"),
        strategy=StrategyId("trend"),
        symbol=Symbol("AAPL"),
        side=Side.BUY,
        **fields,
    )


@pytest.mark.parametrize("size", [{"quantity": Decimal("0.000001")}, {"notional": Decimal("0.01")}])
def test_order_intent_has_a_quantity_or_a_notional(size: dict[str, Decimal]) -> None:
    made = intent(**size)
    assert {"quantity": made.quantity, "notional": made.notional} == {"quantity": None, "notional": None, **size}
    assert made.reserved == 0


@pytest.mark.parametrize(
    "size",
    [
        {},
        {"quantity": Decimal(1), "notional": Decimal(1)},
        {"quantity": Decimal(0)},
        {"quantity": Decimal(-1)},
        {"notional": Decimal(0)},
        {"notional": Decimal("-0.01")},
        {"quantity": Decimal(0), "notional": Decimal(5)},
    ],
    ids=str,
)
def test_order_intent_without_one_positive_size_is_refused(size: dict[str, Decimal]) -> None:
    with pytest.raises(ConfigurationError, match="mae-1: expected exactly one positive quantity or notional, found"):
        intent(**size)


@pytest.mark.parametrize("field", ["quantity", "notional"])
def test_order_intent_of_no_number_is_refused(field: str) -> None:
    with pytest.raises(ConfigurationError, match="expected exactly one positive"):
        intent(**{field: Decimal("NaN")})


@pytest.mark.parametrize(
    "limit",
    [{"kind": OrderKind.LIMIT}, {"limit_price": Decimal(5)}, {"kind": OrderKind.MARKET, "limit_price": Decimal(5)}],
)
def test_order_intent_with_a_limit_price_and_no_limit_or_the_reverse_is_refused(limit: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="a limit order, and only it, carries a limit_price"):
        intent(quantity=Decimal(1), **limit)


def test_order_intent_to_a_limit_carries_its_price() -> None:
    made = intent(quantity=Decimal(1), kind=OrderKind.LIMIT, limit_price=Decimal(5))
    assert (made.kind, made.limit_price) == (OrderKind.LIMIT, Decimal(5))


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (OrderStatus.INTENT, False),
        (OrderStatus.SUBMITTED, False),
        (OrderStatus.PARTIALLY_FILLED, False),
        (OrderStatus.FILLED, True),
        (OrderStatus.CANCELLED, True),
        (OrderStatus.REJECTED, True),
        (OrderStatus.DENIED, True),
        (OrderStatus.UNRESOLVED, False),  # in doubt: it keeps what it holds
    ],
)
def test_order_status_is_final_when_nothing_more_can_come(status: OrderStatus, is_final: bool) -> None:
    assert status.is_final is is_final


def test_order_statuses_are_those_that_were_judged() -> None:
    assert len(OrderStatus) == 8
