"""An Alpaca whose every answer is scripted, and the order that tests send it."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from backend.adapters.alpaca import AlpacaBroker
from backend.domain.order import ClientOrderId, OrderIntent, Side
from backend.domain.signal import StrategyId, Symbol
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

ORDER_ID = ClientOrderId("mae-1")
ORDER = {
    "id": "61e69015-8549-4bfd-b9c3-01e75843f47d",
    "client_order_id": "mae-1",
    "status": "filled",
    "filled_qty": "1.234567891",
    "filled_avg_price": "100.10",
    "updated_at": "2024-01-02T15:04:05.123456789Z",
}


def order(**changes: object) -> Answer:
    return json_answer({**ORDER, **changes})


def problem(status: int, code: int | None, message: str) -> Answer:
    return json_answer({"message": message} if code is None else {"code": code, "message": message}, status)


def intent(**changes: object) -> OrderIntent:
    fields: dict[str, object] = {
        "client_order_id": ORDER_ID,
        "strategy": StrategyId("rsi"),
        "symbol": Symbol("AAPL"),
        "side": Side.BUY,
        "notional": Decimal("1234.10"),
    }
    return OrderIntent(**{**fields, **changes})  # type: ignore[arg-type]


@contextmanager
def venue(*answers: Answer, timeout_seconds: float = 5.0) -> Iterator[tuple[AlpacaBroker, ScriptedServer, list[float]]]:
    waits: list[float] = []
    with ScriptedServer(*answers) as server:
        broker = AlpacaBroker("key", "secret", url=server.url, timeout_seconds=timeout_seconds, sleep=waits.append)
        yield broker, server, waits
