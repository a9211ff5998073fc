"""Base weights by hand, and the bounds of every rule."""

import math
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.policy import AllocationMethod, DecisionPolicy

EQUAL = AllocationMethod.EQUAL_WEIGHT


def test_policy_defaults_are_those_of_the_contract() -> None:
    policy = DecisionPolicy()
    assert (policy.scoring.reduce, policy.scoring.shadow, policy.scoring.min_returns) == (1.0, 0.5, 5)
    assert (policy.lookback_days, policy.periods_per_year, policy.risk_free_rate) == (30, 252, 0.0)
    assert (policy.systemic_sell_threshold, policy.gross_limit) == (3, 1.0)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (DecisionPolicy(), {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}),
        (DecisionPolicy(allocation=EQUAL), {"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}),
        # the disabled one takes no share of what the others divide
        (DecisionPolicy(allocation=EQUAL, disabled=frozenset({"a", "b"})), {"a": 0.5, "b": 0.5, "c": 0.5, "d": 0.5}),
        (DecisionPolicy(base_weights={"a": 0.1, "z": 0.9}), {"a": 0.1, "b": 1.0, "c": 1.0, "d": 1.0}),
        (DecisionPolicy(allocation=EQUAL, base_weights={"a": 0.0}), {"a": 0.0, "b": 0.25, "c": 0.25, "d": 0.25}),
        (DecisionPolicy(allocation=EQUAL, disabled=frozenset("abcd")), {"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}),
    ],
    ids=["full", "equal", "equal-disabled", "configured", "configured-over-equal", "all-disabled"],
)
def test_policy_weights(policy: DecisionPolicy, expected: dict[str, float]) -> None:
    assert policy.weights(["a", "b", "c", "d"]) == expected


def test_policy_weights_keep_the_order_of_the_strategies() -> None:
    policy = DecisionPolicy(base_weights={"a": 0.1, "b": 0.2})
    assert list(policy.weights(["b", "c", "a"]).items()) == [("b", 0.2), ("c", 1.0), ("a", 0.1)]


def test_policy_weights_of_nobody_are_none() -> None:
    assert DecisionPolicy(allocation=EQUAL).weights([]) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lookback_days", 0),
        ("lookback_days", 61),
        ("periods_per_year", 0),
        ("risk_free_rate", math.nan),
        ("risk_free_rate", math.inf),
        ("systemic_sell_threshold", 0),
        ("gross_limit", 0.0),
        ("gross_limit", math.nextafter(4.0, 5.0)),
        ("gross_limit", math.nan),
        ("drift_band", -0.01),
        ("drift_band", 1.0),
        ("reserve_margin", Decimal("-0.01")),
        ("reserve_margin", Decimal(1)),
        ("base_weights", {"a": 1.01}),
        ("base_weights", {"a": -0.01}),
        ("base_weights", {"a": math.nan}),
    ],
)
def test_policy_out_of_range_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"{key}.*: expected .*, found .*; correct the configuration"):
        DecisionPolicy(**{key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lookback_days", 1),
        ("lookback_days", 60),
        ("periods_per_year", 1),
        ("systemic_sell_threshold", 1),
        ("gross_limit", 4.0),
        ("gross_limit", 0.01),
        ("drift_band", 0.0),
        ("base_weights", {"a": 0.0, "b": 1.0}),
    ],
)
def test_policy_at_its_bounds_is_taken(key: str, value: Any) -> None:
    assert getattr(DecisionPolicy(**{key: value}), key) == value
