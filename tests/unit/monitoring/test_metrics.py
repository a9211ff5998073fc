"""The collector over real SQLite files: what it exposes, how often it reads, and what a broken store does."""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from backend.adapters.documents import DocumentStore
from backend.adapters.documents.performance_history import DocumentPerformanceHistory
from backend.adapters.documents.seam import Filter, Order, StoredDocument, Write
from backend.adapters.documents.tenant_summary_documents import TenantSummaries
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.alert_rules import AlertRules
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.errors import StoreError, StoreUnavailable
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.tick import PortfolioKey
from maestro.cli.metrics import metrics
from maestro.monitoring.catalogue import METRICS
from maestro.monitoring.metrics import StoreCollector, registry_of
from tests.fakes.monitored_store import ALLOCATION, DEMO_KEY, RISK, append_decision, play_demo


class CountedDocuments:
    """Real documents that count round trips, and fail while ``is_down``."""

    def __init__(self, path: Path) -> None:
        self._documents = SqliteDocuments(path)
        self.trips = 0
        self.is_down = False

    def read(self, paths: Sequence[str]) -> dict[str, StoredDocument]:
        self._count()
        return self._documents.read(paths)

    def query(
        self, collection: str, filters: Sequence[Filter] = (), *, order: Order | None = None, limit: int | None = None
    ) -> list[StoredDocument]:
        self._count()
        return self._documents.query(collection, filters, order=order, limit=limit)

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        raise AssertionError("a scrape must not write")

    def _count(self) -> None:
        self.trips += 1
        if self.is_down:
            raise StoreUnavailable("the store: expected an answer, found none; try again")


def collector_over(
    documents: CountedDocuments, key: PortfolioKey = DEMO_KEY, policy: DecisionPolicy | None = None
) -> StoreCollector:
    return StoreCollector(
        log=DocumentStore(documents),
        performances=DocumentPerformanceHistory(documents),
        key=key,
        policy=lambda _: policy or DecisionPolicy(),
        next_tick=lambda after: after + timedelta(minutes=5),
        operations=TenantSummaries(documents),
    )


def scraped(collector: StoreCollector) -> dict[str, list[tuple[dict[str, str], float]]]:
    text = generate_latest(registry_of(collector)).decode()
    families = text_string_to_metric_families(text)
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in families:
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("played") / "demo.db"
    play_demo(store, days=12)
    return store


def test_metrics_of_a_played_store_carry_tenant_and_portfolio(played: Path) -> None:
    found = scraped(collector_over(CountedDocuments(played)))
    owners = {(labels["tenant"], labels["portfolio"]) for every in found.values() for labels, _ in every}
    assert owners == {("demo", "main")}
    assert found["maestro_up"] == [({"tenant": "demo", "portfolio": "main"}, 1.0)]
    assert found["maestro_log_entries_total"][0][1] == 12.0
    assert len(found["maestro_strategy_mode"]) == 7 * 4
    assert found.keys() <= {metric.name for metric in METRICS.values()}


def test_metrics_read_the_store_as_often_whatever_it_holds(tmp_path: Path, played: Path) -> None:
    longer = tmp_path / "longer.db"
    play_demo(longer, days=24)
    trips = []
    for store in (played, longer):
        documents = CountedDocuments(store)
        scraped(collector_over(documents))
        trips.append(documents.trips)
    assert trips == [4, 4]  # observation, newest decision, last closed day, the tenant's summary


def test_metrics_read_nothing_until_they_are_asked(played: Path) -> None:
    documents = CountedDocuments(played)
    registry_of(collector_over(documents))
    assert documents.trips == 0


def test_metrics_of_a_store_that_is_down_say_so_and_recover(played: Path) -> None:
    documents = CountedDocuments(played)
    collector = collector_over(documents)
    documents.is_down = True
    for errors in (1.0, 2.0):
        found = scraped(collector)
        assert found.keys() == {"maestro_up", "maestro_scrape_errors_total"}
        assert found["maestro_up"][0][1] == 0.0
        assert found["maestro_scrape_errors_total"][0][1] == errors
        assert isinstance(collector.failure, StoreUnavailable)
    documents.is_down = False
    found = scraped(collector)
    assert (found["maestro_up"][0][1], found["maestro_scrape_errors_total"][0][1]) == (1.0, 2.0)
    assert collector.failure is None


def test_metrics_show_limits_that_are_on_and_thresholds(played: Path) -> None:
    policy = DecisionPolicy(
        risk=RiskLimits(gross_limit=1.5, max_concentration=0.3),
        breakers=BreakerLimits(max_drawdown=0.2, drawdown_warning=0.03, daily_loss_limit=1.0),
        alerts=AlertRules(correlation=0.7, underperformance=-0.05),
    )
    found = scraped(collector_over(CountedDocuments(played), policy=policy))
    assert {labels["limit"]: value for labels, value in found["maestro_limit_ratio"]} == {
        "drawdown_reduce": pytest.approx(0.15),  # three quarters of the one below
        "max_portfolio_drawdown": 0.2,
        "max_concentration": 0.3,
        "max_leverage": 1.5,
    }
    thresholds = {labels["threshold"]: value for labels, value in found["maestro_alert_threshold_ratio"]}
    assert thresholds == {"drawdown": 0.03, "correlation": 0.7, "underperformance": -0.05}


def test_metrics_never_show_another_portfolios_decision(played: Path) -> None:
    other = PortfolioKey(tenant_id="demo", portfolio_id="other")
    found = scraped(collector_over(CountedDocuments(played), key=other))
    assert found["maestro_up"][0][1] == 1.0
    assert "maestro_last_decision_timestamp_seconds" not in found
    assert "maestro_strategy_sharpe_ratio" not in found


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> Any:
    return CliRunner().invoke(metrics, list(arguments), env={"COLUMNS": "120", "NO_COLOR": "1", **(environment or {})})


def test_metrics_print_writes_the_text_format_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read
    store = tmp_path / "demo.db"
    play_demo(store, days=3)
    at = append_decision(store, allocation=ALLOCATION, risk=RISK)
    said = run("print", "--store", str(store))
    assert said.exit_code == 0, said.output
    found = {family.name: family for family in text_string_to_metric_families(said.output)}
    assert found["maestro_conditional_value_at_risk_ratio"].samples[0].value == RISK["cvar"]
    last = found["maestro_last_decision_timestamp_seconds"].samples[0].value
    # The default schedule ticks each five minutes until 16:55 in New York, and the decision was at 16:06.
    due = found["maestro_next_decision_timestamp_seconds"].samples[0].value
    assert (last, due) == (at.timestamp(), at.timestamp() + 4 * 60)
    limits = {each.labels["limit"]: each.value for each in found["maestro_limit_ratio"].samples}
    assert limits == {
        "drawdown_reduce": 0.15,
        "max_portfolio_drawdown": 0.2,
        "daily_loss_limit": 0.05,
        "max_leverage": 1.0,
    }


def test_metrics_print_of_a_damaged_store_says_up_0_and_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = tmp_path / "demo.db"
    play_demo(store, days=2)
    with closing(sqlite3.connect(store)) as file, file:
        file.execute("UPDATE documents SET fields = '{}' WHERE path LIKE '%/state/trading'")
    said = run("print", "--store", str(store))
    assert isinstance(said.exception, StoreError)
    assert re.search(r'^maestro_up\{portfolio="main",tenant="demo"\} 0\.0$', said.output, flags=re.MULTILINE)
