"""What a broker's answer means for an order, the ledger, the sleeves and the reserved capital."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from backend.domain.book import PortfolioBook
from backend.domain.journal import Event, Filled
from backend.domain.ledger import LedgerTrade
from backend.domain.lots import Fill
from backend.domain.order import BrokerOrder, OrderState, OrderStatus, Side
from backend.domain.trading_state import Trading


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An order after an answer, with the fill that the answer added, if any."""

    order: OrderState
    trade: LedgerTrade | None = None


def settle(
    order: OrderState, answer: BrokerOrder, *, tenant_id: str, uid: str, account_id: str, now: datetime
) -> Settled:
    """Take in the venue's cumulative answer; the fill is what it adds to what is booked already.

    An answer that is older than what is booked (a smaller quantity) books nothing.
    """
    moved = replace(order, status=answer.status, broker_order_id=answer.broker_order_id, reason=answer.reason)
    added = answer.filled_quantity - order.booked_quantity
    if added <= 0 or answer.average_price is None:
        return Settled(order=moved)
    value = answer.filled_quantity * answer.average_price
    price = _price_of(added, value - order.booked_value)
    trade = LedgerTrade(
        trade_id=f"{order.intent.client_order_id}-{answer.filled_quantity.normalize():f}",
        tenant_id=tenant_id,
        uid=uid,
        strategy_id=order.intent.strategy,
        run_id=order.tick_id,
        symbol=order.intent.symbol,
        side=order.intent.side,
        qty=added,
        price=price,
        ts=answer.updated_at or now,
        order_id=order.intent.client_order_id,
        slippage=_slippage(order, added, price),
        broker_fill_id=answer.broker_order_id,
        account_id=account_id,
    )
    return Settled(
        order=replace(moved, booked_quantity=answer.filled_quantity, booked_value=value),
        trade=trade,
    )


def _price_of(quantity: Decimal, value: Decimal) -> Decimal:
    """Return what was paid a share; a venue's rounded average may make a tiny last fill cost less than nothing."""
    return max(value / quantity, Decimal(0))


def _slippage(order: OrderState, quantity: Decimal, price: Decimal) -> Decimal:
    """Return what the fill cost against the observed price, in account currency; negative when it gained."""
    observed = order.intent.observed_price
    if not observed:
        return Decimal(0)
    return quantity * (price - observed if order.intent.side is Side.BUY else observed - price)


def rebased(book: PortfolioBook, outcomes: Iterable[Settled]) -> list[Settled]:
    """Reduce outcomes to what they add to a book that another tick may have brought further meanwhile.

    An order that the book no longer holds open was settled by that tick: its outcome adds nothing.
    """
    return [
        _rebased(current, each)
        for each in outcomes
        if (current := book.open_orders.get(each.order.intent.client_order_id)) is not None
    ]


def _rebased(current: OrderState, outcome: Settled) -> Settled:
    found = outcome.order
    added = found.booked_quantity - current.booked_quantity
    if added < 0 or (found.status is OrderStatus.UNRESOLVED and current.status is not OrderStatus.INTENT):
        return Settled(order=current)
    if added == 0 or outcome.trade is None:
        return Settled(order=found)
    price = _price_of(added, found.booked_value - current.booked_value)
    trade = replace(outcome.trade, qty=added, price=price, slippage=_slippage(found, added, price))
    return Settled(order=found, trade=trade)


def settlement_events(book: PortfolioBook, outcomes: Iterable[Settled]) -> tuple[Event, ...]:
    """Return the fills that outcomes add to a book."""
    return tuple(
        Filled(
            at=trade.ts,
            strategy=trade.strategy_id,
            fill=_fill(trade),
            trade_id=trade.trade_id,
            order_id=trade.broker_fill_id,
        )
        for each in rebased(book, outcomes)
        if (trade := each.trade) is not None
    )


def _fill(trade: LedgerTrade) -> Fill:
    return Fill(
        symbol=trade.symbol,
        side=trade.side,
        quantity=trade.qty,
        price=trade.price,
        fees=trade.fees,
        slippage=trade.slippage,
    )


def settled_orders(book: PortfolioBook, outcomes: Iterable[Settled]) -> PortfolioBook:
    """Bring the orders of a book up to date and drop those that are final."""
    open_orders = dict(book.open_orders)
    for each in rebased(book, outcomes):
        if each.order.status.is_final:
            del open_orders[each.order.intent.client_order_id]
        else:
            open_orders[each.order.intent.client_order_id] = each.order
    return replace(book, open_orders=open_orders)


def settled_trading(trading: Trading, outcomes: Iterable[Settled]) -> Trading:
    """Forget orders that are final, and free their capital; an unresolved one keeps what it reserved."""
    final = {each.order.intent.client_order_id for each in outcomes if each.order.status.is_final}
    working = {identifier: order for identifier, order in trading.working.items() if identifier not in final}
    return replace(trading, working=working)


def ended(order: OrderState, status: OrderStatus, reason: str) -> Settled:
    return Settled(order=replace(order, status=status, reason=reason))
