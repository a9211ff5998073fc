"""Fills as they stand in the append-only ledger."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTrade:
    """One fill. ``trade_id`` is derived from the order and its cumulative quantity, so a fill is booked once."""

    trade_id: str
    tenant_id: str
    uid: str
    strategy_id: StrategyId
    run_id: str
    symbol: Symbol
    side: Side
    qty: Decimal
    price: Decimal
    ts: datetime
    order_id: ClientOrderId
    fees: Decimal = Decimal(0)
    slippage: Decimal = Decimal(0)
    broker_fill_id: str = ""
    account_id: str = ""

    @property
    def fill(self) -> Fill:
        return Fill(symbol=self.symbol, side=self.side, quantity=self.qty, price=self.price, fees=self.fees)
