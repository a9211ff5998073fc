"""``maestro performance`` on SQLite files that hold days as the engine writes them."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import empyrical
import numpy as np
import pytest
from typer.testing import CliRunner

from backend.adapters.documents import book_documents, paths
from backend.adapters.documents.seam import replace
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.errors import ConfigurationError, MaestroError, StoreCorrupt
from backend.domain.mode import Mode, ModeState
from backend.domain.signal import StrategyId
from backend.domain.snapshot import PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey
from maestro.cli.exit_codes import exit_code
from maestro.cli.main import app
from tests.fakes.performances import portfolio_day, price_changes, strategy_day, strategy_days, write_days

FIRST, LAST = date(2020, 1, 2), date(2020, 6, 30)
SYMBOLS = {"momentum/us": "AAPL", "rsi_reversion": "KO", "trend": "XOM"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    status: int
    out: str

    @property
    def json(self) -> Any:
        assert self.status == 0
        return json.loads(self.out)


class Command:
    """The command beside one store of tenant "acme"."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / "maestro.db"

    def holds(
        self,
        days: Sequence[StrategyPerformanceSnapshot],
        portfolio: Sequence[PortfolioPerformanceSnapshot] = (),
    ) -> None:
        documents = SqliteDocuments(self.store, durable=False)
        write_days(documents, list(days), list(portfolio))
        documents.close()

    def __call__(self, *arguments: str | Path, width: int = 80) -> Said:
        said = self._run(arguments, width)
        if said.exception is not None and not isinstance(said.exception, SystemExit):
            raise said.exception
        return Said(status=said.exit_code, out=said.output)

    def fails(self, *arguments: str | Path) -> MaestroError:
        found = self._run(arguments, 80).exception
        assert isinstance(found, MaestroError)
        return found

    def _run(self, arguments: Sequence[str | Path], width: int) -> Any:
        chosen = ["performance", *map(str, arguments), "--store", str(self.store), "--tenant", "acme"]
        return CliRunner().invoke(app, chosen, env={"COLUMNS": str(width), "NO_COLOR": "1"})


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)  # so that no settings file of the working directory is read
    return Command(tmp_path)


@pytest.fixture
def filled(command: Command) -> Command:
    days = [
        day
        for strategy, symbol in SYMBOLS.items()
        for day in strategy_days(strategy, price_changes(symbol, FIRST, LAST), shadow=20)
    ]
    command.holds(days, [portfolio_day(FIRST, previous_equity=None), portfolio_day(LAST, equity=Decimal("103000.00"))])
    return command


def test_performance_lists_every_strategy_and_the_portfolio(filled: Command) -> None:
    said = filled()
    assert said.status == 0
    for title in ("Scored returns, 2020-01-02 to 2020-06-30", "Sharpe ratio", "Real money"):
        table = said.out.split(title)[1].split("\n \n")[0]
        assert all(strategy in table for strategy in SYMBOLS)
    assert "Portfolio main, 2020-01-02 to 2020-06-30: equity $101,500.25 → $103,000.00" in said.out


def test_performance_json_holds_what_help_names(filled: Command) -> None:
    for arguments in ([], ["trend"]):
        found = filled(*arguments, "--json").json
        shown = CliRunner().invoke(app, ["performance", "--help"], env={"COLUMNS": "120", "NO_COLOR": "1"}).output
        named = set(re.findall(r"\w+", shown))
        keys = {*found, *(found["portfolio"] or {}), *(key for each in found["strategies"] for key in each)}
        assert keys - named == set()


def test_performance_numbers_equal_empyricals(filled: Command) -> None:
    found = {each["strategy"]: each for each in filled("--json").json["strategies"]}
    assert list(found) == sorted(SYMBOLS)
    for strategy, symbol in SYMBOLS.items():
        returns = np.array(list(price_changes(symbol, FIRST, LAST).values()))
        each = found[strategy]
        assert each["total_return"] == pytest.approx(empyrical.cum_returns_final(returns), rel=1e-12)
        assert each["sharpe"] == pytest.approx(empyrical.sharpe_ratio(returns), rel=1e-12)
        assert each["max_drawdown"] == pytest.approx(empyrical.max_drawdown(returns), rel=1e-12)
        assert (each["days"], each["returns"]) == (len(returns), len(returns))
        assert each["sharpe_low"] < each["sharpe"] < each["sharpe_high"]


def test_performance_money_is_exact_text(command: Command) -> None:
    amounts = [Decimal("0.1"), Decimal("0.2"), Decimal("1E-13")]
    days = [strategy_day(date(2025, 3, 10 + n), real_pnl=each) for n, each in enumerate(amounts)]
    command.holds(days, [portfolio_day(date(2025, 3, 10))])
    said = command("--json").json
    assert said["strategies"][0]["pnl"] == "0.3000000000001"
    assert said["portfolio"]["equity_to"] == "101500.25"


def test_performance_of_a_range_counts_only_its_days(filled: Command) -> None:
    (found,) = filled("trend", "--from", "2020-03-02", "--to", "2020-03-31", "--json").json["strategies"]
    returns = np.array(list(price_changes("XOM", date(2020, 3, 2), date(2020, 3, 31)).values()))
    assert (found["first_day"], found["last_day"], found["days"]) == ("2020-03-02", "2020-03-31", len(returns))
    assert found["total_return"] == pytest.approx(empyrical.cum_returns_final(returns), rel=1e-12)
    assert [each["month"] for each in found["months"]] == ["2020-03"]


def test_performance_of_one_strategy_shows_months_and_last_days(filled: Command) -> None:
    said = filled("rsi_reversion")
    assert "trend" not in said.out
    assert "Portfolio" not in said.out
    months = empyrical.aggregate_returns(_series("KO"), "monthly")
    for (_, month), value in months.items():
        name = date(2020, month, 1).strftime("%b")
        assert re.search(rf"^ {name} +{re.escape(f'{value:+.1%}'.replace('-', '−'))} *$", said.out, re.MULTILINE)
    assert "2020-06-30   virtual" in said.out or "2020-06-30   real" in said.out
    last = filled("rsi_reversion", "--json").json["strategies"][0]["last_days"]
    assert [each["day"] for each in last] == [day.isoformat() for day in list(price_changes("KO", FIRST, LAST))[-10:]]


def _series(symbol: str) -> Any:
    import pandas as pd  # type: ignore[import-untyped]

    changes = price_changes(symbol, FIRST, LAST)
    return pd.Series(changes.values(), index=pd.DatetimeIndex(list(changes)))


@pytest.mark.parametrize("width", [80, 100, 140])
@pytest.mark.parametrize("strategy", [[], ["momentum/us"]])
def test_performance_tables_fit_the_terminal(filled: Command, width: int, strategy: list[str]) -> None:
    said = filled(*strategy, width=width)
    tables = [line for line in said.out.splitlines() if not line.startswith(("store ", "Portfolio ", "strategies "))]
    assert max(len(line) for line in tables) <= width
    assert "…" not in said.out
    assert re.search(r"[−\d.]+ to [−\d.]+ ", said.out)


def test_performance_mode_now_is_the_books(filled: Command) -> None:
    key = PortfolioKey(tenant_id="acme")
    reduced = ModeState(mode=Mode.REDUCED, since=datetime(2020, 7, 1, 14, tzinfo=UTC), reason="Sharpe 0.70")
    book = PortfolioBook(strategies={StrategyId("trend"): StrategyBook(mode=reduced)})
    documents = SqliteDocuments(filled.store, durable=False)
    documents.commit([replace(paths.book("acme", "main"), book_documents.to_document(book, key))])
    documents.close()
    found = {each["strategy"]: each["mode"] for each in filled("--json").json["strategies"]}
    assert found == {"momentum/us": None, "rsi_reversion": None, "trend": "REDUCED"}
    assert "◐ REDUCED" in filled("trend").out.split("Real money")[1]


def test_performance_follows_the_tenants_configuration(filled: Command) -> None:
    documents = SqliteDocuments(filled.store, durable=False)
    documents.commit([replace(paths.configuration("acme"), {"scoring": {"periods_per_year": 365}})])
    documents.close()
    found = filled("trend", "--json").json["strategies"][0]
    returns = np.array(list(price_changes("XOM", FIRST, LAST).values()))
    assert found["sharpe"] == pytest.approx(empyrical.sharpe_ratio(returns, annualization=365), rel=1e-12)


def test_performance_writes_the_tear_sheet_of_one_strategy(filled: Command) -> None:
    target = filled.folder / "new" / "trend.html"
    said = filled("trend", "--html", target)
    assert said.out.splitlines()[-1] == f"Tear sheet: {target}"
    assert "<h1>trend</h1>" in target.read_text(encoding="utf-8")


def test_performance_tear_sheet_of_a_range_looks_back_beyond_it(filled: Command) -> None:
    target = filled.folder / "trend.html"
    filled("trend", "--from", "2020-05-01", "--html", target)
    figures = json.loads(re.findall(r'id="figures">(.*?)</script>', target.read_text(encoding="utf-8"))[0])
    ratios = figures["sharpe"]["data"][1]
    first = date(2020, 5, 1)
    seen = price_changes("XOM", first - timedelta(days=30), first - timedelta(days=1))
    assert ratios["x"][0] == "2020-05-01"
    assert ratios["y"][0] == pytest.approx(empyrical.sharpe_ratio(np.array(list(seen.values()))), rel=1e-7)


def test_performance_writes_one_tear_sheet_for_each_strategy(filled: Command) -> None:
    folder = filled.folder / "sheets"
    names = ["momentum%2Fus.html", "rsi_reversion.html", "trend.html"]
    assert filled("--html", folder, "--json").json["html"] == [str(folder / name) for name in names]
    assert sorted(each.name for each in folder.iterdir()) == names


def test_performance_of_an_empty_store_says_how_to_fill_it(command: Command) -> None:
    command.holds([])
    said = command()
    assert (said.status, said.out.splitlines()[-1]) == (0, "no closed day: run maestro demo or maestro close-day")
    empty = command("--json").json
    assert (empty["strategies"], empty["portfolio"], empty["html"]) == ([], None, [])
    assert command("--from", "2020-01-01").out.splitlines()[-1] == "no closed day from 2020-01-01: choose other days"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["trnd"], "STRATEGY: expected a strategy with a closed day, found 'trnd'; did you mean trend?"),
        (["RSI"], "found 'RSI'; did you mean rsi_reversion?"),
        (["zzz"], "found 'zzz'; on record: momentum/us, rsi_reversion, trend"),
        (["trend", "--from", "2021-01-01"], "trend: expected a closed day from 2021-01-01, found none; its days are "),
        (
            ["--from", "2020-03-02", "--to", "2020-03-01"],
            "--from 2020-03-02: expected a day not after --to, found --to 2020-03-01; swap the two or leave one out",
        ),
        (["--from", "2021-01-01", "--html", "sheets"], "--html: expected a closed day to show, found none; choose"),
        (["trend", "--html", "."], "--html .: expected a file that can be written, found Is a directory; name another"),
        (["--html", "maestro.db"], "--html maestro.db: expected a folder that can be written, found File exists"),
    ],
)
def test_performance_refuses_what_it_cannot_show(filled: Command, arguments: list[str], message: str) -> None:
    found = filled.fails(*arguments)
    assert isinstance(found, ConfigurationError)
    assert message in str(found)
    assert exit_code(found) == 2


def test_performance_without_a_store_says_how_to_make_one(command: Command) -> None:
    assert "expected a store at" in str(command.fails())
    assert not command.store.exists()


def test_performance_day_that_cannot_be_read_is_named(filled: Command) -> None:
    documents = SqliteDocuments(filled.store, durable=False)
    path = paths.strategy_performance("acme", "default__trend__2020-03-02")
    (found,) = documents.read([path]).values()
    documents.commit([replace(path, {**found.fields, "real_pnl": 1.5})])
    documents.close()
    said = filled.fails()
    assert isinstance(said, StoreCorrupt)
    assert "default__trend__2020-03-02: expected real_pnl to be a decimal number as text, found 1.5" in str(said)
    assert exit_code(said) == 3


@pytest.mark.parametrize("option", [["--from", "soon"], ["--to", "2020-13-01"], ["--no-such-option"]])
def test_performance_wrong_option_is_a_usage_error(filled: Command, option: list[str]) -> None:
    said = filled(*option)
    assert said.status == 2
    assert option[0] in said.out
