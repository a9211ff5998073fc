"""What one order of a strategy has come to: the strategy's ledger, matched first in first out as ever, seen from it.

The order's own shares are marked while the ledger is booked by ``match_trade``, so what closes them can be told apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.domain.ledger import LedgerTrade, TradeKind, match_trade
from backend.domain.lots import ZERO, Lot, match_lots, split_lots, total
from backend.domain.order import ClientOrderId


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnLot(Lot):
    """Shares that the order itself opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One ledger entry's part in what the order realised.

    Of the order's own trades that is what they closed of others' shares, less all their fees; of a later entry what it
    closed, split or paid on the order's shares, less the same part of its fees. ``quantity`` are the shares closed.
    """

    trade_id: str
    order_id: str
    kind: TradeKind
    at: datetime
    quantity: Decimal
    price: Decimal
    realised: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderResult:
    """``trades`` are the order's own; ``open_lots`` what is left of the shares that it opened, at cost."""

    trades: tuple[LedgerTrade, ...]
    parts: tuple[Part, ...]
    open_lots: tuple[Lot, ...]

    @property
    def realised(self) -> Decimal:
        """Realised so far, net of the fees of fills."""
        return sum((part.realised for part in self.parts), ZERO)

    @property
    def open_quantity(self) -> Decimal:
        return total(self.open_lots)

    @property
    def open_cost(self) -> Decimal:
        return sum((lot.quantity * lot.price for lot in self.open_lots), ZERO)


def order_result(order: ClientOrderId, ledger: Iterable[LedgerTrade]) -> OrderResult:
    """Book a strategy's ledger, which must be whole and in the order of time, and follow one order through it."""
    trades = list(ledger)
    own = [trade for trade in trades if trade.order_id == order]
    if not own:
        return OrderResult(trades=(), parts=(), open_lots=())
    places = {(trade.account_id, trade.symbol) for trade in own}
    lots: dict[tuple[str, str], tuple[Lot, ...]] = {}
    parts = []
    for trade in trades:
        place = trade.account_id, trade.symbol
        if place in places:
            lots[place], part = _booked(lots.get(place, ()), trade, is_own=trade.order_id == order)
            parts += [] if part is None else [part]
    left = [lot for held in lots.values() for lot in held if isinstance(lot, OwnLot)]
    return OrderResult(trades=tuple(own), parts=tuple(parts), open_lots=tuple(left))


def _booked(lots: tuple[Lot, ...], trade: LedgerTrade, *, is_own: bool) -> tuple[tuple[Lot, ...], Part | None]:
    """Book an entry; return the lots, the order's own still marked, and the entry's part in the order's result."""
    own = _own(lots)
    match trade.kind:
        case TradeKind.SPLIT:
            held, realised = _split(lots, trade)
            return held, _part(trade, ZERO, realised) if realised else None
        case TradeKind.DIVIDEND:
            paid = total(own) * trade.price
            return lots, _part(trade, ZERO, paid) if paid else None
        case TradeKind.FEE:
            return lots, None  # a fee of its own is the strategy's: it does not say of which order
    held, realised = match_trade(lots, trade)
    if is_own:
        closed = abs(total(lots)) if _is_flipped(lots, held) else max(abs(total(lots)) - abs(total(held)), ZERO)
        return _marked(held, trade), _part(trade, closed, realised) if closed or realised else None
    closed = total(own) - total(_own(held))
    if not closed:
        return held, None
    gained = match_lots(own, -closed, trade.price)[1]
    return held, _part(trade, abs(closed), gained - trade.fees * abs(closed) / trade.qty)


def _own(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    return tuple(lot for lot in lots if isinstance(lot, OwnLot))


def _is_flipped(before: Sequence[Lot], after: Sequence[Lot]) -> bool:
    return total(before) * total(after) < 0


def _marked(held: tuple[Lot, ...], trade: LedgerTrade) -> tuple[Lot, ...]:
    """Mark the newest lot where the trade opened it: all lots of a symbol stand on one side."""
    if not held or (held[-1].quantity > 0) != (trade.signed_quantity > 0):
        return held
    return (*held[:-1], OwnLot(quantity=held[-1].quantity, price=held[-1].price))


def _split(lots: tuple[Lot, ...], trade: LedgerTrade) -> tuple[tuple[Lot, ...], Decimal]:
    """Split lot by lot, rounded as together, so that each keeps its mark; return what own ones lost by it."""
    whole, before, realised = total(lots), ZERO, ZERO
    held: list[Lot] = []
    for lot in lots:
        after, lost = split_lots([lot], whole + trade.signed_quantity, whole, before=before)
        before += lot.quantity
        is_own = isinstance(lot, OwnLot)
        held += [OwnLot(quantity=each.quantity, price=each.price) for each in after] if is_own else after
        realised += lost if is_own else ZERO
    return tuple(held), realised


def _part(trade: LedgerTrade, quantity: Decimal, realised: Decimal) -> Part:
    return Part(
        trade_id=trade.trade_id,
        order_id=str(trade.order_id),
        kind=trade.kind,
        at=trade.ts,
        quantity=quantity,
        price=trade.price,
        realised=realised,
    )
