"""A tenant's ``config/orchestrator`` document laid over the process-wide policy."""

from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from enum import EnumType
from typing import Any

from backend.domain.errors import ConfigurationError
from backend.domain.mode import UnscoredMode
from backend.domain.policy import AllocationMethod, DecisionPolicy


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


_SCORING = {
    "sharpe_threshold_reduce": ("reduce", _number),
    "sharpe_threshold_shadow": ("shadow", _number),
    "min_returns": ("min_returns", _whole),
    "unscored_mode": ("unscored", UnscoredMode),
}
_POLICY = {
    "performance_lookback_days": ("lookback_days", _whole),
    "periods_per_year": ("periods_per_year", _whole),
    "risk_free_rate": ("risk_free_rate", _number),
    "systemic_sell_threshold": ("systemic_sell_threshold", _whole),
    "gross_limit": ("gross_limit", _number),
    "allocation_method": ("allocation", AllocationMethod),
    "base_weights": ("base_weights", _weights),
    "disabled_strategies": ("disabled", _names),
}
_METADATA = frozenset({"version", "updated_at", "updated_by"})


def configured(defaults: DecisionPolicy, configuration: Mapping[str, Any]) -> DecisionPolicy:
    """Return ``defaults`` with what the tenant configured.

    Raises
    ------
    ConfigurationError
        An unknown key (with the nearest known one) or a value of the wrong kind or range.
    """
    scoring: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    for key, value in configuration.items():
        if key in _METADATA:
            continue
        if key in _SCORING:
            name, kind = _SCORING[key]
            scoring[name] = _converted(key, value, kind)
        elif key in _POLICY:
            name, kind = _POLICY[key]
            policy[name] = _converted(key, value, kind)
        else:
            near = get_close_matches(key, [*_SCORING, *_POLICY], n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join([*_SCORING, *_POLICY])}"
            raise ConfigurationError(f"config/orchestrator: unknown key {key!r}; {hint}")
    if scoring:
        policy["scoring"] = replace(defaults.scoring, **scoring)
    return replace(defaults, **policy) if policy else defaults


def _converted(key: str, value: Any, convert: Any) -> Any:
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError) as e:
        expected = f"one of {', '.join(convert)}" if isinstance(convert, EnumType) else convert.__doc__
        raise ConfigurationError(f"config/orchestrator.{key}: expected {expected}, found {value!r}; correct it") from e
