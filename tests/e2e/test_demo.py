"""``maestro demo`` as a new user runs it: a process of its own, in an empty folder, with nothing but Python."""

import csv
import gzip
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import Documents, open_documents
from backend.adapters.sqlite import SqliteDocuments
from tests.integration.maestro_process import RECORDED_PRICES, environment, maestro

# Sixty days around the crash of March 2020: demotions, overrides and recoveries.
WINDOW = ("--days", "60", "--start", "2020-02-03")
KEYS = [
    "ticks",
    "orders",
    "fills",
    "mode_changes",
    "systemic_overrides",
    "modes",
    "final_equity",
    "demotions",
    "attribution",
    "store",
    "report",
]
CASH = Decimal(100_000)
RANKS = ["SHADOW_MODE", "REDUCED", "ACTIVE"]
MODULES = """
import sys
given = set(sys.modules)
from maestro.cli.main import main
try:
    main()
finally:
    print(sorted(set(sys.modules) - given), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    folder: Path
    said: dict[str, Any]
    documents: Documents

    def all(self, collection: str) -> list[dict[str, Any]]:
        return [dict(each.fields) for each in self.documents.query(f"tenants/demo/{collection}")]

    def bodies(self) -> list[dict[str, Any]]:
        """Return every decision, oldest first."""
        answer = maestro("decisions", "--last", "1000", "--json", folder=self.folder).json
        return list(reversed(answer["decisions"]))


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("demo")
    said = maestro("demo", *WINDOW, "--json", folder=folder).json
    documents = SqliteDocuments(folder / said["store"], durable=False)
    yield Demo(folder=folder, said=said, documents=open_documents(documents))
    documents.close()


def test_demo_prints_one_object_with_the_promised_keys(demo: Demo) -> None:
    assert list(demo.said) == KEYS
    assert demo.said["ticks"] == 60
    assert demo.said["orders"] >= demo.said["fills"] > 0
    assert len(demo.said["modes"]) >= 6


def test_demo_shows_demotions_an_override_and_a_recovery(demo: Demo) -> None:
    steps = [RANKS.index(each["after"]) - RANKS.index(each["before"]) for each in demo.said["mode_changes"]]
    assert min(steps) < 0 < max(steps)
    assert any(each["day"].startswith("2020-03") and each["held"] for each in demo.said["systemic_overrides"])
    assert all(len(set(each["sellers"])) >= 3 for each in demo.said["systemic_overrides"])


def test_demo_played_again_says_the_same(demo: Demo, tmp_path: Path) -> None:
    again = maestro("demo", *WINDOW, "--json", "--store", "other.db", "--report", "other.html", folder=tmp_path).json
    paths = {"store": "other.db", "report": "other.html"}
    assert again == {**demo.said, **paths}


def test_demo_played_twice_into_one_store_replaces_it(tmp_path: Path) -> None:
    few = ("demo", "--days", "3", "--json")
    first, second = (maestro(*few, folder=tmp_path).json for _ in range(2))
    assert first == second
    assert len(maestro("decisions", "--last", "50", "--json", folder=tmp_path).json["decisions"]) == 3


def test_demo_orders_are_those_in_the_store(demo: Demo) -> None:
    orders = demo.all("orders")
    trades = [each for each in demo.all("ledger_trades") if each["kind"] == "fill"]
    assert (len(orders), len(trades)) == (demo.said["orders"], demo.said["fills"])
    assert len({each["client_order_id"] for each in orders}) == len(orders)
    assert sum(len(body["orders"]) for body in demo.bodies()) == len(orders)
    bought = Counter(each["order_id"] for each in trades)
    assert set(bought) <= {each["client_order_id"] for each in orders}
    assert len({each["broker_fill_id"] for each in trades}) == len(trades)


def test_demo_status_reads_the_same_store_from_another_process(demo: Demo) -> None:
    status = maestro("status", "--json", folder=demo.folder).json
    assert {each["strategy"]: each["mode"] for each in status["strategies"]} == demo.said["modes"]
    assert (status["store"], status["tenant"], status["trading_state"]) == (demo.said["store"], "demo", "ACTIVE")
    assert status["open_orders"] == []
    assert Decimal(status["reserved"]) == 0


def test_demo_decisions_reads_the_newest_five_from_another_process(demo: Demo) -> None:
    answer = maestro("decisions", "--last", "5", "--json", folder=demo.folder).json
    stamps = [each["timestamp"] for each in answer["decisions"]]
    assert (answer["store"], len(stamps)) == (demo.said["store"], 5)
    assert stamps == sorted(stamps, reverse=True)
    newest = {each["strategy_name"]: each["mode"] for each in answer["decisions"][0]["allocation_decisions"]}
    assert newest == demo.said["modes"]


def test_demo_demotions_are_those_that_shadow_reads_from_another_process(demo: Demo) -> None:
    found = maestro("shadow", "--json", folder=demo.folder).json
    assert found["demotions"] == demo.said["demotions"][::-1]
    assert len(found["demotions"]) > 0
    demoted = {each["strategy"] for each in demo.said["mode_changes"] if each["after"] == "SHADOW_MODE"}
    assert {each["strategy"] for each in found["demotions"]} <= demoted
    for each in found["demotions"]:
        assert Decimal(each["saved"]) == Decimal(each["real_pnl"]) - Decimal(each["virtual_pnl"])


def test_demo_equity_is_explained_to_the_cent_on_every_day(demo: Demo) -> None:
    found = maestro("attribution", "--from", WINDOW[3], "--json", folder=demo.folder).json
    assert found["attribution"] == demo.said["attribution"]
    assert (found["unexplained"], found["days"]) == ([], 58)
    whole = found["attribution"]
    parts = {name: Decimal(value) for name, value in whole["parts"].items()}
    assert (
        sum(parts.values()) == Decimal(whole["change"]) == Decimal(whole["equity_to"]) - Decimal(whole["equity_from"])
    )
    assert (parts["unattributed"], parts["fees"]) == (0, 0)
    assert min(abs(parts[name]) for name in ("signal", "mode", "slippage")) > 1
    assert abs(parts["external"]) < 1  # nothing but what fills were rounded to


@pytest.mark.parametrize("command", ["status", "decisions", "shadow", "attribution"])
def test_demo_is_readable_without_json(demo: Demo, command: str) -> None:
    answer = maestro(command, folder=demo.folder)
    assert (answer.status, answer.err) == (0, "")
    assert all(name in answer.out for name in demo.said["modes"])


def test_demo_equity_is_cash_and_positions_to_the_cent(demo: Demo) -> None:
    cash, held = CASH, dict[str, Decimal]()
    for each in sorted(demo.all("ledger_trades"), key=lambda trade: trade["ts"]):
        sign = 1 if each["side"].lower() == "buy" else -1
        quantity, price = Decimal(each["qty"]), Decimal(each["price"])
        cash -= sign * (quantity * price).quantize(Decimal("0.01")) + Decimal(each["fees"])
        held[each["symbol"]] = held.get(each["symbol"], Decimal(0)) + sign * quantity
    closes = _closes(date(2020, 4, 28))
    equity = cash + sum((quantity * closes[symbol] for symbol, quantity in held.items()), Decimal(0))
    assert min(held.values()) >= 0
    assert float(equity) == pytest.approx(demo.said["final_equity"], abs=0.005)
    sleeves = [each["positions"] for each in maestro("status", "--json", folder=demo.folder).json["strategies"]]
    for symbol, quantity in held.items():
        assert sum(Decimal(positions.get(symbol, 0)) for positions in sleeves) == quantity


def _closes(day: date) -> dict[str, Decimal]:
    with gzip.open(RECORDED_PRICES, "rt") as lines:
        row = next(row for row in csv.DictReader(lines) if row["date"] == day.isoformat())
    return {symbol: Decimal(close) for symbol, close in row.items() if symbol != "date"}


def test_demo_no_entry_of_a_shadowed_strategy_is_ordered(demo: Demo) -> None:
    shadowed = 0
    for body in demo.bodies():
        modes = {each["strategy_name"]: each["mode"] for each in body["allocation_decisions"]}
        shadowed += sum(1 for mode in modes.values() if mode == "SHADOW_MODE")
        entries = {each["strategy_name"] for each in body["orders"] if each["side"].lower() == "buy"}
        assert not {name for name in entries if modes[name] in ("SHADOW_MODE", "DISABLED")}
    assert shadowed > 0
    assert demo.all("shadow_pnl"), "nobody traded on paper"


def test_demo_orders_no_entry_on_a_day_of_an_override(demo: Demo) -> None:
    days = {each["day"] for each in demo.said["systemic_overrides"]}
    bodies = [body for body in demo.bodies() if body["timestamp"][:10] in days]
    assert len(bodies) == len(days) > 0
    for body in bodies:
        assert body["systemic_risk_detected"]
        assert not [each for each in body["orders"] if each["side"].lower() == "buy"]
        assert "BUY" not in {signal["action"] for signal in body["signals"].values()}


def test_demo_report_stands_alone(demo: Demo) -> None:
    page = (demo.folder / demo.said["report"]).read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")
    # What a browser would fetch: scripts, styles, images, fonts.
    assert not re.findall(r"<(?:script|img|iframe|link)\b[^>]*\b(?:src|href)=[\"'](?!data:|#)[^\"']+", page)
    assert not re.findall(r"@import|url\((?![\"']?(?:data:|#))[\"']?http", page)
    assert all(name in page for name in demo.said["modes"])


def test_demo_needs_neither_google_nor_anything_beside_python(tmp_path: Path) -> None:
    """The PATH holds the virtual environment alone: no Java, Node or gcloud could be found."""
    answer = subprocess.run(
        [sys.executable, "-c", MODULES, "demo", "--days", "2", "--json"],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert json.loads(answer.stdout)["ticks"] == 2
    imported = set(re.findall(r"'([^']+)'", answer.stderr))
    assert "maestro.backtest.replay" in imported
    assert not {name for name in imported if name.partition(".")[0] in ("google", "firebase_admin", "grpc", "skfolio")}
