"""Credentials that rotate while a process runs ticks: it is refused once, and trades again without a restart."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.adapters.secret_file import SecretFile
from backend.adapters.system_clock import SystemClock
from backend.domain.access import BrokerAccess, Secret
from backend.domain.errors import BrokerRefused, ConfigurationError, MarketDataError
from backend.domain.tick import PortfolioKey, TickRequest, TickResult, TickStatus
from backend.engine.cycle import run_cycle
from backend.settings import Settings, load_settings
from functions import bootstrap
from functions.strategies.roster import discover
from maestro.live.jobs import Jobs
from maestro.live.timetable import Job
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


def access(number: int, *, tenant: str = "ACME") -> BrokerAccess:
    return BrokerAccess(key=f"PK{tenant}{number:014d}", secret=Secret(f"hush-{tenant}-{number}"), paper=True)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """A year of closes of two symbols that rise, with a ripple."""
    path = tmp_path / "prices.csv"
    today = datetime.now(UTC).date()
    days = [d for d in (today - timedelta(days=back) for back in range(400, 0, -1)) if d.weekday() < 5]
    rows = [f"{day},{100 + i * 0.5 + i % 3},{50 + i * 0.1 + i % 5}" for i, day in enumerate(days)]
    path.write_text("\n".join(["date,AAPL,MSFT", *rows]) + "\n")
    return path


@pytest.fixture
def broker(prices: Path) -> Iterator[PaperBrokerServer]:
    first = access(1)
    with PaperBrokerServer(PaperBrokerConfig(prices=prices, key=first.key, secret=first.secret.reveal())) as server:
        yield server


@pytest.fixture
def elsewhere(tmp_path: Path) -> SecretFile:
    """The same file as another process writes it, such as ``maestro credentials set``."""
    return SecretFile(tmp_path / "private" / "secrets.json", SystemClock())


@pytest.fixture
def load(tmp_path: Path, broker: PaperBrokerServer) -> Callable[..., Settings]:
    def settings(**changes: str) -> Settings:
        variables = {
            "MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db"),
            "MAESTRO_CREDENTIALS__SOURCE": "file",
            "MAESTRO_CREDENTIALS__FILE": str(tmp_path / "private" / "secrets.json"),
            "MAESTRO_ALPACA__URL": broker.url,
            "MAESTRO_TENANT_ID": "acme",
            "MAESTRO_SYMBOLS": "AAPL,MSFT",
            "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",
            "MAESTRO_ORCHESTRATOR__ALLOCATION__BASE_WEIGHTS": json.dumps(
                {each.name: 0.05 for each in discover().strategies}
            ),
        }
        return load_settings({**variables, **changes}, tmp_path)

    return settings


def rotate(broker: PaperBrokerServer, to: BrokerAccess) -> None:
    broker.rotate(to.key, to.secret.reveal())


def tick(settings: Settings, minute: int, tenant: str = "acme") -> TickResult:
    """Deliver one tick as the task function does: its parts are put together anew, its clients are kept."""
    key = PortfolioKey(tenant_id=tenant)
    cycle = bootstrap.cycle(settings, tenant_id=tenant, portfolio_id="main", uid=key.uid)
    return run_cycle(TickRequest(key=key, scheduled_at=FIRST + timedelta(minutes=minute)), cycle)


def test_rotation_is_refused_once_and_the_next_delivery_trades(
    load: Callable[..., Settings], broker: PaperBrokerServer, elsewhere: SecretFile, prices: Path
) -> None:
    settings = load(MAESTRO_PRICES_FILE=str(prices))
    elsewhere.store_broker_access("acme", access(1))
    first = tick(settings, 0)
    assert first.orders
    assert len(broker.state()["orders"]) == len(first.orders)

    rotate(broker, access(2))
    elsewhere.store_broker_access("acme", access(2))
    with pytest.raises(BrokerRefused):  # by what is held in memory
        tick(settings, 1)
    assert tick(settings, 1).status is TickStatus.DONE  # the same tick, delivered again
    assert tick(settings, 2).status is TickStatus.DONE

    rotate(broker, access(3))
    for minute in (3, 4):  # and it goes on being refused until the new ones are stored
        with pytest.raises(BrokerRefused):
            tick(settings, minute)
    elsewhere.store_broker_access("acme", access(3))
    assert tick(settings, 5).status is TickStatus.DONE


def test_rotation_that_the_market_data_refuse_is_read_again_too(
    load: Callable[..., Settings], broker: PaperBrokerServer, elsewhere: SecretFile
) -> None:
    settings = load()
    elsewhere.store_broker_access("acme", access(1))
    before = bootstrap.bars(settings, "acme")
    rotate(broker, access(2))
    elsewhere.store_broker_access("acme", access(2))
    with pytest.raises(MarketDataError, match="check key and secret"):
        before.latest(["AAPL"], at=FIRST)  # type: ignore[list-item]
    assert bootstrap.bars(settings, "acme").latest(["AAPL"], at=FIRST)  # type: ignore[list-item]


def test_rotation_reaches_the_process_that_runs_ticks_here(
    load: Callable[..., Settings], broker: PaperBrokerServer, elsewhere: SecretFile, prices: Path
) -> None:
    settings, jobs = load(MAESTRO_PRICES_FILE=str(prices)), Jobs()
    elsewhere.store_broker_access("acme", access(1))
    assert jobs.run(Job.TICK, FIRST, settings)["orders"]
    parts = jobs.prepare(settings)
    rotate(broker, access(2))
    elsewhere.store_broker_access("acme", access(2))
    with pytest.raises(BrokerRefused):
        jobs.run(Job.TICK, FIRST + timedelta(minutes=1), settings)
    assert jobs.run(Job.TICK, FIRST + timedelta(minutes=2), settings)["status"] == "done"
    assert jobs.prepare(settings) is parts  # the strategies were not loaded anew
    assert jobs.run(Job.RECONCILIATION, FIRST, settings)["doubts"] == []


def test_tenants_use_their_own_access_and_no_other(
    load: Callable[..., Settings], broker: PaperBrokerServer, elsewhere: SecretFile, prices: Path
) -> None:
    settings = load(MAESTRO_PRICES_FILE=str(prices))
    elsewhere.store_broker_access("acme", access(1))
    elsewhere.store_broker_access("globex", access(1, tenant="GLOBEX"))
    with pytest.raises(BrokerRefused):
        tick(settings, 0, "globex")
    assert tick(settings, 0).orders
    with pytest.raises(ConfigurationError, match="set them with `maestro credentials set initech`"):
        tick(settings, 0, "initech")


def test_account_of_the_environment_is_no_tenants_own(
    load: Callable[..., Settings], broker: PaperBrokerServer, elsewhere: SecretFile, prices: Path
) -> None:
    """Keys for all that lie in the environment still open nothing once tenants have their own."""
    first = access(1)
    keys = {"APCA_API_KEY_ID": first.key, "APCA_API_SECRET_KEY": first.secret.reveal()}
    settings = load(MAESTRO_PRICES_FILE=str(prices), MAESTRO_ALPACA__PAPER="false", **keys)
    elsewhere.store_broker_access("globex", first)
    with pytest.raises(ConfigurationError, match="found none; set them with"):
        bootstrap.broker(settings, "acme")
    assert bootstrap.broker(settings, "globex").account().account_id


def test_bars_of_the_file_need_no_access(load: Callable[..., Settings], prices: Path) -> None:
    assert bootstrap.bars(load(MAESTRO_PRICES_FILE=str(prices)), "acme")
