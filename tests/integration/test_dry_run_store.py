"""The store of a dry run: what comes over from the configured one, and that nothing is written there."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.seam import replace
from backend.adapters.documents.track_record_documents import track_record_writes
from backend.domain.errors import BrokerError, ConfigurationError
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn
from backend.settings import Settings, load_settings
from functions import bootstrap, stores
from maestro.live.dry_run import dry, is_dry_run, open_dry_run
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer
from tests.integration import buying_desk

KEY = PortfolioKey(tenant_id="default")
CONFIGURATION = {"systemic_sell_threshold": 4}
RETURNS = [DailyReturn(strategy=StrategyId("buys_apple"), day=date(2026, 2, 2), value=0.01, is_virtual=False)]
COLLECTIONS = (
    "config",
    "portfolios",
    "state",
    "orders",
    "nonces",
    "ticks",
    "journal",
    "orchestration_logs",
    "audit_log",
)


@pytest.fixture(params=["sqlite", pytest.param("firestore", marks=pytest.mark.firestore)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    with PaperBrokerServer(PaperBrokerConfig(prices=buying_desk.lay_out(tmp_path))) as broker:
        chosen = {"MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db")}
        if request.param == "firestore":
            request.getfixturevalue("firestore_host")
            project = request.getfixturevalue("firestore_project")
            chosen = {"MAESTRO_STORE": "firestore", "MAESTRO_PROJECT": project}
        prices = {"MAESTRO_PRICES_FILE": str(tmp_path / "prices.csv")}
        yield load_settings({**buying_desk.variables(broker.url), **prices, **chosen}, tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "dry-run.db"


def everything(documents: Documents) -> dict[str, Any]:
    found = (each for name in COLLECTIONS for each in documents.query(paths.collection(KEY.tenant_id, name)))
    return {each.path: (each.fields, each.version) for each in found}


def test_opening_takes_over_configuration_and_track_record_and_writes_nothing_there(
    settings: Settings, store: Path
) -> None:
    source = stores.documents(settings)
    record = EMPTY_TRACK_RECORD.extended(RETURNS, checked_on=date(2026, 2, 3))
    source.commit(
        [
            replace(paths.configuration(KEY.tenant_id), CONFIGURATION),
            replace(paths.portfolio(KEY.tenant_id, KEY.portfolio_id), {"calendar": "24/7"}),
            replace(paths.nonce(KEY.tenant_id, "f" * 32), {"by": "somebody"}),
            *track_record_writes(record, KEY, None),
        ]
    )
    before = everything(source)
    open_dry_run(settings, store)
    rehearsal = dry(settings, store)
    observed = DocumentStore(stores.documents(rehearsal)).observe_book(KEY)
    assert (observed.configuration, observed.portfolio) == (CONFIGURATION, {"calendar": "24/7"})
    assert observed.record.strategies == ("buys_apple",)
    assert (observed.book.strategies, observed.trading.log_count) == ({}, 0)
    account = bootstrap.broker(rehearsal, KEY.tenant_id).account()
    assert (account.equity, account.cash, account.positions) == (100_000, 100_000, {})
    assert everything(source) == before

    # another start takes a changed configuration over, and keeps the account
    source.commit([replace(paths.configuration(KEY.tenant_id), {"systemic_sell_threshold": 5})])
    open_dry_run(settings, store)
    assert DocumentStore(stores.documents(rehearsal)).observe_book(KEY).configuration == {"systemic_sell_threshold": 5}


def test_opening_makes_no_configured_store_where_there_is_none(settings: Settings, store: Path) -> None:
    open_dry_run(settings, store)
    assert is_dry_run(dry(settings, store))
    assert not is_dry_run(settings)
    assert not settings.sqlite_path.exists()


def test_opening_without_a_broker_leaves_no_file(settings: Settings, store: Path) -> None:
    alpaca = settings.alpaca.model_copy(update={"url": "http://127.0.0.1:1"})
    with pytest.raises(BrokerError):
        open_dry_run(settings.model_copy(update={"alpaca": alpaca}), store)
    assert not store.exists()


def test_opening_over_another_store_is_refused(settings: Settings, store: Path) -> None:
    stores.documents(dry(settings, store)).commit([replace("tenants/t/state/trading", {})])
    with pytest.raises(ConfigurationError, match="expected a dry run's store, found another"):
        open_dry_run(settings, store)


def test_dry_run_of_a_dry_run_is_refused(settings: Settings, store: Path) -> None:
    open_dry_run(settings, store)
    with pytest.raises(ConfigurationError, match="correct sqlite_path"):
        open_dry_run(dry(settings, store), Path(f"{store}.second"))
