"""``state/book_{portfolio_id}``: every strategy's sleeves and the open orders, packed into one text."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.order_documents import from_reader, order_fields
from backend.adapters.documents.packing import pack
from backend.adapters.documents.seam import StoredDocument
from backend.domain.mode import Mode, ModeState
from backend.domain.order import ClientOrderId
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Lot, PortfolioBook, Sleeve, StrategyBook
from backend.domain.tick import PortfolioKey

REMEDY = "restore it from a backup, or rebuild it from ledger_trades; no order is sent until then"


def to_document(book: PortfolioBook, key: PortfolioKey) -> dict[str, Any]:
    return {
        "tenant_id": key.tenant_id,
        "uid": key.uid,
        "portfolio_id": key.portfolio_id,
        "strategy_count": len(book.strategies),
        "open_order_count": len(book.open_orders),
        "payload": pack(
            {
                "strategies": {str(name): _strategy(each) for name, each in book.strategies.items()},
                "open_orders": [order_fields(order) for order in book.open_orders.values()],
            }
        ),
    }


def from_document(document: StoredDocument) -> PortfolioBook:
    reader = FieldReader(document.path, document.fields, REMEDY)
    payload = reader.nested("payload", reader.packed("payload"))
    strategies, orders = payload.mapping("strategies"), payload.items("open_orders")
    counts = reader.integer("strategy_count"), reader.integer("open_order_count")
    if counts != (len(strategies), len(orders)):
        raise reader.corrupt(f"{counts} strategies and open orders in payload", (len(strategies), len(orders)))
    open_orders = [from_reader(payload.nested(f"open_orders[{i}]", each)) for i, each in enumerate(orders)]
    return PortfolioBook(
        strategies={
            StrategyId(name): _read_strategy(payload.nested(f"strategies.{name}", each))
            for name, each in strategies.items()
        },
        open_orders={ClientOrderId(order.intent.client_order_id): order for order in open_orders},
    )


def _strategy(book: StrategyBook) -> dict[str, Any]:
    return {
        "mode": None if book.mode is None else _mode(book.mode),
        "real": _sleeve(book.real),
        "virtual": None if book.virtual is None else _sleeve(book.virtual),
        "capital": str(book.capital),
    }


def _mode(state: ModeState) -> dict[str, Any]:
    return {"mode": state.mode.value, "since": state.since, "why": state.reason}


def _sleeve(sleeve: Sleeve) -> dict[str, Any]:
    return {
        "lots": {str(s): [[str(lot.quantity), str(lot.price)] for lot in lots] for s, lots in sleeve.lots.items()},
        "realised": str(sleeve.realised),
        "marked": str(sleeve.marked),
        "marked_realised": str(sleeve.marked_realised),
    }


def _read_strategy(reader: FieldReader) -> StrategyBook:
    mode, virtual = reader.value("mode"), reader.value("virtual")
    return StrategyBook(
        mode=None if mode is None else _read_mode(reader.nested("mode", mode)),
        real=_read_sleeve(reader.nested("real", reader.value("real"))),
        virtual=None if virtual is None else _read_sleeve(reader.nested("virtual", virtual)),
        capital=reader.decimal("capital"),
    )


def _read_mode(reader: FieldReader) -> ModeState:
    return ModeState(mode=reader.member("mode", Mode), since=reader.instant("since"), reason=reader.text("why"))


def _read_sleeve(reader: FieldReader) -> Sleeve:
    lots = reader.mapping("lots")
    return Sleeve(
        lots={Symbol(symbol): tuple(_read_lot(reader, symbol, each) for each in held) for symbol, held in lots.items()},
        realised=reader.decimal("realised"),
        marked=reader.decimal("marked"),
        marked_realised=reader.decimal("marked_realised"),
    )


def _read_lot(reader: FieldReader, symbol: str, value: object) -> Lot:
    if not isinstance(value, list) or len(value) != 2:
        raise reader.corrupt(f"a lot of {symbol} as [quantity, price]", value)
    quantity, price = (reader.as_decimal(f"lots.{symbol}", each) for each in value)
    return Lot(quantity=quantity, price=price)
