"""Whether the account can carry an order, and how much buying power the order holds until it is settled."""

from dataclasses import dataclass
from decimal import Decimal

from maestro.servers.paper_broker.config import PaperBrokerConfig
from maestro.servers.paper_broker.errors import forbidden, unprocessable
from maestro.servers.paper_broker.execution import fee_for, is_whole, ordered_qty, reference_price
from maestro.servers.paper_broker.orders import CENT, ZERO, OrderTicket, Side
from maestro.servers.paper_broker.wire import number


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the account holds of one symbol, and what its open orders already claim."""

    held_qty: Decimal
    selling_qty: Decimal
    buying_qty: Decimal
    buying_power: Decimal

    @property
    def sellable_qty(self) -> Decimal:
        return max(ZERO, self.held_qty - self.selling_qty)

    @property
    def coverable_qty(self) -> Decimal:
        return max(ZERO, -self.held_qty - self.buying_qty)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    expected_qty: Decimal
    hold: Decimal


def admit(ticket: OrderTicket, standing: Standing, last: Decimal, config: PaperBrokerConfig) -> Admission:
    """Admit `ticket` at the last price `last`.

    Only the part that opens or adds to a position needs buying power; closing needs none.

    Raises
    ------
    Refusal
        403 for buying power or quantity that is not there, 422 for fractions where there are none.
    """
    price = reference_price(ticket, last, config.slippage_bps)
    qty = ordered_qty(ticket, price)
    if qty == 0:
        raise unprocessable("notional amount is too small to buy a fraction of a share")
    if ticket.symbol in config.whole_share_symbols and not (ticket.qty and is_whole(ticket.qty)):
        raise unprocessable(f'asset "{ticket.symbol}" is not fractionable')
    opening = qty - (standing.coverable_qty if ticket.side is Side.BUY else standing.sellable_qty)
    if opening <= 0:
        return Admission(expected_qty=qty, hold=ZERO)
    if ticket.side is Side.SELL:
        _check_short(ticket, qty, standing, config)
    value = (opening * price).quantize(CENT)
    hold = value + fee_for(config, qty, value)
    if hold > standing.buying_power:
        raise forbidden(
            "insufficient buying power",
            buying_power=number(max(ZERO, standing.buying_power)),
            cost_basis=number(hold),
        )
    return Admission(expected_qty=qty, hold=hold)


def _check_short(ticket: OrderTicket, qty: Decimal, standing: Standing, config: PaperBrokerConfig) -> None:
    if not config.shorting:
        raise forbidden(
            f"insufficient qty available for order (requested: {number(qty)}, "
            f"available: {number(standing.sellable_qty)})",
            available=number(standing.sellable_qty),
            existing_qty=number(max(ZERO, standing.held_qty)),
            held_for_orders=number(standing.selling_qty),
            symbol=ticket.symbol,
        )
    if ticket.qty is None or not is_whole(ticket.qty):
        raise unprocessable("fractional orders cannot be sold short")
