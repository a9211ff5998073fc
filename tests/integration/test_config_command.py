"""``maestro config`` as a person runs it: in processes of its own, on files and a store of its own."""

import json
from pathlib import Path

import pytest
import yaml

from tests.integration.maestro_process import ROOT, maestro
from tests.unit.configuration.test_document import SEED

FILE = """\
# the fund's own settings
orchestrator:
  allocation:
    method: equal_weight  # until the record is long enough
  risk:
    max_drawdown: 0.10
  strategies:
    - {type: RSIStrategy, name: fast, parameters: {period: 7}}
    - {type: RSIStrategy, name: slow, parameters: {period: 21}, enabled: false}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "maestro.yaml").write_text(FILE)
    return tmp_path


def test_config_update_is_stored_shown_and_told(folder: Path) -> None:
    done = maestro(
        "config", "update", "--allocation-method", "risk_parity", "--set", "risk.max_correlation=0.8",
        "--reason", "board", "--by", "ann", "--yes", "--json", folder=folder,
    )  # fmt: skip
    assert done.json == {
        "version": 1,
        "is_dry_run": False,
        "changes": [
            {"key": "allocation.method", "before": None, "after": "risk_parity"},
            {"key": "risk.max_strategy_correlation", "before": None, "after": 0.8},
        ],
    }
    shown = yaml.safe_load(maestro("config", "show", folder=folder).out)["orchestrator"]
    assert shown["allocation"] == {"method": "risk_parity"}  # the store lies over the file
    assert shown["risk"] == {"max_portfolio_drawdown": 0.1, "max_strategy_correlation": 0.8}
    (version,) = maestro("config", "history", "--json", folder=folder).json
    assert (version["updated_by"], version["reason"], len(version["changes"])) == ("ann", "board", 2)
    entries = maestro("audit", "list", "--json", folder=folder).json
    assert "configured" in json.dumps(entries)
    assert maestro("audit", "verify", folder=folder).status == 0


def test_config_update_without_a_terminal_needs_yes(folder: Path) -> None:
    ended = maestro("config", "update", "--max-drawdown", "0.2", folder=folder)
    assert (ended.status, "add --yes" in ended.err) == (2, True)
    assert maestro("config", "history", "--json", folder=folder).json == []


def test_config_update_dry_run_changes_nothing(folder: Path) -> None:
    ended = maestro("config", "update", "--max-drawdown", "0.2", "--dry-run", folder=folder)
    assert "risk.max_portfolio_drawdown: not set → 0.2" in ended.out
    assert maestro("config", "history", "--json", folder=folder).json == []


def test_config_update_switches_strategies_on_and_off(folder: Path) -> None:
    maestro("config", "update", "--disable-strategy", "fast", "--enable-strategy", "slow", "--yes", folder=folder)
    shown = maestro("config", "show", "--json", folder=folder).json["orchestrator"]
    assert [(each["name"], each["enabled"]) for each in shown["strategies"]] == [("fast", False), ("slow", True)]
    ended = maestro("config", "update", "--disable-strategy", "fsat", "--yes", folder=folder)
    assert (ended.status, "expected a strategy that runs (fast, slow), found 'fsat'" in ended.err) == (2, True)


def test_config_update_of_a_file_keeps_its_comments(folder: Path) -> None:
    file = folder / "maestro.yaml"
    arguments = ["--max-drawdown", "0.15", "--allocation-method", "risk_parity", "--enable-strategy", "slow"]
    done = maestro("config", "update", "--config", file, *arguments, folder=folder)
    assert (done.status, "strategies.slow.enabled: False → True" in done.out) == (0, True)
    expected = FILE.replace("max_drawdown: 0.10", "max_portfolio_drawdown: 0.15").replace(
        "enabled: false", "enabled: true"
    )
    assert file.read_text() == expected.replace("equal_weight  #", "risk_parity   #")


def test_config_update_of_a_file_that_would_be_wrong_leaves_it(folder: Path) -> None:
    file = folder / "maestro.yaml"
    ended = maestro("config", "update", "--config", file, "--max-drawdown", "2", folder=folder)
    assert (ended.status, "less than or equal to 1, found 2" in ended.err) == (2, True)
    assert (file.read_text(), [each.name for each in folder.iterdir()]) == (FILE, ["maestro.yaml"])


def test_config_diff_compares_versions_and_files(folder: Path) -> None:
    for limit in ("0.2", "0.3"):
        maestro("config", "update", "--max-drawdown", limit, "--yes", folder=folder)
    change = {"key": "risk.max_portfolio_drawdown", "before": 0.2, "after": 0.3}
    assert maestro("config", "diff", "--json", folder=folder).json["changes"] == [change]
    assert maestro("config", "diff", "1", "2", "--json", folder=folder).json["changes"] == [change]
    assert "risk.max_portfolio_drawdown: 0.1 → 0.3" in maestro("config", "diff", "maestro.yaml", folder=folder).out
    ended = maestro("config", "diff", "9", folder=folder)
    assert (ended.status, "expected one that was stored (1 to 2), found 9" in ended.err) == (2, True)


def test_config_update_from_a_file_stores_its_block(folder: Path) -> None:
    (folder / "seed.yaml").write_text("orchestrator:" + SEED.replace("\n", "\n  "))
    maestro("config", "update", "--from", "seed.yaml", "--yes", folder=folder)
    shown = maestro("config", "show", "--version", "1", "--json", folder=folder).json["orchestrator"]
    assert shown["allocation"]["method"] == "performance_based"
    assert shown["risk"]["emergency_stop_conditions"] == [
        "max_drawdown_exceeded",
        "correlation_too_high",
        "strategy_failure_cascade",
    ]


def test_config_show_resolved_has_every_key_and_no_secret(folder: Path) -> None:
    secret = {"APCA_API_SECRET_KEY": "hush", "MAESTRO_NOTIFICATIONS__SLACK": "slack://hush"}
    ended = maestro("config", "show", "--resolved", folder=folder, **secret)
    shown = yaml.safe_load(ended.out)
    assert "hush" not in ended.out
    assert (shown["orchestrator"]["risk"]["stale_after_days"], shown["history_days"]) == (5, 260)
    assert shown["orchestrator"]["strategies"][0]["timeframe"] == "1d"


def test_config_validate_names_line_and_nearest_key(folder: Path) -> None:
    (folder / "maestro.yaml").write_text(FILE.replace("max_drawdown", "max_drawdwn"))
    ended = maestro("config", "validate", folder=folder)
    assert (ended.status, "maestro.yaml:6: orchestrator.risk.max_drawdwn" in ended.err) == (2, True)
    assert "did you mean orchestrator.risk.max_portfolio_drawdown?" in ended.err


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("period: 7", "perod: 7", "unexpected keyword argument 'perod'"),
        ("type: RSIStrategy, name: fast", "type: RSIStratgy, name: fast", "did you mean RSIStrategy?"),
    ],
)
def test_config_validate_builds_every_strategy(folder: Path, before: str, after: str, words: str) -> None:
    (folder / "maestro.yaml").write_text(FILE.replace(before, after))
    ended = maestro("config", "validate", "--json", folder=folder)
    assert ended.status == 2
    (error,) = [each for each in json.loads(ended.out)["findings"] if each["severity"] == "error"]
    assert (error["key"], words in error["message"]) == ("orchestrator.strategies.0 (fast)", True)


def test_config_validate_warns_of_what_does_nothing(folder: Path) -> None:
    text = FILE.replace("method:", "max_allocation: 0.25\n    allocation_constraints: {risky: 0.15}\n    method:")
    (folder / "maestro.yaml").write_text(text)
    ended = maestro("config", "validate", folder=folder)
    assert ended.status == 0
    assert "allocation_constraints.risky: no strategy and no group has this name" in ended.out
    assert "1 strategies of at most 25.0% leave 75.0% in cash" in ended.out


@pytest.mark.parametrize(
    ("timeframe", "settings", "severity", "words"),
    [
        ("1h", "", "ok", "RSIStrategy, enabled"),
        ("1w", "prices_file: closes.csv\n", "ok", "RSIStrategy, enabled"),
        ("1h", "prices_file: closes.csv\n", "warning", "bars of 1h, and prices_file holds daily closes only"),
        ("90m", "", "error", "found 90m; choose one of these"),
    ],
)
def test_config_validate_knows_which_bars_there_are(
    folder: Path, timeframe: str, settings: str, severity: str, words: str
) -> None:
    text = FILE.replace("{period: 7}}", f"{{period: 7}}, timeframe: {timeframe}}}")
    (folder / "maestro.yaml").write_text(settings + text)
    ended = maestro("config", "validate", "--json", folder=folder, PYTHONPATH=str(ROOT))
    assert ended.status == (2 if severity == "error" else 0)
    key = "orchestrator.strategies.0 (fast)"
    (found,) = [each for each in json.loads(ended.out)["findings"] if each["key"] == key]
    assert (found["severity"], words in found["message"]) == (severity, True)


def test_config_schema_is_one(folder: Path) -> None:
    assert "orchestrator" in maestro("config", "schema", folder=folder).json["properties"]
