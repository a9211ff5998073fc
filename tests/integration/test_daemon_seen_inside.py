"""The process that ``maestro start`` runs, seen from outside: its metrics, its log, and when its next tick is due."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.daemon_desk import DaemonDesk, daemon_desk, until


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[DaemonDesk]:
    with daemon_desk(tmp_path) as laid_out:
        yield laid_out


def scraped(address: str) -> dict[tuple[str, str], float]:
    """Return values by name and by what labels there are beside tenant and portfolio."""
    text = urlopen(address).read().decode()
    return {
        (each.name, ",".join(v for k, v in sorted(each.labels.items()) if k not in ("tenant", "portfolio"))): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_daemon_serves_what_its_ticks_took_beside_what_its_store_shows(desk: DaemonDesk) -> None:
    desk.broker.set_faults(["GET /v2/account:500*12"])
    desk.daemon("--metrics-port", "0")
    until(lambda: desk.files.read_state().get("last_error"))
    desk.broker.set_faults([])
    until(lambda: (desk.files.read_state().get("last_tick") or {}).get("is_done"))
    desk.ticks(1)
    address = next(line["address"] for line in desk.logged() if line["message"] == "metrics served")
    found = scraped(address)
    assert found["maestro_up", ""] == 1
    assert found["maestro_ticks_total", "failed"] >= 1
    assert found["maestro_ticks_total", "done"] >= 2
    assert found["maestro_tick_stage_duration_seconds_count", "decide"] == found["maestro_ticks_total", "done"]
    assert found["maestro_tick_documents_total", "written"] > 0
    assert found["maestro_tick_orders_total", ""] == 2
    assert found["maestro_consecutive_failures", ""] == 0
    assert found["maestro_last_failure_timestamp_seconds", ""] > 0
    assert found["maestro_last_tick_stage_seconds", "observe"] > 0

    monitored = desk.run("monitor", "--format", "json").json["decisions"]
    last, due = (datetime.fromisoformat(monitored[name]) for name in ("last_at", "next_at"))
    assert timedelta(0) < due - last <= timedelta(seconds=1)  # its interval, not schedule.tick
    (tenant,) = desk.run("overview", "--json").json["tenants"]
    assert tenant["last_tick"]["durations_ms"].keys() >= {"observe", "strategies", "decide"}


def test_daemon_logs_each_tick_under_a_correlation_id_of_its_own(desk: DaemonDesk) -> None:
    desk.daemon()
    desk.ticks(2)
    by_id: dict[str, list[str]] = {}
    for line in desk.logged():
        if "correlation_id" in line and line["message"] != "tick job done":
            by_id.setdefault(line["correlation_id"], []).append(line["message"])
    first, second = list(by_id.values())[:2]
    assert sorted(set(first), key=first.index) == [
        "tick started",
        "tick decided",
        "order submitted",
        "fill booked",
        "tick finished",
    ]
    assert second[:3] == ["tick started", "tick decided", "tick finished"]
    order = desk.run("orders", "--json").json["orders"][0]["client_order_id"]
    assert desk.run("trace", order, "--json").json["identity"]["correlation_id"] == next(iter(by_id))


def test_daemon_whose_metrics_port_is_taken_does_not_start(desk: DaemonDesk) -> None:
    port = desk.broker.url.rpartition(":")[2]
    answer = desk.run("start", "--interval", "1s", "--metrics-port", port)
    assert answer.status == 2
    assert f"--metrics-port {port}: expected a free port of 127.0.0.1" in answer.err
