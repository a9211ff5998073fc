"""``maestro attribution`` on SQLite files whose days were closed through the store; money is worked out by hand."""

import csv
import json
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.domain.errors import ConfigurationError
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from maestro.cli.main import app
from tests.fakes.closed_days import closed_days
from tests.fakes.closed_store import close_days, weekdays
from tests.fakes.performances import portfolio_day, strategy_day

FIRST, SECOND, THIRD = weekdays(3)
PARTS = ["signal", "allocation", "mode", "override", "crossing", "slippage", "fees"]


def by_hand() -> tuple[list[StrategyPerformanceSnapshot], list[PortfolioPerformanceSnapshot]]:
    """Three days: the first has no equity before it; then +92.25 − 2.25 + 10 external, then −60.00 + 0.01 residual."""
    days = [
        (FIRST, "trend", Attribution(signal=Decimal("7777.00"))),
        (SECOND, "carry", Attribution(crossing=Decimal("0.75"), slippage=Decimal("-3.00"))),
        (SECOND, "trend", Attribution(signal=Decimal("120.00"), mode=Decimal("-27.25"), fees=Decimal("-0.50"))),
        (THIRD, "trend", Attribution(signal=Decimal("-50.00"), allocation=Decimal("-8.00"), override=Decimal("-2.00"))),
    ]
    strategies = [
        strategy_day(day, strategy_id=StrategyId(name), attribution=parts, real_pnl=parts.total)
        for day, name, parts in days
    ]
    # carry −2.25, trend 92.25, together 90.00; 100,100.00 − 100,000.00 − 90.00 − 10.00 = 0; −59.99 + 60.00 = 0.01
    portfolio = [
        portfolio_day(FIRST, previous_equity=None, equity=Decimal("100000.00"), strategies=Decimal("7777.00")),
        portfolio_day(
            SECOND,
            previous_equity=Decimal("100000.00"),
            equity=Decimal("100100.00"),
            strategies=Decimal("90.00"),
            external=Decimal("10.00"),
        ),
        portfolio_day(
            THIRD,
            previous_equity=Decimal("100100.00"),
            equity=Decimal("100040.01"),
            strategies=Decimal("-60.00"),
            external=Decimal(0),
        ),
    ]
    return strategies, portfolio


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read
    return tmp_path / "maestro.db"


@pytest.fixture
def filled(store: Path) -> Path:
    close_days(store, *by_hand())
    return store


@pytest.fixture
def long(store: Path) -> Path:
    """Forty closed days; 39 have an equity before them."""
    days = weekdays(40)
    made = closed_days(days, {"carry": [False] * 40, "trend": [True] * 40})
    close_days(store, made.strategies, made.portfolio)
    return store


def run(store: Path, *arguments: str | Path, width: int = 140) -> Any:
    chosen = ["attribution", *map(str, arguments), "--store", str(store), "--tenant", "acme"]
    return CliRunner().invoke(app, chosen, env={"COLUMNS": str(width), "NO_COLOR": "1"})


def json_of(store: Path, *arguments: str) -> Any:
    said = run(store, *arguments, "--json")
    assert said.exit_code == 0, said.output
    return json.loads(said.stdout)


def rows(text: str) -> dict[str, list[str]]:
    """Return the amounts of each line by its first word."""
    amount = r"−?[\d,]+\.\d\d"
    return {line.split()[0]: re.findall(amount, line) for line in text.splitlines() if re.search(rf"{amount} *$", line)}


def test_attribution_by_strategy_adds_up_to_the_change_of_equity(filled: Path) -> None:
    said = run(filled)
    assert said.exit_code == 0, said.output
    assert "equity went from $100,000.00 to $100,040.01: +$40.01." in said.output
    assert rows(said.output) == {
        "carry": ["0.00", "0.00", "0.00", "0.00", "0.75", "−3.00", "0.00", "−2.25"],
        "trend": ["70.00", "−8.00", "−27.25", "−2.00", "0.00", "0.00", "−0.50", "32.25"],
        "All": ["70.00", "−8.00", "−27.25", "−2.00", "0.75", "−3.00", "−0.50", "30.00"],
        "External": ["10.00"],
        "Residual": ["0.01"],
        "Change": ["40.01"],
    }


def test_attribution_by_day_has_a_line_for_each_day_with_an_equity_before_it(filled: Path) -> None:
    said = run(filled, "--by", "day")
    assert rows(said.output) == {
        "2026-03-03": ["120.00", "0.00", "−27.25", "0.00", "0.75", "−3.00", "−0.50", "10.00", "0.00", "100.00"],
        "2026-03-04": ["−50.00", "−8.00", "0.00", "−2.00", "0.00", "0.00", "0.00", "0.00", "0.01", "−59.99"],
        "Change": ["70.00", "−8.00", "−27.25", "−2.00", "0.75", "−3.00", "−0.50", "10.00", "0.01", "40.01"],
    }


def test_attribution_in_total_has_a_line_for_each_part(filled: Path) -> None:
    found = rows(run(filled, "--by", "total").output)
    assert [name.lower() for name in found] == [*PARTS, "external", "residual", "change"]
    assert (found["Signal"], found["Residual"], found["Change"]) == (["70.00"], ["0.01"], ["40.01"])


def test_attribution_fits_a_narrow_terminal_without_cutting(filled: Path) -> None:
    text = run(filled, "--by", "day", width=80).output
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert text.count("Change of equity") == 2  # the columns stand in two tables


def test_residual_above_the_tolerance_fails_and_names_its_days(store: Path) -> None:
    strategies, portfolio = by_hand()
    portfolio[1] = replace(portfolio[1], external=Decimal("9.50"))
    portfolio[2] = replace(portfolio[2], strategies=Decimal("-60.00"), external=Decimal("2.345"))
    close_days(store, strategies, portfolio)
    said = run(store)
    assert said.exit_code == 1
    assert "Change of equity" in said.stdout
    assert "residual: expected at most 0.01 a day, found more on 2026-03-03 (+0.5000), 2026-03-04 (-2.3350)" in (
        said.stderr
    )
    assert run(store, "--tolerance", "2.335").exit_code == 0
    found = run(store, "--json")
    assert found.exit_code == 1
    assert json.loads(found.stdout)["unexplained"] == [
        {"day": "2026-03-03", "residual": "0.50"},
        {"day": "2026-03-04", "residual": "-2.335"},
    ]


def test_residuals_that_cancel_out_are_found_all_the_same(store: Path) -> None:
    strategies, portfolio = by_hand()
    portfolio[1] = replace(portfolio[1], external=Decimal("8.00"))
    portfolio[2] = replace(portfolio[2], external=Decimal("2.01"))
    close_days(store, strategies, portfolio)
    said = run(store)
    assert (said.exit_code, rows(said.stdout)["Residual"]) == (1, ["0.00"])


def test_attribution_json_holds_what_help_names(filled: Path) -> None:
    found = json_of(filled)
    shown = CliRunner().invoke(app, ["attribution", "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"}).output
    assert {*found, *found["attribution"]} - set(re.findall(r"\w+", shown)) == set()
    parts = found["attribution"].pop("parts")
    assert found["attribution"] == {
        "first_day": "2026-03-03",
        "last_day": "2026-03-04",
        "equity_from": "100000.00",
        "equity_to": "100040.01",
        "change": "40.01",
    }
    assert sum(map(Decimal, parts.values())) == Decimal("40.01")
    assert (found["days"], found["unexplained"]) == (2, [])
    assert {name: each["total"] for name, each in found["by_strategy"].items()} == {"carry": "-2.25", "trend": "32.25"}
    assert [each["change"] for each in json_of(filled, "--by", "day")["by_day"]] == ["100.00", "-59.99"]
    assert "by_day" not in json_of(filled, "--by", "total")


def test_attribution_shows_the_last_thirty_days_unless_told_otherwise(long: Path) -> None:
    days = weekdays(40)
    assert [each["first_day"] for each in json_of(long, "--by", "day")["by_day"]] == [str(day) for day in days[-30:]]
    upto = json_of(long, "--to", str(days[34]))["attribution"]
    assert (upto["first_day"], upto["last_day"]) == (str(days[5]), str(days[34]))
    since = json_of(long, "--from", str(days[0]))
    assert (since["days"], since["attribution"]["first_day"]) == (39, str(days[1]))
    between = json_of(long, "--from", str(days[3]), "--to", str(days[7]))
    assert between["days"] == 5


@pytest.mark.parametrize("by", ["strategy", "day", "total"])
def test_attribution_csv_adds_up_with_all_its_digits(long: Path, tmp_path: Path, by: str) -> None:
    file = tmp_path / "new" / "lines.csv"
    assert run(long, "--by", by, "--csv", file).exit_code == 0
    with file.open(encoding="utf-8", newline="") as lines:
        header, *body = csv.reader(lines)
    assert header[0] == {"strategy": "strategy", "day": "day", "total": "part"}[by]
    assert header[-1] == "total"
    change = json_of(long)["attribution"]["change"]
    assert sum(Decimal(row[-1]) for row in body) == Decimal(change)
    for row in body:
        parts = [Decimal(cell) for cell in row[1:-1] if cell]
        assert not parts or sum(parts) == Decimal(row[-1])


def test_attribution_html_is_written_and_named(filled: Path, tmp_path: Path) -> None:
    said = run(filled, "--html", tmp_path / "page.html")
    assert f"written: {tmp_path / 'page.html'}" in said.output.replace("\n", "")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Attribution of portfolio main" in page
    assert 'id="money"' in page


@pytest.mark.parametrize("option", ["--csv", "--html"])
def test_attribution_that_cannot_be_written_says_so(filled: Path, tmp_path: Path, option: str) -> None:
    error = run(filled, option, tmp_path).exception
    assert isinstance(error, ConfigurationError)
    assert "expected a file that can be written" in str(error)


def test_attribution_without_a_closed_day_says_so_kindly(store: Path, tmp_path: Path) -> None:
    strategies, portfolio = by_hand()
    close_days(store, strategies[:1], portfolio[:1])
    said = run(store)
    assert said.exit_code == 0
    assert "no closed day with an equity before it" in said.output
    found = json_of(store)
    assert (found["attribution"], found["days"], found["by_strategy"]) == (None, 0, {})
    error = run(store, "--csv", tmp_path / "a.csv").exception
    assert isinstance(error, ConfigurationError)
    assert not (tmp_path / "a.csv").exists()


def test_attribution_leaves_out_strategies_of_the_users_other_portfolios(store: Path) -> None:
    strategies, portfolio = by_hand()
    close_days(store, strategies, portfolio, others=[replace(strategies[1], strategy_id=StrategyId("elsewhere"))])
    assert set(json_of(store)["by_strategy"]) == {"carry", "trend"}
