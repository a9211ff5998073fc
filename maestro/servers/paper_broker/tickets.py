"""Reading of an order request: every field is checked before it becomes a ticket."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from maestro.servers.paper_broker.errors import Refusal, invalid, unprocessable
from maestro.servers.paper_broker.execution import is_whole
from maestro.servers.paper_broker.orders import CENT, SHARE, OrderKind, OrderTicket, Side, TimeInForce

_LONGEST_CLIENT_ORDER_ID = 128
_UNSUPPORTED = ("stop_price", "trail_price", "trail_percent", "take_profit", "stop_loss", "legs")
_Choice = TypeVar("_Choice", bound=StrEnum)


def to_ticket(document: object) -> OrderTicket:
    """Turn the body of ``POST /v2/orders`` into a ticket.

    Raises
    ------
    Refusal
        422 with Alpaca's message, for the first field that is missing or wrong.
    """
    if not isinstance(document, Mapping):
        raise Refusal(400, 40010000, "request body format is invalid")
    for name in _UNSUPPORTED:
        if document.get(name) is not None:
            raise invalid(f"{name} is not supported by the paper broker: send simple market or limit orders")
    if document.get("order_class") not in (None, "", "simple"):
        raise invalid(f"order_class {document['order_class']} is not supported by the paper broker: use simple")
    ticket = OrderTicket(
        client_order_id=_client_order_id(document.get("client_order_id")),
        symbol=_symbol(document.get("symbol")),
        side=_choice(Side, "side", document.get("side")),
        kind=_choice(OrderKind, "type", document.get("type")),
        time_in_force=_choice(TimeInForce, "time_in_force", document.get("time_in_force")),
        qty=_positive("qty", document.get("qty")),
        notional=_positive("notional", document.get("notional")),
        limit_price=_positive("limit_price", document.get("limit_price")),
        extended_hours=document.get("extended_hours") is True,
    )
    _check_size(ticket)
    _check_limit(ticket)
    return ticket


def _check_size(ticket: OrderTicket) -> None:
    if ticket.qty is None and ticket.notional is None:
        raise invalid("qty or notional is required")
    if ticket.qty is not None and ticket.notional is not None:
        raise invalid("only one of qty or notional is accepted")
    if ticket.notional is not None:
        if ticket.notional != ticket.notional.quantize(CENT):
            raise invalid("notional value must be limited to 2 decimal places")
        if ticket.notional < 1:
            raise unprocessable("notional amount must be >= 1.00")
        if ticket.kind is not OrderKind.MARKET:
            raise unprocessable("notional orders must be market orders")
    if ticket.qty is not None and ticket.qty != ticket.qty.quantize(SHARE):
        raise invalid("qty must be limited to 9 decimal places")
    is_fractional = ticket.qty is None or not is_whole(ticket.qty)
    if is_fractional and ticket.time_in_force is not TimeInForce.DAY:
        raise unprocessable("fractional orders must be DAY orders")


def _check_limit(ticket: OrderTicket) -> None:
    if ticket.kind is OrderKind.LIMIT and ticket.limit_price is None:
        raise invalid("limit orders require a limit price")
    if ticket.kind is OrderKind.MARKET and ticket.limit_price is not None:
        raise invalid("market orders must not have a limit price")


def _choice(choices: type[_Choice], name: str, value: object) -> _Choice:
    if value is None:
        raise invalid(f"{name} is required")
    chosen = next((choice for choice in choices if choice == value), None)
    if chosen is None:
        raise invalid(f"invalid {name}: expected one of {', '.join(choices)}, found {value}")
    return chosen


def _symbol(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise invalid("symbol is required")
    return value


def _client_order_id(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid("client_order_id must be a string")
    if len(value) > _LONGEST_CLIENT_ORDER_ID:
        raise invalid(f"client_order_id must be no more than {_LONGEST_CLIENT_ORDER_ID} characters")
    return value


def _positive(name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise invalid(f"{name} must be a number")
    try:
        number = Decimal(value)
    except InvalidOperation as e:
        raise invalid(f"{name} must be a number") from e
    if not number.is_finite() or number <= 0:
        raise invalid(f"{name} must be > 0")
    if number >= Decimal(10) ** 12:
        raise invalid(f"{name} is too large")
    return number
