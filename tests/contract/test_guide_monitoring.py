"""The monitoring queries of the migration guide, against what MaestroController writes."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import open_documents
from functions.strategies.maestro_controller import MaestroController
from tests.contract.guide_monitoring import check_maestro_alerts, get_orchestration_summary
from tests.contract.orchestrating import LOSING, write_days, yesterday
from tests.fakes.cycle import HOLD, buy, sell

pytestmark = [
    pytest.mark.firestore,
    # the guide's where("timestamp", ">=", cutoff)
    pytest.mark.filterwarnings("ignore:Detected filter using positional arguments:UserWarning"),
]
INDEXES = Path(__file__).parents[2] / "firestore.indexes.json"
ALARM = {name: sell("AAPL") for name in ("x", "y", "z")} | {"losing": buy("MSFT"), "fine": HOLD}


@pytest.fixture
def client(firestore_client_factory: Callable[..., Any]) -> Any:
    """What ``firestore.client()`` gives a user; nothing of ours around it."""
    return firestore_client_factory()


def orchestrate(client: Any, signals: dict[str, Any], tenant: str = "acme") -> None:
    asyncio.run(MaestroController(client, tenant, "u1").orchestrate(signals, list(signals)))


def test_guides_summary_counts_decisions_modes_and_alarms(client: Any) -> None:
    write_days(open_documents(client), "losing", LOSING, last=yesterday())
    orchestrate(client, ALARM)
    orchestrate(client, {"losing": HOLD})
    orchestrate(client, {"other": HOLD}, "globex")
    summary = asyncio.run(get_orchestration_summary(client))
    assert (summary["total_decisions"], summary["systemic_risk_events"]) == (3, 1)
    assert summary["mode_distribution"] == {"ACTIVE": 5, "REDUCED": 0, "SHADOW_MODE": 2}
    assert (summary["strategies_reduced"], summary["strategies_shadowed"]) == ([], ["losing"])


def test_guides_summary_leaves_out_what_is_older_than_its_window(client: Any) -> None:
    orchestrate(client, {"a": HOLD})
    assert asyncio.run(get_orchestration_summary(client, hours=0))["total_decisions"] == 0


def test_guides_alerts_tell_of_systemic_risk_and_shadow_mode(client: Any) -> None:
    write_days(open_documents(client), "losing", LOSING, last=yesterday())
    assert asyncio.run(check_maestro_alerts(client)) == []
    orchestrate(client, ALARM)
    risk, shadow = asyncio.run(check_maestro_alerts(client))
    assert risk.startswith("SYSTEMIC RISK: ")
    assert "x, y, z" in risk
    assert shadow.startswith("losing moved to SHADOW_MODE (Sharpe: -")


def test_guides_alerts_have_the_index_that_production_demands() -> None:
    indexes = json.loads(INDEXES.read_text())["indexes"]
    fields = [
        [each["fieldPath"] for each in index["fields"]] for index in indexes if index["collectionGroup"] == "logs"
    ]
    assert ["systemic_risk_detected", "timestamp"] in fields


def test_log_entry_and_operators_copy_carry_the_same_instant(client: Any) -> None:
    before = datetime.now(UTC)
    orchestrate(client, {"a": buy("AAPL")})
    (entry,) = client.collection("tenants/acme/orchestration_logs").stream()
    (copy,) = client.collection("systemStatus/orchestration_logs/logs").stream()
    assert before - timedelta(milliseconds=1) <= entry.get("timestamp") == copy.get("timestamp") <= datetime.now(UTC)
    assert (copy.get("tenant_id"), copy.get("log_id")) == ("acme", entry.id)
    assert copy.get("allocation_decisions")[0]["timestamp"] == entry.get("timestamp")
    assert copy.get("entry_hash") == entry.get("entry_hash")
