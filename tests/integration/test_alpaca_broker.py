"""AlpacaBroker with the real alpaca-py against answers that a venue gives on a bad day."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from backend.adapters.alpaca import AlpacaBroker
from backend.domain.errors import (
    BrokerError,
    BrokerRefused,
    BrokerUnavailable,
    ConfigurationError,
    DuplicateOrder,
    OrderRejected,
    OrderUnresolved,
)
from backend.domain.order import OrderStatus
from backend.domain.signal import Symbol
from tests.fakes.alpaca_venue import ORDER_ID, intent, order, problem, venue
from tests.fakes.http_server import Answer, ScriptedServer, json_answer

HTML = Answer(status=502, body="<html>Bad Gateway</html>", headers={"Content-Type": "text/html"})
UNSENT = Answer(drops=True)
HANGING = Answer(hangs=True)


def submit(broker: AlpacaBroker) -> object:
    return broker.submit(intent())


def find(broker: AlpacaBroker) -> object:
    return broker.find(ORDER_ID)


def account(broker: AlpacaBroker) -> object:
    return broker.account()


def assets(broker: AlpacaBroker) -> object:
    return broker.assets([Symbol("AAPL")])


def cancel(broker: AlpacaBroker) -> object:
    broker.cancel(ORDER_ID)
    return None


READS = [find, account, assets, cancel]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (problem(401, 40110000, "request is not authorized"), BrokerRefused),
        (problem(403, None, "forbidden."), BrokerRefused),
        (Answer(status=403, body="<html>Forbidden</html>"), BrokerRefused),
        (problem(403, 40310000, "insufficient buying power"), OrderRejected),
        (problem(422, 40010001, "client_order_id must be unique"), DuplicateOrder),
        (problem(422, 40010001, "invalid side"), OrderRejected),
        (problem(422, 42210000, 'asset "AAPL" is not fractionable'), OrderRejected),
        (problem(400, 40010000, "request body format is invalid"), OrderRejected),
        (Answer(status=404, body="<html>Not Found</html>"), OrderUnresolved),
        (problem(408, None, "request timed out"), OrderUnresolved),
        (problem(429, 42910000, "too many requests"), OrderUnresolved),
        (problem(500, 50010000, "internal server error occurred"), OrderUnresolved),
        (HTML, OrderUnresolved),
        (Answer(status=504, body=""), OrderUnresolved),
        (Answer(status=302, headers={"Location": "/login"}), OrderUnresolved),
        (Answer(body="<html>maintenance</html>"), OrderUnresolved),
        (Answer(body=""), OrderUnresolved),
        (Answer(body="[]"), OrderUnresolved),
        (order(id=None), OrderUnresolved),
        (order(status=None), OrderUnresolved),
        (order(status="teleported"), OrderUnresolved),
        (order(client_order_id="mae-2"), OrderUnresolved),
        (order(filled_qty="NaN"), OrderUnresolved),
        (order(filled_qty="many"), OrderUnresolved),
        (order(filled_avg_price=None), OrderUnresolved),
        (order(filled_qty="0"), OrderUnresolved),
        (order(updated_at="yesterday"), OrderUnresolved),
        (UNSENT, OrderUnresolved),
    ],
)
def test_submit_sends_once_and_translates_the_answer(answer: Answer, error: type[BrokerError]) -> None:
    with venue(answer) as (broker, server, waits):
        with pytest.raises(BrokerError, match="order mae-1: expected") as caught:
            submit(broker)

        assert type(caught.value) is error
        assert [request.method for request in server.requests] == ["POST"]
        assert waits == []


@pytest.mark.parametrize("call", [submit, *READS])
def test_a_venue_that_never_answers_ends_in_an_error_in_time(call: Callable[[AlpacaBroker], object]) -> None:
    with venue(HANGING, timeout_seconds=0.2) as (broker, server, _):
        started = time.monotonic()
        with pytest.raises(OrderUnresolved if call is submit else BrokerUnavailable, match="ReadTimeout"):
            call(broker)

        assert time.monotonic() - started < 1.5
        assert len(server.requests) == (1 if call is submit else 3)


def test_a_venue_that_is_not_there_leaves_the_order_unresolved() -> None:
    with ScriptedServer(order()) as server:
        url = server.url
    broker = AlpacaBroker("key", "secret", url=url)

    with pytest.raises(OrderUnresolved, match="do not send it again"):
        submit(broker)


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("answer", [HTML, UNSENT, problem(429, 42910000, "slow"), Answer(status=504), Answer(body="{")])
def test_reads_are_tried_three_times(answer: Answer, call: Callable[[AlpacaBroker], object]) -> None:
    with venue(answer) as (broker, server, waits):
        with pytest.raises(BrokerUnavailable, match="try again later"):
            call(broker)

        assert len(server.requests) == 3
        assert len(waits) == 2
        assert 0 < waits[0] < waits[1] <= 2


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("answer", [problem(401, 40110000, "no"), problem(403, None, "forbidden.")])
def test_reads_with_refused_credentials_are_not_repeated(
    answer: Answer, call: Callable[[AlpacaBroker], object]
) -> None:
    with venue(answer) as (broker, server, _):
        with pytest.raises(BrokerRefused, match="check key and secret"):
            call(broker)

        assert len(server.requests) == 1


@pytest.mark.parametrize("call", READS)
@pytest.mark.parametrize("answer", [Answer(body=""), Answer(body="3"), Answer(body='"x"'), json_answer({"id": 7})])
def test_reads_refuse_what_is_not_the_document(answer: Answer, call: Callable[[AlpacaBroker], object]) -> None:
    with venue(answer) as (broker, _, _), pytest.raises(BrokerUnavailable, match="expected"):
        call(broker)


def test_a_read_recovers_from_a_passing_failure() -> None:
    with venue(HTML, HTML, order()) as (broker, _, _):
        found = broker.find(ORDER_ID)

    assert found is not None
    assert found.status is OrderStatus.FILLED


def test_find_says_absent_only_in_alpacas_own_words() -> None:
    with venue(problem(404, 40410000, "order not found for mae-1")) as (broker, _, _):
        assert broker.find(ORDER_ID) is None
    for answer in (Answer(status=404, body="<html>"), problem(404, None, "endpoint not found.")):
        with venue(answer) as (broker, _, _), pytest.raises(BrokerUnavailable, match="HTTP 404"):
            broker.find(ORDER_ID)


def test_cancel_is_content_with_an_order_that_became_final_meanwhile() -> None:
    refusal = problem(422, 42210000, 'order is already in "filled" state')
    with venue(order(status="new", filled_qty="0"), refusal) as (broker, server, _):
        broker.cancel(ORDER_ID)

    assert [request.method for request in server.requests] == ["GET", "DELETE"]


def test_requests_share_one_connection() -> None:
    with venue(order()) as (broker, server, _):
        for _ in range(5):
            broker.find(ORDER_ID)

    assert len({request.peer_port for request in server.requests}) == 1


def test_a_time_out_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="timeout_seconds"):
        AlpacaBroker("key", "secret", timeout_seconds=0)


def test_importing_the_package_loads_no_vendor(pytestconfig: pytest.Config) -> None:
    code = (
        "import sys, backend.adapters.alpaca; print([m for m in ('alpaca', 'pandas', 'requests') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    loaded = subprocess.run(command, cwd=pytestconfig.rootpath, capture_output=True, text=True, check=True)

    assert loaded.stdout.strip() == "[]"
