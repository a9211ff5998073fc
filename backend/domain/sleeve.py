"""The part of the account that one strategy runs: first-in-first-out lots, realised and unrealised P&L."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from backend.domain.errors import LedgerError, MarketDataError
from backend.domain.mode import Mode, ModeState
from backend.domain.order import ClientOrderId, OrderState, Side
from backend.domain.signal import StrategyId, Symbol

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Shares bought (positive) or sold short (negative) at one price."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Shares that changed hands; ``fees`` in account currency."""

    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    fees: Decimal = ZERO

    def __post_init__(self) -> None:
        if not (self.quantity > 0 and self.price >= 0):
            raise LedgerError(
                f"{self.symbol}: expected a fill of a positive quantity at a price of 0 or more, found {self.quantity} "
                f"at {self.price}; the side says which way it goes"
            )

    @property
    def signed_quantity(self) -> Decimal:
        return self.quantity if self.side is Side.BUY else -self.quantity


def match_lots(lots: Iterable[Lot], quantity: Decimal, price: Decimal) -> tuple[tuple[Lot, ...], Decimal]:
    """Match a signed trade against one symbol's lots, first in first out.

    Returns the lots that remain and the P&L that the trade realised.
    """
    open_lots = list(lots)
    realised = ZERO
    while quantity and open_lots and (open_lots[0].quantity > 0) != (quantity > 0):
        first = open_lots[0]
        matched = min(abs(first.quantity), abs(quantity))
        signed = matched if first.quantity > 0 else -matched
        realised += signed * (price - first.price)
        quantity += signed
        left = first.quantity - signed
        open_lots[:1] = [replace(first, quantity=left)] if left else []
    if quantity:
        open_lots.append(Lot(quantity=quantity, price=price))
    return tuple(open_lots), realised


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeve:
    """Open lots by symbol and realised P&L net of fees; ``marked*`` is where they stood at the last snapshot."""

    lots: Mapping[Symbol, tuple[Lot, ...]] = field(default_factory=dict)
    realised: Decimal = ZERO
    marked: Decimal = ZERO
    marked_realised: Decimal = ZERO

    def quantity(self, symbol: Symbol) -> Decimal:
        lots = self.lots.get(symbol)
        return sum((lot.quantity for lot in lots), ZERO) if lots else ZERO

    def holdings(self) -> dict[Symbol, Decimal]:
        """Return the signed quantity of every symbol held."""
        return {symbol: self.quantity(symbol) for symbol in self.lots}

    def filled(self, fill: Fill) -> "Sleeve":
        remaining, realised = match_lots(self.lots.get(fill.symbol, ()), fill.signed_quantity, fill.price)
        lots = {symbol: held for symbol, held in self.lots.items() if symbol != fill.symbol}
        if remaining:
            lots[fill.symbol] = remaining
        return replace(self, lots=lots, realised=self.realised + realised - fill.fees)

    def unrealised(self, prices: Mapping[Symbol, Decimal]) -> Decimal:
        """Value open lots at ``prices``.

        Raises
        ------
        MarketDataError
            A symbol that is held has no price.
        """
        total = ZERO
        for symbol, lots in self.lots.items():
            if symbol not in prices:
                raise MarketDataError(f"expected a price for {symbol}, which is held, found none; load its bars")
            total += sum((lot.quantity * (prices[symbol] - lot.price) for lot in lots), ZERO)
        return total

    def pnl(self, prices: Mapping[Symbol, Decimal]) -> Decimal:
        """Return everything gained since the sleeve was opened, net of fees."""
        return self.realised + self.unrealised(prices)

    def marked_at(self, prices: Mapping[Symbol, Decimal]) -> "Sleeve":
        """Begin a new day: what is gained from here on is the next snapshot's."""
        return replace(self, marked=self.pnl(prices), marked_realised=self.realised)


EMPTY_SLEEVE = Sleeve()


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyBook:
    """One strategy's standing: mode, real sleeve, virtual sleeve while in shadow, capital at the day's start.

    The virtual sleeve starts as a copy of the real one at demotion and is dropped by the first daily
    snapshot after promotion, so that each day has exactly one return.
    """

    mode: ModeState | None = None
    real: Sleeve = EMPTY_SLEEVE
    virtual: Sleeve | None = None
    capital: Decimal = ZERO

    @property
    def is_in_shadow(self) -> bool:
        return self.mode is not None and self.mode.mode is Mode.SHADOW_MODE and self.virtual is not None

    @property
    def traded(self) -> Sleeve:
        """The sleeve that the strategy's signals act on, and that it is shown as its own."""
        return self.virtual if self.is_in_shadow and self.virtual is not None else self.real

    @property
    def scored(self) -> Sleeve:
        """The sleeve whose return goes on the record."""
        return self.real if self.virtual is None else self.virtual


EMPTY_STRATEGY_BOOK = StrategyBook()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioBook:
    """All strategies of one portfolio, and the orders of it that are not final yet."""

    strategies: Mapping[StrategyId, StrategyBook] = field(default_factory=dict)
    open_orders: Mapping[ClientOrderId, OrderState] = field(default_factory=dict)

    def of(self, strategy: StrategyId) -> StrategyBook:
        return self.strategies.get(strategy, EMPTY_STRATEGY_BOOK)

    def has_open_order(self, strategy: StrategyId, symbol: Symbol) -> bool:
        return any(
            order.intent.strategy == strategy and order.intent.symbol == symbol for order in self.open_orders.values()
        )
