"""Percent or fraction: the rule, and where it warns."""

from typing import Any

import pytest

from maestro.migration.fraction import Fraction, NoFraction, as_fraction


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, 0.02),
        ("2%", 0.02),
        (" 2.5 % ", 0.025),
        (0.02, 0.02),
        ("0.02", 0.02),
        (100, 1.0),
        (15.0, 0.15),
        ("100%", 1.0),
    ],
)
def test_fraction_of_a_clear_value_has_no_doubt(value: Any, expected: float) -> None:
    assert as_fraction(value, "max_drawdown") == Fraction(value=expected)


@pytest.mark.parametrize(
    ("value", "key", "expected", "doubt"),
    [
        (0.5, "stop_loss_percentage", 0.5, "50 %"),
        (0.02, "stop_loss_pct", 0.02, "2 %"),
        (1, "max_drawdown", 1.0, "the whole"),
        (1, "stop_loss_percentage", 1.0, "the whole"),
        (-0.1, "max_drawdown", 0.1, "has a sign"),
        (-10, "max_drawdown", 0.1, "has a sign"),
    ],
)
def test_fraction_that_could_be_meant_otherwise_says_how(value: Any, key: str, expected: float, doubt: str) -> None:
    found = as_fraction(value, key)
    assert isinstance(found, Fraction)
    assert found.value == expected
    assert doubt in found.doubt


@pytest.mark.parametrize("text", ["0.5%", "1%"])
def test_fraction_with_a_percent_sign_is_never_in_doubt(text: str) -> None:
    found = as_fraction(text, "stop_loss_percentage")
    assert isinstance(found, Fraction)
    assert found.doubt == ""
    assert found.value == pytest.approx(float(text[:-1]) / 100)


@pytest.mark.parametrize(
    "value", [0, "0%", 1000, "250%", True, None, [], {}, "", "two", "nan", float("inf"), 10**30, "1e999999999", "%"]
)
def test_value_that_is_no_part_of_the_whole_says_why(value: Any) -> None:
    found = as_fraction(value, "max_position_size")
    assert isinstance(found, NoFraction)
    assert found.reason
