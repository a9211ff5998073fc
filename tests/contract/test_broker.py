"""What every Broker keeps to: AlpacaBroker (over the local paper broker) and FakeBroker.

Both venues hold 100,000 in cash; AAPL costs 100.10 and AMD 33.33, whatever the day.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from backend.domain.errors import BrokerUnavailable, DuplicateOrder, OrderRejected, OrderUnresolved
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, OrderKind, OrderStatus, Side
from backend.domain.signal import StrategyId, Symbol
from backend.ports.broker import Broker
from tests.fakes.broker import FakeBroker

AAPL, AMD, NOPE = Symbol("AAPL"), Symbol("AMD"), Symbol("NOPE")
CASH = Decimal(100_000)
PRICES = {AAPL: Decimal("100.10"), AMD: Decimal("33.33")}
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A broker, and the ways in which its answers can get lost."""

    broker: Broker
    lose_next_order: Callable[[], None]
    lose_next_answer: Callable[[], None]
    fail_reads: Callable[[], None]


@contextmanager
def fake_venue(_: Path) -> Iterator[Venue]:
    broker = FakeBroker(CASH, PRICES)
    lost = OrderUnresolved("the answer was lost")
    yield Venue(
        broker=broker,
        lose_next_order=lambda: broker.fail_next(lost),
        lose_next_answer=lambda: broker.fail_next(lost, accept_first=True),
        fail_reads=lambda: broker.fail_next(BrokerUnavailable("not now"), on="account"),
    )


@contextmanager
def alpaca_venue(folder: Path) -> Iterator[Venue]:
    from backend.adapters.alpaca import AlpacaBroker
    from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

    prices = folder / "prices.csv"
    days = [date(2024, 1, 2) + timedelta(days=i) for i in range(3)]
    prices.write_text("date,AAPL,AMD\n" + "".join(f"{day},100.10,33.33\n" for day in days))
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, initial_cash=CASH)) as server:
        yield Venue(
            broker=AlpacaBroker("key", "secret", url=server.url, timeout_seconds=1.0, sleep=lambda _: None),
            lose_next_order=lambda: server.set_faults(["POST /v2/orders:drop-before*1"]),
            lose_next_answer=lambda: server.set_faults(["POST /v2/orders:timeout-after-accept*1"]),
            fail_reads=lambda: server.set_faults(["GET /v2/account:500"]),
        )


@pytest.fixture(params=[fake_venue, alpaca_venue], ids=["FakeBroker", "AlpacaBroker"])
def venue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Venue]:
    with request.param(tmp_path) as opened:
        yield opened


@pytest.fixture
def broker(venue: Venue) -> Broker:
    return venue.broker


def order(
    number: int = 1,
    side: Side = Side.BUY,
    symbol: Symbol = AAPL,
    *,
    quantity: str | None = None,
    notional: str | None = None,
    limit_price: str | None = None,
) -> OrderIntent:
    return OrderIntent(
        client_order_id=ClientOrderId(f"mae-{number}"),
        strategy=StrategyId("rsi"),
        symbol=symbol,
        side=side,
        quantity=None if quantity is None else Decimal(quantity),
        notional=None if notional is None else Decimal(notional),
        kind=OrderKind.MARKET if limit_price is None else OrderKind.LIMIT,
        limit_price=None if limit_price is None else Decimal(limit_price),
    )


def value(filled: BrokerOrder) -> Decimal:
    assert filled.average_price is not None
    return (filled.filled_quantity * filled.average_price).quantize(CENT)


def test_account_starts_in_cash(broker: Broker) -> None:
    account = broker.account()

    assert (account.cash, account.equity, account.buying_power) == (CASH, CASH, CASH)
    assert account.account_id
    assert not account.positions


def test_buy_by_notional_spends_it_to_the_cent(broker: Broker) -> None:
    filled = broker.submit(order(notional="1234.10"))

    assert filled.status is OrderStatus.FILLED
    assert filled.average_price == PRICES[AAPL]
    assert value(filled) == Decimal("1234.10")
    assert broker.account().cash == CASH - Decimal("1234.10")


def test_buy_by_quantity_keeps_every_fraction(broker: Broker) -> None:
    filled = broker.submit(order(quantity="1.234567"))

    position = broker.account().positions[AAPL]
    assert filled.filled_quantity == position.quantity == Decimal("1.234567")
    assert position.average_price == position.price == PRICES[AAPL]


def test_a_round_trip_at_one_price_gives_the_cash_back(broker: Broker) -> None:
    bought = broker.submit(order(1, notional="999.99", symbol=AMD))
    sold = broker.submit(order(2, Side.SELL, AMD, quantity=str(bought.filled_quantity)))

    account = broker.account()
    assert sold.status is OrderStatus.FILLED
    assert account.cash == account.equity == CASH
    assert not account.positions


def test_submit_refuses_a_client_order_id_twice(broker: Broker) -> None:
    broker.submit(order(quantity="2"))

    with pytest.raises(DuplicateOrder):
        broker.submit(order(quantity="2"))
    assert broker.account().positions[AAPL].quantity == 2


@pytest.mark.parametrize(
    "impossible",
    [
        order(notional="100000.01"),
        order(quantity="1", side=Side.SELL),
        order(quantity="1", symbol=NOPE),
        order(quantity="1000", limit_price="100.11"),
    ],
    ids=["beyond buying power", "more than held", "unknown symbol", "limit beyond buying power"],
)
def test_submit_rejects_what_the_account_cannot_carry(broker: Broker, impossible: OrderIntent) -> None:
    with pytest.raises(OrderRejected):
        broker.submit(impossible)

    assert broker.find(impossible.client_order_id) is None
    assert broker.account().cash == CASH


def test_find_gives_what_submit_gave(broker: Broker) -> None:
    submitted = broker.submit(order(quantity="3"))

    assert broker.find(submitted.client_order_id) == submitted


def test_find_knows_nothing_of_an_order_never_sent(broker: Broker) -> None:
    assert broker.find(ClientOrderId("mae-404")) is None


def test_a_limit_that_the_price_meets_fills_no_worse(broker: Broker) -> None:
    filled = broker.submit(order(quantity="2", limit_price="101.00"))

    assert filled.status is OrderStatus.FILLED
    assert filled.average_price == PRICES[AAPL]


def test_a_limit_that_the_price_does_not_meet_waits_and_holds_buying_power(broker: Broker) -> None:
    waiting = broker.submit(order(quantity="10", limit_price="90.00"))

    account = broker.account()
    assert waiting.status is OrderStatus.SUBMITTED
    assert waiting.filled_quantity == 0
    assert waiting.average_price is None
    assert (account.cash, account.buying_power) == (CASH, CASH - 900)


def test_cancel_ends_a_waiting_order_and_frees_its_buying_power(broker: Broker) -> None:
    waiting = broker.submit(order(quantity="10", limit_price="90.00"))

    broker.cancel(waiting.client_order_id)

    found = broker.find(waiting.client_order_id)
    assert found is not None
    assert found.status is OrderStatus.CANCELLED
    assert broker.account().buying_power == CASH


def test_cancel_of_a_final_or_unknown_order_changes_nothing(broker: Broker) -> None:
    filled = broker.submit(order(quantity="1"))

    broker.cancel(filled.client_order_id)
    broker.cancel(ClientOrderId("mae-404"))

    assert broker.find(filled.client_order_id) == filled


def test_assets_say_what_can_be_traded(broker: Broker) -> None:
    assets = broker.assets([AAPL, NOPE, AAPL])

    assert set(assets) == {AAPL, NOPE}
    assert assets[AAPL].is_tradable
    assert assets[AAPL].is_fractionable
    assert not assets[NOPE].is_tradable


def test_an_order_whose_answer_is_lost_is_found_and_not_taken_twice(venue: Venue) -> None:
    venue.lose_next_answer()
    with pytest.raises(OrderUnresolved):
        venue.broker.submit(order(quantity="2"))

    found = venue.broker.find(ClientOrderId("mae-1"))
    assert found is not None
    assert found.status is OrderStatus.FILLED
    with pytest.raises(DuplicateOrder):
        venue.broker.submit(order(quantity="2"))
    assert venue.broker.account().positions[AAPL].quantity == 2


def test_an_order_that_is_lost_on_its_way_is_proven_absent(venue: Venue) -> None:
    venue.lose_next_order()
    with pytest.raises(OrderUnresolved):
        venue.broker.submit(order(quantity="2"))

    assert venue.broker.find(ClientOrderId("mae-1")) is None
    assert not venue.broker.account().positions


def test_a_read_that_fails_says_so(venue: Venue) -> None:
    venue.fail_reads()

    with pytest.raises(BrokerUnavailable):
        venue.broker.account()
