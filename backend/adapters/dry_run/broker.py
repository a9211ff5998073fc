"""A broker that reads the real one and sends it nothing: orders are filled in the dry run's own account."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal

from backend.adapters.dry_run.account import DryRunAccount
from backend.adapters.dry_run.documents import FilledOrder
from backend.domain.account import Account, Asset, Position
from backend.domain.errors import MarketDataError, OrderRejected
from backend.domain.lots import SHARE_STEP
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, Side
from backend.domain.signal import Symbol
from backend.ports.broker import Broker


class DryRunBroker:
    """``Broker`` whose ``submit``, ``find`` and ``cancel`` end in the dry run's store.

    The real broker is asked for its account, so that a lost key or an outage stops a dry run as it would stop the
    real one, and for its assets. What it answers about money is left alone: the dry run has its own.
    """

    def __init__(self, broker: Broker, account: DryRunAccount) -> None:
        self._broker = broker
        self._account = account

    def account(self) -> Account:
        real = self._broker.account()
        now = self._account.clock.now()
        held = self._account.holdings(now)
        prices = self._prices(held.quantities)
        return Account(
            account_id=f"dry-run-{real.account_id}",
            equity=held.worth(prices),
            cash=held.cash,
            buying_power=held.cash,
            positions={
                symbol: Position(symbol=symbol, quantity=quantity, average_price=prices[symbol], price=prices[symbol])
                for symbol, quantity in held.quantities.items()
            },
            observed_at=now,
        )

    def assets(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, Asset]:
        return self._broker.assets(symbols)

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        """Fill the order at the price that it was decided at; refuse what the account cannot pay or deliver."""
        order = self._filled(intent)
        held = self._account.holdings(order.at)
        shares = held.quantities.get(order.symbol, Decimal(0))
        if order.side is Side.BUY and order.quantity * order.price > held.cash:
            raise OrderRejected(
                f"order {order.client_order_id}: expected a value of at most {held.cash:.2f}, found "
                f"{order.quantity * order.price:.2f}; insufficient buying power in the dry run"
            )
        if order.side is Side.SELL and order.quantity > shares:
            raise OrderRejected(
                f"order {order.client_order_id}: expected at most the {shares} {order.symbol} of the dry run, found "
                f"{order.quantity}; it sells nothing short"
            )
        self._account.fill(order)
        return order.answer

    def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
        found = self._account.find(client_order_id)
        return None if found is None else found.answer

    def cancel(self, client_order_id: ClientOrderId) -> None:
        """Do nothing: every order of a dry run is final at once."""

    def _filled(self, intent: OrderIntent) -> FilledOrder:
        price = intent.observed_price
        if price <= 0:
            raise OrderRejected(
                f"order {intent.client_order_id}: expected the price that it was decided at, found {price}; "
                "a dry run fills at it"
            )
        size = intent.quantity if intent.notional is None else intent.notional / price
        assert size is not None  # an intent has exactly one of both
        return FilledOrder(
            client_order_id=intent.client_order_id,
            symbol=intent.symbol,
            side=intent.side,
            quantity=Decimal(f"{size.quantize(SHARE_STEP, rounding=ROUND_DOWN).normalize():f}"),
            price=price,
            at=self._account.clock.now(),
        )

    def _prices(self, held: Iterable[Symbol]) -> Mapping[Symbol, Decimal]:
        symbols = sorted(held)
        prices = self._account.bars.latest(symbols, at=self._account.clock.now()) if symbols else {}
        missing = [symbol for symbol in symbols if symbol not in prices]
        if missing:
            raise MarketDataError(
                f"expected a price of {', '.join(missing)}, which the dry run holds, found none; check the price source"
            )
        return prices
