"""``state/trading``: what restricts trading, the orders under way and what they reserve, sleeves, and EXTERNAL."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import StoredDocument
from backend.domain.canonical import canonical_json
from backend.domain.guard import Guard
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.trading_state import Restriction, Trading, TradingState, WorkingOrder

REMEDY = "restore it from a backup; no order is sent until then"


def to_document(trading: Trading) -> dict[str, Any]:
    return {
        "epoch": trading.epoch,
        "state": trading.state.value,
        "reason": trading.reason,
        "restrictions": {source: _restriction(each) for source, each in trading.restrictions.items()},
        "high_water_mark": str(trading.guard.high_water_mark),
        "reserved": str(trading.reserved),
        "working": {str(order): _working(each) for order, each in trading.working.items()},
        "sleeves": {portfolio: _quantities(held) for portfolio, held in trading.sleeves.items()},
        "external": _quantities(trading.external),
        "guard": canonical_json(trading.guard),
        "liquidation": {portfolio: sorted(names) for portfolio, names in trading.liquidation.items()},
        "rebalances": sorted(trading.rebalances),
        "log_head": trading.log_head,
        "log_count": trading.log_count,
    }


def from_document(document: StoredDocument) -> Trading:
    reader = FieldReader(document.path, document.fields, REMEDY)
    trading = Trading(
        epoch=reader.integer("epoch"),
        restrictions={
            source: _read_restriction(reader.nested(f"restrictions.{source}", each))
            for source, each in reader.mapping("restrictions").items()
        },
        guard=reader.canonical("guard", Guard),
        working={
            ClientOrderId(order): _read_working(reader.nested(f"working.{order}", each))
            for order, each in reader.mapping("working").items()
        },
        sleeves={
            portfolio: _read_quantities(reader.nested("sleeves", {"held": held}), "held")
            for portfolio, held in reader.mapping("sleeves").items()
        },
        external=_read_quantities(reader, "external"),
        liquidation={
            portfolio: _read_names(reader.nested("liquidation", {portfolio: names}), portfolio)
            for portfolio, names in reader.mapping("liquidation").items()
        },
        rebalances=frozenset(_read_names(reader, "rebalances")),
        log_head=reader.text("log_head"),
        log_count=reader.integer("log_count"),
    )
    if reader.member("state", TradingState) is not trading.state:
        raise reader.corrupt(f"restrictions that come to {reader.text('state')}", trading.state.value)
    if reader.decimal("high_water_mark") != trading.guard.high_water_mark:
        raise reader.corrupt(f"a guard whose high-water mark is {reader.decimal('high_water_mark')}", trading.guard)
    if reader.decimal("reserved") != trading.reserved:
        raise reader.corrupt(f"working orders to reserve to {reader.decimal('reserved')}", trading.reserved)
    return trading


def _restriction(restriction: Restriction) -> dict[str, Any]:
    return {
        "state": restriction.state.value,
        "reason": restriction.reason,
        "by": restriction.by,
        "since": restriction.since,
    }


def _read_restriction(reader: FieldReader) -> Restriction:
    return Restriction(
        state=reader.member("state", TradingState),
        reason=reader.text("reason"),
        by=reader.text("by"),
        since=reader.instant("since"),
    )


def _read_names(reader: FieldReader, portfolio: str) -> frozenset[StrategyId]:
    names = reader.items(portfolio)
    if not all(isinstance(name, str) for name in names):
        raise reader.corrupt("names of strategies", names)
    return frozenset(map(StrategyId, names))


def _working(order: WorkingOrder) -> dict[str, str]:
    fields = {"symbol": str(order.symbol), "side": order.side.value, "reserved": str(order.reserved)}
    return {**fields, "correlation_id": order.correlation_id} if order.correlation_id else fields


def _read_working(reader: FieldReader) -> WorkingOrder:
    return WorkingOrder(
        symbol=Symbol(reader.text("symbol")),
        side=reader.member("side", Side),
        reserved=reader.decimal("reserved"),
        correlation_id=reader.text("correlation_id") if "correlation_id" in reader else "",
    )


def _quantities(held: Mapping[Symbol, Decimal]) -> dict[str, str]:
    return {str(symbol): str(quantity) for symbol, quantity in held.items()}


def _read_quantities(reader: FieldReader, name: str) -> dict[Symbol, Decimal]:
    held = reader.mapping(name)
    return {Symbol(symbol): reader.as_decimal(f"{name}.{symbol}", quantity) for symbol, quantity in held.items()}
