"""``maestro alerts`` on SQLite files: what is stored, newest first, and what the newest decisions show."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.adapters.documents.alert_documents import alert_write
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.alert import Alert, Severity
from maestro.cli.main import app
from tests.fakes.monitored_store import append_decision, play_demo

SHADOW = "SHADOW_MODE"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read
    path = tmp_path / "demo.db"
    play_demo(path, days=6)
    return path


def put(store: Path, at: datetime, **fields: Any) -> None:
    documents = SqliteDocuments(store, durable=False)
    alert = Alert(
        **{
            "tenant_id": "demo",
            "portfolio_id": "main",
            "severity": Severity.WARNING,
            "kind": "demotion",
            "message": "m",
            "at": at,
            **fields,
        }
    )
    documents.commit([alert_write(alert)])
    documents.close()


def run(store: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    said = CliRunner().invoke(app, ["alerts", "--store", str(store), "--json", *arguments])
    assert said.exception is None or isinstance(said.exception, SystemExit), said.output
    return said.exit_code, json.loads(said.stdout)


@pytest.fixture
def end(store: Path) -> datetime:
    """Three alerts before the newest decision, which is quiet."""
    end = append_decision(store, systemic_risk_detected=False, allocation_decisions=[])
    put(store, end - timedelta(hours=30), kind="promotion", severity=Severity.INFO, subject="old")
    put(store, end - timedelta(hours=2), kind="demotion", subject="rsi")
    put(store, end - timedelta(hours=1), kind="tick_failed", severity=Severity.ERROR, tick_id="main-9")
    return end


def test_alerts_come_newest_first_within_the_hours(store: Path, end: datetime) -> None:
    code, said = run(store)
    assert code == 0
    assert [each["kind"] for each in said["alerts"]] == ["tick_failed", "demotion"]
    assert said["alerts"][0] == {
        "at": (end - timedelta(hours=1)).isoformat(),
        "severity": "error",
        "kind": "tick_failed",
        "subject": None,
        "portfolio_id": "main",
        "tick_id": "main-9",
        "message": "m",
        "told_at": None,
    }
    assert (said["tenant"], said["hours"], said["critical"]) == ("demo", 24, [])
    assert "promotion" in [each["kind"] for each in run(store, "--hours", "48")[1]["alerts"]]


def test_alerts_are_chosen_by_severity_and_kind(store: Path, end: datetime) -> None:
    assert [each["kind"] for each in run(store, "--severity", "error")[1]["alerts"]] == ["tick_failed"]
    assert [each["kind"] for each in run(store, "--kind", "demotion")[1]["alerts"]] == ["demotion"]
    both = run(store, "--kind", "demotion", "--kind", "tick_failed")[1]["alerts"]
    assert len(both) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--fail-on", "error"), 1),
        (("--fail-on", "warning", "--kind", "demotion"), 1),
        (("--fail-on", "error", "--kind", "demotion"), 0),
        (("--fail-on", "info", "--kind", "correlation"), 0),
        ((), 0),
    ],
)
def test_alerts_exit_status_says_what_cron_asks(
    store: Path, end: datetime, arguments: tuple[str, ...], code: int
) -> None:
    assert run(store, *arguments)[0] == code


def judged(name: str, mode: str, sharpe: float | None) -> dict[str, Any]:
    return {"strategy_name": name, "mode": mode, "sharpe_ratio": sharpe}


def test_alerts_name_a_systemic_risk_of_the_last_hour_and_a_majority_in_shadow(store: Path) -> None:
    risk = {"systemic_risk_detected": True, "systemic_risk_details": "systemic risk: 3 strategies sell at once"}
    at = append_decision(store, **risk)
    decisions = [judged("a", SHADOW, 0.254), judged("b", SHADOW, None), judged("c", "ACTIVE", 1.2)]
    append_decision(store, at=at + timedelta(minutes=59), systemic_risk_detected=False, allocation_decisions=decisions)
    code, said = run(store, "--fail-on", "error", "--kind", "systemic_risk", "--kind", "majority_in_shadow")
    assert code == 1
    assert [(each["kind"], each["severity"], each["message"]) for each in said["critical"]] == [
        ("systemic_risk", "error", "systemic risk: 3 strategies sell at once"),
        ("majority_in_shadow", "error", "2 of 3 strategies are in SHADOW_MODE: a (Sharpe 0.25), b (Sharpe undefined)"),
    ]
    append_decision(
        store, at=at + timedelta(minutes=61), systemic_risk_detected=False, allocation_decisions=decisions[1:]
    )
    assert run(store)[1]["critical"] == []  # an hour ago, and half is no majority


def test_alerts_of_a_terminal_say_what_is_critical_first(store: Path, end: datetime) -> None:
    decisions = [judged("a", SHADOW, 0.1)]
    append_decision(store, at=end + timedelta(minutes=1), allocation_decisions=decisions)
    shown = CliRunner().invoke(app, ["alerts", "--store", str(store)]).stdout
    assert shown.splitlines()[0].startswith("CRITICAL majority in shadow 1 of 1 strategies are in SHADOW_MODE")
    assert shown.index("tick_failed") < shown.index("demotion")


def test_alerts_of_a_store_without_any_say_so(store: Path, end: datetime) -> None:
    shown = CliRunner().invoke(app, ["alerts", "--store", str(store), "--kind", "correlation"]).stdout
    assert "no alert in the last 24 h" in shown
