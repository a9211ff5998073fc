"""One strategy's lots through the end of a month, and what it realised in that month."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from backend.domain.ledger import LedgerTrade
from backend.domain.signal import Symbol
from backend.domain.sleeve import ZERO, Lot, match_lots
from backend.marketplace.month import Month


@dataclass(slots=True, kw_only=True)
class MonthlyBook:
    """Lots are kept per account and symbol: shares of one never settle a sale of another.

    Trades are booked in time order, from the strategy's first on, none after the month.
    """

    month: Month
    lots: dict[tuple[str, Symbol], tuple[Lot, ...]] = field(default_factory=dict)
    realised: Decimal = ZERO
    has_traded: bool = False

    def book(self, trade: LedgerTrade) -> None:
        """Match one fill; its P&L net of fees counts when it is of the month."""
        key = trade.account_id, trade.symbol
        fill = trade.fill
        remaining, realised = match_lots(self.lots.pop(key, ()), fill.signed_quantity, fill.price)
        if remaining:
            self.lots[key] = remaining
        if trade.ts >= self.month.starts_at:
            self.realised += realised - fill.fees
            self.has_traded = True

    @property
    def is_reportable(self) -> bool:
        """Whether the month saw anything of the strategy: a trade in it, or a position at its end."""
        return self.has_traded or bool(self.lots)

    @property
    def held(self) -> frozenset[Symbol]:
        return frozenset(symbol for _, symbol in self.lots)

    def unrealised(self, marks: Mapping[Symbol, Decimal]) -> Decimal:
        return sum(
            (lot.quantity * (marks[symbol] - lot.price) for (_, symbol), lots in self.lots.items() for lot in lots),
            ZERO,
        )
