"""A tenant's document over the defaults: each key where it belongs, and nothing else gets in."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.configuration import configured
from backend.domain.errors import ConfigurationError
from backend.domain.mode import UnscoredMode
from backend.domain.policy import AllocationMethod, DecisionPolicy, ModePolicyName

DEFAULTS = DecisionPolicy()
# key, a value, the policy's field ("scoring." and "probabilistic." for theirs), what the field holds then
KEYS: list[tuple[str, Any, str, Any]] = [
    ("mode_policy", "probabilistic", "mode_policy", ModePolicyName.PROBABILISTIC),
    ("sharpe_threshold_reduce", 1.5, "scoring.reduce", 1.5),
    ("sharpe_threshold_shadow", 0, "scoring.shadow", 0.0),
    ("min_returns", 10, "scoring.min_returns", 10),
    ("unscored_mode", "probation", "scoring.unscored", UnscoredMode.PROBATION),
    ("psr_benchmark_sharpe", 1, "probabilistic.benchmark_sharpe", 1.0),
    ("psr_demote_below", 0.05, "probabilistic.demote_below", 0.05),
    ("psr_promote_above", 0.75, "probabilistic.promote_above", 0.75),
    ("psr_min_dwell_days", 5.0, "probabilistic.min_dwell_days", 5),
    ("psr_lookback_returns", 50, "probabilistic.lookback_returns", 50),
    ("psr_min_returns", 30, "probabilistic.min_returns", 30),
    ("performance_lookback_days", 60.0, "lookback_days", 60),
    ("periods_per_year", 365, "periods_per_year", 365),
    ("risk_free_rate", 0.04, "risk_free_rate", 0.04),
    ("systemic_sell_threshold", 2, "systemic_sell_threshold", 2),
    ("gross_limit", 2, "gross_limit", 2.0),
    ("allocation_method", "equal_weight", "allocation", AllocationMethod.EQUAL_WEIGHT),
    ("base_weights", {"trend": 0.3}, "base_weights", {"trend": 0.3}),
    ("disabled_strategies", ["trend", "rsi"], "disabled", frozenset({"trend", "rsi"})),
    ("drawdown_warning", 0.05, "breakers.drawdown_warning", 0.05),
    ("drawdown_reduce", 0.2, "breakers.drawdown_reduce", 0.2),
    ("drawdown_halt", 1, "breakers.drawdown_halt", 1.0),
    ("daily_loss_limit", 0.02, "breakers.daily_loss_limit", 0.02),
    ("failure_cascade_count", 0, "breakers.failure_cascade_count", 0),
    ("failure_cascade_minutes", 30.0, "breakers.failure_cascade_minutes", 30),
    ("equity_jump_limit", 2, "breakers.equity_jump_limit", 2.0),
    ("price_jump_limit", 0.3, "breakers.price_jump_limit", 0.3),
    ("jump_confirmations", 5, "breakers.jump_confirmations", 5),
    ("stale_after_days", 0, "breakers.stale_after_days", 0),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def held(policy: DecisionPolicy, path: str) -> Any:
    value: Any = policy
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(("key", "value", "path", "expected"), KEYS, ids=[key for key, *_ in KEYS])
def test_configuration_key_sets_its_field_and_no_other(key: str, value: Any, path: str, expected: Any) -> None:
    policy = configured(DEFAULTS, {key: value})
    assert held(policy, path) == expected
    assert type(held(policy, path)) is type(expected)
    changed = {other for _, _, other, _ in KEYS if held(policy, other) != held(DEFAULTS, other)}
    assert changed == {path}


def test_configuration_takes_all_keys_together() -> None:
    policy = configured(DEFAULTS, {key: value for key, value, _, _ in KEYS})
    assert {path: held(policy, path) for _, _, path, _ in KEYS} == {path: expected for _, _, path, expected in KEYS}


@pytest.mark.parametrize("document", [{}, {"version": 3, "updated_at": "2026-01-30", "updated_by": "anna"}])
def test_configuration_without_rules_leaves_the_defaults(document: dict[str, Any]) -> None:
    assert configured(DEFAULTS, document) is DEFAULTS


def test_configuration_keeps_what_the_defaults_were_told() -> None:
    ours = configured(DEFAULTS, {"sharpe_threshold_reduce": 2.0, "gross_limit": 0.5})
    policy = configured(ours, {"sharpe_threshold_shadow": 0.1})
    assert (policy.scoring.reduce, policy.scoring.shadow, policy.gross_limit) == (2.0, 0.1, 0.5)


def test_configuration_of_the_unscored_mode_is_that_of_both_policies() -> None:
    policy = configured(DEFAULTS, {"unscored_mode": "probation"})
    assert (policy.scoring.unscored, policy.probabilistic.unscored) == (UnscoredMode.PROBATION, UnscoredMode.PROBATION)


def test_configuration_that_names_the_other_policy_keeps_what_either_was_told() -> None:
    ours = configured(DEFAULTS, {"sharpe_threshold_reduce": 2.0, "psr_demote_below": 0.2})
    policy = configured(ours, {"mode_policy": "probabilistic"})
    assert policy.modes == policy.probabilistic == ours.probabilistic
    assert policy.probabilistic.demote_below == 0.2
    assert configured(policy, {"mode_policy": "threshold"}).modes == ours.scoring
    assert ours.scoring.reduce == 2.0


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("sharpe_threshold_shadw", "sharpe_threshold_shadow"),
        ("gross_limits", "gross_limit"),
        ("lookback_days", "performance_lookback_days"),
        ("disabled_strategy", "disabled_strategies"),
        ("psr_demote", "psr_demote_below"),
    ],
)
def test_configuration_with_an_unknown_key_names_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(ConfigurationError, match=f"unknown key '{key}'; did you mean {nearest}"):
        configured(DEFAULTS, {key: 1})


def test_configuration_with_a_key_like_no_other_names_all_of_them() -> None:
    with pytest.raises(ConfigurationError, match="unknown key 'zzz'; known keys: ") as caught:
        configured(DEFAULTS, {"zzz": 1})
    assert [key for key, *_ in KEYS if key not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sharpe_threshold_reduce", "1.0"),
        ("sharpe_threshold_reduce", True),
        ("sharpe_threshold_reduce", None),
        ("sharpe_threshold_reduce", [1.0]),
        ("sharpe_threshold_reduce", math.nan),
        ("sharpe_threshold_reduce", 10**400),
        ("min_returns", 5.5),
        ("min_returns", 1),
        ("min_returns", "5"),
        ("mode_policy", "bayesian"),
        ("psr_benchmark_sharpe", math.nan),
        ("psr_demote_below", "0.1"),
        ("psr_demote_below", 0.7),
        ("psr_promote_above", 1.5),
        ("psr_promote_above", True),
        ("psr_min_dwell_days", 2.5),
        ("psr_min_dwell_days", 61),
        ("psr_lookback_returns", 61),
        ("psr_lookback_returns", math.inf),
        ("psr_min_returns", 61),
        ("unscored_mode", "none"),
        ("unscored_mode", []),
        ("performance_lookback_days", math.inf),
        ("performance_lookback_days", -math.inf),
        ("performance_lookback_days", math.nan),
        ("performance_lookback_days", 90),
        ("systemic_sell_threshold", 0),
        ("gross_limit", -1),
        ("allocation_method", "risk_parity"),
        ("base_weights", {"trend": "0.5"}),
        ("base_weights", {"trend": None}),
        ("base_weights", {"trend": [0.5]}),
        ("base_weights", {"trend": 1.5}),
        ("base_weights", ["ab"]),
        ("base_weights", 0.5),
        ("disabled_strategies", "trend"),
        ("disabled_strategies", 5),
        ("disabled_strategies", [["trend"]]),
        ("disabled_strategies", ["trend", 5]),
        ("disabled_strategies", None),
        ("drawdown_warning", 0.16),
        ("drawdown_reduce", 0.21),
        ("drawdown_halt", 0.14),
        ("drawdown_halt", "0.3"),
        ("daily_loss_limit", 0),
        ("failure_cascade_count", -1),
        ("failure_cascade_minutes", 2.5),
        ("equity_jump_limit", math.inf),
        ("price_jump_limit", math.nan),
        ("jump_confirmations", 0),
        ("stale_after_days", True),
    ],
    ids=repr,
)
def test_configuration_of_a_wrong_kind_names_its_key(key: str, value: Any) -> None:
    field = next(path for name, _, path, _ in KEYS if name == key).rpartition(".")[2]
    with pytest.raises(ConfigurationError, match=f"{key}|{field}"):
        configured(DEFAULTS, {key: value})


def test_configuration_with_thresholds_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="shadow ≤ reduce"):
        configured(DEFAULTS, {"sharpe_threshold_shadow": 1.5})


@settings(derandomize=True, max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from([key for key, *_ in KEYS]), json_values, min_size=1, max_size=3)
    | st.dictionaries(st.text(max_size=12), json_values, max_size=3)
)
def test_configuration_of_any_json_is_a_policy_or_a_configuration_error(document: dict[str, Any]) -> None:
    try:
        policy = configured(DEFAULTS, document)
    except ConfigurationError:
        return
    weights = policy.weights(["trend", "rsi"])
    assert all(type(weight) is float and 0.0 <= weight <= 1.0 for weight in weights.values())
    assert all(type(name) is str for name in policy.disabled)
    assert 1 <= policy.lookback_days <= 60
