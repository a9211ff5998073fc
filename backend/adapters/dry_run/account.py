"""The account of a dry run: its opening, and the fold of what was filled in it since.

1. the opening is the real account's equity, all in cash;
2. every order is filled whole at the price that it was decided at; splits and dividends take effect at their ex-day;
3. cash and positions at any instant are the sum of the entries up to it, so that account and statements agree.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from backend.adapters.documents import Documents, Write
from backend.adapters.dry_run.documents import (
    FilledOrder,
    Opening,
    opening_write,
    order_write,
    read_opening,
    read_order,
    read_orders,
)
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import CommitConflict, ConfigurationError, DuplicateOrder
from backend.domain.lots import ZERO, split_quantity
from backend.domain.market import new_york_day, start_of
from backend.domain.order import ClientOrderId
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.ports.bars import Bars
from backend.ports.clock import Clock

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Cash, and shares by symbol where there are any."""

    cash: Decimal
    quantities: Mapping[Symbol, Decimal]

    def worth(self, prices: Mapping[Symbol, Decimal]) -> Decimal:
        value = sum((quantity * prices[symbol] for symbol, quantity in self.quantities.items()), ZERO)
        return (self.cash + value).quantize(CENT)


class DryRunAccount:
    """What is in the dry run's store, read anew at every call; safe across processes.

    Parameters
    ----------
    documents : the dry run's own store, never the one that real orders are in
    bars : where splits and dividends are known from
    """

    def __init__(self, documents: Documents, bars: Bars, clock: Clock) -> None:
        self._documents = documents
        self.bars = bars
        self.clock = clock
        self._actions: dict[tuple[frozenset[Symbol], object], Sequence[CorporateAction]] = {}

    def open(self, account_id: str, equity: Decimal, *, beside: Sequence[Write] = ()) -> None:
        """Open the account, once, with what is to be there from the start; CommitConflict when somebody else has."""
        opening = Opening(account_id=account_id, cash=equity, at=self.clock.now())
        self._documents.commit([opening_write(opening), *beside])

    def opening(self) -> Opening:
        """Return what it opened with.

        Raises
        ------
        ConfigurationError
            The store is no dry run's.
        """
        found = read_opening(self._documents)
        if found is None:
            raise ConfigurationError(
                "expected the store of a dry run, found none of its documents; open it with maestro start --dry-run"
            )
        return found

    def find(self, client_order_id: ClientOrderId) -> FilledOrder | None:
        return read_order(self._documents, client_order_id)

    def fill(self, order: FilledOrder) -> None:
        """Write an order down; DuplicateOrder when it is there already."""
        try:
            self._documents.commit([order_write(order)])
        except CommitConflict as e:
            raise DuplicateOrder(f"order {order.client_order_id}: the dry run has it already; look it up") from e

    def activities(self) -> Sequence[Activity]:
        """Return everything that changed cash or positions until now, in the order in which it took effect."""
        now, orders = self.clock.now(), read_orders(self._documents)
        due = [each for each in self._known_actions(orders, now) if start_of(each.ex_day) <= now]
        return tuple(_activities(orders, due))

    def holdings(self, at: datetime) -> Holdings:
        cash = self.opening().cash
        quantities: defaultdict[Symbol, Decimal] = defaultdict(Decimal)
        for each in self.activities():
            if each.at <= at:
                cash += each.cash
                if each.symbol is not None:
                    quantities[each.symbol] += each.quantity
        return Holdings(cash=cash, quantities={symbol: held for symbol, held in quantities.items() if held})

    def _known_actions(self, orders: Sequence[FilledOrder], now: datetime) -> Sequence[CorporateAction]:
        """Ask for splits and dividends once a day, and when another symbol was traded."""
        if not orders:
            return ()
        symbols, today = frozenset(each.symbol for each in orders), new_york_day(now)
        if (symbols, today) not in self._actions:
            first = new_york_day(orders[0].at)
            found = self.bars.corporate_actions(sorted(symbols), first, today)
            self._actions = {(symbols, today): found}
        return self._actions[symbols, today]


def _activities(orders: Sequence[FilledOrder], actions: Sequence[CorporateAction]) -> Iterator[Activity]:
    """Put fills and actions in the order of their effect: what is bought on an ex-day is of the new shares."""
    held: defaultdict[Symbol, Decimal] = defaultdict(Decimal)
    waiting = list(orders)
    for action in sorted(actions, key=lambda each: each.ex_day):
        begins = start_of(action.ex_day)
        while waiting and waiting[0].at < begins:
            yield _fill(waiting.pop(0), held)
        yield from _taken(action, held)
    for order in waiting:
        yield _fill(order, held)


def _fill(order: FilledOrder, held: defaultdict[Symbol, Decimal]) -> Activity:
    held[order.symbol] += order.change
    return Activity(
        activity_id=f"fill-{order.client_order_id}",
        kind=ActivityKind.FILL,
        at=order.at,
        symbol=order.symbol,
        quantity=order.change,
        price=order.price,
        cash=-(order.change * order.price).quantize(CENT),
        order_id=order.answer.broker_order_id,
    )


def _taken(action: CorporateAction, held: defaultdict[Symbol, Decimal]) -> Iterator[Activity]:
    before, at = held[action.symbol], start_of(action.ex_day).astimezone(UTC)
    if not before:
        return
    if action.kind is ActionKind.DIVIDEND:
        cash = (before * action.per_share).quantize(CENT)
        yield Activity(activity_id=action.action_id, kind=ActivityKind.DIVIDEND, at=at, symbol=action.symbol, cash=cash)
        return
    held[action.symbol] = split_quantity(before, action.new_shares, action.old_shares)
    yield Activity(
        activity_id=action.action_id,
        kind=ActivityKind.SPLIT,
        at=at,
        symbol=action.symbol,
        quantity=held[action.symbol] - before,
    )
