"""The part of the account that one strategy runs: first-in-first-out lots, realised and unrealised P&L."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import MarketDataError
from backend.domain.lots import ZERO, Fill, Lot, match_lots, split_lots, total
from backend.domain.signal import Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a sleeve's running totals stood when its day began."""

    pnl: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    spared: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeve:
    """Open lots by symbol, and running totals in account currency since the sleeve was opened.

    ``realised`` is net of ``fees``, with dividends. ``mark`` is where the totals stood at the last close; the
    copy that starts a virtual sleeve takes it along, so that the day has one return.
    """

    lots: Mapping[Symbol, tuple[Lot, ...]] = field(default_factory=dict)
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    spared: Decimal = ZERO
    mark: Mark = Mark()

    def quantity(self, symbol: Symbol) -> Decimal:
        lots = self.lots.get(symbol)
        return total(lots) if lots else ZERO

    def holdings(self) -> dict[Symbol, Decimal]:
        """Return the signed quantity of every symbol held."""
        return {symbol: self.quantity(symbol) for symbol in self.lots}

    def filled(self, fill: Fill) -> "Sleeve":
        remaining, realised = match_lots(self.lots.get(fill.symbol, ()), fill.signed_quantity, fill.price)
        return replace(
            self,
            lots=self._with(fill.symbol, remaining),
            realised=self.realised + realised - fill.fees,
            fees=self.fees + fill.fees,
            slippage=self.slippage + fill.slippage,
            spared=self.spared + fill.spared,
        )

    def after(self, action: CorporateAction, *, before: Decimal = ZERO) -> "Sleeve":
        """Return the sleeve after a split, or after a dividend that is owed from its ex-day on.

        ``before`` is what other sleeves that share the rounding of a split held of the symbol.
        """
        lots = self.lots.get(action.symbol)
        if not lots:
            return self
        if action.kind is ActionKind.DIVIDEND:
            return replace(self, realised=self.realised + total(lots) * action.per_share)
        remaining, realised = split_lots(lots, action.new_shares, action.old_shares, before=before)
        return replace(self, lots=self._with(action.symbol, remaining), realised=self.realised + realised)

    def charged(self, fees: Decimal) -> "Sleeve":
        """Return the sleeve after fees that came apart from a fill."""
        return replace(self, realised=self.realised - fees, fees=self.fees + fees)

    def cost(self) -> Decimal:
        """Return what the open lots cost; negative for short ones."""
        return sum((lot.quantity * lot.price for lots in self.lots.values() for lot in lots), ZERO)

    def unrealised(self, prices: Mapping[Symbol, Decimal]) -> Decimal:
        """Value open lots at ``prices``.

        Raises
        ------
        MarketDataError
            A symbol that is held has no price.
        """
        gained = ZERO
        for symbol, lots in self.lots.items():
            price = price_of(symbol, prices)
            gained += sum((lot.quantity * (price - lot.price) for lot in lots), ZERO)
        return gained

    def pnl(self, prices: Mapping[Symbol, Decimal]) -> Decimal:
        """Return everything gained since the sleeve was opened, net of fees."""
        return self.realised + self.unrealised(prices)

    def marked_at(self, prices: Mapping[Symbol, Decimal]) -> "Sleeve":
        """Begin a new day: what is gained from here on is the next snapshot's."""
        mark = Mark(
            pnl=self.pnl(prices),
            realised=self.realised,
            fees=self.fees,
            slippage=self.slippage,
            spared=self.spared,
        )
        return replace(self, mark=mark)

    def _with(self, symbol: Symbol, lots: tuple[Lot, ...]) -> dict[Symbol, tuple[Lot, ...]]:
        changed = {each: held for each, held in self.lots.items() if each != symbol}
        if lots:
            changed[symbol] = lots
        return changed


EMPTY_SLEEVE = Sleeve()


def price_of(symbol: Symbol, prices: Mapping[Symbol, Decimal]) -> Decimal:
    """Return the price of something that is held.

    Raises
    ------
    MarketDataError
        It has none.
    """
    if symbol not in prices:
        raise MarketDataError(f"expected a price for {symbol}, which is held, found none; load its bars")
    return prices[symbol]
