"""What a file of settings asks for is checked before anything runs on it."""

from pathlib import Path

import pytest

from maestro.cli.migrate_check import checked, findings_json
from maestro.migration.mapping import Choices, migrated
from maestro.migration.reading import read_files

EXAMPLES = Path(__file__).parents[3] / "examples" / "genebot"
TWO = """
orchestrator:
  allocation: {allocation}
  strategies:
    - {{type: RsiReversion, name: rsi, symbols: [KO]}}
    - {{type: MovingAverageStrategy, name: ma, enabled: {enabled}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "maestro.yaml"


def found(file: Path, text: str) -> list[tuple[bool, str]]:
    """Whether each finding is an error, and its text; what is right is left out."""
    file.write_text(text)
    return [(each.is_error, each.message) for each in checked(file) if each.severity != "ok"]


@pytest.mark.parametrize("name", ["single", "three-bots"])
def test_generated_file_has_no_findings(name: str, file: Path) -> None:
    paths = sorted((EXAMPLES / name / "config").glob("*.yaml"))
    assert found(file, migrated(read_files(paths, root=EXAMPLES), Choices()).text()) == []


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("{type: Nonsense, name: x}", "expected a strategy class, found 'Nonsense'"),
        ("{type: RsiReversion, name: x, parameters: {window: 3}}", "unexpected keyword argument 'window'"),
        ("{type: RsiReversion, name: x, parameters: {period: 0}}", "expected a whole number of at least 2"),
        ("{type: RsiReversion, name: x, timeframe: 90m}", "choose one of these"),
    ],
)
def test_strategy_that_could_not_run_is_an_error_with_its_line(file: Path, strategy: str, said: str) -> None:
    file.write_text(f"orchestrator:\n  strategies:\n    - {strategy}\n")
    errors = [each for each in findings_json(file, checked(file), name="maestro.yaml") if each["severity"] == "error"]
    assert [each["place"] for each in errors] == ["maestro.yaml:3"]
    assert said in errors[0]["message"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("history_day: 100\n", "did you mean history_days?"),
        ("orchestrator: {strategies: [{name: x}]}\n", "orchestrator.strategies.0.type: expected a value"),
        ("orchestrator: {strategies: [{type: A, name: a/b}]}\n", "orchestrator.strategies.0.name"),
        ("orchestrator: {risk: {max_drawdown: 8}}\n", "less than or equal to 1"),
    ],
)
def test_file_that_is_not_one_of_settings_is_an_error_that_names_the_key(file: Path, text: str, said: str) -> None:
    ((is_error, explained),) = found(file, text)
    assert is_error
    assert said in explained


def test_package_that_does_not_load_is_an_error(file: Path) -> None:
    text = "strategies: {packages: [no_such_rules]}\norchestrator: {strategies: [{type: RsiReversion, name: x}]}\n"
    ((is_error, explained),) = found(file, text)
    assert (is_error, "no_such_rules" in explained) == (True, True)


def test_cap_below_the_minimum_of_its_strategies_is_an_error(file: Path) -> None:
    allocation = "{min_allocation: 0.1, groups: {g: [rsi, ma]}, allocation_constraints: {g: 0.15}}"
    ((is_error, explained),) = found(file, TWO.format(allocation=allocation, enabled="true"))
    assert (is_error, explained.startswith("min_allocation 0.1 for 2 strategies is above the cap 0.15")) == (True, True)
    assert found(file, TWO.format(allocation=allocation, enabled="false")) == []  # one strategy alone fits


def test_symbol_without_prices_in_the_file_that_is_set_is_an_error(file: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("date,GE\n2024-01-02,60\n")
    ((is_error, explained),) = found(file, TWO.format(allocation="{}", enabled="true") + f"prices_file: {prices}\n")
    assert (is_error, f"found none of KO in {prices}" in explained) == (True, True)
