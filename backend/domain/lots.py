"""Lots of one symbol: matched first in first out, split, and what is realised on the way."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal

from backend.domain.errors import LedgerError
from backend.domain.order import Side
from backend.domain.signal import Symbol

ZERO = Decimal(0)
SHARE = Decimal(1)
SHARE_STEP = Decimal("0.000000001")  # the smallest part of a share that the venue knows


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Shares bought (positive) or sold short (negative) at one price."""

    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Shares that changed hands, amounts in account currency.

    ``slippage`` is what the price cost against the observed one, negative when it gained; ``spared`` the slippage
    that was not paid because the shares came from another strategy.
    """

    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    fees: Decimal = ZERO
    slippage: Decimal = ZERO
    spared: Decimal = ZERO

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


def split_lots(
    lots: Iterable[Lot], new: Decimal, old: Decimal, *, before: Decimal = ZERO
) -> tuple[tuple[Lot, ...], Decimal]:
    """Turn every ``old`` shares into ``new`` ones at the same cost.

    What the lots hold together is rounded once, as the venue does; the lots share it. ``before`` is what others of the
    account held before the split, when they share it, too. Returns the lots, and the cost of those too small to leave
    the smallest part of a share, as a loss.
    """
    remaining: list[Lot] = []
    realised, after = ZERO, split_quantity(before, new, old)
    for lot in lots:
        cost = lot.quantity * lot.price
        before += lot.quantity
        quantity = split_quantity(before, new, old) - after
        after += quantity
        if quantity:
            remaining.append(Lot(quantity=quantity, price=cost / quantity))
        else:
            realised -= cost
    return tuple(remaining), realised


def split_quantity(quantity: Decimal, new: Decimal, old: Decimal) -> Decimal:
    return (quantity * new / old).quantize(SHARE_STEP, rounding=ROUND_HALF_EVEN)


def total(lots: Iterable[Lot]) -> Decimal:
    """Return the signed quantity of all lots."""
    return sum((lot.quantity for lot in lots), ZERO)
