"""The trade-updates stream, read by alpaca-py's TradingStream."""

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from alpaca.trading.models import TradeUpdate
from alpaca.trading.stream import TradingStream

from maestro.servers.paper_broker import FillDelay, PaperBrokerServer
from tests.integration.paper_broker_clients import (
    FIRST_CLOSE,
    Broker,
    closed,
    limit_order,
    market_order,
    trading,
)

PATIENCE_SECONDS = 10


class Listening(TradingStream):
    """alpaca-py's stream, that also says when it listens."""

    def __init__(self, server: PaperBrokerServer, key: str = "key") -> None:
        super().__init__(key, "secret", url_override=server.stream_url)
        self._reconnect_min_backoff = self._reconnect_max_backoff = 0.05
        self.is_listening = threading.Event()
        self.updates: queue.Queue[TradeUpdate] = queue.Queue()
        self.subscribe_trade_updates(self._keep)

    async def _keep(self, update: TradeUpdate) -> None:
        self.updates.put(update)

    async def _dispatch(self, msg: dict[str, object]) -> None:
        if msg.get("stream") == "listening":
            self.is_listening.set()
        await super()._dispatch(msg)

    def events(self, count: int) -> list[TradeUpdate]:
        return [self.updates.get(timeout=PATIENCE_SECONDS) for _ in range(count)]


@contextmanager
def listening(server: PaperBrokerServer) -> Iterator[Listening]:
    stream = Listening(server)
    thread = threading.Thread(target=stream.run)
    thread.start()
    try:
        assert stream.is_listening.wait(PATIENCE_SECONDS)
        yield stream
    finally:
        # stop() alone waits up to five seconds for the next message, so one is sent.
        stream.stop()
        trading(server).submit_order(market_order(qty=0.01))
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def told(updates: list[TradeUpdate]) -> list[tuple[str, str, float | None, float | None, float | None]]:
    return [(u.event, u.order.status.value, u.qty, u.price, u.position_qty) for u in updates]


def test_a_filled_order_is_new_then_fill(start: Broker) -> None:
    server = start()
    with listening(server) as stream:
        order = trading(server).submit_order(market_order(qty=10, client_order_id="mine"))
        updates = stream.events(2)

    assert told(updates) == [("new", "new", None, None, 0), ("fill", "filled", 10, 100, 10)]
    assert updates[1].order == order
    assert updates[1].timestamp == FIRST_CLOSE
    assert updates[0].execution_id != updates[1].execution_id


def test_a_partial_fill_is_told_before_the_rest(start: Broker) -> None:
    server = start(partial_fill=Decimal("0.4"))
    with listening(server) as stream:
        trading(server).submit_order(market_order(qty=10))
        server.advance(closed("2020-01-03"))
        updates = stream.events(3)

    assert told(updates)[1:] == [("partial_fill", "partially_filled", 4, 100, 4), ("fill", "filled", 6, 110, 10)]


def test_a_canceled_and_an_expired_order_are_told(start: Broker) -> None:
    server = start()
    with listening(server) as stream:
        client = trading(server)
        first, second = (client.submit_order(limit_order("buy", price)) for price in (90, 91))
        client.cancel_order_by_id(first.id)
        server.advance(closed("2020-01-03"))
        updates = stream.events(4)

    assert [update.event for update in updates] == ["new", "new", "canceled", "expired"]
    assert [update.order.id for update in updates[2:]] == [first.id, second.id]


def test_a_rejected_order_is_told(start: Broker) -> None:
    server = start(fill_delay=FillDelay.NEXT_STEP)
    with listening(server) as stream:
        trading(server).submit_order(market_order(qty=1000))
        server.advance(closed("2020-01-03"))
        updates = stream.events(2)

    assert told(updates) == [("accepted", "accepted", None, None, 0), ("rejected", "rejected", None, None, 0)]


def test_every_listener_hears_every_event(start: Broker) -> None:
    server = start()
    with listening(server) as first, listening(server) as second:
        trading(server).submit_order(market_order())
        assert told(first.events(2)) == told(second.events(2))


def test_wrong_credentials_are_not_authorized(start: Broker, caplog: pytest.LogCaptureFixture) -> None:
    server = start(key="right")
    stream = Listening(server, key="wrong")
    thread = threading.Thread(target=stream.run)
    with caplog.at_level(logging.ERROR, "alpaca.trading.stream"):
        thread.start()
        _until(lambda: "failed to authenticate" in caplog.text)
        stream.stop()
        thread.join(PATIENCE_SECONDS)
    assert not stream.is_listening.is_set()


def _until(is_met: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(PATIENCE_SECONDS * 100):
        if is_met():
            return
        waiting.wait(0.01)
    raise AssertionError("the condition was not met in time")
