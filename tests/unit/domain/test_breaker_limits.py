"""The bounds of every limit, and that a limit means what was written."""

import math
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.breaker_limits import BreakerLimits, exact
from backend.domain.errors import ConfigurationError
from backend.domain.policy import DecisionPolicy


def test_breaker_limits_of_a_policy_are_the_defaults() -> None:
    limits = DecisionPolicy().breakers
    assert (limits.warning_level, limits.reduce_level, limits.max_drawdown) == (0.10, 0.15, 0.20)
    assert (limits.daily_loss_limit, limits.equity_jump_limit, limits.price_jump_limit) == (0.05, 0.20, 0.50)
    assert (limits.failure_cascade_count, limits.failure_cascade_minutes) == (3, 60)
    assert (limits.jump_confirmations, limits.stale_after_days) == (3, 5)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"drawdown_warning": 0.0}, "drawdown_warning"),
        ({"drawdown_warning": math.nan}, "drawdown_warning"),
        ({"drawdown_warning": 0.16}, "drawdown_reduce"),  # the next level descends
        ({"drawdown_reduce": 0.21}, "max_portfolio_drawdown"),
        ({"max_drawdown": 0.14, "drawdown_reduce": 0.15}, "max_portfolio_drawdown"),
        ({"max_drawdown": math.nextafter(1.0, 2.0)}, "max_portfolio_drawdown"),
        ({"recovery_minutes": 0}, "recovery_minutes"),
        ({"daily_loss_limit": 0.0}, "daily_loss_limit"),
        ({"daily_loss_limit": 1.01}, "daily_loss_limit"),
        ({"failure_cascade_count": -1}, "failure_cascade_count"),
        ({"failure_cascade_minutes": 0}, "failure_cascade_minutes"),
        ({"failure_cascade_minutes": 43_201}, "failure_cascade_minutes"),
        ({"equity_jump_limit": 0.0}, "equity_jump_limit"),
        ({"equity_jump_limit": math.inf}, "equity_jump_limit"),
        ({"price_jump_limit": -0.1}, "price_jump_limit"),
        ({"price_jump_limit": math.nan}, "price_jump_limit"),
        ({"jump_confirmations": 0}, "jump_confirmations"),
        ({"stale_after_days": -1}, "stale_after_days"),
    ],
    ids=repr,
)
def test_breaker_limit_out_of_range_is_refused(given: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{key}: expected .*, found .*; correct the configuration$"):
        BreakerLimits(**given)


@pytest.mark.parametrize(
    "given",
    [
        {"drawdown_warning": 1.0, "drawdown_reduce": 1.0, "max_drawdown": 1.0},
        {"drawdown_warning": 0.2, "drawdown_reduce": 0.2, "max_drawdown": 0.2},
        {"max_drawdown": 1},
        {"daily_loss_limit": 1.0},
        {"failure_cascade_count": 0},
        {"failure_cascade_minutes": 43_200},
        {"equity_jump_limit": 20.0, "price_jump_limit": 1.5},
        {"jump_confirmations": 1, "stale_after_days": 0},
    ],
    ids=repr,
)
def test_breaker_limit_at_its_bounds_is_taken(given: dict[str, Any]) -> None:
    limits = BreakerLimits(**given)
    assert {key: getattr(limits, key) for key in given} == given


@pytest.mark.parametrize(("limit", "written"), [(0.1, "0.1"), (0.15, "0.15"), (1, "1"), (5e-05, "0.00005")])
def test_exact_limit_is_the_decimal_that_was_written(limit: float, written: str) -> None:
    assert exact(limit) == Decimal(written)
