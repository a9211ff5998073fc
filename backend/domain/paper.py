"""What a strategy would have made under fewer rules: four paper accounts, traded at observed prices, without friction.

Each stands for one step of the decision, and the step's worth is the difference to the one before:

1. ``neutral``  – its signals at the neutral base weight;
2. ``weighted`` – at its own base weight (difference: allocation);
3. ``scaled``   – with its mode multiplier (mode);
4. ``allowed``  – with entries that were held back left out (override).

What the real sleeve made before slippage and fees, less ``allowed``, is what the account's limits cut: allocation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.lots import ZERO, split_quantity
from backend.domain.signal import Symbol
from backend.domain.sleeve import price_of


class Step(StrEnum):
    NEUTRAL = "neutral"
    WEIGHTED = "weighted"
    SCALED = "scaled"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperAccount:
    """Cash and signed quantities from a start at nothing; their value is the P&L, ``mark`` that of the last close."""

    cash: Decimal = ZERO
    quantities: Mapping[Symbol, Decimal] = field(default_factory=dict)
    mark: Decimal = ZERO

    def traded(self, symbol: Symbol, quantity: Decimal, price: Decimal) -> "PaperAccount":
        """Trade a signed quantity."""
        cash = self.cash - quantity * price
        return replace(self, cash=cash, quantities=self._with(symbol, self.quantity(symbol) + quantity))

    def quantity(self, symbol: Symbol) -> Decimal:
        return self.quantities.get(symbol, ZERO)

    def after(self, action: CorporateAction) -> "PaperAccount":
        held = self.quantities.get(action.symbol)
        if not held:
            return self
        if action.kind is ActionKind.DIVIDEND:
            return replace(self, cash=self.cash + held * action.per_share)
        quantity = split_quantity(held, action.new_shares, action.old_shares)
        return replace(self, quantities=self._with(action.symbol, quantity))

    def pnl(self, prices: Mapping[Symbol, Decimal]) -> Decimal:
        """Return the value at ``prices``; MarketDataError when something held has none."""
        return self.cash + sum((held * price_of(symbol, prices) for symbol, held in self.quantities.items()), ZERO)

    def marked_at(self, prices: Mapping[Symbol, Decimal]) -> "PaperAccount":
        return replace(self, mark=self.pnl(prices))

    def _with(self, symbol: Symbol, quantity: Decimal) -> dict[Symbol, Decimal]:
        changed = {each: held for each, held in self.quantities.items() if each != symbol}
        if quantity:
            changed[symbol] = quantity
        return changed


EMPTY_PAPER_ACCOUNT = PaperAccount()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTrade:
    """A signed quantity that one of the accounts trades."""

    step: Step
    symbol: Symbol
    quantity: Decimal
    price: Decimal
