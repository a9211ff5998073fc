"""Faults on purpose, met by alpaca-py's own client."""

import time

import pytest
import requests
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient

from maestro.servers.paper_broker import FaultSpecError, PaperBrokerServer
from tests.integration.paper_broker_clients import Broker, market_order, trading, verdict

SUBMIT = "POST /v2/orders"


def order_count(server: PaperBrokerServer) -> int:
    return len(server.state()["orders"])


def with_timeout(client: TradingClient, seconds: float) -> TradingClient:
    """Give the client the time-out that alpaca-py never sets."""

    class Impatient(requests.adapters.HTTPAdapter):
        def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
            return super().send(request, **{**options, "timeout": seconds})  # type: ignore[arg-type]

    client._session.mount("http://", Impatient())
    return client


def test_reposting_without_client_order_id_makes_four_orders(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:status-after-accept=504"])
    with pytest.raises(APIError):
        client.submit_order(market_order(qty=1))

    assert order_count(server) == 4
    assert server.state()["positions"][0]["qty"] == "4"


def test_reposting_with_client_order_id_makes_one_order(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:status-after-accept=504*1"])
    with pytest.raises(APIError) as caught:
        client.submit_order(market_order(qty=1, client_order_id="once"))

    assert verdict(caught.value) == (422, 40010001, "client_order_id must be unique")
    assert order_count(server) == 1
    assert client.get_order_by_client_id("once").filled_qty == "1"


@pytest.mark.parametrize("status", [429, 504])
def test_reposting_after_a_refusal_makes_one_order(
    server: PaperBrokerServer, client: TradingClient, status: int
) -> None:
    server.set_faults([f"{SUBMIT}:{status}*3"])
    client.submit_order(market_order(qty=1))
    assert order_count(server) == 1
    assert server.state()["faults"] == [{"fault": f"{SUBMIT}:{status}*3", "remaining": 0}]


@pytest.mark.parametrize("status", [401, 403, 422, 429, 500, 503, 504])
def test_a_status_is_answered_as_alpaca_does(server: PaperBrokerServer, client: TradingClient, status: int) -> None:
    server.set_faults([f"{SUBMIT}:{status}"])
    with pytest.raises(APIError) as caught:
        client.submit_order(market_order())

    assert (caught.value.status_code, caught.value.code) == (status, status * 100_000 + 10_000)
    assert order_count(server) == 0
    assert client.get_account().cash == "100000"


def test_garbage_is_not_json(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults(["GET /v2/account:garbage*1", "GET /v2/account:garbage=502"])
    with pytest.raises(requests.exceptions.JSONDecodeError):
        client.get_account()
    with pytest.raises(APIError, match="<html>") as caught:
        client.get_account()
    assert caught.value.status_code == 502


def test_dropped_before_accepting_leaves_no_order(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:drop-before*1"])
    with pytest.raises(requests.exceptions.ConnectionError):
        client.submit_order(market_order())

    assert order_count(server) == 0
    client.submit_order(market_order())
    assert order_count(server) == 1


def test_dropped_after_accepting_leaves_the_order(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:timeout-after-accept*1"])
    with pytest.raises(requests.exceptions.ConnectionError):
        client.submit_order(market_order(client_order_id="lost"))
    assert client.get_order_by_client_id("lost").filled_qty == "10"


def test_a_withheld_answer_times_out_and_leaves_the_order(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:timeout-after-accept=60"])
    with pytest.raises(requests.exceptions.ReadTimeout):
        with_timeout(client, 0.2).submit_order(market_order(client_order_id="late"))
    assert client.get_order_by_client_id("late").filled_qty == "10"


def test_hanging_handles_the_request_after_its_time(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:hang=0.2*1"])
    began = time.monotonic()
    assert client.submit_order(market_order()).filled_qty == "10"
    assert time.monotonic() - began >= 0.2


def test_hanging_drops_the_request_of_a_client_that_left(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults([f"{SUBMIT}:hang=0.5*1"])
    with pytest.raises(requests.exceptions.ReadTimeout):
        with_timeout(client, 0.1).submit_order(market_order())
    time.sleep(0.6)
    assert order_count(server) == 0


def test_a_server_with_a_hanging_request_stops_at_once(start: Broker) -> None:
    server = start(faults=("GET /v2/clock:hang=600",))
    with pytest.raises(requests.exceptions.ReadTimeout):
        with_timeout(trading(server), 0.1).get_clock()
    began = time.monotonic()
    server.__exit__(None, None, None)
    assert time.monotonic() - began < 2


def test_a_beginning_of_a_path_and_any_method_match(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults(["ANY /v2/orders*:500"])
    for call in (client.get_orders, client.cancel_orders, lambda: client.get_order_by_client_id("x")):
        with pytest.raises(APIError) as caught:
            call()
        assert caught.value.status_code == 500
    assert client.get_all_positions() == []


def test_a_path_with_a_colon_is_matched_whole(server: PaperBrokerServer, client: TradingClient) -> None:
    server.set_faults(["GET /v2/orders:by_client_order_id:500"])
    with pytest.raises(APIError) as caught:
        client.get_order_by_client_id("x")
    assert caught.value.status_code == 500
    assert client.get_orders() == []


def test_probability_follows_the_seed(start: Broker) -> None:
    def failures(seed: int) -> list[int]:
        client = trading(start(faults=("GET /v2/clock:500%0.3",), seed=seed))
        return [index for index in range(60) if _fails(client)]

    assert failures(1) == failures(1) != failures(2)
    assert 6 <= len(failures(1)) <= 32  # 18 expected, within four standard deviations


def _fails(client: TradingClient) -> bool:
    try:
        client.get_clock()
    except APIError:
        return True
    return False


def test_the_control_plane_sets_and_clears_faults(server: PaperBrokerServer, client: TradingClient) -> None:
    control = trading(server)
    control._api_version = "_paper"
    answer = control.post("/faults", {"faults": ["GET /v2/clock:500"]})
    assert answer == {"faults": [{"fault": "GET /v2/clock:500", "remaining": None}]}
    with pytest.raises(APIError, match="METHOD PATH:ACTION") as caught:
        control.post("/faults", {"faults": ["GET /v2/clock:sometimes"]})
    assert caught.value.status_code == 422
    assert _fails(client)

    control.post("/faults", {"faults": []})
    assert not _fails(client)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "METHOD PATH:ACTION"),
        ("/v2/orders:500", "METHOD PATH:ACTION"),
        ("post /v2/orders:500", "METHOD PATH:ACTION"),
        ("POST v2/orders:500", "METHOD PATH:ACTION"),
        ("POST /v2/orders:500*0", "METHOD PATH:ACTION"),
        ("POST /v2/orders:500 ", "METHOD PATH:ACTION"),
        ("POST /v2/orders:200", "status from 400 to 599"),
        ("POST /v2/orders:999", "status from 400 to 599"),
        ("POST /v2/orders:garbage=99", "status from 200 to 599"),
        ("POST /v2/orders:500=3", "takes no argument"),
        ("POST /v2/orders:drop-before=3", "takes no argument"),
        ("POST /v2/orders:hang", "write hang=30"),
        ("POST /v2/orders:status-after-accept", "write status-after-accept=504"),
        ("POST /v2/orders:500%0", "probability above 0"),
        ("POST /v2/orders:500%1.5", "probability above 0"),
    ],
)
def test_a_wrong_fault_says_what_to_write(server: PaperBrokerServer, spec: str, message: str) -> None:
    server.set_faults(["GET /v2/clock:500"])
    with pytest.raises(FaultSpecError, match=message.replace("*", r"\*")):
        server.set_faults(["GET /v2/account:500", spec])
    assert [fault["fault"] for fault in server.state()["faults"]] == ["GET /v2/clock:500"]
