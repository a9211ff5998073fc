"""The bounds of every rule."""

import math
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy


def test_policy_defaults_are_those_of_the_contract() -> None:
    policy = DecisionPolicy()
    assert (policy.scoring.reduce, policy.scoring.shadow, policy.scoring.min_returns) == (1.0, 0.5, 5)
    assert (policy.lookback_days, policy.periods_per_year, policy.risk_free_rate) == (30, 252, 0.0)
    assert (policy.systemic_sell_threshold, policy.risk.gross_limit) == (3, 1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("lookback_days", 0),
        ("lookback_days", 61),
        ("periods_per_year", 0),
        ("risk_free_rate", math.nan),
        ("risk_free_rate", math.inf),
        ("systemic_sell_threshold", 0),
        ("drift_band", -0.01),
        ("drift_band", 1.0),
        ("reserve_margin", Decimal("-0.01")),
        ("reserve_margin", Decimal(1)),
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
        ("drift_band", 0.0),
    ],
)
def test_policy_at_its_bounds_is_taken(key: str, value: Any) -> None:
    assert getattr(DecisionPolicy(**{key: value}), key) == value
