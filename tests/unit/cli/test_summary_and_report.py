"""``maestro summary`` and ``maestro report daily`` on a demo's store, against what the store and other commands say."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.errors import ConfigurationError, NotificationError
from maestro.cli.main import app
from tests.fakes.monitored_store import STRATEGIES, append_decision, play_demo
from tests.fakes.smtp_server import SmtpSink

WEEK = 168


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("summed") / "demo.db"
    play_demo(store)
    append_decision(
        store,
        systemic_risk_detected=True,
        failures={"rsi_reversion": "<no> bars"},
        mode_changes=[{"strategy_name": "rsi_reversion", "before": "ACTIVE", "after": "REDUCED", "reason": "x < y"}],
    )
    return store


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read


def run(*arguments: str, store: Path, **environment: str) -> Any:
    variables = {"COLUMNS": "100", "NO_COLOR": "1", **environment}
    return CliRunner().invoke(app, [*arguments, "--store", str(store)], env=variables)


def json_of(*arguments: str, store: Path) -> Any:
    said = run(*arguments, "--json", store=store)
    assert said.exit_code == 0, said.output
    return json.loads(said.output)


def test_summary_counts_as_the_migration_guide_does(played: Path) -> None:
    """Its step 3.1, over the same entries."""
    documents = SqliteDocuments(played)
    entries = DocumentStore(documents).decisions("demo", last=1_000)
    documents.close()
    end = entries[0].timestamp
    within = [each.body for each in entries if 0 <= (end - each.timestamp).total_seconds() < WEEK * 3600]
    judged = [each for body in within for each in body["allocation_decisions"]]
    modes = Counter(each["mode"] for each in judged)
    found = json_of("summary", "--hours", str(WEEK), store=played)
    assert found["total_decisions"] == len(within) > 3
    assert found["systemic_risk_events"] == 1
    assert found["mode_distribution"] == {m: modes[m] for m in ("ACTIVE", "REDUCED", "SHADOW_MODE", "DISABLED")}
    assert sum(found["mode_distribution"].values()) == len(within) * len(STRATEGIES)
    for mode, key in (("REDUCED", "strategies_reduced"), ("SHADOW_MODE", "strategies_shadowed")):
        assert found[key] == sorted({each["strategy_name"] for each in judged if each["mode"] == mode})
    assert found["strategies_shadowed"]
    assert found["strategies_failed"] == {"rsi_reversion": 1}


def test_summary_shows_the_same_in_words(played: Path) -> None:
    found = json_of("summary", store=played)
    said = run("summary", store=played).output
    assert f"{found['total_decisions']} decisions, 1 systemic events" in said
    assert "failed: rsi_reversion (1 ×)" in said


def test_daily_report_agrees_with_monitor_and_summary(played: Path) -> None:
    found = json_of("report", "daily", store=played)
    monitored = json.loads(run("monitor", "--format", "json", store=played).output)
    for name in ("store", "tenant", "portfolio_id", "period", "trading", "equity", "strategies", "orders", "alerts"):
        assert found[name] == monitored[name]
    summed = json_of("summary", store=played)
    assert found["summary"].items() <= summed.items()
    assert found["newest_summaries"][0]["summary"] == monitored["decisions"]["last_summary"]
    (*_, change) = found["mode_changes"]
    assert (change["strategy"], change["before"], change["after"]) == ("rsi_reversion", "ACTIVE", "REDUCED")


def test_daily_report_is_written_as_text_and_as_a_page_that_loads_nothing(played: Path, tmp_path: Path) -> None:
    page = tmp_path / "reports" / "daily.html"
    said = run("report", "daily", "--html", str(page), store=played)
    assert said.exit_code == 0, said.output
    assert "ACTIVE → REDUCED" in said.output
    text = page.read_text()
    assert "x &lt; y" in text
    assert "x < y" not in text
    assert not any(name in text for name in ("http:", "https:", "src=", "<link", "<script"))
    for name in STRATEGIES:
        assert name in text
        assert name in said.output


def test_daily_report_goes_out_over_the_channels(played: Path, tmp_path: Path) -> None:
    (tmp_path / "maestro.yaml").write_text(
        "orchestrator:\n  monitoring:\n    notification_channels: [console, email]\n"
    )
    with SmtpSink() as sink:
        url = f"mailto://127.0.0.1:{sink.port}?from=maestro@example.org&to=ops@example.org&mode=insecure"
        said = run("report", "daily", "--send", store=played, MAESTRO_NOTIFICATIONS__EMAIL=url)
        assert said.exit_code == 0, said.output
    (letter,) = sink.letters
    assert "daily report" in letter.content
    assert "ops@example.org" in letter.recipients[0]


def test_daily_report_that_a_channel_refuses_fails(played: Path, tmp_path: Path) -> None:
    (tmp_path / "maestro.yaml").write_text("orchestrator:\n  monitoring:\n    notification_channels: [email]\n")
    with SmtpSink(answer="554 no") as sink:
        url = f"mailto://127.0.0.1:{sink.port}?from=maestro@example.org&to=ops@example.org&mode=insecure"
        said = run("report", "daily", "--send", store=played, MAESTRO_NOTIFICATIONS__EMAIL=url)
    assert isinstance(said.exception, NotificationError)
    assert "Money" in said.output


def test_daily_report_to_nobody_is_a_wrong_configuration(played: Path) -> None:
    said = run("report", "daily", "--send", store=played)
    assert isinstance(said.exception, ConfigurationError)
    assert "a channel beside the console" in str(said.exception)
