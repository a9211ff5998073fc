"""``maestro migrate`` in a process of its own, on copies of the example configurations."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.adapters.documents.lease_documents import LeaseDocuments
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.lease import LeaseClaim
from backend.domain.signal import StrategyId
from tests.fakes.leasing import acquire
from tests.integration.maestro_process import ROOT, Ended, maestro

EXAMPLES = ROOT / "examples" / "genebot"
SECRETS = ("not-a-real", "PKEXAMPLE", "example-secret")
BOT = Path("config/trading_bot_config.yaml")
Run = Callable[..., Ended]


def folder_of(name: str, tmp_path: Path) -> Path:
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    return folder


def bot(folder: Path) -> Run:
    """Run the command in a folder, with this worktree's code."""

    def run(*arguments: str | Path, **variables: str) -> Ended:
        return maestro("migrate", *arguments, folder=folder, PYTHONPATH=str(ROOT), **variables)

    return run


def bytes_below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".maestro" not in path.parts and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("name", ["single", "three-bots", "custom", "odd"])
def test_analyze_shows_every_value_and_no_secret(name: str, tmp_path: Path) -> None:
    folder = folder_of(name, tmp_path)
    before = bytes_below(folder)
    run = bot(folder)
    said = run("analyze", "--json").json
    assert sum(said["counts"].values()) == len(said["entries"])
    assert {each["outcome"] for each in said["entries"]} <= {"mapped", "replaced", "kept", "not_mapped"}
    shown = run("analyze", "--all").out + json.dumps(said)
    assert [secret for secret in SECRETS if secret in shown] == []
    assert bytes_below(folder) == before


def test_analyze_says_whether_it_can_move(tmp_path: Path) -> None:
    said = bot(folder_of("odd", tmp_path))("analyze").out
    assert "Readiness: can move; look at what follows" in said
    assert "config/trading_bot_config.yaml:45 max_position_size: 1000 is no part of equity" in said
    assert "config/trading_bot_config.yaml:40 carry_trade stays with the old bot" in said


def test_backup_copies_all_files_byte_for_byte_with_their_hashes(tmp_path: Path) -> None:
    folder = folder_of("single", tmp_path)
    said = bot(folder)("backup", "--json").json
    manifest = json.loads((folder / said["folder"] / "manifest.json").read_text())
    assert [each["path"] for each in manifest["files"]] == [str(BOT), ".env"]
    for each in manifest["files"]:
        original, copy = folder / each["path"], folder / said["folder"] / each["copy"]
        assert copy.read_bytes() == original.read_bytes()
        assert each["sha256"] == sha256(original.read_bytes()).hexdigest()
        assert copy.stat().st_mode & 0o777 == 0o600


def test_generate_writes_the_same_file_every_time_and_replaces_none(tmp_path: Path) -> None:
    folder = folder_of("single", tmp_path)
    run = bot(folder)
    options = ("--allocation-method", "risk_parity", "--rebalance-frequency", "weekly", "--max-drawdown", "0.08")
    assert run("generate", *options).status == 0
    first = (folder / "maestro.yaml").read_bytes()
    again = run("generate", *options)
    assert (again.status, "maestro.yaml: expected no file to be there" in again.err) == (2, True)
    assert run("generate", *options, "--force").status == 0
    assert (folder / "maestro.yaml").read_bytes() == first
    written = yaml.safe_load(first)["orchestrator"]
    assert written["allocation"] == {"method": "risk_parity", "rebalance_frequency": "weekly"}
    assert written["risk"]["max_portfolio_drawdown"] == 0.08
    assert b"short_period: 10  # config/trading_bot_config.yaml:15" in first


def test_merge_joins_three_bots(tmp_path: Path) -> None:
    folder = folder_of("three-bots", tmp_path)
    files = sorted((folder / "config").glob("bot*.yaml"))
    names = [path.relative_to(folder) for path in files]
    said = bot(folder)("merge", *names, "--output", "config/unified.yaml", "--json").json
    assert [each["name"] for each in said["strategies"]][:2] == ["bot1-moving_average", "bot2-moving_average"]
    written = yaml.safe_load((folder / "config" / "unified.yaml").read_text())
    assert written["orchestrator"]["risk"]["position_size_limit"] == 0.05
    assert any("the stricter one counts" in each["text"] for each in said["cautions"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyze", "--config", "none.yaml"], "none.yaml: expected a readable file"),
        (["generate", "--allocation-method", "best"], "'best' is not one of 'full', 'equal_weight'"),
        (["generate", "--rebalance-frequency", "hourly"], "'hourly' is not one of 'daily'"),
        (["generate", "--max-drawdown", "8"], "8 % is 0.08"),
        (["merge", str(BOT)], "expected two files or more"),
        (["migrate", "--strategies", "nobody", "--yes"], "expected some of moving_average, rsi_oversold, found nobody"),
        (["rollback", "--yes"], "there are none"),
        (["lease", "show"], "expected a store"),
        (["analyze", "--config", "config"], "expected a readable file, found IsADirectoryError"),
        (["generate", "--output", "config"], "expected no file to be there"),
        (["generate", "--output", ".env/maestro.yaml"], "expected to write a file there"),
    ],
)
def test_command_that_cannot_be_meant_changes_nothing(tmp_path: Path, arguments: list[str], said: str) -> None:
    folder = folder_of("single", tmp_path)
    before = bytes_below(folder)
    answer = bot(folder)(*arguments)
    assert (answer.status, answer.out) == (2, "")
    assert said in " ".join(answer.err.split())
    assert bytes_below(folder) == before


def test_bot_of_which_nothing_is_known_gives_no_file_that_would_run_everything(tmp_path: Path) -> None:
    (tmp_path / "bot_config.yaml").write_text("strategies: {ml: {type: MLPatternStrategy}}\n")
    answer = bot(tmp_path)("generate")
    assert (answer.status, "runs everything that it finds" in " ".join(answer.err.split())) == (2, True)
    assert not (tmp_path / "maestro.yaml").exists()
    assert "Readiness: nothing could run yet" in bot(tmp_path)("analyze").out


def test_names_that_look_like_markup_are_printed_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "bot[red].yaml").write_text("strategies: {'rsi[/]': {type: RSIStrategy}}\n")
    run = bot(tmp_path)
    said = run("analyze", "--config", "bot[red].yaml", "--all")
    assert (said.status, "bot[red].yaml:1" in said.out, "rsi[-]" in said.out) == (0, True, True)
    assert run("generate", "--config", "bot[red].yaml").status == 0
    assert run("validate", "maestro.yaml").status == 0


def test_folder_without_a_bot_says_what_is_looked_for(tmp_path: Path) -> None:
    answer = bot(tmp_path)("analyze")
    assert (answer.status, "config/trading_bot_config.yaml" in answer.err) == (2, True)


def test_package_with_a_class_that_does_not_load_is_named(tmp_path: Path) -> None:
    folder = folder_of("custom", tmp_path)
    (folder / "own_rules" / "broken.py").write_text("import no_such_module\n")
    answer = bot(folder)("generate", "--package", "own_rules")
    assert (answer.status, "own_rules.broken" in answer.err) == (1, True)
    assert not (folder / "maestro.yaml").exists()


def test_guide_names_the_commands_for_what_is_found(tmp_path: Path) -> None:
    steps = [each["command"] for each in bot(folder_of("single", tmp_path))("guide", "--json").json]
    assert 'export APCA_API_KEY_ID="$ALPACA_API_KEY"' in steps
    assert "maestro migrate migrate --strategies moving_average" in steps
    assert "maestro migrate migrate --strategies rsi_oversold" in steps
    odd = bot(folder_of("odd", tmp_path))("guide").out
    assert "Bring the class of carry_trade (ForexCarryTradeStrategy)" in odd


def test_validate_names_what_would_not_run_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "maestro.yaml"
    file.write_text("orchestrator:\n  strategies:\n    - {type: Nonsense, name: x}\n")
    answer = bot(tmp_path)("validate", "maestro.yaml", "--json")
    said = json.loads(answer.out)
    assert (answer.status, said["is_valid"]) == (2, False)
    errors = [each["place"] for each in said["findings"] if each["severity"] == "error"]
    assert errors == ["maestro.yaml:3"]
    file.write_text("history_day: 3\n")
    assert "did you mean history_days?" in bot(tmp_path)("validate", "maestro.yaml").out


@pytest.mark.parametrize("name", ["single", "three-bots", "custom"])
def test_generated_file_is_valid(name: str, tmp_path: Path) -> None:
    run = bot(folder_of(name, tmp_path))
    package = ("--package", "own_rules") if name == "custom" else ()
    assert run("generate", *package).status == 0
    said = run("validate", "maestro.yaml", "--json").json
    assert said["is_valid"]


def moved(run: Run, *arguments: str) -> Any:
    return run("migrate", *arguments, "--days", "20", "--yes", "--json").json


def test_migrate_moves_some_and_then_the_others_and_rollback_undoes_both(tmp_path: Path) -> None:
    folder = folder_of("single", tmp_path)
    before, run = bytes_below(folder), bot(folder)
    text = (folder / BOT).read_text()
    first = moved(run, "--strategies", "moving_average")
    assert (first["is_switched"], first["moved"]) == (True, ["moving_average"])
    assert (folder / BOT).read_text() == text.replace("enabled: true", "enabled: false", 1)
    assert flags(folder) == {"moving_average": True, "rsi_oversold": False}
    assert first["replay"]["days"] == 20
    assert set(first["replay"]["old"]["weights"]) == {"moving_average"}
    assert all((folder / page).exists() for page in first["reports"])

    own = (folder / "maestro.yaml").read_text().replace("max_portfolio_drawdown: 0.15", "max_portfolio_drawdown: 0.14")
    (folder / "maestro.yaml").write_text(own)
    second = moved(run, "--strategies", "rsi_oversold")
    assert set(second["replay"]["old"]["weights"]) == {"moving_average", "rsi_oversold"}  # like with like
    assert (folder / BOT).read_text() == text.replace("enabled: true", "enabled: false")
    assert flags(folder) == {"moving_average": True, "rsi_oversold": True}
    assert "max_portfolio_drawdown: 0.14" in (folder / "maestro.yaml").read_text()

    for each in (second, first):
        assert run("rollback", "--timestamp", each["backup"]["timestamp"], "--yes").status == 0
    left = {name: content for name, content in bytes_below(folder).items() if not name.startswith("build/")}
    assert left == before


def flags(folder: Path) -> dict[str, bool]:
    listed = yaml.safe_load((folder / "maestro.yaml").read_text())["orchestrator"]["strategies"]
    return {each["name"]: each["enabled"] for each in listed}


def test_migrate_without_an_answer_changes_nothing_but_keeps_the_backup(tmp_path: Path) -> None:
    folder = folder_of("single", tmp_path)
    before = bytes_below(folder)
    answer = bot(folder)("migrate", "--skip-replay")
    assert (answer.status, "add --yes if it is meant" in answer.err) == (2, True)
    assert bytes_below(folder) == before
    assert len(list((folder / ".maestro" / "migrations").glob("*/manifest.json"))) == 1


def test_migrate_to_a_file_that_would_not_run_changes_nothing(tmp_path: Path) -> None:
    folder = folder_of("single", tmp_path)
    text = (folder / BOT).read_text().replace("short_period: 10", "short_period: 30")  # slower than the slow one
    (folder / BOT).write_text(text)
    before = bytes_below(folder)
    answer = bot(folder)("migrate", "--yes", "--json")
    said = json.loads(answer.out)
    assert (answer.status, said["is_switched"]) == (2, False)
    assert any("less than slow_days (20)" in each["message"] for each in said["findings"])
    assert bytes_below(folder) == before


def test_rollback_to_an_altered_copy_changes_nothing(tmp_path: Path) -> None:
    folder = folder_of("single", tmp_path)
    run = bot(folder)
    saved = run("backup", "--json").json
    (folder / BOT).write_text("strategies: {}\n")
    before = bytes_below(folder)
    copy = next((folder / saved["folder"]).glob("*.env"))
    copy.write_text("OTHER=1\n")
    answer = run("rollback", "--yes")
    assert (answer.status, "choose another backup" in answer.err) == (2, True)
    assert bytes_below(folder) == before


def hold(store: Path, holder: str, at: datetime) -> None:
    documents = SqliteDocuments(store)
    claim = LeaseClaim(account_id="PA1", holder=holder, strategies=frozenset({StrategyId(f"ma of {holder}")}))
    acquire(claim, store=LeaseDocuments(documents), at=at)
    documents.close()


def test_lease_of_a_dead_holder_is_shown_and_ended_with_a_reason(tmp_path: Path) -> None:
    store, run = tmp_path / "maestro.db", bot(tmp_path)
    hold(store, "acme/main", datetime.now(UTC) - timedelta(hours=1))
    hold(store, "beta/main", datetime.now(UTC))
    (account,) = run("lease", "show", "--store", store, "--json").json["accounts"]
    assert [(each["holder"], each["is_live"]) for each in account["leases"]] == [
        ("acme/main", True),
        ("beta/main", True),
    ]
    which = run("lease", "release", "--reason", "x", "--store", store, "--yes")
    assert (which.status, "expected one lease, found 2" in which.err) == (2, True)
    alive = run("lease", "release", "--holder", "beta/main", "--reason", "x", "--store", store, "--yes")
    assert (alive.status, "may still send orders" in alive.err) == (2, True)
    options = ("--holder", "acme/main", "--reason", "burned down", "--by", "ann", "--store", store, "--yes", "--json")
    after = run("lease", "release", *options).json
    assert [each["holder"] for each in after["leases"]] == ["beta/main"]
    assert [(each["holder"], each["by"], each["reason"]) for each in after["releases"]] == [
        ("acme/main", "ann", "burned down")
    ]
    assert "acme/main ended by ann: burned down" in run("lease", "show", "--store", store).out
