"""What the venue says that each strategy holds: what it bought, less what it sold, with what changed hands inside."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from decimal import Decimal

from tests.chaos.records import Records
from tests.chaos.venue_books import ZERO, VenueBooks

Holding = tuple[str, str, str]  # portfolio, strategy, symbol


def oversold(records: Records, venue: VenueBooks) -> Iterator[str]:
    """Name whoever has sold more than it held: twice, or what is another's or the owner's."""
    for (portfolio, strategy, symbol), quantity in _holdings(records, venue).items():
        if quantity < 0:
            yield f"{strategy} of {portfolio}: sold {-quantity} of {symbol} more than it held"


def unsold(records: Records, venue: VenueBooks, ordered: Collection[tuple[str, str]]) -> Iterator[str]:
    """Say what is wrong when the strategies that were ordered to be sold out are said to be."""
    if records.trading.liquidation:
        yield f"still to be sold: {records.trading.liquidation}"
    for (portfolio, strategy, symbol), quantity in _holdings(records, venue).items():
        if quantity and (portfolio, strategy) in ordered:
            yield f"{strategy} of {portfolio}: flat, and by the venue it holds {quantity} of {symbol}"
    for portfolio, book in records.books.items():
        for name, each in book.strategies.items():
            if (portfolio, name) in ordered and (each.real.holdings() or book.is_open(name)):
                yield f"{name} of {portfolio}: flat, and the book has {each.real.holdings()} or an order under way"
    moving = {order.symbol for order in records.trading.working.values()}
    beyond = {str(symbol): quantity for symbol, quantity in records.trading.external.items()}
    owners = venue.of_owner()
    for symbol in sorted((beyond.keys() | owners.keys()) - moving):
        external, bought = beyond.get(symbol, ZERO), owners.get(symbol, ZERO)
        if external != bought or venue.positions.get(symbol, ZERO) < bought:
            yield f"{symbol}: external is {external}, its owner bought {bought}"


def _holdings(records: Records, venue: VenueBooks) -> dict[Holding, Decimal]:
    executed = {order.client_order_id: order.signed for order in venue.orders}
    held: defaultdict[Holding, Decimal] = defaultdict(Decimal)
    for entry in records.decisions:
        for order in entry.body["orders"]:
            signed = executed.get(order["client_order_id"], ZERO)
            held[entry.portfolio_id, order["strategy_name"], order["ticker"]] += signed
        for cross in entry.body["crosses"]:
            held[entry.portfolio_id, cross["seller"], cross["ticker"]] -= Decimal(cross["qty"])
            held[entry.portfolio_id, cross["buyer"], cross["ticker"]] += Decimal(cross["qty"])
    return held
