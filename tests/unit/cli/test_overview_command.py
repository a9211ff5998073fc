"""``maestro overview``: all tenants of one store, the worst first, and what is wrong with them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.adapters.documents import DocumentStore
from backend.adapters.documents.tenant_summary_documents import TenantSummaries
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import BrokerUnavailable, OrderUnresolved
from backend.domain.tick import PortfolioKey, TickRequest
from backend.engine.cycle import run_cycle
from backend.settings import Settings
from functions.failures import note_failure
from maestro.cli.main import app
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import PRICES, ScriptedStrategies, SetClock, buy, cycle_of

CORRELATION = "c" * 32


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Three tenants: one is well, one has an order in doubt, one's ticks fail."""
    monkeypatch.chdir(tmp_path)
    path, ticked_at = tmp_path / "maestro.db", datetime.now(UTC) - timedelta(minutes=7)
    documents = SqliteDocuments(path)
    for tenant in ("fine", "doubt", "broken"):
        request = TickRequest(key=PortfolioKey(tenant_id=tenant), scheduled_at=ticked_at, correlation_id=CORRELATION)
        broker = FakeBroker(Decimal(100_000), PRICES)
        if tenant == "doubt":
            broker.fail_next(OrderUnresolved("timed out"))
            broker.fail_next(BrokerUnavailable("down"), on="find")
        run_cycle(
            request, cycle_of(DocumentStore(documents), ScriptedStrategies(a=buy("AAPL")), broker, SetClock(ticked_at))
        )
    settings = Settings(store="sqlite", sqlite_path=path)
    failed = TickRequest(key=PortfolioKey(tenant_id="broken"), scheduled_at=ticked_at, correlation_id=CORRELATION)
    for _ in range(2):
        assert note_failure(settings, failed, BrokerUnavailable("no answer to PK0123456789ABCDEFGH")) is None
    yield path
    documents.close()


def run(*arguments: str, store: Path) -> Any:
    said = CliRunner().invoke(
        app, ["overview", *arguments, "--store", str(store)], env={"COLUMNS": "200", "NO_COLOR": "1"}
    )
    assert said.exit_code == 0, said.output
    return said.output


def test_overview_shows_the_worst_first_with_what_is_wrong(store: Path) -> None:
    found = json.loads(run("--json", store=store))["tenants"]
    assert [(each["tenant_id"], each["troubles"]) for each in found] == [
        ("broken", ["2 ticks failed"]),
        ("doubt", ["1 orders unresolved"]),
        ("fine", []),
    ]
    assert found[0]["last_failure"]["kind"] == "BrokerUnavailable"
    assert found[0]["last_failure"]["correlation_id"] == CORRELATION
    assert 7 * 60 <= found[2]["last_tick"]["age_seconds"] < 12 * 60
    assert (found[2]["last_tick"]["status"], found[2]["last_tick"]["orders"]) == ("done", 1)


def test_overview_of_failing_tenants_leaves_out_who_is_well(store: Path) -> None:
    found = json.loads(run("--failing", "--json", store=store))["tenants"]
    assert [each["tenant_id"] for each in found] == ["broken", "doubt"]
    said = run("--failing", store=store)
    assert "2 tenants, 2 to look at" in said
    assert "broken: 2 ticks failed; BrokerUnavailable: no answer to [hidden]" in said
    assert "fine" not in said


def test_overview_table_has_a_row_a_tenant(store: Path) -> None:
    said = run(store=store)
    assert "3 tenants, 2 to look at" in said
    for tenant in ("broken", "doubt", "fine"):
        (row,) = [line for line in said.splitlines() if line.strip().startswith(f"{tenant} ")]
        assert "7 min ago" in row or "8 min ago" in row


def test_failure_that_cannot_be_noted_is_said_and_hides_nothing(tmp_path: Path) -> None:
    damaged = tmp_path / "other.db"
    damaged.write_bytes(b"no database at all, and longer than a header of one would ever be" * 20)
    request = TickRequest(key=PortfolioKey(tenant_id="a"), scheduled_at=datetime.now(UTC))
    settings = Settings(store="sqlite", sqlite_path=damaged)
    fault = note_failure(settings, request, BrokerUnavailable("down"))
    assert fault is not None
    assert fault.startswith("StoreCorrupt: ")


def test_summary_of_an_unknown_tenant_is_none(store: Path) -> None:
    documents = SqliteDocuments(store)
    assert TenantSummaries(documents).summary("nobody") is None
    documents.close()
