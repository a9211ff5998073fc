"""Compare what the venue says with what Maestro wrote down; nothing of the engine takes part.

Amounts are compared exactly, but for two things that round: the venue moves cash in whole cents for each execution, and
tells an average price to nine decimals.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from backend.domain.book import PortfolioBook
from backend.domain.journal import folded
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.order import OrderState, OrderStatus
from backend.domain.trading_state import Trading
from tests.chaos.finding import Finding, Wrong
from tests.chaos.oracle_chain import chain_differences, decided_after_halt
from tests.chaos.oracle_flat import oversold
from tests.chaos.records import Records
from tests.chaos.venue_books import CENT, OPENING_CASH, ZERO, VenueBooks, VenueOrder
from tests.fuzz.invariants import cash_moved

_AVERAGE = Decimal("1e-9")
_DIGITS = Decimal("1e-12")
_NEVER_HELD = frozenset({OrderStatus.DENIED, OrderStatus.REJECTED})


def findings(records: Records, venue: VenueBooks, delivered: frozenset[str]) -> list[Finding]:
    """Return all that is wrong at rest; ``delivered`` are the ids of the ticks that were delivered to their end."""
    decided = {order["client_order_id"]: order for entry in records.decisions for order in entry.body["orders"]}
    return [
        *(Finding(Wrong.DUPLICATE, what) for what in _duplicates(decided, venue)),
        *(Finding(Wrong.LOST, what) for what in _lost(decided, records, venue)),
        *(Finding(Wrong.ORPHAN, what) for what in _orphans(records)),
        *(Finding(Wrong.LEDGER, what) for what in _order_differences(records, venue)),
        *(Finding(Wrong.LEDGER, what) for what in _account_differences(records, venue)),
        *(Finding(Wrong.LEDGER, what) for what in _log_differences(records, delivered)),
        *(Finding(Wrong.CHAIN, what) for what in chain_differences(records)),
        *(Finding(Wrong.HALTED, what) for what in decided_after_halt(records)),
        *(Finding(Wrong.FLATTEN, what) for what in oversold(records, venue)),
    ]


def overcommitted(trading: Trading, venue: VenueBooks) -> list[Finding]:
    """Say where what is reserved and not yet spent is more than the account's cash.

    An order may cost more than it reserved, when the price rose before it was executed: that part was nobody's promise.
    """
    spent = {order.client_order_id: -order.cash for order in venue.orders if order.side == "buy"}
    reserved = {str(identifier): each.reserved for identifier, each in trading.working.items()}
    outstanding = sum((max(each - spent.get(name, ZERO), ZERO) for name, each in reserved.items()), ZERO)
    beyond = sum((max(value - reserved.get(name, value), ZERO) for name, value in spent.items()), ZERO)
    if outstanding <= venue.cash + beyond:
        return []
    return [Finding(Wrong.ORPHAN, f"{outstanding} reserved, the account has {venue.cash}")]


def _duplicates(decided: Mapping[str, Mapping[str, Any]], venue: VenueBooks) -> Iterator[str]:
    counts = Counter(order.client_order_id for order in venue.orders)
    yield from (f"{name}: at the venue {count} times" for name, count in counts.items() if count > 1)
    for order in venue.orders:
        if order.is_owners:
            continue
        intent = decided.get(order.client_order_id)
        if intent is None:
            yield f"{order.client_order_id}: at the venue, in no decision"
        elif _asked(order) != (intent["ticker"], intent["side"], *_size(intent)):
            yield f"{order.client_order_id}: the venue has {_asked(order)}, decided was {intent}"
        elif order.quantity is not None and order.filled > order.quantity:
            yield f"{order.client_order_id}: {order.filled} executed, {order.quantity} ordered"


def _asked(order: VenueOrder) -> tuple[Any, ...]:
    return order.symbol, order.side, order.quantity, order.notional


def _size(intent: Mapping[str, Any]) -> tuple[Decimal | None, ...]:
    return tuple(None if intent[name] is None else Decimal(intent[name]) for name in ("qty", "notional"))


def _lost(decided: Mapping[str, Mapping[str, Any]], records: Records, venue: VenueBooks) -> Iterator[str]:
    at_venue = {order.client_order_id: order for order in venue.orders}
    booked = {trade.order_id for trade in records.trades}
    for identifier, intent in decided.items():
        written, order = records.orders.get(identifier), at_venue.get(identifier)
        if written is None:
            yield f"{identifier}: decided, but not among the orders"
        elif written.intent.nonce != intent["nonce"]:
            yield f"{identifier}: decided with nonce {intent['nonce']}, ordered with {written.intent.nonce}"
        elif order is None and not (written.status in _NEVER_HELD and written.reason):
            yield f"{identifier}: the venue does not know it, and it is {written.status} ({written.reason!r})"
        elif order is not None and written.status is OrderStatus.DENIED:
            yield f"{identifier}: at the venue, and denied ({written.reason!r})"
        elif order is not None and order.filled and identifier not in booked:
            yield f"{identifier}: {order.filled} executed, nothing booked"
    yield from (f"{name}: among the orders, never decided" for name in records.orders.keys() - decided.keys())


def _orphans(records: Records) -> Iterator[str]:
    for identifier, each in records.trading.working.items():
        yield f"{identifier}: holds {each.reserved} with no order under way"
    if records.trading.reserved:
        yield f"{records.trading.reserved} reserved at rest"
    for portfolio, book in records.books.items():
        yield from (f"{identifier}: open in the book of {portfolio}" for identifier in book.open_orders)


def _order_differences(records: Records, venue: VenueBooks) -> Iterator[str]:
    trades: defaultdict[str, list[LedgerTrade]] = defaultdict(list)
    for trade in records.trades:
        if trade.kind is TradeKind.FILL:
            trades[trade.order_id].append(trade)
    at_venue = {order.client_order_id: order for order in venue.orders if not order.is_owners}
    for identifier in sorted(trades.keys() | at_venue.keys()):
        order = at_venue.get(identifier)
        quantity = sum((each.qty for each in trades[identifier]), ZERO)
        value = sum((each.qty * each.price for each in trades[identifier]), ZERO)
        filled, worth = (ZERO, ZERO) if order is None else (order.filled, order.value)
        if quantity != filled or abs(value - worth) > filled * _AVERAGE + _DIGITS:
            yield f"{identifier}: booked {quantity} for {value}, executed {filled} for {worth}"
        written: OrderState | None = records.orders.get(identifier)
        if written is not None and written.booked_quantity != quantity:
            yield f"{identifier}: says {written.booked_quantity} booked, the ledger has {quantity}"


def _account_differences(records: Records, venue: VenueBooks) -> Iterator[str]:
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for book in records.books.values():
        for each, quantity in book.holdings().items():
            held[each] += quantity
    beyond, owners = {str(each): shares for each, shares in records.trading.external.items()}, venue.of_owner()
    for symbol in sorted({*held, *beyond, *venue.positions, *owners}):
        external = beyond.get(symbol, ZERO)
        position = venue.positions.get(symbol, ZERO)
        if held[symbol] + external != position or external != owners.get(symbol, ZERO):
            yield (
                f"{symbol}: sleeves hold {held[symbol]}, external is {external}, the account holds {position}, "
                f"of which its owner bought {owners.get(symbol, ZERO)}"
            )
    ours = [order for order in venue.orders if not order.is_owners]
    moved = sum((cash_moved(trade) for trade in records.trades), ZERO)
    paid = venue.cash - OPENING_CASH - sum((order.cash for order in venue.orders if order.is_owners), ZERO)
    if abs(moved - paid) > CENT * sum(order.executions for order in ours):
        yield f"the ledger moved {moved} of cash, the account {paid}"
    for portfolio, book in records.books.items():
        if records.trading.sleeves.get(portfolio, {}) != book.holdings():
            yield f"{portfolio}: the trading document has other holdings than the book"
        again = folded(PortfolioBook(), (event for entry in records.journals[portfolio] for event in entry.events))
        if (again.strategies, again.paper) != (book.strategies, book.paper):
            yield f"{portfolio}: the book is not the fold of its journal"


def _log_differences(records: Records, delivered: frozenset[str]) -> Iterator[str]:
    names = [entry.log_id for entry in records.decisions]
    if sorted(names) != sorted(records.ticks):
        yield f"decisions {sorted(names)}, ticks {sorted(records.ticks)}"
    if missing := delivered - records.ticks.keys():
        yield f"delivered and not committed: {sorted(missing)}"
    for entry in records.decisions:
        tick = records.ticks.get(entry.log_id)
        if tick is not None and tick.session_id != entry.session_id:
            yield f"{entry.log_id}: decided in session {entry.session_id}, committed in {tick.session_id}"
