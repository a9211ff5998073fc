"""The command line on bad input: one line that says what to do, an exit status, and never a traceback."""

import os
import sqlite3
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pytest

from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from tests.fakes.cycle import AAPL, buy
from tests.integration.engine.trading_days import MONDAY, TradingDays, utc
from tests.integration.maestro_process import RECORDED_PRICES, Ended, maestro

GOOD = "date,AAPL\n2020-01-02,100\n2020-01-03,101\n"


def assert_said(answer: Ended, status: int, *parts: str) -> None:
    assert (answer.status, answer.out) == (status, ""), answer.err
    missing = [part for part in parts if part not in answer.err]
    assert not missing, answer.err


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("empty.csv", b"", ("expected a header", "found an empty file", "write the file again")),
        ("header.csv", b"date,AAPL\n", ("expected at least one line of closes", "found none")),
        ("text.csv", b"date,AAPL\n2020-01-02,abc\n", ("line 2: expected a positive close of AAPL", "found 'abc'")),
        ("bytes.csv.gz", bytes(range(256)), ("expected readable CSV or .csv.gz", "write it again")),
        ("half.csv.gz", RECORDED_PRICES.read_bytes()[:4000], ("damaged or half-written", "write it again")),
        ("missing.csv", None, ("expected a price file, found none", "check the path")),
    ],
)
def test_demo_damaged_price_file_is_named_before_anything_is_written(
    tmp_path: Path, name: str, content: bytes | None, parts: tuple[str, ...]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert_said(maestro("demo", "--prices", name, "--days", "2", folder=tmp_path), 5, "MarketDataError", name, *parts)
    assert not (tmp_path / ".maestro").exists()


def test_demo_window_beyond_the_file_says_what_it_holds(tmp_path: Path) -> None:
    answer = maestro("demo", "--start", "2022-12-20", "--days", "250", folder=tmp_path)
    assert_said(
        answer, 5, "expected 250 trading days from 2022-12-20", "found 6", "2017-01-03 to 2022-12-28", "fewer --days"
    )


@pytest.mark.parametrize("option", [["--start", "soon"], ["--days", "0"], ["--cash", "1"], ["--no-such-option"]])
def test_demo_wrong_option_is_a_usage_error(tmp_path: Path, option: list[str]) -> None:
    assert_said(maestro("demo", *option, folder=tmp_path), 2, "Usage:", option[0])


def test_demo_leaves_a_file_that_no_demo_wrote_alone(tmp_path: Path) -> None:
    own = tmp_path / "own.db"
    own.write_bytes(b"years of work")
    answer = maestro("demo", "--days", "2", "--store", own, folder=tmp_path)
    assert_said(answer, 2, "expected a new file or an earlier demo's, found another", "name a new one")
    assert own.read_bytes() == b"years of work"
    assert [each.name for each in tmp_path.iterdir()] == ["own.db"]


@pytest.mark.parametrize("command", ["status", "decisions"])
def test_missing_store_says_how_to_make_one(tmp_path: Path, command: str) -> None:
    assert_said(
        maestro(command, folder=tmp_path), 2, "expected a store at .maestro/maestro.db", "found none", "maestro demo"
    )
    assert_said(maestro(command, "--store", "no.db", folder=tmp_path), 2, "expected a store at no.db", "--store")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["status", "decisions"])
@pytest.mark.parametrize("damage", ["random", "truncated"])
def test_corrupt_store_is_named(tmp_path: Path, command: str, damage: str) -> None:
    store = tmp_path / "store.db"
    if damage == "random":
        store.write_bytes(os.urandom(5000))
    else:
        _database(store, rows=2000)
        store.write_bytes(store.read_bytes()[:20_000])
    answer = maestro(command, "--store", store, "--json", folder=tmp_path)
    assert_said(answer, 3, "StoreCorrupt", "store.db: expected a Maestro database", "restore a backup")


def _database(path: Path, *, rows: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE mine (text TEXT)")
    connection.executemany("INSERT INTO mine VALUES (?)", [("x" * 100,)] * rows)
    connection.commit()
    connection.close()


@pytest.mark.parametrize("command", ["status", "decisions"])
def test_reading_command_leaves_another_programs_database_alone(tmp_path: Path, command: str) -> None:
    store = tmp_path / "other.db"
    _database(store, rows=3)
    before = sha256(store.read_bytes()).hexdigest()
    answer = maestro(command, "--store", store, folder=tmp_path)
    assert sha256(store.read_bytes()).hexdigest() == before
    assert answer.status == 3


def test_store_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    assert_said(maestro("status", "--store", ".", folder=tmp_path), 3, "expected a database file")


@pytest.mark.parametrize(
    ("variables", "parts"),
    [
        ({"MAESTRO_STOER": "sqlite"}, ("MAESTRO_STOER", "did you mean MAESTRO_STORE?")),
        ({"MAESTRO_STORE": "mysql"}, ("store: expected", "'sqlite' or 'firestore'", "found 'mysql'", "MAESTRO_STORE")),
        ({"MAESTRO_CONFIG": "no.yaml"}, ("MAESTRO_CONFIG: expected a settings file", "found none at no.yaml")),
        ({"MAESTRO_STORE": "firestore"}, ("project: expected a Google Cloud project", "set GCLOUD_PROJECT")),
    ],
)
def test_wrong_setting_is_named(tmp_path: Path, variables: dict[str, str], parts: tuple[str, ...]) -> None:
    assert_said(maestro("status", folder=tmp_path, **variables), 2, "ConfigurationError", *parts)


def test_unknown_key_in_the_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "maestro.yaml").write_text("orchestrator:\n  scoring:\n    sistemic_sell_threshold: 2\n")
    answer = maestro("tick", folder=tmp_path)
    assert_said(answer, 2, "maestro.yaml:3: ", "did you mean orchestrator.scoring.systemic_sell_threshold?")


@pytest.mark.parametrize(
    ("at", "parts"),
    [
        ("soon", ("--at: expected ISO 8601", "found 'soon'")),
        ("2026-01-05T15:00:00", ("--at: expected a time with its zone", "append Z or +HH:MM")),
    ],
)
def test_tick_wrong_time_is_a_configuration_error(tmp_path: Path, at: str, parts: tuple[str, ...]) -> None:
    assert_said(maestro("tick", "--at", at, folder=tmp_path), 2, *parts)


def test_tick_without_alpacas_key_says_where_to_put_it(tmp_path: Path) -> None:
    assert_said(
        maestro("tick", folder=tmp_path), 2, "alpaca.key: expected Alpaca's key id", "found none", "APCA_API_KEY_ID"
    )
    answer = maestro("tick", folder=tmp_path, APCA_API_KEY_ID="key")
    assert_said(answer, 2, "alpaca.secret: expected Alpaca's secret key", "set APCA_API_SECRET_KEY")


def test_tick_that_cannot_start_leaves_no_store_behind(tmp_path: Path) -> None:
    maestro("tick", folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_no_arguments_show_the_commands_and_their_exit_statuses(tmp_path: Path) -> None:
    answer = maestro(folder=tmp_path)
    assert answer.status == 2
    assert "Exit status: 0 done" in answer.out + answer.err


def test_list_strategies_names_what_did_not_load_and_fails(tmp_path: Path) -> None:
    answer = maestro("list-strategies", folder=tmp_path, MAESTRO_STRATEGIES__PACKAGES="no_such_fund")
    assert answer.status == 1
    assert "not loaded no_such_fund: expected a package" in answer.out


def test_status_shows_what_the_account_holds_beyond_the_sleeves(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    documents = SqliteDocuments(store)
    days = TradingDays(DocumentStore(documents))
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    assert "EXTERNAL" not in maestro("status", "--store", store, "--tenant", "acme", folder=tmp_path).out
    days.broker.trade_by_hand(AAPL, Decimal("2.5"))
    days.tick(utc(MONDAY, 15, 5))
    documents.close()
    answer = maestro("status", "--store", store, "--tenant", "acme", folder=tmp_path)
    assert "held beside the sleeves, EXTERNAL: AAPL 2.5" in answer.out
    said = maestro("status", "--store", store, "--tenant", "acme", "--json", folder=tmp_path).json
    assert {symbol: Decimal(quantity) for symbol, quantity in said["external"].items()} == {"AAPL": Decimal("2.5")}
