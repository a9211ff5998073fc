"""What the ticks of a process took, counted as they end."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from backend.adapters.documents import DocumentStore
from backend.adapters.documents.counted import CountedDocuments
from backend.adapters.log_telemetry import LogTelemetry
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import BrokerUnavailable
from backend.domain.measured import Measured, Traffic
from backend.domain.tenant_summary import TenantSummary, TickFailure, TickOutcome
from backend.engine.cycle import run_cycle
from maestro.monitoring.catalogue import PROCESS_METRICS
from maestro.monitoring.samples import summary_samples
from maestro.monitoring.tick_metrics import TickMetrics
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AT, HOLD, KEY, PRICES, ScriptedStrategies, SetClock, buy, cycle_of, tick_at


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, {"tenant": "acme", "portfolio": "main", **labels})


def test_metrics_of_a_process_count_every_ticks_end(tmp_path: Path) -> None:
    documents = SqliteDocuments(tmp_path / "maestro.db")
    counted, registry = CountedDocuments(documents), CollectorRegistry()
    broker, strategies, clock = FakeBroker(Decimal(100_000), PRICES), ScriptedStrategies(trend=buy("AAPL")), SetClock()
    cycle = cycle_of(DocumentStore(counted), strategies, broker, clock)
    metrics = TickMetrics(registry)
    cycle = replace(cycle, telemetry=metrics.listening(LogTelemetry(counted.traffic), KEY))
    run_cycle(tick_at(), cycle)
    run_cycle(tick_at(), cycle)  # delivered twice
    strategies.signals, clock.time = {"trend": HOLD}, AT + timedelta(minutes=5)
    broker.fail_next(BrokerUnavailable("no answer"), on="account")
    with suppress(BrokerUnavailable):
        run_cycle(tick_at(clock.time), cycle)
    documents.close()

    outcomes = {each: value(registry, "maestro_ticks_total", outcome=each) for each in ("done", "resumed", "failed")}
    assert outcomes == {"done": 1, "resumed": 1, "failed": 1}
    assert value(registry, "maestro_tick_stage_duration_seconds_count", stage="observe") == 3
    assert value(registry, "maestro_tick_stage_duration_seconds_count", stage="decide") == 1
    assert 0 < (value(registry, "maestro_tick_stage_duration_seconds_sum", stage="observe") or 0) < 10
    assert value(registry, "maestro_tick_documents_total", direction="read") == counted.traffic().documents_read
    assert value(registry, "maestro_tick_documents_total", direction="written") == counted.traffic().documents_written
    assert value(registry, "maestro_tick_round_trips_total") == counted.traffic().round_trips
    assert value(registry, "maestro_tick_orders_total") == 2  # the resumed one says them again
    assert value(registry, "maestro_tick_fills_total") == 1


def test_metrics_of_a_process_are_those_of_the_catalogue(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    TickMetrics(registry)
    found = {family.name for family in text_string_to_metric_families(generate_latest(registry).decode())}
    assert found == {name.removesuffix("_total") for name in PROCESS_METRICS}


def test_samples_of_a_summary_leave_out_what_is_another_portfolios_or_unknown() -> None:
    measured = Measured(
        durations={"decide": 12.5}, traffic=Traffic(documents_read=6, documents_written=9, round_trips=2)
    )
    tick = TickOutcome(
        portfolio_id="main", tick_id="t", scheduled_at=AT, committed_at=AT, status="done", measured=measured
    )
    failure = TickFailure(portfolio_id="main", kind="StoreError", reason="r", at=AT)
    summary = TenantSummary(tenant_id="acme", last_tick=tick, consecutive_failures=2, last_failure=failure)

    def found(summary: TenantSummary, portfolio: str = "main") -> Mapping[tuple[str, ...], float]:
        return {(each.metric, *each.labels): each.value for each in summary_samples(summary, portfolio)}

    of_tenant = {("consecutive_failures",): 2, ("last_failure_timestamp_seconds",): AT.timestamp()}
    assert found(summary) == {
        **of_tenant,
        ("last_tick_unresolved_orders",): 0,
        ("last_tick_stage_seconds", "decide"): 0.0125,
        ("last_tick_documents", "read"): 6,
        ("last_tick_documents", "written"): 9,
        ("last_tick_round_trips",): 2,
    }
    assert found(summary, "other") == of_tenant
    unmeasured = replace(summary, last_tick=replace(tick, measured=Measured()))
    assert found(unmeasured) == {**of_tenant, ("last_tick_unresolved_orders",): 0}
