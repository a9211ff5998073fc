"""At what price, how much and for what fee an order executes: pure functions."""

from decimal import ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal

from maestro.servers.paper_broker.config import PaperBrokerConfig
from maestro.servers.paper_broker.orders import CENT, SHARE, ZERO, OrderTicket, PaperOrder, Side

_TICK = Decimal("0.0001")
_BPS = Decimal(10_000)


def slipped_price(side: Side, last: Decimal, slippage_bps: Decimal) -> Decimal:
    """Return `last` moved against the trader; to 4 decimals, rounded against the trader too."""
    if not slippage_bps:
        return last
    moved = last * (1 + side.sign * slippage_bps / _BPS)
    return max(_TICK, moved.quantize(_TICK, ROUND_UP if side is Side.BUY else ROUND_DOWN))


def execution_price(ticket: OrderTicket, last: Decimal, slippage_bps: Decimal) -> Decimal | None:
    """Return the price at which the order executes now; None while its limit is not reached."""
    slipped = slipped_price(ticket.side, last, slippage_bps)
    limit = ticket.limit_price
    if limit is None:
        return slipped
    if ticket.side is Side.BUY:
        return min(slipped, limit) if last <= limit else None
    return max(slipped, limit) if last >= limit else None


def reference_price(ticket: OrderTicket, last: Decimal, slippage_bps: Decimal) -> Decimal:
    """Return the price at which buying power is held: the worst at which the order could execute now."""
    slipped = slipped_price(ticket.side, last, slippage_bps)
    if ticket.limit_price is None:
        return slipped
    return ticket.limit_price if ticket.side is Side.BUY else max(ticket.limit_price, last)


def ordered_qty(ticket: OrderTicket, price: Decimal) -> Decimal:
    """Return the shares asked for; those that a notional buys at `price`."""
    if ticket.qty is not None:
        return ticket.qty
    return shares_for(ticket.notional or ZERO, price)


def shares_for(amount: Decimal, price: Decimal) -> Decimal:
    """Return the shares to nine decimals that `amount` buys at `price`."""
    return (amount / price).quantize(SHARE, ROUND_DOWN)


def execution_qty(order: PaperOrder, price: Decimal, partial_fill: Decimal) -> tuple[Decimal, bool]:
    """Return how many shares execute now, and whether that completes the order.

    The first execution takes `partial_fill` of the order (whole shares of a whole order, at least one),
    the second all that is left.
    """
    ticket = order.ticket
    rest = _remaining_qty(order, price)
    if order.filled_qty or partial_fill == 1:
        return rest, True
    if ticket.notional is not None:
        part = shares_for((ticket.notional * partial_fill).quantize(CENT, ROUND_DOWN), price)
    elif is_whole(rest):
        part = max(Decimal(1), (rest * partial_fill).to_integral_value(ROUND_DOWN))
    else:
        part = (rest * partial_fill).quantize(SHARE, ROUND_DOWN)
    return (part, False) if ZERO < part < rest else (rest, True)


def _remaining_qty(order: PaperOrder, price: Decimal) -> Decimal:
    if order.ticket.qty is not None:
        return order.ticket.qty - order.filled_qty
    return shares_for(max(ZERO, (order.ticket.notional or ZERO) - order.filled_value), price)


def is_whole(qty: Decimal) -> bool:
    return qty == qty.to_integral_value()


def fee_for(config: PaperBrokerConfig, qty: Decimal, value: Decimal) -> Decimal:
    """Return the fee of one execution, to the cent."""
    exact = qty * config.fee_per_share + value * config.fee_bps / _BPS
    return exact.quantize(CENT, ROUND_HALF_UP)
