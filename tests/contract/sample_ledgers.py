"""Ledgers and daily snapshots as tests write them, and the months computed from them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from backend.adapters.documents import Documents, open_documents
from backend.adapters.documents.ledger_documents import to_document
from backend.adapters.documents.seam import create, replace
from backend.domain.ledger import LedgerTrade
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.snapshot import StrategyPerformanceSnapshot
from backend.marketplace.strategy_performance_snapshots import compute_monthly_strategy_performance_from_firestore

NOW = datetime(2025, 2, 1, 0, 5, tzinfo=UTC)
_SERIAL = count()


def trade(at: str | datetime, symbol: str, signed: str, price: str, fees: str = "0", **other: Any) -> LedgerTrade:
    """A fill on a day of 2025 ("01-15") or at an instant; ``signed`` is negative for a sale."""
    ts = datetime.fromisoformat(f"2025-{at}T15:00:00+00:00") if isinstance(at, str) else at
    quantity = Decimal(signed)
    named: dict[str, Any] = {
        "trade_id": f"trade-{next(_SERIAL):06d}",
        "tenant_id": "acme",
        "uid": "ann",
        "strategy_id": StrategyId("trend"),
        "account_id": "paper-1",
        "order_id": ClientOrderId("mae-1"),
        "run_id": "main-1",
    }
    return LedgerTrade(
        symbol=Symbol(symbol),
        side=Side.BUY if quantity > 0 else Side.SELL,
        qty=abs(quantity),
        price=Decimal(price),
        ts=ts,
        fees=Decimal(fees),
        **{**named, **other},
    )


def booked(db: object, trades: Iterable[LedgerTrade]) -> Documents:
    documents = open_documents(db)
    writes = [create(f"tenants/{each.tenant_id}/ledger_trades/{each.trade_id}", to_document(each)) for each in trades]
    for start in range(0, len(writes), 500):
        documents.commit(writes[start : start + 500])
    return documents


def month_of(db: object, month: int = 1, *, year: int = 2025, **options: Any) -> dict[str, StrategyPerformanceSnapshot]:
    return compute_monthly_strategy_performance_from_firestore(
        db=db, **{"tenant_id": "acme", "year": year, "month": month, "now": NOW, **options}
    )


def pnl_of(db: object, month: int = 1, **options: Any) -> dict[str, tuple[Decimal, Decimal]]:
    return {
        perf_id: (snapshot.realized_pnl, snapshot.unrealized_pnl)
        for perf_id, snapshot in month_of(db, month, **options).items()
    }


def daily(day: str, capital: object, **other: object) -> dict[str, object]:
    fields = {
        "tenant_id": "acme",
        "uid": "ann",
        "strategy_id": "trend",
        "period": "day",
        "period_start": day,
        "period_end": day,
        "capital": capital,
    }
    return {**fields, **other}


def write_daily(db: object, *documents: dict[str, object]) -> None:
    base = "tenants/acme/strategy_performance"
    writes = [
        replace(f"{base}/{each['uid']}__{each['strategy_id']}__{each['period_start']}", each) for each in documents
    ]
    for start in range(0, len(writes), 500):
        open_documents(db).commit(writes[start : start + 500])
