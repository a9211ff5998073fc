"""One strategy's lots through the end of a month, and what it realised in that month."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from backend.domain.ledger import LedgerTrade, match_trade
from backend.domain.lots import ZERO, Lot
from backend.domain.signal import Symbol
from backend.marketplace.accounting_month import AccountingMonth


@dataclass(slots=True, kw_only=True)
class MonthlyBook:
    """Lots are kept per account and symbol: shares of one never settle a sale of another.

    Entries are booked in time order, from the strategy's first on; what is after the month is left out.
    """

    month: AccountingMonth
    lots: dict[tuple[str, Symbol], tuple[Lot, ...]] = field(default_factory=dict)
    realised: Decimal = ZERO
    has_traded: bool = False

    def book(self, trade: LedgerTrade) -> None:
        """Book one entry; what it realised, net of fees, counts when it is of the month."""
        if trade.ts > self.month.through:
            return
        key = trade.account_id, trade.symbol
        remaining, realised = match_trade(self.lots.pop(key, ()), trade)
        if remaining:
            self.lots[key] = remaining
        if trade.ts > self.month.after:
            self.realised += realised
            self.has_traded = True

    @property
    def is_reportable(self) -> bool:
        """Whether the month saw anything of the strategy: an entry in it, or a position at its end."""
        return self.has_traded or bool(self.lots)

    @property
    def held(self) -> frozenset[Symbol]:
        return frozenset(symbol for _, symbol in self.lots)

    def unrealised(self, marks: Mapping[Symbol, Decimal]) -> Decimal:
        return sum(
            (lot.quantity * (marks[symbol] - lot.price) for (_, symbol), lots in self.lots.items() for lot in lots),
            ZERO,
        )
