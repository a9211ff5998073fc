"""A broker in memory: late, partial, repeated, stale and lost answers, as the script has it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from backend.domain.account import Account, Asset
from backend.domain.corporate_action import ActionKind
from backend.domain.errors import BrokerUnavailable, DuplicateOrder, OrderRejected, OrderUnresolved
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, OrderStatus, Side
from backend.domain.signal import Symbol
from tests.fuzz.back_office import BackOffice
from tests.fuzz.ledger import OWNER, SHARE_STEP, ZERO
from tests.fuzz.market import TICK_SIZE, Market, Moment, local_day

SECOND = timedelta(seconds=1)
IN_TRANSIT = timedelta(seconds=60)
WHOLE = Decimal(1)


class Reception(StrEnum):
    """What becomes of an order that is sent."""

    FILL = "fill"
    PARTIAL = "partial"
    WORK = "work"
    REJECT = "reject"
    TIMEOUT_ACCEPTED = "time-out, accepted"
    TIMEOUT_LOST = "time-out, lost"
    TIMEOUT_IN_TRANSIT = "time-out, accepted a minute later"


class Answering(StrEnum):
    """How look-ups are answered."""

    FRESH = "fresh"
    STALE = "stale"  # the answer before the newest, where that is of today: a venue lags by no more
    DOWN = "down"


@dataclass(slots=True, kw_only=True)
class Order:
    """An order at the venue; ``answers`` is all that was ever true of it, oldest first."""

    intent: OrderIntent
    broker_id: str
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    answers: list[BrokerOrder] = field(default_factory=list)

    @property
    def is_working(self) -> bool:
        return not self.answers[-1].status.is_final

    def left_at(self, price: Decimal) -> Decimal:
        """Return the shares that are still wanted."""
        if self.intent.quantity is not None:
            return self.intent.quantity - self.filled
        assert self.intent.notional is not None  # an intent has exactly one of both
        return (max(self.intent.notional - self.paid, ZERO) / price).quantize(SHARE_STEP, rounding=ROUND_DOWN)


@dataclass(slots=True, kw_only=True)
class Venue:
    """``Broker`` of one account. ``breaches`` lists what Maestro must never ask of a venue.

    ``slip`` is how much worse than the price fills are, as a part of it; ``average_places`` the decimals of an average
    price, None for as many as there are. An order that ends at the close with a part filled keeps the instant of its
    last fill, unless ``restamps_expiries``.
    """

    market: Market
    office: BackOffice
    slip: Decimal = ZERO
    average_places: int | None = None
    whole_share_symbols: frozenset[str] = frozenset()
    restamps_expiries: bool = False
    reception: Reception = Reception.FILL
    answering: Answering = Answering.FRESH
    orders: dict[ClientOrderId, Order] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)
    _in_transit: list[tuple[datetime, OrderIntent]] = field(default_factory=list)

    def advance(self, until: datetime) -> None:
        """Let time pass, with all that happens in it."""
        while True:
            arrivals = [at for at, _ in self._in_transit if at <= until]
            coming = self.market.next_moment(min([until, *arrivals]))
            if coming is None and not arrivals:
                break
            self.market.time = coming[0] if coming else min(arrivals)
            if coming:
                self._pass_by(coming[1])
            due = [intent for at, intent in self._in_transit if at <= self.market.time]
            self._in_transit = [(at, intent) for at, intent in self._in_transit if at > self.market.time]
            for intent in due:
                with suppress(OrderRejected):  # nobody waits for the answer any more
                    self._accept(intent, Reception.WORK)
        self.market.time = max(self.market.time, until)

    def trade_for_owner(self, symbol: str, shares: Decimal) -> None:
        price = self.market.prices[symbol]
        self.office.execute(OWNER, symbol, shares, price, f"own-{len(self.office.booked)}")

    def working(self) -> list[Order]:
        return [order for order in self.orders.values() if order.is_working]

    def fill(self, order: Order, part: Decimal) -> None:
        """Execute a part of what is left of a working order, at the present price."""
        intent = order.intent
        is_buy = intent.side is Side.BUY
        price = (self.market.prices[intent.symbol] * (1 + self.slip if is_buy else 1 - self.slip)).quantize(TICK_SIZE)
        is_whole = intent.symbol in self.whole_share_symbols and intent.quantity is not None
        left = order.left_at(price)
        shares = left if part == WHOLE else (left * part).quantize(WHOLE if is_whole else SHARE_STEP, ROUND_DOWN)
        if shares > 0:
            order.filled += shares
            order.paid += shares * price
            signed = shares if is_buy else -shares
            self.office.execute(intent.strategy, intent.symbol, signed, price, order.broker_id)
        is_done = shares == left
        if is_done and not order.filled:
            self.end(order)
        elif shares > 0:
            self._answer(order, OrderStatus.FILLED if is_done else OrderStatus.PARTIALLY_FILLED)

    def end(self, order: Order) -> None:
        self._answer(order, OrderStatus.CANCELLED)

    def account(self) -> Account:
        return self.office.account()

    def assets(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, Asset]:
        return {each: Asset(symbol=each, is_fractionable=each not in self.whole_share_symbols) for each in symbols}

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        known = {*self.orders, *(each.client_order_id for _, each in self._in_transit)}
        if intent.client_order_id in known:
            raise DuplicateOrder(f"{intent.client_order_id} is taken")
        for order in self.working():
            if order.intent.symbol == intent.symbol and order.intent.side is not intent.side:
                self.breaches.append(f"{intent.side} of {intent.symbol} beside a working {order.intent.side}")
        match self.reception:
            case Reception.REJECT:
                raise OrderRejected("the venue says no")
            case Reception.TIMEOUT_LOST:
                raise OrderUnresolved("time-out")
            case Reception.TIMEOUT_IN_TRANSIT:
                self._in_transit.append((self.market.time + IN_TRANSIT, intent))
                raise OrderUnresolved("time-out")
            case Reception.TIMEOUT_ACCEPTED:
                self._accept(intent, Reception.FILL)
                raise OrderUnresolved("time-out")
        return self._accept(intent, self.reception)

    def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
        if self.answering is Answering.DOWN:
            raise BrokerUnavailable("the venue does not answer")
        order = self.orders.get(client_order_id)
        if order is None:
            return None
        newest = order.answers[-1]
        is_new = newest.updated_at is not None and local_day(newest.updated_at) == local_day(self.market.time)
        is_stale = self.answering is Answering.STALE and is_new and len(order.answers) > 1
        return order.answers[-2] if is_stale else newest

    def cancel(self, client_order_id: ClientOrderId) -> None:
        order = self.orders.get(client_order_id)
        if order is not None and order.is_working:
            self.end(order)

    def _accept(self, intent: OrderIntent, reception: Reception) -> BrokerOrder:
        held = self.office.ledger.position(intent.symbol)
        if intent.side is Side.SELL and (intent.quantity or ZERO) > held:
            raise OrderRejected(f"the account holds {held}")
        order = Order(intent=intent, broker_id=f"venue-{len(self.orders) + 1}")
        self.orders[intent.client_order_id] = order
        self._answer(order, OrderStatus.SUBMITTED)
        if self.market.is_open and reception is not Reception.WORK:
            self.fill(order, WHOLE if reception is Reception.FILL else Decimal("0.5"))
        return order.answers[-1]

    def _answer(self, order: Order, status: OrderStatus, at: datetime | None = None) -> None:
        average = order.paid / order.filled if order.filled else None
        if average is not None and self.average_places is not None:
            average = round(average, self.average_places)
        order.answers.append(
            BrokerOrder(
                client_order_id=order.intent.client_order_id,
                broker_order_id=order.broker_id,
                status=status,
                filled_quantity=order.filled,
                average_price=average,
                updated_at=at or self.market.time,
            )
        )

    def _pass_by(self, moment: Moment) -> None:
        now = self.market.time
        match moment:
            case Moment.MIDNIGHT:
                splitting = {a.symbol for a in self.market.actions_of(local_day(now)) if a.kind is ActionKind.SPLIT}
                for order in self.working():
                    if order.intent.symbol in splitting and order.intent.quantity is not None:
                        self.end(order)  # its shares will not be those that were meant
            case Moment.OPEN if self.reception is Reception.FILL:
                for order in self.working():
                    self.fill(order, WHOLE)
            case Moment.CLOSE:
                for order in self.working():
                    is_kept = order.filled and not self.restamps_expiries
                    self._answer(
                        order, OrderStatus.CANCELLED, order.answers[-1].updated_at if is_kept else now + SECOND
                    )
        self.office.pass_by(moment)
