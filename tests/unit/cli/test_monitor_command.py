"""``maestro monitor`` on a demo's store: JSON that agrees with the other commands, and a rendering that fits."""

import dataclasses
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from backend.adapters.documents import DocumentStore, paths, trading_documents
from backend.adapters.documents.alert_documents import alert_write
from backend.adapters.documents.seam import replace
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError
from backend.domain.trading_state import TradingState
from maestro.cli.main import app
from maestro.cli.monitor import monitor
from maestro.cli.monitor_screen import age
from tests.fakes.monitored_store import ALLOCATION, RISK, STRATEGIES, append_decision, play_demo

WEEK = ("--hours", "168")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("monitored") / "demo.db"
    play_demo(store)
    return store


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with everything that an operator must not overlook: equity is 15 % below its high, 5 % on the day."""
    store = tmp_path_factory.mktemp("troubled") / "demo.db"
    play_demo(store)
    failures = {"rsi_reversion": "no bars"}
    at = append_decision(store, held_to=TradingState.HALTED, failures=failures, allocation=ALLOCATION, risk=RISK)
    documents = SqliteDocuments(store)
    trading, _ = DocumentStore(documents).trading("demo")
    money = {"equity": Decimal(85_000), "day_start_equity": Decimal(89_500), "high_water_mark": Decimal(100_000)}
    guard = dataclasses.replace(trading.guard, **money)
    alert = Alert(
        tenant_id="demo",
        portfolio_id="main",
        tick_id="t",
        kind="strategy_failure",
        subject="rsi_reversion",
        severity=Severity.ERROR,
        message="rsi_reversion failed: no bars",
        at=at,
    )
    changed = trading_documents.to_document(dataclasses.replace(trading, guard=guard))
    documents.commit([alert_write(alert), replace(paths.trading("demo"), changed)])
    documents.close()
    return store


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read


def run(store: Path, *arguments: str, width: int = 80) -> Any:
    command = typer.Typer()
    command.command()(monitor)
    environment = {"COLUMNS": str(width), "NO_COLOR": "1"}
    said = CliRunner().invoke(command, [*arguments, "--store", str(store)], env=environment)
    assert said.exit_code == 0, said.output
    return said


def json_of(store: Path, *arguments: str) -> Any:
    return json.loads(run(store, *arguments, "--format", "json").output)


def other(store: Path, *arguments: str) -> Any:
    said = CliRunner().invoke(app, [*arguments, "--store", str(store), "--json"])
    assert said.exit_code == 0, said.output
    return json.loads(said.output)


def test_monitor_json_holds_what_help_names(played: Path) -> None:
    found = json_of(played, *WEEK)
    shown = " ".join((monitor.__doc__ or "").split())
    named = set(re.findall(r"\w+", shown.split("object of --format json holds")[1].split("Money is")[0]))
    assert found.keys() <= named
    assert {each["strategy"] for each in found["strategies"]} == set(STRATEGIES)


def test_monitor_agrees_with_performance_and_attribution(played: Path) -> None:
    found = json_of(played, *WEEK)
    days = ("--from", found["period"]["closed_days"][0], "--to", found["period"]["closed_days"][-1])
    attributed, performed = other(played, "attribution", *days), other(played, "performance", *days)
    assert len(found["period"]["closed_days"]) == attributed["days"] == 5
    assert found["equity"]["attribution"] == attributed["attribution"]
    assert {each["strategy"]: each["contribution"] for each in found["strategies"]} == attributed["by_strategy"]
    portfolio = performed["portfolio"]
    assert (found["equity"]["return"], found["equity"]["max_drawdown"]) == (
        portfolio["total_return"],
        portfolio["max_drawdown"],
    )
    assert {each["strategy"]: (each["return"], each["pnl"]) for each in found["strategies"]} == {
        each["strategy"]: (each["total_return"], each["pnl"]) for each in performed["strategies"]
    }


def test_monitor_contributions_explain_the_change_of_equity(played: Path) -> None:
    found = json_of(played, *WEEK)
    equity = found["equity"]
    parts = sum(Decimal(each["contribution"]["total"]) for each in found["strategies"])
    unexplained = Decimal(equity["end"]) - Decimal(equity["start"]) - parts
    assert abs(unexplained) < Decimal("0.05")  # what the broker rounds


def test_monitor_agrees_with_status_and_orders(played: Path) -> None:
    found, status = json_of(played, "--hours", "744"), other(played, "status")
    assert found["trading"]["state"] == status["trading_state"]
    assert {each["strategy"]: each["mode"] for each in found["strategies"]} == {
        each["strategy"]: each["mode"] for each in status["strategies"]
    }
    ordered = other(played, "orders", "--last", "1000")["orders"]
    since = found["period"]["from"]
    assert found["orders"]["decided"] == len([each for each in ordered if each["decided_at"] > since])
    assert found["orders"]["filled"] == len(
        [each for each in ordered if each["decided_at"] > since and each["status"] == "filled"]
    )


def test_monitor_of_fewer_hours_holds_fewer_days(played: Path) -> None:
    day, week = json_of(played, "--hours", "24"), json_of(played, *WEEK)
    assert day["period"]["closed_days"] == week["period"]["closed_days"][-1:]
    assert (day["decisions"]["count"], week["decisions"]["count"]) == (1, 5)


@pytest.mark.parametrize("width", [80, 100, 140])
def test_monitor_screen_fits_and_cuts_neither_name_nor_number(troubled: Path, width: int) -> None:
    text = run(troubled, *WEEK, width=width).output
    assert max(map(len, text.splitlines())) <= width
    for name in STRATEGIES:
        assert re.search(rf"{name} .* 12\.5% ", text), text
    assert "…" not in re.split(r"\d+ alerts? ─", text)[0]  # the words of alerts may be cut


def test_monitor_screen_shows_what_is_wrong_first(troubled: Path) -> None:
    lines = run(troubled, *WEEK, width=140).output.splitlines()
    assert re.match(r" maestro demo/main  HALTED +last decision 0 s ago, next in 4 min", lines[0])
    assert re.match(r" HALTED by operator since .*: a look at the feed \(ops\)", lines[1])
    text = "\n".join(lines)
    assert "$85,000.00  −5.0% today" in text
    assert re.search(r"Drawdown +15\.0% +█+·+│ +told 10%, reduces 15%, halts 20%", text)
    assert "correlation 0.81 of donchian_breakout and moving_average_crossover · VaR 1.6% · CVaR 3.1%" in text
    assert "risk parity · cash 12.5% · turnover 25.0% · 7.0 effective strategies" in text
    assert "1 alerts" not in text
    assert re.search(r"\d+ alerts ─+ *\n +0 s rsi_reversion failed: no bars", text)


def test_monitor_screen_of_an_empty_store_is_calm(tmp_path: Path) -> None:
    SqliteDocuments(tmp_path / "new.db").close()
    text = run(tmp_path / "new.db").output
    assert "no decision yet" in text
    assert "not looked at yet" in text
    assert json_of(tmp_path / "new.db")["decisions"]["last_at"] is None


@pytest.mark.parametrize("wrong", [("--hours", "0"), ("--hours", "745"), ("--refresh", "0"), ("--format", "xml")])
def test_monitor_wrong_option_is_a_usage_error(played: Path, wrong: tuple[str, str]) -> None:
    command = typer.Typer()
    command.command()(monitor)
    assert CliRunner().invoke(command, [*wrong, "--store", str(played)]).exit_code == 2


def test_monitor_without_a_store_says_how_to_make_one(tmp_path: Path) -> None:
    command = typer.Typer()
    command.command()(monitor)
    error = CliRunner().invoke(command, ["--store", str(tmp_path / "none.db")]).exception
    assert isinstance(error, ConfigurationError)
    assert "maestro demo" in str(error)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
        (86_400 * 2527, "2,527 d"),
    ],
)
def test_age_names_its_two_largest_units(seconds: float, words: str) -> None:
    assert age(seconds) == words
