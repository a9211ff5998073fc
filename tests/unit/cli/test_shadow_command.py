"""``maestro shadow`` on SQLite files whose days were closed through the store; money is worked out by hand."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.domain.errors import ConfigurationError
from backend.domain.signal import StrategyId
from backend.domain.snapshot import StrategyPerformanceSnapshot
from maestro.cli.main import app
from tests.fakes.closed_store import close_days, weekdays
from tests.fakes.performances import portfolio_day, strategy_day

DAYS = weekdays(8)
# real and virtual P&L by day; no virtual one on a real day
RECORDS: dict[str, list[tuple[str, str | None]]] = {
    "carry": [("1.00", None)] * 8,
    "reversion": [("0.00", None)] * 6 + [("-2.50", "10.00"), ("0.00", "20.00")],
    "trend": [
        ("5.00", None),
        ("-40.10", "-55.10"),
        ("-10.00", "-30.25"),
        ("0.00", "12.35"),
        ("7.00", None),
        ("0.00", "1000.00"),
        ("3.00", None),
        ("4.00", None),
    ],
}


def strategy_days() -> list[StrategyPerformanceSnapshot]:
    return [
        strategy_day(
            day,
            strategy_id=StrategyId(name),
            is_virtual=virtual is not None,
            real_pnl=Decimal(real),
            pnl=Decimal(real if virtual is None else virtual),
        )
        for position, day in enumerate(DAYS)
        for name, record in RECORDS.items()
        for real, virtual in [record[position]]
    ]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read
    return tmp_path / "maestro.db"


@pytest.fixture
def filled(store: Path) -> Path:
    held = {"KO": [("10", "50.00"), ("2.5", "60.00")], "XOM": [("-4", "100.00")]}
    close_days(store, strategy_days(), [portfolio_day(day) for day in DAYS], virtual={"reversion": held})
    return store


def run(store: Path, *arguments: str, width: int = 120) -> Any:
    chosen = ["shadow", *arguments, "--store", str(store), "--tenant", "acme"]
    return CliRunner().invoke(app, chosen, env={"COLUMNS": str(width), "NO_COLOR": "1"})


def json_of(store: Path, *arguments: str) -> Any:
    said = run(store, *arguments, "--json")
    assert said.exit_code == 0, said.output
    return json.loads(said.output)


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.strip()]


def test_shadow_lists_demotions_newest_first_with_what_each_saved(filled: Path) -> None:
    said = run(filled)
    assert said.exit_code == 0
    found = [row for row in rows(said.output) if len(row) == 7 and row[1].startswith("2026-")]
    # trend: real −50.10, virtual −73.00; then 0 against 1,000.00. reversion: −2.50 against 30.00.
    assert found == [
        ["reversion", "2026-03-10", "lasts", "2", "−2.50", "30.00", "−32.50"],
        ["trend", "2026-03-09", "2026-03-09", "1", "0.00", "1,000.00", "−1,000.00"],
        ["trend", "2026-03-03", "2026-03-05", "3", "−50.10", "−73.00", "22.90"],
    ]


def test_shadow_sums_up_by_strategy_and_in_all(filled: Path) -> None:
    table = run(filled).output.split("By strategy")[1].split("Held virtually now")[0]
    assert rows(table)[2:] == [
        ["reversion", "1", "2", "−2.50", "30.00", "−32.50"],
        ["trend", "2", "4", "−50.10", "927.00", "−977.10"],
        ["All", "3", "6", "−52.60", "957.00", "−1,009.60"],
    ]
    assert "3 demotions (1 not over) cost $1,009.60: in 6 strategy-days in shadow" in run(filled).output


def test_shadow_shows_what_is_held_virtually_now(filled: Path) -> None:
    table = run(filled).output.split("Held virtually now")[1]
    # KO: 10 × 50 + 2.5 × 60 = 650; XOM sold short: −4 × 100
    assert rows(table)[2:] == [["reversion", "KO", "12.5", "650.00"], ["reversion", "XOM", "−4", "−400.00"]]


def test_shadow_fits_a_narrow_terminal_without_cutting(filled: Path) -> None:
    text = run(filled, width=80).output
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert ["trend", "2026-03-03", "2026-03-05", "3", "22.90"] in rows(text)


def test_shadow_of_one_strategy_leaves_the_others_out(filled: Path) -> None:
    said = run(filled, "trend").output
    assert "2 demotions cost $977.10" in said
    assert "reversion" not in said
    assert "No strategy is in shadow now." in said


@pytest.mark.parametrize(
    ("span", "since"),
    [
        (["--from", "2026-03-05"], ["2026-03-10", "2026-03-09", "2026-03-03"]),
        (["--from", "2026-03-06"], ["2026-03-10", "2026-03-09"]),
        (["--to", "2026-03-08"], ["2026-03-03"]),
        (["--from", "2026-03-12"], ["2026-03-10"]),
        (["--from", "2026-03-06", "--to", "2026-03-08"], []),
    ],
)
def test_shadow_of_a_span_counts_demotions_in_force_whole(filled: Path, span: list[str], since: list[str]) -> None:
    found = json_of(filled, *span)["demotions"]
    assert [each["since"] for each in found] == since
    assert all(each["days"] == 3 for each in found if each["since"] == "2026-03-03")


def test_shadow_json_holds_what_help_names(filled: Path) -> None:
    found = json_of(filled)
    shown = CliRunner().invoke(app, ["shadow", "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"}).output
    keys = {*found, *found["total"], *found["demotions"][0], *found["virtual_holdings"]["reversion"][0]}
    assert keys - set(re.findall(r"\w+", shown)) == set()
    assert found["demotions"][0] == {
        "strategy": "reversion",
        "since": "2026-03-10",
        "until": None,
        "days": 2,
        "real_pnl": "-2.50",
        "virtual_pnl": "30.00",
        "saved": "-32.50",
    }
    assert found["total"] == {
        "count": 3,
        "lasting": 1,
        "days": 6,
        "real_pnl": "-52.60",
        "virtual_pnl": "957.00",
        "saved": "-1009.60",
    }
    assert found["virtual_holdings"] == {
        "reversion": [
            {"symbol": "KO", "quantity": "12.5", "cost": "650.000"},
            {"symbol": "XOM", "quantity": "-4", "cost": "-400.00"},
        ]
    }


def test_shadow_without_a_demotion_says_so_kindly(store: Path) -> None:
    calm = [each for each in strategy_days() if each.strategy_id == "carry"]
    close_days(store, calm, [portfolio_day(day) for day in DAYS])
    said = run(store)
    assert said.exit_code == 0
    assert "No strategy was in shadow." in said.output
    assert "when its Sharpe ratio falls below the threshold" in said.output
    assert json_of(store)["demotions"] == []


def test_shadow_of_an_unknown_strategy_names_the_near_ones(filled: Path) -> None:
    error = run(filled, "tend").exception
    assert isinstance(error, ConfigurationError)
    assert "found 'tend'; did you mean trend?" in str(error)


def test_shadow_of_days_in_the_wrong_order_is_refused(filled: Path) -> None:
    error = run(filled, "--from", "2026-03-06", "--to", "2026-03-05").exception
    assert isinstance(error, ConfigurationError)
    assert "swap the two" in str(error)
