"""The application does what its OpenAPI document says, over the wire, whatever is sent (schemathesis)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, settings

from backend.settings import load_settings
from functions import clients
from functions.api.endpoints import ENDPOINTS
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from scripts import write_openapi_document
from tests.integration import buying_desk
from tests.integration.api.desk import TENANT, owned_desk
from tests.integration.api.schema import EXAMPLES, called, schema_of
from tests.integration.api.served import served

pytestmark = pytest.mark.timeout(600)

schema = schema_of(TENANT)
answered: dict[str, set[int]] = {}
# What no generated request can have: a decision's id, a breaker that has tripped, weights to set, a known key.
NEVER_MET = {"decision", "reset", "rebalance", "configure", "override_mode"}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("schema")
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(folder))) as broker:
        places = {"MAESTRO_SQLITE_PATH": str(folder / "maestro.db"), "MAESTRO_PRICES_FILE": str(folder / "prices.csv")}
        variables = {**buying_desk.variables(broker.url), **places, "MAESTRO_TENANT_ID": TENANT}
        del variables["MAESTRO_STRATEGIES__PACKAGES"]
        desk = owned_desk(load_settings(variables), reads=10**6, writes=10**6)
        with served(desk.app) as found:
            yield found
    clients.sqlite_documents.cache_clear()


@schema.parametrize()
@settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_api_answers_as_its_document_says(case: Any, url: str) -> None:
    answer = called(case, url, "olga")
    answered.setdefault(case.operation.definition.raw["operationId"], set()).add(answer.status_code)


def test_api_was_asked_what_it_could_do_and_what_it_must_refuse(request: pytest.FixtureRequest) -> None:
    if len(answered) < len(ENDPOINTS):
        pytest.skip("needs the tests before it")
    assert {name for name, found in answered.items() if 200 not in found} - NEVER_MET == set()
    assert {name for name, found in answered.items() if found.isdisjoint({401, 405, 422})} == set()


def test_api_document_is_the_one_that_is_served(url: str) -> None:
    found = write_openapi_document.TARGET.read_text()
    assert found == write_openapi_document.document(), "run scripts/write_openapi_document.py"
    assert httpx.get(f"{url}/openapi.json").json() == httpx.Response(200, text=found).json()
