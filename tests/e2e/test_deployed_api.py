"""The HTTP API as it is deployed: the functions, Auth and Firestore emulators, and a user who has signed in."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, settings

from backend.adapters.documents import open_documents
from backend.domain.role import Role
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.emulators.auth_emulator import id_token, sign_up
from tests.emulators.firestore_emulator import ENABLE_COMMAND as ENABLE_FIRESTORE
from tests.emulators.suite import ENABLE_COMMAND, REGION, EmulatorSuite, emulator_suite, is_available
from tests.emulators.tiers import require_tier
from tests.integration import buying_desk
from tests.integration.api.desk import TENANT, add_member, add_tenant
from tests.integration.api.schema import called, schema_of

pytestmark = [pytest.mark.suite, pytest.mark.firestore, pytest.mark.timeout(900)]

EXAMPLES = 4  # of each operation: the same application is asked more, and faster, without the emulators
# Requests as described only: what is before the function refuses some others itself, with pages of its own.
schema = schema_of(TENANT, "positive")
PEOPLE = {"vera": Role.VIEWER, "olga": Role.OWNER}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, _firestore_host_or_none: str | None) -> Iterator[EmulatorSuite]:
    require_tier("Firestore emulator", _firestore_host_or_none is not None, ENABLE_FIRESTORE)
    require_tier("firebase-tools emulator suite", is_available(), ENABLE_COMMAND)
    assert _firestore_host_or_none is not None
    folder: Path = tmp_path_factory.mktemp("prices")
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(folder))) as broker:
        given = {**buying_desk.variables(broker.url), "MAESTRO_PRICES_FILE": str(folder / "prices.csv")}
        del given["MAESTRO_STRATEGIES__PACKAGES"], given["APCA_API_KEY_ID"], given["APCA_API_SECRET_KEY"]
        given |= {"MAESTRO_ALPACA__KEY": "key", "MAESTRO_ALPACA__SECRET": "secret"}
        many = {"MAESTRO_API__READS_PER_MINUTE": "100000", "MAESTRO_API__WRITES_PER_MINUTE": "100000"}
        with emulator_suite(
            tmp_path_factory.mktemp("suite"),
            project=f"demo-{uuid4().hex[:16]}",
            firestore_host=_firestore_host_or_none,
            environment={**given, **many, "MAESTRO_CREDENTIALS__SOURCE": "environment"},
        ) as running:
            yield running


@pytest.fixture(scope="module")
def tokens(suite: EmulatorSuite) -> Iterator[dict[str, str]]:
    from google.cloud.firestore import Client

    client = Client(project=suite.project)
    documents = open_documents(client)
    add_tenant(documents)
    found = {}
    for uid, role in PEOPLE.items():
        add_member(documents, uid, role)
        sign_up(suite.auth_host, suite.project, uid=uid, email=f"{uid}@example.com")
        _claim(suite, uid, {"tenant_id": TENANT, "role": role.value})
        found[uid] = id_token(suite.auth_host, email=f"{uid}@example.com")
    yield found
    client.close()


@pytest.fixture(scope="module")
def url(suite: EmulatorSuite) -> str:
    return f"http://{suite.functions_host}/{suite.project}/{REGION}/api"


def ask(url: str, path: str, token: str, method: str = "GET", **more: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", **more.pop("headers", {})}
    return httpx.request(method, f"{url}/v1/tenants/{TENANT}/{path}", headers=headers, timeout=60, **more)


def test_deployed_api_knows_its_members_by_their_firebase_tokens(url: str, tokens: dict[str, str]) -> None:
    assert httpx.get(f"{url}/v1/health", timeout=60).json()["status"] == "ok"
    assert ask(url, "status", "nonsense").status_code == 401
    assert ask(url, "status", tokens["vera"]).json()["trading_state"] == "ACTIVE"
    halt = {"json": {"reason": "x"}, "headers": {"Idempotency-Key": "v"}}
    assert ask(url, "halt", tokens["vera"], "POST", **halt).status_code == 403
    other = httpx.get(f"{url}/v1/tenants/globex/status", headers={"Authorization": f"Bearer {tokens['olga']}"})
    assert other.status_code == 403


def test_deployed_api_carries_a_write_out_once(url: str, tokens: dict[str, str], suite: EmulatorSuite) -> None:
    def send(_: int) -> httpx.Response:
        more = {"json": {"reason": "broken feed", "wait_seconds": 0}, "headers": {"Idempotency-Key": "k"}}
        return ask(url, "halt", tokens["olga"], "POST", **more)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(send, range(4)))
    assert {each.status_code for each in answers} == {200}, answers[0].text
    assert len({each.content for each in answers}) == 1
    assert answers[0].json()["by"] == "olga@example.com (olga)"
    assert ask(url, "status", tokens["vera"]).json()["epoch"] == 1
    resume = {"json": {"reason": "it is back"}, "headers": {"Idempotency-Key": "r"}}
    assert ask(url, "resume", tokens["olga"], "POST", **resume).json()["state"] == "ACTIVE"
    assert tokens["olga"] not in suite.log.read_text()


def test_deployed_api_simulates_a_tick(url: str, tokens: dict[str, str]) -> None:
    said = ask(url, "simulate", tokens["olga"], "POST")
    assert said.status_code == 200, said.text
    assert said.json()["decision"]["orders"] == []
    assert ask(url, "decisions", tokens["olga"]).json() == {"decisions": [], "next_before": None}


@schema.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_deployed_api_answers_as_its_document_says(case: Any, url: str, tokens: dict[str, str]) -> None:
    called(case, url, tokens["olga"])


def _claim(suite: EmulatorSuite, uid: str, claims: dict[str, str]) -> None:
    """Set claims as Firebase's own server does."""
    answer = httpx.post(
        f"http://{suite.auth_host}/identitytoolkit.googleapis.com/v1/projects/{suite.project}/accounts:update",
        json={"localId": uid, "customAttributes": json.dumps(claims)},
        headers={"Authorization": "Bearer owner"},
        timeout=20,
    )
    answer.raise_for_status()
