"""``/v1/corporate-actions`` of the paper broker: its schedule, in Alpaca's shape."""

from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from alpaca.data.historical.corporate_actions import CorporateActionsClient
from alpaca.data.requests import CorporateActionsRequest

from maestro.servers.paper_broker import PaperBrokerServer
from tests.integration.paper_broker_clients import Broker

ACTIONS = """symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date
NVDA,split,2024-06-10,10,1,,
NVDA,dividend,2024-06-11,,,0.01,2024-06-28
"""


def ask(server: PaperBrokerServer, **query: str) -> httpx.Response:
    headers = {"apca-api-key-id": "key", "apca-api-secret-key": "secret"}
    return httpx.get(f"{server.url}/v1/corporate-actions", params=query, headers=headers)


@pytest.fixture
def nvda(start: Broker, tmp_path: Path) -> PaperBrokerServer:
    prices, actions = tmp_path / "nvda.csv", tmp_path / "actions.csv"
    prices.write_text("date,NVDA\n2024-06-06,1209.98\n2024-06-07,1208.88\n")
    actions.write_text(ACTIONS)
    return start(prices=prices, actions=actions, start=datetime(2024, 6, 6, 20, tzinfo=UTC))


def test_alpacas_client_reads_the_schedule(nvda: PaperBrokerServer) -> None:
    client = CorporateActionsClient("key", "secret", url_override=nvda.url)
    request = CorporateActionsRequest(symbols=["NVDA"], start=date(2024, 6, 1), end=date(2024, 6, 30))
    found = client.get_corporate_actions(request).data
    (split,), (dividend,) = found["forward_splits"], found["cash_dividends"]
    assert (split.new_rate, split.old_rate, split.ex_date) == (10, 1, date(2024, 6, 10))
    assert (dividend.rate, dividend.ex_date, dividend.payable_date) == (0.01, date(2024, 6, 11), date(2024, 6, 28))


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ({"start": "2024-06-11", "end": "2024-06-27"}, set()),  # by process date: that of a dividend is its pay date
        ({"start": "2024-06-28", "end": "2024-06-28"}, {"cash_dividends"}),
        ({"start": "2024-06-01", "end": "2024-06-30", "types": "forward_split,reverse_split"}, {"forward_splits"}),
        ({"start": "2024-06-01", "end": "2024-06-30", "symbols": "AAPL"}, set()),
        ({}, set()),
    ],
)
def test_actions_are_found_by_process_date_type_and_symbol(
    nvda: PaperBrokerServer, query: dict[str, str], kinds: set[str]
) -> None:
    page = ask(nvda, **query).json()
    assert (set(page["corporate_actions"]), page["next_page_token"]) == (kinds, None)


def test_actions_come_in_pages(nvda: PaperBrokerServer) -> None:
    query = {"start": "2024-06-01", "end": "2024-06-30", "limit": "1", "sort": "desc"}
    first = ask(nvda, **query).json()
    second = ask(nvda, **query, page_token=first["next_page_token"]).json()
    assert [list(page["corporate_actions"]) for page in (first, second)] == [["cash_dividends"], ["forward_splits"]]
    assert second["next_page_token"] is None


@pytest.mark.parametrize(
    "query", [{"start": "soon"}, {"limit": "0"}, {"sort": "up"}, {"page_token": "x"}, {"start": "2030-01-01"}]
)
def test_a_faulty_question_for_actions_is_a_bad_request(nvda: PaperBrokerServer, query: dict[str, str]) -> None:
    answer = ask(nvda, **query)
    assert (answer.status_code, set(answer.json())) == (400, {"message"})
