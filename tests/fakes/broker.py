"""A broker in memory: fills at once at the prices it is given, refuses duplicates, fails when it is told to.

Prices, held positions and scripted failures may be changed at any time. What it does not model: slippage and
shorting. Fees, dividends and the like come from `tests.fakes.statements`, which reads the books kept here.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from threading import RLock
from typing import Any

from backend.domain.account import Account, Asset, Position
from backend.domain.errors import BrokerError, BrokerUnavailable, DuplicateOrder, OrderRejected
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, OrderKind, OrderStatus, Side
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.ports.clock import Clock

CENT = Decimal("0.01")
SHARE = Decimal("0.000000001")
OBSERVED_AT = datetime(2024, 1, 2, 21, tzinfo=UTC)
METHODS = frozenset({"account", "assets", "submit", "find", "cancel"})


class FakeBroker:
    """An in-memory ``Broker``.

    Attributes
    ----------
    submitted : every intent that was handed to ``submit``, in order, refused and failed ones too
    orders : what the venue knows, by client_order_id
    prices : what orders fill at and positions are marked at
    whole_share_symbols, halted_symbols : assets without fractions, assets that are not tradable
    hidden : orders that ``find`` does not know yet
    is_filling : while False, orders that are accepted stay working until ``match`` or ``fill``
    books : everything that changed cash or positions, but what a test did to them directly
    """

    def __init__(self, cash: Decimal, prices: Mapping[Symbol, Decimal], clock: Clock | None = None) -> None:
        self.opening_cash = self.cash = cash
        self.clock = clock
        self.prices: dict[Symbol, Decimal] = dict(prices)
        self.positions: dict[Symbol, Position] = {}
        self.submitted: list[OrderIntent] = []
        self.orders: dict[ClientOrderId, BrokerOrder] = {}
        self.books: list[Activity] = []
        self.account_id = "fake"
        self.hidden: set[ClientOrderId] = set()
        self.whole_share_symbols: set[Symbol] = set()
        self.halted_symbols: set[Symbol] = set()
        self.is_filling = True
        self._working: dict[ClientOrderId, OrderIntent] = {}
        self._failures: dict[str, deque[tuple[BrokerError, bool]]] = defaultdict(deque)
        self._lock = RLock()

    def fail_next(self, *exceptions: BrokerError, on: str = "submit", accept_first: bool = False) -> None:
        """Raise one exception at each of the next calls of ``on``.

        With ``accept_first`` the order is accepted (and filled) before ``submit`` raises: the answer got lost.
        """
        if on not in METHODS:
            raise ValueError(f"expected one of {sorted(METHODS)}, found {on!r}")
        self._failures[on].extend((exception, accept_first) for exception in exceptions)

    def account(self) -> Account:
        with self._lock:
            self._fail("account")
            held = {symbol: replace(p, price=self._price(symbol)) for symbol, p in self.positions.items()}
            value = sum((p.quantity * p.price for p in held.values()), Decimal(0))
            equity = (self.cash + value).quantize(CENT)
            return Account(
                account_id=self.account_id,
                equity=equity,
                cash=self.cash,
                buying_power=self.cash - self._held_back(),
                positions=held,
                observed_at=self.now(),
            )

    def assets(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, Asset]:
        with self._lock:
            self._fail("assets")
            return {symbol: self._asset(symbol) for symbol in symbols}

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        with self._lock:
            self.submitted.append(intent)
            failure = self._next_failure("submit")
            if failure is None:
                return self._accept(intent)
            exception, is_accepted_first = failure
            if is_accepted_first:
                self._accept(intent)
            raise exception

    def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
        with self._lock:
            self._fail("find")
            return None if client_order_id in self.hidden else self.orders.get(client_order_id)

    def cancel(self, client_order_id: ClientOrderId) -> None:
        with self._lock:
            self._fail("cancel")
            if self._working.pop(client_order_id, None) is not None:
                self.orders[client_order_id] = replace(
                    self.orders[client_order_id], status=OrderStatus.CANCELLED, updated_at=self.now()
                )

    def now(self) -> datetime:
        return OBSERVED_AT if self.clock is None else self.clock.now()

    def match(self) -> None:
        """Fill the working orders that the present prices reach."""
        with self._lock:
            for intent in list(self._working.values()):
                if self._is_marketable(intent):
                    self._fill(intent)

    def fill(self, client_order_id: ClientOrderId, quantity: Decimal | None = None) -> None:
        """Fill a working order at the present price; with a quantity, that much of it."""
        with self._lock:
            self._fill(self._working[client_order_id], quantity)

    def arrive(self, client_order_id: ClientOrderId) -> None:
        """Let an order whose submission failed arrive after all."""
        with self._lock:
            self._accept(next(each for each in self.submitted if each.client_order_id == client_order_id))

    def trade_by_hand(self, symbol: Symbol, quantity: Decimal) -> None:
        """Trade a signed quantity at the present price, the way the owner does past Maestro."""
        with self._lock:
            self._trade(symbol, quantity, self._price(symbol), order_id=f"by-hand-{len(self.books)}")

    def book(self, kind: ActivityKind, **fields: Any) -> Activity:
        """Write an entry into the books and change cash and position by it."""
        with self._lock:
            now = self.now()
            activity = Activity(activity_id=f"act-{len(self.books) + 1:06d}", kind=kind, at=now, **fields)
            self.books.append(activity)
            self.cash += activity.cash
            if activity.symbol is not None and activity.quantity:
                self._move(activity.symbol, activity.quantity, activity.price)
            return activity

    def _fail(self, method: str) -> None:
        failure = self._next_failure(method)
        if failure is not None:
            raise failure[0]

    def _next_failure(self, method: str) -> tuple[BrokerError, bool] | None:
        waiting = self._failures[method]
        return waiting.popleft() if waiting else None

    def _accept(self, intent: OrderIntent) -> BrokerOrder:
        identifier = intent.client_order_id
        if identifier in self.orders:
            raise DuplicateOrder(f"{identifier}: client_order_id must be unique; look the order up")
        self._check(intent)
        self.orders[identifier] = BrokerOrder(
            client_order_id=identifier,
            broker_order_id=f"fake-{len(self.orders) + 1}",
            status=OrderStatus.SUBMITTED,
            updated_at=self.now(),
        )
        self._working[identifier] = intent
        if self.is_filling and self._is_marketable(intent):
            self._fill(intent)
        return self.orders[identifier]

    def _check(self, intent: OrderIntent) -> None:
        asset = self._asset(intent.symbol)
        if not asset.is_tradable:
            raise OrderRejected(f"{intent.symbol} is not tradable; drop the order")
        quantity = self._quantity(intent)
        if not asset.is_fractionable and (intent.notional is not None or quantity % 1):
            raise OrderRejected(f"{intent.symbol} is not fractionable, found {quantity} shares; order whole ones")
        held = self.positions[intent.symbol].quantity if intent.symbol in self.positions else Decimal(0)
        if intent.side is Side.SELL and quantity > held:
            raise OrderRejected(f"expected at most the {held} {intent.symbol} held, found {quantity}; sell fewer")
        if intent.side is Side.BUY and self._value(intent) > self.cash - self._held_back():
            raise OrderRejected(f"insufficient buying power for {self._value(intent)}; buy less")

    def _fill(self, intent: OrderIntent, quantity: Decimal | None = None) -> None:
        """Fill what is left of an order, or ``quantity`` of it."""
        before, price = self.orders[intent.client_order_id], self._price(intent.symbol)
        filled = self._left(intent) if quantity is None else quantity
        self._trade(
            intent.symbol, filled if intent.side is Side.BUY else -filled, price, order_id=before.broker_order_id
        )
        cumulative = before.filled_quantity + filled
        value = before.filled_quantity * (before.average_price or 0) + filled * price
        if quantity is None:
            del self._working[intent.client_order_id]
        self.orders[intent.client_order_id] = replace(
            before,
            status=OrderStatus.FILLED if quantity is None else OrderStatus.PARTIALLY_FILLED,
            filled_quantity=cumulative,
            average_price=value / cumulative,
            updated_at=self.now(),
        )

    def _trade(self, symbol: Symbol, quantity: Decimal, price: Decimal, *, order_id: str) -> None:
        cash = -(quantity * price).quantize(CENT)
        self.book(ActivityKind.FILL, symbol=symbol, quantity=quantity, price=price, cash=cash, order_id=order_id)

    def _move(self, symbol: Symbol, change: Decimal, price: Decimal) -> None:
        held = self.positions.get(symbol)
        quantity = change + (held.quantity if held else Decimal(0))
        if quantity == 0:
            self.positions.pop(symbol, None)
            return
        average = held.average_price if held else price
        if held and change > 0:
            average = (held.quantity * held.average_price + change * price) / quantity
        self.positions[symbol] = Position(symbol=symbol, quantity=quantity, average_price=average, price=price)

    def _is_marketable(self, intent: OrderIntent) -> bool:
        if intent.kind is OrderKind.MARKET or intent.limit_price is None:
            return True
        price = self._price(intent.symbol)
        return price <= intent.limit_price if intent.side is Side.BUY else price >= intent.limit_price

    def _quantity(self, intent: OrderIntent) -> Decimal:
        if intent.quantity is not None:
            return intent.quantity
        assert intent.notional is not None  # an intent has exactly one of both
        return (intent.notional / self._price(intent.symbol)).quantize(SHARE, rounding=ROUND_DOWN)

    def _left(self, intent: OrderIntent) -> Decimal:
        done = self.orders[intent.client_order_id]
        if intent.notional is None:
            return self._quantity(intent) - done.filled_quantity
        money = intent.notional - done.filled_quantity * (done.average_price or 0)
        return (money / self._price(intent.symbol)).quantize(SHARE, rounding=ROUND_DOWN)

    def _value(self, intent: OrderIntent) -> Decimal:
        return self._quantity(intent) * (intent.limit_price or self._price(intent.symbol))

    def _held_back(self) -> Decimal:
        """Return what working buys hold of the cash."""
        buys = (self._value(i) for i in self._working.values() if i.side is Side.BUY)
        return sum(buys, Decimal(0))

    def _price(self, symbol: Symbol) -> Decimal:
        if symbol not in self.prices:
            raise BrokerUnavailable(f"expected a price for {symbol}, found none; put it into FakeBroker.prices")
        return self.prices[symbol]

    def _asset(self, symbol: Symbol) -> Asset:
        return Asset(
            symbol=symbol,
            is_tradable=symbol in self.prices and symbol not in self.halted_symbols,
            is_fractionable=symbol not in self.whole_share_symbols,
        )
