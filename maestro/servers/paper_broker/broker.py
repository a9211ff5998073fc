"""The simulated venue: one account, its orders, and a clock that only moves forward.

1. A ticket is admitted (asset, fractions, quantity, buying power) or refused; a refusal changes nothing.
2. An admitted order executes at the last close known at the broker's clock, or waits.
3. The clock moves from close to close; at each one, waiting orders execute in the order they came,
   then day orders whose session has ended expire, and the account's equity is written down.
4. Between closes the back office does what is due: splits and dividends.

Ids derive from the sequence of orders and instants from the broker's clock: equal runs give equal results.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid5

from backend.adapters.csv_actions import ScheduledAction
from maestro.servers.paper_broker.account import Account
from maestro.servers.paper_broker.admission import Admission, Standing, admit
from maestro.servers.paper_broker.back_office import BackOffice
from maestro.servers.paper_broker.config import FillDelay, PaperBrokerConfig
from maestro.servers.paper_broker.equity_history import EquityHistory
from maestro.servers.paper_broker.errors import invalid, unprocessable
from maestro.servers.paper_broker.execution import execution_price, execution_qty, fee_for
from maestro.servers.paper_broker.journal import Entry, Journal
from maestro.servers.paper_broker.order_book import OrderBook
from maestro.servers.paper_broker.orders import (
    CENT,
    NAMESPACE,
    ZERO,
    Fill,
    OrderEvent,
    OrderStatus,
    OrderTicket,
    PaperOrder,
    Side,
    TimeInForce,
    TradeEvent,
)
from maestro.servers.paper_broker.prices import PriceHistory
from maestro.servers.paper_broker.quotes import Quotes
from maestro.servers.paper_broker.sessions import close_at, last_known_day, session_day


class PaperBroker:
    """One account at one simulated venue; not thread-safe, its server calls it from one thread."""

    def __init__(
        self, config: PaperBrokerConfig, prices: PriceHistory, actions: Iterable[ScheduledAction], now: datetime
    ) -> None:
        self.config = config
        self.prices = prices
        self.now = self.started_at = now
        self.quotes = Quotes(prices, self.now)
        self.account = Account(cash=config.initial_cash.quantize(CENT))
        self.book = OrderBook()
        self.journal = Journal()
        self.closes = EquityHistory(self.account.cash)
        for day in prices.days_between(self.quotes.today - timedelta(days=1), self.quotes.known_day):
            self.closes.close(day, self.account.cash)
        self.office = BackOffice(self.account, self.quotes, self.journal, self._cancel_all)
        self.office.begin(actions, self.now)
        self.listener: Callable[[OrderEvent], None] = lambda event: None
        self._events = 0

    def equity(self) -> Decimal:
        account, price = self.account, self.quotes.price
        return (account.cash + account.long_value(price) + account.short_value(price)).quantize(CENT)

    def buying_power(self) -> Decimal:
        """Return multiplier × equity less gross exposure less what open orders hold."""
        long, short = self.account.long_value(self.quotes.price), self.account.short_value(self.quotes.price)
        equity = self.account.cash + long + short
        exposure = long - short + self.book.held_buying_power()
        return (self.config.buying_power_multiplier * equity - exposure).quantize(CENT)

    def submit(self, ticket: OrderTicket) -> PaperOrder:
        """Admit a ticket and execute it as far as it goes at once; raises `Refusal` otherwise."""
        self.book.check_unused(ticket.client_order_id)
        if ticket.symbol not in self.prices.series:
            raise unprocessable(f'asset "{ticket.symbol}" not found')
        admission = admit(ticket, self.standing(ticket.symbol), self.quotes.price(ticket.symbol), self.config)
        order = self._order(ticket, admission)
        self.book.add(order)
        is_delayed = order.status is OrderStatus.ACCEPTED
        self._tell(TradeEvent.ACCEPTED if is_delayed else TradeEvent.NEW, order)
        if not is_delayed:
            self._execute(order)
        return order

    def _order(self, ticket: OrderTicket, admission: Admission) -> PaperOrder:
        sequence = len(self.book) + 1
        client_order_id = ticket.client_order_id or str(uuid5(NAMESPACE, f"client:{sequence}"))
        is_delayed = self.config.fill_delay is FillDelay.NEXT_STEP
        is_day = ticket.time_in_force is TimeInForce.DAY
        return PaperOrder(
            sequence=sequence,
            id=uuid5(NAMESPACE, f"order:{sequence}:{client_order_id}"),
            client_order_id=client_order_id,
            ticket=ticket,
            submitted_at=self.now,
            updated_at=self.now,
            expires_on=session_day(self.now, self.prices.days) if is_day else None,
            status=OrderStatus.ACCEPTED if is_delayed else OrderStatus.NEW,
            hold=admission.hold,
            expected_qty=admission.expected_qty,
        )

    def standing(self, symbol: str) -> Standing:
        return Standing(
            held_qty=self.account.qty(symbol),
            selling_qty=self.book.claimed_qty(symbol, Side.SELL),
            buying_qty=self.book.claimed_qty(symbol, Side.BUY),
            buying_power=self.buying_power(),
        )

    def cancel(self, order: PaperOrder) -> None:
        if not order.is_open:
            raise unprocessable(f'order is already in "{order.status}" state')
        self._end(order, OrderStatus.CANCELED, TradeEvent.CANCELED)

    def advance(self, to: datetime) -> None:
        """Move the clock to `to`, through every close on the way; the same instant changes nothing."""
        if to.tzinfo is None:
            raise invalid(f"now: expected an instant with its offset, found {to.isoformat()}")
        to = to.astimezone(UTC)
        if to < self.now:
            raise invalid(f"now: the clock only moves forward: it is {self.now.isoformat()}, found {to.isoformat()}")
        if to == self.now:
            return
        passed = self.prices.days_between(self.quotes.known_day, last_known_day(to))
        for day in passed:
            self._move(close_at(day))
            self._work()
            self.closes.close(day, self.equity())
        self._move(to)
        if not passed:
            self._work()
        self._expire()

    def transfer(self, kind: str | None, amount: Decimal) -> Entry:
        """Move cash in or out, see `BackOffice.transfer`."""
        withdrawable = max(ZERO, min(self.account.cash, self.buying_power()))
        return self.office.transfer(kind, amount, withdrawable, self.now)

    def _move(self, to: datetime) -> None:
        """Move the clock to `to`, through everything that is due on the way."""
        for moment in self.office.moments(to):
            self._set_clock(moment)
            self.office.work(moment)
        self._set_clock(to)

    def _set_clock(self, to: datetime) -> None:
        self.now = to
        self.quotes.move(to)

    def _cancel_all(self, symbol: str) -> None:
        for order in self.book.open:
            if order.ticket.symbol == symbol:
                self.cancel(order)

    def _work(self) -> None:
        for order in self.book.open:
            self._execute(order)
        self._expire()

    def _expire(self) -> None:
        for order in self.book.open:
            if order.expires_on is not None and close_at(order.expires_on) <= self.now:
                self._end(order, OrderStatus.EXPIRED, TradeEvent.EXPIRED)

    def _execute(self, order: PaperOrder) -> None:
        ticket = order.ticket
        price = execution_price(ticket, self.quotes.price(ticket.symbol), self.config.slippage_bps)
        if price is None:
            if order.status is OrderStatus.ACCEPTED:
                order.status = OrderStatus.NEW
                self._tell(TradeEvent.NEW, order)
            return
        qty, is_last = execution_qty(order, price, self.config.partial_fill)
        held = self.account.qty(ticket.symbol)
        if ticket.side is Side.SELL and not self.config.shorting and qty > held:
            # A waiting notional sale grows in shares when the price falls; it ends with what is held.
            qty, is_last = max(ZERO, held), True
        if qty == 0 or not self._is_affordable(order, qty, price):
            self._refuse(order)
            return
        self._book(order, qty, price, is_last)

    def _is_affordable(self, order: PaperOrder, qty: Decimal, price: Decimal) -> bool:
        """Tell whether the opening part can still be paid: prices may have risen since admission."""
        held = self.account.qty(order.ticket.symbol)
        opening = qty - max(ZERO, -held * order.ticket.side.sign)
        if opening <= 0:
            return True
        value = (opening * price).quantize(CENT)
        return value + fee_for(self.config, qty, value) <= self.buying_power() + order.hold

    def _refuse(self, order: PaperOrder) -> None:
        if order.filled_qty:
            self._end(order, OrderStatus.CANCELED, TradeEvent.CANCELED)
        else:
            self._end(order, OrderStatus.REJECTED, TradeEvent.REJECTED)

    def _book(self, order: PaperOrder, qty: Decimal, price: Decimal, is_last: bool) -> None:
        value = (qty * price).quantize(CENT)
        fee = fee_for(self.config, qty, value)
        self.account.apply(order.ticket.symbol, qty * order.ticket.side.sign, price, fee)
        order.filled_qty += qty
        order.filled_value += qty * price
        order.hold = max(ZERO, order.hold - value - fee)
        order.updated_at = self.now
        fill = Fill(
            id=uuid5(NAMESPACE, f"fill:{order.id}:{len(self.journal.fills) + 1}"),
            order=order,
            at=self.now,
            qty=qty,
            price=price,
            value=value,
            fee=fee,
            cumulative_qty=order.filled_qty,
            is_last=is_last,
        )
        self.journal.add_fill(fill)
        if is_last:
            self._end(order, OrderStatus.FILLED, TradeEvent.FILL, fill)
        else:
            order.status = OrderStatus.PARTIALLY_FILLED
            self._tell(TradeEvent.PARTIAL_FILL, order, fill)

    def _end(self, order: PaperOrder, status: OrderStatus, event: TradeEvent, fill: Fill | None = None) -> None:
        order.end(status, self.now)
        self.book.close(order)
        self._tell(event, order, fill)

    def _tell(self, event: TradeEvent, order: PaperOrder, fill: Fill | None = None) -> None:
        self._events += 1
        self.listener(
            OrderEvent(
                event=event,
                order=order,
                at=self.now,
                id=fill.id if fill else uuid5(NAMESPACE, f"event:{self._events}"),
                position_qty=self.account.qty(order.ticket.symbol),
                fill=fill,
            )
        )
