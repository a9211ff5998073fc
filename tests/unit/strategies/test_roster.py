"""Discovery: what is found, what is left alone, and how a fault is reported without stopping the rest."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend.domain.errors import ConfigurationError
from functions.strategies.base import BaseStrategy
from functions.strategies.roster import Roster, discover, given

STRATEGY = """
from functions.strategies.base import BaseStrategy

class {name}(BaseStrategy):
    def __init__(self, days=20):
        self.days = days
    def evaluate(self, market_data, account_snapshot, regime=None):
        return self.hold()
"""

Package = Callable[[Mapping[str, str]], str]


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Package]:
    """Write files below a package of a fresh name; every folder on the way becomes a package."""
    made = []

    def write(files: Mapping[str, str]) -> str:
        name = f"fund_{uuid4().hex}"
        made.append(name)
        for file, text in {"__init__.py": "", **files}.items():
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in path.relative_to(tmp_path).parents[:-1]:
                (tmp_path / folder / "__init__.py").touch()
            path.write_text(text)
        importlib.invalidate_caches()
        return name

    sys.path.insert(0, str(tmp_path))
    yield write
    sys.path.remove(str(tmp_path))
    for module in [module for module in sys.modules if module.partition(".")[0] in made]:
        del sys.modules[module]


def names(roster: Roster) -> list[str]:
    return [strategy.name for strategy in roster.strategies]


def test_library_is_discovered_whole() -> None:
    roster = discover()
    assert names(roster) == [
        "bollinger_reversion",
        "cross_sectional_momentum",
        "donchian_breakout",
        "moving_average_crossover",
        "rsi_reversion",
        "time_series_momentum",
        "volatility_targeted_trend",
    ]
    assert roster.load_errors == {}


def test_further_package_is_searched_to_its_depth_and_sorted_by_name(package: Package) -> None:
    name = package({"zebra.py": STRATEGY.format(name="Zebra"), "deep/er/ant.py": STRATEGY.format(name="Ant")})
    roster = discover(["functions.strategies.library", name])
    assert names(roster)[0] == "ant"
    assert names(roster)[-1] == "zebra"
    assert len(roster.strategies) == 9


@pytest.mark.parametrize(
    "file",
    [
        "test_rule.py",
        "rule_test.py",
        "conftest.py",
        "example.py",
        "examples.py",
        "example_rule.py",
        "tests/rule.py",
        "test/rule.py",
        "deep/examples/rule.py",
        "example/rule.py",
    ],
)
def test_tests_and_examples_are_not_even_imported(package: Package, file: str) -> None:
    name = package({file: "raise SystemExit('imported')", "latest.py": STRATEGY.format(name="Latest")})
    roster = discover([name])
    assert names(roster) == ["latest"]
    assert roster.load_errors == {}


def test_classes_that_are_imported_or_abstract_are_left_alone(package: Package) -> None:
    abstract = "from functions.strategies.base import BaseStrategy\nclass Half(BaseStrategy):\n    pass\n"
    name = package({"half.py": abstract, "whole.py": STRATEGY.format(name="Whole")})
    imports = f"from {name}.whole import Whole\nfrom functions.strategies.base import BaseStrategy\nAlias = Whole\n"
    other = package({"imports.py": imports})
    assert names(discover([name, other])) == ["whole"]
    assert discover([other]) == Roster()


def test_overlapping_packages_find_a_strategy_once(package: Package) -> None:
    name = package({"deep/rule.py": STRATEGY.format(name="Rule")})
    roster = discover([name, f"{name}.deep", name])
    assert names(roster) == ["rule"]
    assert roster.load_errors == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import a_module_that_is_not_there", "ModuleNotFoundError: No module named 'a_module_that_is_not_there'"),
        ("def broken(:\n", "SyntaxError: invalid syntax (faulty.py:1)"),
        ("\n1 / 0", "ZeroDivisionError: division by zero (faulty.py:2)"),
        ("raise SystemExit(1)", "SystemExit: 1 (faulty.py:1)"),
    ],
)
def test_module_that_does_not_import_is_reported_and_stops_nobody(package: Package, text: str, said: str) -> None:
    name = package({"faulty.py": text, "good.py": STRATEGY.format(name="Good")})
    roster = discover([name])
    assert names(roster) == ["good"]
    assert set(roster.load_errors) == {f"{name}.faulty"}
    assert said in roster.load_errors[f"{name}.faulty"]
    assert "\n" not in roster.load_errors[f"{name}.faulty"]


def test_class_that_cannot_be_built_is_reported_and_stops_nobody(package: Package) -> None:
    faulty = STRATEGY.format(name="Faulty") + "\nclass Needy(Faulty):\n    def __init__(self, days): ...\n"
    name = package({"rules.py": faulty})
    roster = discover([name])
    assert names(roster) == ["faulty"]
    assert "missing 1 required positional argument: 'days'" in roster.load_errors[f"{name}.rules.Needy"]


def test_parameters_reach_the_strategy_they_are_named_for(package: Package) -> None:
    name = package({"rules.py": STRATEGY.format(name="One") + STRATEGY.format(name="Two")})
    one, two = discover([name], {"two": {"days": 50}}).strategies
    assert (vars(one), vars(two)) == ({"days": 20}, {"days": 50})


def test_wrong_parameters_are_reported() -> None:
    parameters: dict[str, Any] = {
        "rsi_reversion": {"period": 0},
        "donchian_breakout": {"entry": 3},
        "no_such_rule": {"days": 3},
    }
    roster = discover(parameters=parameters)
    library = "functions.strategies.library"
    assert len(roster.strategies) == 5
    errors = roster.load_errors
    assert "rsi_reversion.period: expected" in errors[f"{library}.rsi_reversion.RsiReversion"]
    assert "unexpected keyword argument 'entry'" in errors[f"{library}.donchian_breakout.DonchianBreakout"]
    assert "found 'no_such_rule'" in errors["no_such_rule"]


def test_two_strategies_of_one_name_are_both_named_and_neither_runs(package: Package) -> None:
    twin = STRATEGY.format(name="Twin")
    name = package({"a.py": twin, "b.py": twin, "good.py": STRATEGY.format(name="Good")})
    roster = discover([name])
    assert names(roster) == ["good"]
    assert set(roster.load_errors) == {f"{name}.a.Twin", f"{name}.b.Twin"}
    for reason in roster.load_errors.values():
        assert f"{name}.a.Twin and {name}.b.Twin" in reason


@pytest.mark.parametrize("bad", ["", " ", "a/b", "a__b", "x" * 101])
def test_name_that_cannot_be_part_of_a_record_is_refused(package: Package, bad: str) -> None:
    name = package({"rule.py": STRATEGY.format(name="Rule") + f"    name = {bad!r}\n"})
    roster = discover([name])
    assert roster.strategies == ()
    assert "expected a name of 1 to 100 characters" in roster.load_errors[f"{name}.rule.Rule"]


@pytest.mark.parametrize("missing", ["no_such_fund", "no_such_fund.rules", "functions.strategies.no_such_library"])
def test_missing_package_says_what_to_do(missing: str) -> None:
    roster = discover(["functions.strategies.library", missing])
    assert len(roster.strategies) == 7
    assert set(roster.load_errors) == {missing}
    assert f"expected a package named {missing}, found none; create it" in roster.load_errors[missing]


def test_given_strategies_are_sorted_and_must_differ_in_name() -> None:
    class B(BaseStrategy):
        def evaluate(self, market_data: Any, account_snapshot: Any, regime: Any = None) -> Any:
            return self.hold()

    class A(B):
        pass

    assert names(given([B(), A()])) == ["a", "b"]
    with pytest.raises(ConfigurationError, match="expected one strategy named 'a', found A and A; rename"):
        given([A(), B(), A()])
