"""What the numbers are compared with: the limits at which Maestro acts, and from where on somebody is told."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.alerts import thresholds_of
from backend.domain.policy import DecisionPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """``limits`` go by their keys in the configuration; those that are switched off are left out."""

    limits: Mapping[str, float]
    thresholds: AlertThresholds


def levels_of(policy: DecisionPolicy) -> Levels:
    breakers, risk = policy.breakers, policy.risk
    limits = {
        "drawdown_reduce": breakers.reduce_level,
        "max_portfolio_drawdown": breakers.max_drawdown,
        "daily_loss_limit": breakers.daily_loss_limit,
        "max_strategy_correlation": risk.max_strategy_correlation,
        "max_concentration": risk.max_concentration,
        "var_limit": risk.var_limit,
        "cvar_limit": risk.cvar_limit,
    }
    in_force = {name: limit for name, limit in limits.items() if limit < 1.0}  # 1 switches each of these off
    return Levels(limits={**in_force, "max_leverage": risk.gross_limit}, thresholds=thresholds_of(policy))
