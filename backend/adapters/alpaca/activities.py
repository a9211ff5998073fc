"""Alpaca's account activities, read into entries of the broker's books.

What is no trade has a ``date`` and, since 2021, ``created_at``, the instant at which it was booked: a fee is dated by
its trade and booked the night after. Without that instant it counts as booked when its ``date`` began.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backend.adapters.alpaca.fields import decimal, instant, text, unreadable
from backend.domain.market import start_of
from backend.domain.signal import Symbol
from backend.domain.statement import ZERO, Activity, ActivityKind

_CENT = Decimal("0.01")
_SIGNS = {"buy": 1, "sell": -1, "sell_short": -1}
_STOCK_DIVIDEND = "SDIV"
_CANCELED = "canceled"
_DIVIDENDS = ("DIV", "DIVCGL", "DIVCGS", "DIVFEE", "DIVFT", "DIVNRA", "DIVROC", "DIVTW", "DIVTXEX", "CGD")
# Mergers, spin-offs, name changes, options and all types that are not here are OTHER.
_KINDS = {
    **dict.fromkeys(("SPLIT", "SSP"), ActivityKind.SPLIT),
    **dict.fromkeys(_DIVIDENDS, ActivityKind.DIVIDEND),
    **dict.fromkeys(("FEE", "CFEE", "PTC", "PTR"), ActivityKind.FEE),  # pass-through charges and rebates too
    **dict.fromkeys(("INT", "INTNRA", "INTTW", "INTPNL"), ActivityKind.INTEREST),
    **dict.fromkeys(("CSD", "CSW", "TRANS", "JNL", "JNLC", "ACATC", "MEM"), ActivityKind.TRANSFER),
    **dict.fromkeys(("JNLS", "ACATS", "FOPT", "OCT"), ActivityKind.SHARES),
}


def read_activity(fields: Mapping[str, Any], orders: Mapping[str, str]) -> Activity | None:
    """Read one activity; None for one that was cancelled, since it changed nothing.

    Parameters
    ----------
    fields : the document
    orders : broker's order id by execution, for fees that name the execution alone

    Raises
    ------
    BrokerUnavailable
        The document is not an activity.
    """
    kind = text(fields, "activity_type")
    if kind == "FILL":
        return _fill(fields)
    if fields.get("status") == _CANCELED:
        return None
    return _non_trade(fields, kind, orders)


def booked_at(fields: Mapping[str, Any]) -> datetime | None:
    """Return when Alpaca booked an activity; None where it does not say."""
    return instant(fields, "transaction_time") or instant(fields, "created_at")


def execution_id(fields: Mapping[str, Any]) -> str:
    """Return the execution behind a fill: the second half of the activity's id."""
    return text(fields, "id").rpartition("::")[2]


def _fill(fields: Mapping[str, Any]) -> Activity:
    side, at = fields.get("side"), instant(fields, "transaction_time")
    quantity, price = decimal(fields, "qty"), decimal(fields, "price")
    if not isinstance(side, str) or side not in _SIGNS or quantity <= 0 or price < 0 or at is None:
        raise unreadable("a fill with side, qty, price and transaction_time", dict(fields))
    signed = _SIGNS[side] * quantity
    return Activity(
        activity_id=text(fields, "id"),
        kind=ActivityKind.FILL,
        at=at,
        symbol=Symbol(text(fields, "symbol")),
        quantity=signed,
        price=price,
        cash=-(signed * price).quantize(_CENT),  # as Alpaca books it
        order_id=text(fields, "order_id"),
    )


def _non_trade(fields: Mapping[str, Any], name: str, orders: Mapping[str, str]) -> Activity:
    kind, cash = _KINDS.get(name, ActivityKind.OTHER), decimal(fields, "net_amount", absent=ZERO)
    quantity = decimal(fields, "qty", absent=ZERO)
    if kind is ActivityKind.DIVIDEND:
        if fields.get("activity_sub_type") == _STOCK_DIVIDEND and not cash:
            kind = ActivityKind.OTHER  # paid in shares
        else:
            quantity = ZERO  # the shares that it was paid on
    symbol, day = fields.get("symbol"), _day(fields)
    return Activity(
        activity_id=text(fields, "id"),
        kind=kind,
        at=instant(fields, "created_at") or start_of(day),
        day=day,
        symbol=Symbol(symbol) if isinstance(symbol, str) and symbol else None,
        quantity=quantity,
        price=decimal(fields, "price", absent=ZERO),
        cash=cash,
        order_id=_order_id(fields, orders),
    )


def _day(fields: Mapping[str, Any]) -> date:
    try:
        return date.fromisoformat(str(fields.get("date"))[: len("2020-01-02")])
    except ValueError as e:
        raise unreadable("an activity with its date", dict(fields)) from e


def _order_id(fields: Mapping[str, Any], orders: Mapping[str, str]) -> str:
    order, execution = fields.get("order_id"), fields.get("execution_id")
    if isinstance(order, str) and order:
        return order
    return orders.get(execution, "") if isinstance(execution, str) else ""
