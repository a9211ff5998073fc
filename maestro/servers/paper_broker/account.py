"""Cash and positions; each change of cash is a whole number of cents."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from maestro.servers.paper_broker.orders import CENT, ZERO


@dataclass(slots=True, kw_only=True)
class Holding:
    """A position; ``qty`` is negative when short."""

    symbol: str
    qty: Decimal
    average_price: Decimal

    def market_value(self, price: Decimal) -> Decimal:
        return self.qty * price

    @property
    def cost_basis(self) -> Decimal:
        return (self.qty * self.average_price).quantize(CENT)


@dataclass(slots=True, kw_only=True)
class Account:
    cash: Decimal
    holdings: dict[str, Holding] = field(default_factory=dict)

    def qty(self, symbol: str) -> Decimal:
        holding = self.holdings.get(symbol)
        return holding.qty if holding else ZERO

    def apply(self, symbol: str, signed_qty: Decimal, price: Decimal, fee: Decimal) -> None:
        """Book one execution: positive quantities are bought, negative ones sold."""
        self.cash -= (signed_qty * price).quantize(CENT) + fee
        before = self.holdings.get(symbol)
        if before is None:
            self.holdings[symbol] = Holding(symbol=symbol, qty=signed_qty, average_price=price)
            return
        after = before.qty + signed_qty
        if after == 0:
            del self.holdings[symbol]
        elif (before.qty > 0) == (signed_qty > 0):
            before.average_price = (before.qty * before.average_price + signed_qty * price) / after
            before.qty = after
        else:
            if (after > 0) != (before.qty > 0):
                before.average_price = price
            before.qty = after

    def split(self, symbol: str, after: Decimal) -> None:
        """Hold `after` shares in the place of those held; what they cost stays."""
        holding = self.holdings[symbol]
        if not after:
            del self.holdings[symbol]
            return
        holding.average_price *= holding.qty / after
        holding.qty = after

    def long_value(self, price_of: Callable[[str], Decimal]) -> Decimal:
        return self._value(price_of, 1)

    def short_value(self, price_of: Callable[[str], Decimal]) -> Decimal:
        """Return the market value of all short positions, zero or negative."""
        return self._value(price_of, -1)

    def _value(self, price_of: Callable[[str], Decimal], sign: int) -> Decimal:
        values = (h.market_value(price_of(h.symbol)) for h in self.holdings.values() if h.qty * sign > 0)
        return sum(values, ZERO)
