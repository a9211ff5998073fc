"""AlpacaBroker with the real alpaca-py over the local paper broker: a fault never makes a second order."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from backend.adapters.alpaca import AlpacaBroker
from backend.domain.errors import BrokerRefused, BrokerUnavailable, OrderRejected, OrderUnresolved
from backend.domain.order import ClientOrderId, OrderIntent, OrderStatus, Side
from backend.domain.signal import StrategyId, Symbol
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

AAPL = Symbol("AAPL")
PRICES = "date,AAPL\n2024-01-02,100\n2024-01-03,110\n"
ORDER_ID = ClientOrderId("mae-1")


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    path = tmp_path / "prices.csv"
    path.write_text(PRICES)
    return path


@pytest.fixture
def server(prices: Path) -> Iterator[PaperBrokerServer]:
    with PaperBrokerServer(PaperBrokerConfig(prices=prices)) as server:
        yield server


def connect(server: PaperBrokerServer, key: str = "key") -> AlpacaBroker:
    return AlpacaBroker(key, "secret", url=server.url, timeout_seconds=1.0, sleep=lambda _: None)


def intent(**changes: object) -> OrderIntent:
    fields: dict[str, object] = {"notional": Decimal("550.00"), "side": Side.BUY}
    return OrderIntent(
        client_order_id=ORDER_ID,
        strategy=StrategyId("rsi"),
        symbol=AAPL,
        **{**fields, **changes},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("fault", ["429", "500", "502", "504", "garbage", "garbage=503", "hang=30", "drop-before"])
def test_a_fault_leaves_the_order_unresolved_and_sent_at_most_once(server: PaperBrokerServer, fault: str) -> None:
    broker = connect(server)
    server.set_faults([f"POST /v2/orders:{fault}*1"])  # a second POST would get through

    with pytest.raises(OrderUnresolved):
        broker.submit(intent())

    server.set_faults([])
    assert broker.find(ORDER_ID) is None
    assert not broker.account().positions


@pytest.mark.parametrize("fault", ["429", "500", "504", "garbage", "drop-before"])
def test_a_read_survives_two_faults_and_gives_up_after_three(server: PaperBrokerServer, fault: str) -> None:
    broker = connect(server)
    server.set_faults([f"GET /v2/account:{fault}*2"])
    assert broker.account().cash == 100_000

    server.set_faults([f"GET /v2/account:{fault}*3"])
    with pytest.raises(BrokerUnavailable):
        broker.account()


def test_an_order_rejected_with_422_holds_nothing(server: PaperBrokerServer) -> None:
    broker = connect(server)

    with pytest.raises(OrderRejected, match=r"notional amount must be >= 1\.00"):
        broker.submit(intent(notional=Decimal("0.50")))
    assert broker.find(ORDER_ID) is None


def test_wrong_credentials_are_refused_in_every_call(prices: Path) -> None:
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, key="right", secret="secret")) as server:
        assert connect(server, "right").account().cash == 100_000
        broker = connect(server, "wrong")

        with pytest.raises(BrokerRefused, match="paper or live"):
            broker.account()
        with pytest.raises(BrokerRefused, match=f"order {ORDER_ID}"):
            broker.submit(intent())
        with pytest.raises(BrokerRefused):
            broker.find(ORDER_ID)


def test_a_partial_fill_is_told_as_it_grows(prices: Path) -> None:
    config = PaperBrokerConfig(prices=prices, partial_fill=Decimal("0.4"))
    with PaperBrokerServer(config) as server:
        broker = connect(server)
        first = broker.submit(intent(notional=None, quantity=Decimal(10)))

        assert first.status is OrderStatus.PARTIALLY_FILLED
        assert (first.filled_quantity, first.average_price) == (Decimal(4), Decimal(110))
        broker.cancel(ORDER_ID)
        ended = broker.find(ORDER_ID)

    assert ended is not None
    assert (ended.status, ended.filled_quantity) == (OrderStatus.CANCELLED, Decimal(4))
    assert ended.reason == "Alpaca: canceled"


def test_a_symbol_without_fractions_is_told(prices: Path) -> None:
    config = PaperBrokerConfig(prices=prices, whole_share_symbols=frozenset({"AAPL"}))
    with PaperBrokerServer(config) as server:
        broker = connect(server)

        assert not broker.assets([AAPL])[AAPL].is_fractionable
        with pytest.raises(OrderRejected, match="not fractionable"):
            broker.submit(intent())
