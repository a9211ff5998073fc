"""Applications over SQLite and over the Firestore emulator, and one in front of a paper broker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.settings import Settings, load_settings
from functions import clients
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration import buying_desk
from tests.integration.api.desk import TENANT, ApiDesk, owned_desk


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    """Settings of an empty store."""
    variables = {"MAESTRO_TENANT_ID": TENANT, "MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db")}
    if request.param == "firestore":
        request.getfixturevalue("firestore_host")
        project = request.getfixturevalue("firestore_project")
        variables |= {"MAESTRO_STORE": "firestore", "MAESTRO_PROJECT": project}
    yield load_settings(variables)
    clients.sqlite_documents.cache_clear()
    clients.firestore_documents.cache_clear()
    clients.firestore_client.cache_clear()


@pytest.fixture
def desk(settings: Settings) -> ApiDesk:
    return owned_desk(settings)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PaperBrokerServer]:
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(tmp_path))) as server:
        yield server


@pytest.fixture
def trading_desk(tmp_path: Path, broker: PaperBrokerServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiDesk]:
    """A tenant with two strategies that always buy, in front of a paper broker."""
    monkeypatch.syspath_prepend(str(tmp_path))
    variables = {**buying_desk.variables(broker.url), "MAESTRO_TENANT_ID": TENANT}
    variables |= {
        "MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db"),
        "MAESTRO_PRICES_FILE": str(tmp_path / "prices.csv"),
    }
    yield owned_desk(load_settings(variables))
    clients.sqlite_documents.cache_clear()
