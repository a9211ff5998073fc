"""What stands in the append-only ledger: fills, and the entries that adjust what fills left."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.lots import Lot, match_lots, split_lots, total
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol


class TradeKind(StrEnum):
    FILL = "fill"
    CROSS = "cross"  # from or to another strategy of the portfolio, at the observed price
    SPLIT = "split"  # qty: shares that came (buy) or went (sell); price 0
    DIVIDEND = "dividend"  # qty: shares held long (buy) or short (sell); price: cash for each
    FEE = "fee"  # only fees; qty and price 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerTrade:
    """One entry. ``trade_id`` is derived from what caused it, so that nothing is booked twice.

    ``slippage`` is the cost against the observed price, in account currency.
    """

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
    kind: TradeKind = TradeKind.FILL

    @property
    def signed_quantity(self) -> Decimal:
        return self.qty if self.side is Side.BUY else -self.qty


def match_trade(lots: Iterable[Lot], trade: LedgerTrade) -> tuple[tuple[Lot, ...], Decimal]:
    """Book an entry into the lots of its strategy, account and symbol.

    Returns the lots that remain and what it realised, net of its fees.
    """
    held = tuple(lots)
    quantity, realised = trade.signed_quantity, -trade.fees
    match trade.kind:
        case TradeKind.FILL | TradeKind.CROSS:
            held, gained = match_lots(held, quantity, trade.price)
            realised += gained
        case TradeKind.SPLIT:
            before = total(held)
            if before:
                held, gained = split_lots(held, before + quantity, before)
                realised += gained
        case TradeKind.DIVIDEND:
            realised += quantity * trade.price
        case TradeKind.FEE:
            pass
    return held, realised
