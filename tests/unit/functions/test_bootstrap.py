"""Bootstrap: which adapters are chosen, what is shared, and that no tenant answers for another."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from backend.adapters.alpaca import AlpacaBars
from backend.adapters.csv_bars import CsvBars
from backend.adapters.documents import paths
from backend.adapters.documents.retained import RetainedDocuments
from backend.adapters.documents.seam import Write, replace
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.canonical import read_canonical_json
from backend.domain.errors import ConfigurationError
from backend.domain.retention import Retention
from backend.domain.tick import PortfolioKey, TickRequest
from backend.engine.cycle import run_cycle
from backend.settings import Settings, load_settings
from functions import bootstrap, stores
from functions.strategies.roster import discover
from maestro.servers.paper_broker import PaperBrokerConfig, PaperBrokerServer

CREDENTIALS = {"APCA_API_KEY_ID": "PK-hush", "APCA_API_SECRET_KEY": "S-hush"}
THRESHOLDS = {"acme": 1.5, "globex": 2.5}
FIRST = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)


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
    with PaperBrokerServer(PaperBrokerConfig(prices=prices)) as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, prices: Path, broker: PaperBrokerServer) -> Settings:
    return load(
        tmp_path,
        MAESTRO_ALPACA__URL=broker.url,
        MAESTRO_PRICES_FILE=str(prices),
        MAESTRO_SYMBOLS="AAPL,MSFT",
        # Both tenants trade in the one account: small weights leave room for whoever comes second.
        MAESTRO_ORCHESTRATOR__ALLOCATION__BASE_WEIGHTS=json.dumps({each.name: 0.05 for each in discover().strategies}),
        **CREDENTIALS,
    )


def load(tmp_path: Path, **variables: str) -> Settings:
    return load_settings({"MAESTRO_SQLITE_PATH": str(tmp_path / "maestro.db"), **variables}, tmp_path)


def test_bootstrap_interleaved_tenants_in_one_process_stay_apart(settings: Settings) -> None:
    documents = stores.documents(settings)
    documents.commit([_configuration(tenant, reduce=value) for tenant, value in THRESHOLDS.items()])
    for minute in range(3):
        for tenant in ("acme", "globex"):
            key = PortfolioKey(tenant_id=tenant, uid=f"u-{tenant}")
            cycle = bootstrap.cycle(settings, tenant_id=tenant, portfolio_id="main", uid=key.uid)
            run_cycle(TickRequest(key=key, scheduled_at=FIRST + timedelta(minutes=minute)), cycle)

    for tenant, other in (("acme", "globex"), ("globex", "acme")):
        entries = stores.store(settings).decisions(tenant, last=10)
        assert len(entries) == 3
        assert {read_canonical_json(entry.inputs).policy.scoring.reduce for entry in entries} == {THRESHOLDS[tenant]}
        orders = documents.query(paths.collection(tenant, "orders"))
        assert orders
        for text in (*(json.dumps(dict(e.body), default=str) + e.inputs for e in entries), *map(str, orders)):
            assert f"{tenant}_" in text or f"u-{tenant}" in text
            assert other not in text


def test_bootstrap_builds_what_knows_its_tenant_anew(settings: Settings) -> None:
    first, other, again = (
        bootstrap.cycle(settings, tenant_id=tenant, portfolio_id="main", uid="u") for tenant in ("a", "b", "a")
    )
    assert first.strategies is not other.strategies
    assert first.strategies is not again.strategies
    assert first.broker is other.broker is again.broker
    assert first.bars is other.bars


def test_bootstrap_takes_sqlite_by_default_and_keeps_it(tmp_path: Path) -> None:
    settings = load(tmp_path)
    documents = stores.documents(settings)
    assert isinstance(documents, RetainedDocuments)
    assert isinstance(documents.documents, SqliteDocuments)
    assert documents == stores.documents(settings)
    assert documents.retention == Retention()


def test_bootstrap_firestore_without_a_project_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"project: expected .*, found none; set GCLOUD_PROJECT"):
        stores.documents(load(tmp_path, MAESTRO_STORE="firestore"))


def test_bootstrap_bars_come_from_the_file_or_from_alpaca(tmp_path: Path, prices: Path) -> None:
    assert isinstance(bootstrap.bars(load(tmp_path, MAESTRO_PRICES_FILE=str(prices)), "acme"), CsvBars)
    assert isinstance(bootstrap.bars(load(tmp_path, **CREDENTIALS), "acme"), AlpacaBars)


@pytest.mark.parametrize("missing", sorted(CREDENTIALS))
def test_bootstrap_broker_without_credentials_is_refused_without_showing_the_other(
    tmp_path: Path, missing: str
) -> None:
    given = {name: value for name, value in CREDENTIALS.items() if name != missing}
    with pytest.raises(ConfigurationError, match=f"expected Alpaca's .*, found none; set {missing}") as caught:
        bootstrap.broker(load(tmp_path, **given), "acme")
    assert "hush" not in str(caught.value)


def test_bootstrap_narrator_is_off_unless_enabled(tmp_path: Path) -> None:
    assert bootstrap.narrator(load(tmp_path)) is None
    enabled = load(tmp_path, MAESTRO_GEMINI__ENABLED="true", GCLOUD_PROJECT="demo-x")
    assert bootstrap.narrator(enabled) is not None


def test_bootstrap_alert_is_written_once_and_logged_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = load(tmp_path)
    for _ in range(2):
        bootstrap.raise_alert(
            settings, tenant_id="acme", alert_id="a/1", kind="tick_failed", message="why", tick_id="x"
        )
    alerts = stores.documents(settings).query(paths.collection("acme", "alerts"))
    assert [(a.fields["kind"], a.fields["message"], a.fields["tick_id"]) for a in alerts] == [
        ("tick_failed", "why", "x")
    ]
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["severity"], line["message"], line["tenant_id"], line["tick_id"]) == ("ERROR", "why", "acme", "x")
    assert datetime.fromisoformat(line["timestamp"]).date() >= date(2026, 1, 1)


def _configuration(tenant: str, *, reduce: float) -> Write:
    """Every other strategy is of one tenant: two of one account never trade the same."""
    others = [each.name for each in discover().strategies][sorted(THRESHOLDS).index(tenant) :: 2]
    fields = {"scoring": {"sharpe_threshold_reduce": reduce}, "disabled_strategies": others}
    return replace(paths.configuration(tenant), fields)


@pytest.mark.parametrize(
    ("portfolio", "closes_at"),
    [
        ({}, datetime(2026, 1, 5, 21, tzinfo=UTC)),  # a Monday of the exchange, until 16:00 in New York
        ({"calendar": "24/7"}, datetime(2026, 1, 6, tzinfo=UTC)),
    ],
)
def test_bootstrap_calendar_is_the_portfolios_own(
    settings: Settings, portfolio: dict[str, str], closes_at: datetime
) -> None:
    stores.documents(settings).commit([replace("tenants/acme/portfolios/main", portfolio)])
    close = bootstrap.day_close(settings, PortfolioKey(tenant_id="acme"))
    (session,) = close.calendar.sessions(date(2026, 1, 5), date(2026, 1, 5))
    assert session.closes_at == closes_at


def test_bootstrap_calendar_must_be_named(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match=r"expected the name of a calendar such as XNYS or 24/7, found 7"):
        bootstrap.calendar(settings, {"calendar": 7})
