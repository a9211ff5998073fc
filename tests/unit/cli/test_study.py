"""``maestro study modes``: tables and JSON of the same figures, by the parameters of the settings."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from backend.domain.errors import ConfigurationError
from maestro.cli.main import app

Run = Callable[..., Result]
SMALL = ("--years", "1", "--paths", "5", "--true-sharpe", "0", "--true-sharpe", "1")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the command with an empty settings file and the variables that are given."""
    (tmp_path / "maestro.yaml").write_text("")

    def invoke(*arguments: str, **variables: str) -> Result:
        environment = {"MAESTRO_CONFIG": str(tmp_path / "maestro.yaml"), **variables}
        return CliRunner().invoke(app, ["study", "modes", *arguments], env=environment)

    return invoke


def test_study_modes_prints_one_json_object(run: Run) -> None:
    result = run(*SMALL, "--seed", "3", "--student-t", "4", "--json")
    assert result.exit_code == 0
    said = json.loads(result.stdout)
    assert (said["years"], said["paths"], said["seed"], said["degrees_of_freedom"]) == (1, 5, 3, 4)
    assert set(said["policies"]) == {"threshold", "probabilistic"}
    for policy in said["policies"].values():
        assert [each["true_sharpe"] for each in policy["standings"]] == [0.0, 1.0]
        assert [each["wrongly_shadowed"] is None for each in policy["standings"]] == [True, False]
        assert set(policy["detection"]) == {"median_days", "ninety_percent_days", "already_in_shadow"}


def test_study_modes_prints_the_same_figures_as_tables(run: Run) -> None:
    said = json.loads(run(*SMALL, "--json").stdout)
    printed = run(*SMALL).stdout
    assert "normal returns, seed 7: 5 paths × 1 years" in printed
    for name, policy in said["policies"].items():
        rows = [line.split() for line in printed.splitlines() if line.split()[:1] == [name]]
        assert [row[1] for row in rows[:2]] == ["0.00", "1.00"]
        assert [row[4] for row in rows[:2]] == [f"{each['mode_changes_a_year']:.2f}" for each in policy["standings"]]
        assert [row[3] for row in rows[:2]] == ["–", f"{policy['standings'][1]['wrongly_shadowed']:.1%}"]
        assert rows[2][1] == f"{policy['detection']['median_days']:.0f}"
    assert max(map(len, printed.splitlines())) <= 80


def test_study_modes_takes_the_parameters_of_the_settings(run: Run) -> None:
    said = json.loads(run(*SMALL, "--json", MAESTRO_ORCHESTRATOR__SCORING__PSR_DEMOTE_BELOW="0").stdout)
    never = said["policies"]["probabilistic"]
    assert [each["in_shadow"] for each in never["standings"]] == [0.0, 0.0]
    assert never["detection"] == {"median_days": None, "ninety_percent_days": None, "already_in_shadow": 0.0}
    assert "> 252" in run(*SMALL, MAESTRO_ORCHESTRATOR__SCORING__PSR_DEMOTE_BELOW="0").stdout


@pytest.mark.parametrize("option", [["--years", "0"], ["--paths", "0"], ["--student-t", "2"], ["--true-sharpe", "x"]])
def test_study_modes_wrong_option_is_a_usage_error(run: Run, option: list[str]) -> None:
    result = run(*option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert option[0] in result.stderr


def test_study_modes_of_a_ratio_that_is_no_number_is_refused(run: Run) -> None:
    assert isinstance(run("--true-sharpe", "nan").exception, ConfigurationError)
