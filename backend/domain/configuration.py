"""A tenant's ``config/orchestrator`` document laid over the process-wide policy."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from enum import EnumType
from typing import Any

from backend.domain.errors import ConfigurationError
from backend.domain.mode import UnscoredMode
from backend.domain.policy import AllocationMethod, DecisionPolicy, ModePolicyName, OnDemotion


def _weights(value: Any) -> dict[str, float]:
    """a mapping of strategy to weight"""
    if not isinstance(value, Mapping):
        raise TypeError
    return {_name(key): _number(weight) for key, weight in value.items()}


def _names(value: Any) -> frozenset[str]:
    """a list of strategies"""
    if isinstance(value, str | Mapping):
        raise TypeError
    return frozenset(map(_name, value))


def _number(value: Any) -> float:
    """a number"""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return float(value)


def _whole(value: Any) -> int:
    """a whole number"""
    if _number(value) != int(value):
        raise ValueError
    return int(value)


def _name(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


# the part of the policy that holds a field
_POLICY, _THRESHOLD, _PROBABILISTIC, _BREAKERS = "", "scoring", "probabilistic", "breakers"
_KEYS: dict[str, tuple[tuple[str, ...], str, Any]] = {
    "mode_policy": ((_POLICY,), "mode_policy", ModePolicyName),
    "sharpe_threshold_reduce": ((_THRESHOLD,), "reduce", _number),
    "sharpe_threshold_shadow": ((_THRESHOLD,), "shadow", _number),
    "min_returns": ((_THRESHOLD,), "min_returns", _whole),
    "unscored_mode": ((_THRESHOLD, _PROBABILISTIC), "unscored", UnscoredMode),
    "psr_benchmark_sharpe": ((_PROBABILISTIC,), "benchmark_sharpe", _number),
    "psr_demote_below": ((_PROBABILISTIC,), "demote_below", _number),
    "psr_promote_above": ((_PROBABILISTIC,), "promote_above", _number),
    "psr_min_dwell_days": ((_PROBABILISTIC,), "min_dwell_days", _whole),
    "psr_lookback_returns": ((_PROBABILISTIC,), "lookback_returns", _whole),
    "psr_min_returns": ((_PROBABILISTIC,), "min_returns", _whole),
    "performance_lookback_days": ((_POLICY,), "lookback_days", _whole),
    "periods_per_year": ((_POLICY,), "periods_per_year", _whole),
    "risk_free_rate": ((_POLICY,), "risk_free_rate", _number),
    "systemic_sell_threshold": ((_POLICY,), "systemic_sell_threshold", _whole),
    "gross_limit": ((_POLICY,), "gross_limit", _number),
    "allocation_method": ((_POLICY,), "allocation", AllocationMethod),
    "base_weights": ((_POLICY,), "base_weights", _weights),
    "disabled_strategies": ((_POLICY,), "disabled", _names),
    "on_demotion": ((_POLICY,), "on_demotion", OnDemotion),
    "drawdown_warning": ((_BREAKERS,), "drawdown_warning", _number),
    "drawdown_reduce": ((_BREAKERS,), "drawdown_reduce", _number),
    "drawdown_halt": ((_BREAKERS,), "drawdown_halt", _number),
    "daily_loss_limit": ((_BREAKERS,), "daily_loss_limit", _number),
    "failure_cascade_count": ((_BREAKERS,), "failure_cascade_count", _whole),
    "failure_cascade_minutes": ((_BREAKERS,), "failure_cascade_minutes", _whole),
    "equity_jump_limit": ((_BREAKERS,), "equity_jump_limit", _number),
    "price_jump_limit": ((_BREAKERS,), "price_jump_limit", _number),
    "jump_confirmations": ((_BREAKERS,), "jump_confirmations", _whole),
    "stale_after_days": ((_BREAKERS,), "stale_after_days", _whole),
}
_METADATA = frozenset({"version", "updated_at", "updated_by"})


def configured(defaults: DecisionPolicy, configuration: Mapping[str, Any]) -> DecisionPolicy:
    """Return ``defaults`` with what the tenant configured.

    Raises
    ------
    ConfigurationError
        An unknown key (with the nearest known one) or a value of the wrong kind or range.
    """
    changes: dict[str, dict[str, Any]] = {_POLICY: {}, _THRESHOLD: {}, _PROBABILISTIC: {}, _BREAKERS: {}}
    for key, value in configuration.items():
        if key in _METADATA:
            continue
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(_KEYS)}"
            raise ConfigurationError(f"config/orchestrator: unknown key {key!r}; {hint}")
        parts, name, kind = _KEYS[key]
        converted = _converted(key, value, kind)
        for part in parts:
            changes[part][name] = converted
    policy = changes.pop(_POLICY)
    for part, fields in changes.items():
        if fields:
            policy[part] = replace(getattr(defaults, part), **fields)
    return replace(defaults, **policy) if policy else defaults


def _converted(key: str, value: Any, convert: Any) -> Any:
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError) as e:
        expected = f"one of {', '.join(convert)}" if isinstance(convert, EnumType) else convert.__doc__
        raise ConfigurationError(f"config/orchestrator.{key}: expected {expected}, found {value!r}; correct it") from e
