"""Who is told that Alpaca refused the credentials, and when it was not about them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from backend.adapters.alpaca import AlpacaBars, AlpacaBroker, AlpacaStatements
from backend.domain.errors import BrokerRefused, BrokerUnavailable, MarketDataError, OrderRejected
from backend.domain.order import ClientOrderId, OrderIntent, OrderKind, Side
from backend.domain.signal import StrategyId, Symbol
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

INTENT = OrderIntent(
    client_order_id=ClientOrderId("mae-1"),
    strategy=StrategyId("s"),
    symbol=Symbol("AAPL"),
    side=Side.BUY,
    kind=OrderKind.MARKET,
    quantity=Decimal(1),
    notional=None,
    limit_price=None,
)
FORBIDDEN = json_answer({"message": "forbidden."}, 403)
UNAUTHORIZED = json_answer({"code": 40110000, "message": "request is not authorized"}, 401)
NO_POWER = json_answer({"code": 40310000, "message": "insufficient buying power"}, 403)
Call = Callable[[str, Callable[[], None]], object]


def read_account(url: str, told: Callable[[], None]) -> object:
    return AlpacaBroker("k", "s", url=url, on_refused=told, sleep=lambda _: None).account()


def submit(url: str, told: Callable[[], None]) -> object:
    return AlpacaBroker("k", "s", url=url, on_refused=told).submit(INTENT)


def read_statements(url: str, told: Callable[[], None]) -> object:
    day = date(2024, 1, 2)
    return AlpacaStatements("k", "s", url=url, on_refused=told).activities(day, day)


def read_bars(url: str, told: Callable[[], None]) -> object:
    bars = AlpacaBars("k", "s", url=url, on_refused=told)
    return bars.latest([Symbol("AAPL")], at=datetime(2024, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize("answer", [FORBIDDEN, UNAUTHORIZED], ids=["403", "401"])
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (read_account, BrokerRefused),
        (submit, BrokerRefused),
        (read_statements, BrokerRefused),
        (read_bars, MarketDataError),
    ],
)
def test_refused_credentials_are_told_once(call: Call, kind: type[Exception], answer: Answer) -> None:
    told: list[bool] = []
    with ScriptedServer(answer) as server, pytest.raises(kind):
        call(server.url, lambda: told.append(True))
    assert told == [True]


@pytest.mark.parametrize(
    ("call", "answer", "kind"),
    [
        (submit, NO_POWER, OrderRejected),
        (read_account, json_answer({"message": "not now"}, 503), BrokerUnavailable),
        (read_account, json_answer({"message": "too many"}, 429), BrokerUnavailable),
    ],
)
def test_other_failures_tell_nobody(call: Call, answer: Answer, kind: type[Exception]) -> None:
    told: list[bool] = []
    with ScriptedServer(answer) as server, pytest.raises(kind):
        call(server.url, lambda: told.append(True))
    assert told == []
