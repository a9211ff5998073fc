"""``ledger_trades/{trade_id}``: fills and adjusting entries, append-only; one without a kind is a fill."""

from typing import Any

from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import StoredDocument
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol


def to_document(trade: LedgerTrade) -> dict[str, Any]:
    return {
        "trade_id": trade.trade_id,
        "tenant_id": trade.tenant_id,
        "uid": trade.uid,
        "strategy_id": str(trade.strategy_id),
        "run_id": trade.run_id,
        "symbol": str(trade.symbol),
        "side": trade.side.value,
        "qty": str(trade.qty),
        "price": str(trade.price),
        "ts": trade.ts,
        "fees": str(trade.fees),
        "slippage": str(trade.slippage),
        "order_id": str(trade.order_id),
        "broker_fill_id": trade.broker_fill_id,
        "account_id": trade.account_id,
        "kind": trade.kind.value,
    }


def from_document(document: StoredDocument) -> LedgerTrade:
    reader = FieldReader(document.path, document.fields)
    return LedgerTrade(
        trade_id=reader.text("trade_id"),
        tenant_id=reader.text("tenant_id"),
        uid=reader.text("uid"),
        strategy_id=StrategyId(reader.text("strategy_id")),
        run_id=reader.text("run_id"),
        symbol=Symbol(reader.text("symbol")),
        side=reader.member("side", Side),
        qty=reader.decimal("qty"),
        price=reader.decimal("price"),
        ts=reader.instant("ts"),
        fees=reader.decimal("fees"),
        slippage=reader.decimal("slippage"),
        order_id=ClientOrderId(reader.text("order_id")),
        broker_fill_id=reader.text("broker_fill_id"),
        account_id=reader.text("account_id"),
        kind=reader.member("kind", TradeKind) if "kind" in document.fields else TradeKind.FILL,
    )
