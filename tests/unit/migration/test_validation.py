"""What a file of settings asks for is checked before anything runs on it."""

from pathlib import Path

import pytest

from maestro.migration.feasibility import weight_findings
from maestro.migration.mapping import Choices, migrated
from maestro.migration.reading import read_files, read_yaml
from maestro.migration.validation import instances, strategy_findings, validated

EXAMPLES = Path(__file__).parents[3] / "examples" / "genebot"
TWO = """
orchestrator:
  allocation: {allocation}
  strategies:
    - {{type: RsiReversion, name: rsi, parameters: {{period: 10}}, symbols: [KO]}}
    - {{type: MovingAverageCrossover, name: ma, enabled: {enabled}}}
"""


def texts(text: str) -> list[tuple[bool, str]]:
    return [(each.is_error, each.text) for each in strategy_findings(read_yaml(text, "maestro.yaml"))]


def weights(allocation: str, enabled: str = "true") -> list[tuple[bool, str]]:
    text = TWO.format(allocation=allocation, enabled=enabled)
    return [(each.is_error, each.text) for each in weight_findings(read_yaml(text, "maestro.yaml"))]


@pytest.mark.parametrize("name", ["single", "three-bots"])
def test_generated_strategies_have_no_findings_and_can_be_built(name: str) -> None:
    paths = sorted((EXAMPLES / name / "config").glob("*.yaml"))
    file = read_yaml(migrated(read_files(paths, root=EXAMPLES), Choices()).text(), "maestro.yaml")
    assert list(strategy_findings(file)) == []
    assert all(each.strategy is not None for each in instances(file))


def test_instance_has_the_parameters_of_its_entry() -> None:
    first, second = instances(read_yaml(TWO.format(allocation="{}", enabled="false"), "maestro.yaml"))
    assert (first.name, first.enabled, first.symbols) == ("rsi", True, ("KO",))
    assert getattr(first.strategy, "period", None) == 10
    assert (second.enabled, second.symbols) == (False, ())


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("{type: Nonsense, name: x}", "expected the type to be one of BollingerReversion,"),
        ("{name: x}", "found none"),
        ("{type: RsiReversion, name: x, parameters: {window: 3}}", "unexpected keyword argument 'window'"),
        ("{type: RsiReversion, name: x, parameters: {period: 0}}", "expected a whole number of at least 2"),
        ("{type: RsiReversion, name: a/b}", "cannot be part of an id; call it a-b"),
        ("{type: RsiReversion, name: x, symbols: [BTC/USDT]}", "have no BTC/USDT"),
    ],
)
def test_strategy_that_could_not_run_is_an_error_with_its_line(strategy: str, said: str) -> None:
    text = f"orchestrator:\n  strategies:\n    - {strategy}\n"
    found = [each for each in strategy_findings(read_yaml(text, "maestro.yaml")) if said in each.text]
    assert [(each.is_error, str(each.place)) for each in found] == [(True, "maestro.yaml:3")]


def test_strategy_that_is_not_enabled_is_no_error() -> None:
    (found, other) = texts("orchestrator: {strategies: [{type: Nonsense, name: x, enabled: false}]}")
    assert (found[0], "none is enabled" in found[1]) == (False, True)
    assert (other[0], "found Nonsense" in other[1]) == (False, True)


def test_two_strategies_of_one_name_are_an_error() -> None:
    found = texts("orchestrator: {strategies: [{type: RsiReversion, name: x}, {type: RsiReversion, name: x}]}")
    assert found == [(True, "x: 2 strategies have this name")] * 2


def test_package_that_does_not_load_is_an_error() -> None:
    found = texts(
        "strategies: {packages: [no_such_rules]}\norchestrator: {strategies: [{type: RsiReversion, name: x}]}"
    )
    assert [(is_error, "no_such_rules" in text) for is_error, text in found] == [(True, True)]


@pytest.mark.parametrize(
    ("allocation", "said"),
    [
        ("{min_allocation: 0.5, max_allocation: 0.4}", "min_allocation 0.5 is above max_allocation 0.4"),
        ("{min_allocation: 0.6}", "for 2 strategies comes to 1.2, more than all"),
        ("{groups: {g: [rsi, other]}}", "groups.g names other"),
        ("{allocation_constraints: {other: 0.1}}", "neither a strategy nor a group"),
        ("{allocation_constraints: {rsi: 15}}", "expected 0 to 1, found 15"),
        ("{min_allocation: 0.1, groups: {g: [rsi, ma]}, allocation_constraints: {g: 0.15}}", "above its cap 0.15"),
    ],
)
def test_weights_that_cannot_hold_together_are_errors(allocation: str, said: str) -> None:
    errors = [text for is_error, text in weights(allocation) if is_error]
    assert [said in text for text in errors] == [True]


@pytest.mark.parametrize(
    "allocation",
    ["{}", "{min_allocation: 0.5, max_allocation: 0.5}", "{groups: {g: [rsi, ma]}, allocation_constraints: {g: 0.15}}"],
)
def test_weights_that_can_hold_together_have_no_findings(allocation: str) -> None:
    assert weights(allocation) == []


def test_weights_count_the_strategies_that_are_enabled() -> None:
    assert weights("{min_allocation: 0.6}", enabled="false") == []
    assert weights("{max_allocation: 0.4}") == [
        (False, "orchestrator.allocation: max_allocation 0.4 for 2 strategies leaves 20% in cash")
    ]


def test_file_with_an_unknown_setting_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "maestro.yaml"
    path.write_text("history_day: 100\n")
    first = validated(path, {})[0]
    assert (first.is_error, "did you mean history_days?" in first.text) == (True, True)


def test_symbol_without_prices_in_the_file_that_is_set_is_an_error(tmp_path: Path) -> None:
    path, prices = tmp_path / "maestro.yaml", tmp_path / "prices.csv"
    prices.write_text("date,KO\n2024-01-02,60\n")
    path.write_text(f"symbols: [KO, GE]\nprices_file: {prices}\n")
    (first, *_) = validated(path, {})
    assert first.is_error
    assert first.text.endswith("of GE")
