"""Differences of two values: every leaf, in an order that does not depend on how the values were built."""

from typing import Any

import pytest

from backend.domain.difference import ABSENT, Difference, differences, leaf_count

NAN = float("nan")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"b": [1, {"c": None}], "a": "x"}, {"a": "x", "b": [1, {"c": None}]}),
        ([1, 2.0, NAN], (1.0, 2, NAN)),  # stores give lists for tuples and whole numbers for whole floats
        ({}, {}),
    ],
)
def test_differences_of_equal_values_are_none(one: Any, other: Any) -> None:
    assert list(differences(one, other)) == []


@pytest.mark.parametrize(
    ("expected", "found", "paths"),
    [
        ({"b": 1, "a": {"z": 1, "y": 2}}, {"a": {"y": 3, "z": 2}, "b": 2}, ["a.y", "a.z", "b"]),
        ({"a": [1, 2, 3]}, {"a": [1, 5]}, ["a[1]", "a[2]"]),
        ({"a": [{"q": "1.0"}]}, {"a": [{"q": "1.00"}]}, ["a[0].q"]),
        ({"a": 1}, {"a": True}, ["a"]),
        ({"a": 0}, {"a": False}, ["a"]),
        ({"a": "1"}, {"a": 1}, ["a"]),
        ({"a": None}, {}, ["a"]),
        ({"a": {"b": 1}}, {"a": [1]}, ["a"]),
        ({"a": []}, {"a": {}}, ["a"]),
        ({"a": NAN}, {"a": 1.0}, ["a"]),
        (1, 2, [""]),
    ],
)
def test_differences_name_every_leaf_in_order(expected: Any, found: Any, paths: list[str]) -> None:
    assert [each.path for each in differences(expected, found)] == paths


def test_difference_of_a_leaf_that_one_side_lacks_is_not_null() -> None:
    assert list(differences({"a": None}, {"b": None})) == [
        Difference(path="a", expected=None, found=ABSENT),
        Difference(path="b", expected=ABSENT, found=None),
    ]


def test_leaf_count_counts_what_can_differ() -> None:
    assert leaf_count({"a": [1, 2, {"b": "text"}], "c": None, "d": []}) == 4
