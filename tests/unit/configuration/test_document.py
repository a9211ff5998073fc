"""A tenant's document over the defaults: each key where it belongs, and nothing else gets in."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from backend.configuration import OrchestratorSettings, configured
from backend.configuration.execution import ExecutionSettings
from backend.domain.alert_rules import AlertRules
from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from backend.domain.breaker_limits import EmergencyStop
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.errors import ConfigurationError
from backend.domain.mode import UnscoredMode
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.settings_sources import merged

DEFAULTS = DecisionPolicy()
# key, a value, the policy's field ("scoring." and "probabilistic." for theirs), what the field holds then
KEYS: list[tuple[str, Any, str, Any]] = [
    ("scoring.mode_policy", "probabilistic", "mode_policy", ModePolicyName.PROBABILISTIC),
    ("scoring.sharpe_threshold_reduce", 1.5, "scoring.reduce", 1.5),
    ("scoring.sharpe_threshold_shadow", 0, "scoring.shadow", 0.0),
    ("scoring.min_returns", 10, "scoring.min_returns", 10),
    ("scoring.unscored_mode", "probation", "scoring.unscored", UnscoredMode.PROBATION),
    ("scoring.psr_benchmark_sharpe", 1, "probabilistic.benchmark_sharpe", 1.0),
    ("scoring.psr_demote_below", 0.05, "probabilistic.demote_below", 0.05),
    ("scoring.psr_promote_above", 0.75, "probabilistic.promote_above", 0.75),
    ("scoring.psr_min_dwell_days", 5.0, "probabilistic.min_dwell_days", 5),
    ("scoring.psr_lookback_returns", 50, "probabilistic.lookback_returns", 50),
    ("scoring.psr_min_returns", 30, "probabilistic.min_returns", 30),
    ("scoring.performance_lookback_days", 60.0, "lookback_days", 60),
    ("scoring.periods_per_year", 365, "periods_per_year", 365),
    ("scoring.risk_free_rate", 0.04, "risk_free_rate", 0.04),
    ("scoring.systemic_sell_threshold", 2, "systemic_sell_threshold", 2),
    ("risk.gross_limit", 2, "risk.gross_limit", 2.0),
    ("allocation.method", "equal_weight", "allocation.method", AllocationMethod.EQUAL_WEIGHT),
    ("allocation.base_weights", {"trend": 0.3}, "allocation.base_weights", {"trend": 0.3}),
    ("disabled_strategies", ["trend", "rsi"], "disabled", frozenset({"trend", "rsi"})),
    ("monitoring.alert_thresholds.drawdown", 0.05, "breakers.drawdown_warning", 0.05),
    ("risk.drawdown_reduce", 0.2, "breakers.drawdown_reduce", 0.2),
    ("risk.max_portfolio_drawdown", 1, "breakers.max_drawdown", 1.0),
    ("risk.daily_loss_limit", 0.02, "breakers.daily_loss_limit", 0.02),
    ("risk.failure_cascade_count", 0, "breakers.failure_cascade_count", 0),
    ("risk.failure_cascade_minutes", 30.0, "breakers.failure_cascade_minutes", 30),
    ("risk.equity_jump_limit", 2, "breakers.equity_jump_limit", 2.0),
    ("risk.price_jump_limit", 0.3, "breakers.price_jump_limit", 0.3),
    ("risk.jump_confirmations", 5, "breakers.jump_confirmations", 5),
    ("risk.stale_after_days", 0, "breakers.stale_after_days", 0),
]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def nested(key: str, value: Any) -> dict[str, Any]:
    """Put a value where a dotted key says."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return value  # type: ignore[no-any-return]


def document_of(values: dict[str, Any]) -> dict[str, Any]:
    return merged(*(nested(key, value) for key, value in values.items()))


def held(policy: DecisionPolicy, path: str) -> Any:
    value: Any = policy
    for name in path.split("."):
        value = getattr(value, name)
    return value


@pytest.mark.parametrize(("key", "value", "path", "expected"), KEYS, ids=[key for key, *_ in KEYS])
def test_configuration_key_sets_its_field_and_no_other(key: str, value: Any, path: str, expected: Any) -> None:
    policy = configured(DEFAULTS, nested(key, value))
    assert held(policy, path) == expected
    assert type(held(policy, path)) is type(expected)
    changed = {other for _, _, other, _ in KEYS if held(policy, other) != held(DEFAULTS, other)}
    assert changed == {path}


def test_configuration_takes_all_keys_together() -> None:
    policy = configured(DEFAULTS, document_of({key: value for key, value, _, _ in KEYS}))
    assert {path: held(policy, path) for _, _, path, _ in KEYS} == {path: expected for _, _, path, expected in KEYS}


@pytest.mark.parametrize("document", [{}, {"version": 3, "updated_at": "2026-01-30", "updated_by": "anna"}])
def test_configuration_without_rules_leaves_the_defaults(document: dict[str, Any]) -> None:
    assert configured(DEFAULTS, document) is DEFAULTS


def test_configuration_keeps_what_the_defaults_were_told() -> None:
    ours = configured(DEFAULTS, {"scoring": {"sharpe_threshold_reduce": 2.0}, "risk": {"gross_limit": 0.5}})
    policy = configured(ours, {"scoring": {"sharpe_threshold_shadow": 0.1}})
    assert (policy.scoring.reduce, policy.scoring.shadow, policy.risk.gross_limit) == (2.0, 0.1, 0.5)


def test_configuration_of_the_unscored_mode_is_that_of_both_policies() -> None:
    policy = configured(DEFAULTS, {"scoring": {"unscored_mode": "probation"}})
    assert (policy.scoring.unscored, policy.probabilistic.unscored) == (UnscoredMode.PROBATION, UnscoredMode.PROBATION)


def test_configuration_that_names_the_other_policy_keeps_what_either_was_told() -> None:
    ours = configured(DEFAULTS, {"scoring": {"sharpe_threshold_reduce": 2.0, "psr_demote_below": 0.2}})
    policy = configured(ours, {"scoring": {"mode_policy": "probabilistic"}})
    assert policy.modes == policy.probabilistic == ours.probabilistic
    assert policy.probabilistic.demote_below == 0.2
    assert configured(policy, {"scoring": {"mode_policy": "threshold"}}).modes == ours.scoring
    assert ours.scoring.reduce == 2.0


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("scoring.sharpe_threshold_shadw", "scoring.sharpe_threshold_shadow"),
        ("risk.gross_limits", "risk.gross_limit"),
        ("scoring.lookback_days", "scoring.performance_lookback_days"),
        ("disabled_strategy", "disabled_strategies"),
        ("scoring.psr_demote", "scoring.psr_demote_below"),
        ("alocation", "allocation"),
        ("periods_per_year", "scoring.periods_per_year"),
    ],
)
def test_configuration_with_an_unknown_key_names_the_nearest(key: str, nearest: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"{key}: expected a known .*, found an unknown key; did you mean {nearest}\?"
    ):
        configured(DEFAULTS, nested(key, 1))


def test_configuration_with_a_key_like_no_other_names_all_of_its_block() -> None:
    with pytest.raises(ConfigurationError, match=r"execution\.zzz: expected a known setting.*known keys: ") as caught:
        configured(DEFAULTS, {"execution": {"zzz": 1}})
    assert [key for key in ExecutionSettings.model_fields if key not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("scoring.sharpe_threshold_reduce", True),
        ("scoring.sharpe_threshold_reduce", None),
        ("scoring.sharpe_threshold_reduce", [1.0]),
        ("scoring.sharpe_threshold_reduce", math.nan),
        ("scoring.sharpe_threshold_reduce", 10**400),
        ("scoring.min_returns", 5.5),
        ("scoring.min_returns", 1),
        ("scoring.mode_policy", "bayesian"),
        ("scoring.psr_benchmark_sharpe", math.nan),
        ("scoring.psr_demote_below", 0.7),
        ("scoring.psr_promote_above", 1.5),
        ("scoring.psr_promote_above", True),
        ("scoring.psr_min_dwell_days", 2.5),
        ("scoring.psr_min_dwell_days", 61),
        ("scoring.psr_lookback_returns", 61),
        ("scoring.psr_lookback_returns", math.inf),
        ("scoring.psr_min_returns", 61),
        ("scoring.unscored_mode", "none"),
        ("scoring.unscored_mode", []),
        ("scoring.performance_lookback_days", math.inf),
        ("scoring.performance_lookback_days", -math.inf),
        ("scoring.performance_lookback_days", math.nan),
        ("scoring.performance_lookback_days", 90),
        ("scoring.systemic_sell_threshold", 0),
        ("risk.gross_limit", -1),
        ("allocation.method", "risk_party"),
        ("allocation.base_weights", {"trend": None}),
        ("allocation.base_weights", {"trend": [0.5]}),
        ("allocation.base_weights", {"trend": 1.5}),
        ("allocation.base_weights", ["ab"]),
        ("allocation.base_weights", 0.5),
        ("disabled_strategies", 5),
        ("disabled_strategies", [["trend"]]),
        ("disabled_strategies", ["trend", 5]),
        ("disabled_strategies", None),
        ("monitoring.alert_thresholds.drawdown", 0.16),
        ("risk.drawdown_reduce", 0.21),
        ("risk.daily_loss_limit", 0),
        ("risk.failure_cascade_count", -1),
        ("risk.failure_cascade_minutes", 2.5),
        ("risk.equity_jump_limit", math.inf),
        ("risk.price_jump_limit", math.nan),
        ("risk.jump_confirmations", 0),
        ("risk.stale_after_days", True),
    ],
    ids=repr,
)
def test_configuration_of_a_wrong_kind_names_its_key(key: str, value: Any) -> None:
    field = next(path for name, _, path, _ in KEYS if name == key).rpartition(".")[2]
    with pytest.raises(ConfigurationError, match=f"{key}|{field}"):
        configured(DEFAULTS, nested(key, value))


def test_configuration_with_thresholds_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="shadow ≤ reduce"):
        configured(DEFAULTS, {"scoring": {"sharpe_threshold_shadow": 1.5}})


def leaves(model: type[BaseModel], path: str = "") -> Iterator[str]:
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from leaves(kind, f"{path}{name}.")
        else:
            yield f"{path}{name}"


plausible = (
    st.floats(-0.2, 1.2)
    | st.integers(-1, 70)
    | st.sampled_from(["equal_weight", "risk_parity", "weekly", "none", "1d", "a,b"])
    | st.lists(st.sampled_from(["max_drawdown_exceeded", "high_correlation", "email", "a"]), max_size=3)
    | st.dictionaries(st.sampled_from("ab"), st.floats(0, 1), max_size=2)
    | st.lists(
        st.fixed_dictionaries(
            {"type": st.sampled_from(["RSIStrategy", ""]), "name": st.sampled_from(["a", "b", "a__b"])},
            optional={
                "allocation_weight": st.floats(-1, 3),
                "parameters": json_values,
                "timeframe": st.text(max_size=3),
            },
        ),
        max_size=2,
    )
)


@settings(derandomize=True, max_examples=1500, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(leaves(OrchestratorSettings))), plausible | json_values, max_size=4).map(
        document_of
    )
    | st.dictionaries(st.sampled_from(sorted(OrchestratorSettings.model_fields)) | st.text(max_size=9), json_values)
)
def test_configuration_of_any_json_is_a_policy_or_a_configuration_error(document: dict[str, Any]) -> None:
    try:
        policy = configured(DEFAULTS, document)
    except ConfigurationError:
        return
    assert all(type(name) is str for name in policy.disabled)
    assert 1 <= policy.lookback_days <= 60
    assert read_canonical_json(canonical_json(policy)) is not None  # it can be logged with a decision


# Every key of the seed's YAML as the seed writes it, and what of the policy says it.
SEED = """
allocation:
  method: "performance_based"
  rebalance_frequency: "daily"
  min_allocation: 0.01
  max_allocation: 0.25
  allocation_constraints:
    high_risk_strategies: 0.15
risk:
  max_portfolio_drawdown: 0.10
  max_strategy_correlation: 0.80
  position_size_limit: 0.05
  stop_loss_threshold: 0.02
  emergency_stop_conditions:
    - "max_drawdown_exceeded"
    - "correlation_too_high"
    - "strategy_failure_cascade"
monitoring:
  performance_tracking: true
  alert_thresholds:
    drawdown: 0.05
    correlation: 0.75
    underperformance: -0.10
  notification_channels: ["console", "email"]
strategies:
  - type: "MovingAverageStrategy"
    name: "ma_short"
    enabled: true
    allocation_weight: 1.0
    parameters:
      short_period: 10
      long_period: 20
    symbols: ["BTC/USDT", "ETH/USDT"]
    timeframe: "1h"
  - type: "RSIStrategy"
    name: "rsi_oversold"
    enabled: true
    allocation_weight: 1.0
    parameters:
      period: 14
      oversold: 30
      overbought: 70
    symbols: ["BTC/USDT", "ETH/USDT"]
    timeframe: "4h"
"""


def test_configuration_of_the_seed_is_taken_as_it_is() -> None:
    policy = configured(DEFAULTS, yaml.safe_load(SEED))
    allocation, risk, breakers = policy.allocation, policy.risk, policy.breakers
    assert (allocation.method, allocation.rebalance) == (
        AllocationMethod.PERFORMANCE_BASED,
        RebalanceFrequency.DAILY,
    )
    assert (allocation.min_weight, allocation.max_weight) == (0.01, 0.25)
    assert allocation.caps == {"high_risk_strategies": 0.15}
    assert (breakers.max_drawdown, breakers.reduce_level, breakers.warning_level) == (0.10, 0.075, 0.05)
    assert breakers.emergency_stops == frozenset(EmergencyStop)
    assert (risk.max_strategy_correlation, risk.position_size_limit, risk.stop_loss_threshold) == (0.80, 0.05, 0.02)
    assert policy.alerts == AlertRules(correlation=0.75, underperformance=-0.10, channels=("console", "email"))
    first, second = policy.strategies
    assert (first.name, first.kind, first.timeframe) == ("ma_short", "MovingAverageStrategy", "1h")
    assert second.parameters == {"period": 14, "oversold": 30, "overbought": 70}
    assert second.symbols == ("BTC/USDT", "ETH/USDT")


def test_configuration_key_under_two_names_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"risk\.max_portfolio_drawdown: expected it once"):
        configured(DEFAULTS, {"risk": {"max_drawdown": 0.1, "max_portfolio_drawdown": 0.1}})


@pytest.mark.parametrize(
    ("alias", "path", "value"),
    [
        ("max_drawdown", "breakers.max_drawdown", 0.1),
        ("max_correlation", "risk.max_strategy_correlation", 0.7),
        ("max_position_size", "risk.position_size_limit", 0.3),
        ("max_leverage", "risk.gross_limit", 2.0),
        ("stop_loss", "risk.stop_loss_threshold", 0.02),
    ],
)
def test_configuration_key_goes_by_other_names(alias: str, path: str, value: float) -> None:
    assert held(configured(DEFAULTS, {"risk": {alias: value}}), path) == value


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("drawdown_exceeded", EmergencyStop.MAX_DRAWDOWN),
        ("high_correlation", EmergencyStop.CORRELATION),
        ("failure_cascade", EmergencyStop.FAILURE_CASCADE),
    ],
)
def test_configuration_condition_goes_by_other_names(said: str, meant: EmergencyStop) -> None:
    policy = configured(DEFAULTS, {"risk": {"emergency_stop_conditions": [said]}})
    assert policy.breakers.emergency_stops == frozenset({meant})


def test_configuration_condition_that_is_unknown_names_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="'correlation_to_high' is not; did you mean correlation_too_high"):
        configured(DEFAULTS, {"risk": {"emergency_stop_conditions": ["correlation_to_high"]}})


def test_configuration_names_a_strategy_once() -> None:
    listed = [{"type": "RSIStrategy", "name": "a"}, {"type": "RSIStrategy", "name": "a"}]
    with pytest.raises(ConfigurationError, match="strategies: expected strategies of different names, and a is"):
        configured(DEFAULTS, {"strategies": listed})
