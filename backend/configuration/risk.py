"""What a portfolio may risk, and what stops it."""

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from backend.configuration.block import Block, Names, key
from backend.configuration.explanation import nearest
from backend.domain.breaker_limits import EmergencyStop

# What other documents call the same conditions.
CONDITIONS = {
    "drawdown_exceeded": EmergencyStop.MAX_DRAWDOWN,
    "max_drawdown": EmergencyStop.MAX_DRAWDOWN,
    "correlation_exceeded": EmergencyStop.CORRELATION,
    "high_correlation": EmergencyStop.CORRELATION,
    "failure_cascade": EmergencyStop.FAILURE_CASCADE,
    "strategy_failures": EmergencyStop.FAILURE_CASCADE,
}


class RiskSettings(Block):
    """What a portfolio may risk, and what stops it; see [risk](../explanation/risk.md)."""

    max_portfolio_drawdown: float = key(
        0.20,
        "fall from the highest equity that leads to HALTED; 1 switches it off",
        unit="part of equity",
        sets="breakers.max_drawdown",
        aliases=("max_drawdown",),
        gt=0,
        le=1,
    )
    drawdown_reduce: float | None = key(
        None,
        "fall that leads to REDUCING; three quarters of the one above when not set; 1 switches it off",
        unit="part of equity",
        sets="breakers.drawdown_reduce",
        gt=0,
        le=1,
    )
    daily_loss_limit: float = key(
        0.05,
        "fall from the day's start that leads to REDUCING; 1 switches it off",
        unit="part of equity",
        sets="breakers.daily_loss_limit",
        gt=0,
        le=1,
    )
    max_strategy_correlation: float = key(
        1.0,
        "of two strategies' daily returns; beyond it the one with the lower Sharpe ratio does not enter; 1: off",
        unit="correlation",
        sets="risk.max_strategy_correlation",
        aliases=("max_correlation",),
        gt=0,
        le=1,
    )
    position_size_limit: float = key(
        1.0,
        "what one strategy may hold in one symbol; larger entries are cut to it; 1: off",
        unit="part of equity",
        sets="risk.position_size_limit",
        aliases=("max_position_size",),
        gt=0,
        le=1,
    )
    max_concentration: float = key(
        1.0,
        "what all strategies together may hold in one symbol; larger entries are cut to it; 1: off",
        unit="part of equity",
        sets="risk.max_concentration",
        gt=0,
        le=1,
    )
    gross_limit: float = key(
        1.0,
        "sum of all positions, the leverage; entries are scaled down together to it",
        unit="part of equity",
        sets="risk.gross_limit",
        aliases=("max_leverage",),
        gt=0,
        le=4,
    )
    stop_loss_threshold: float = key(
        1.0,
        "fall of a position below its average cost at which it is sold, and not bought again that day; 1: off",
        unit="part of cost",
        sets="risk.stop_loss_threshold",
        aliases=("stop_loss",),
        gt=0,
        le=1,
    )
    var_limit: float = key(
        1.0,
        "historical one-day value at risk beyond which nobody enters; 1: off",
        unit="part of equity",
        sets="risk.var_limit",
        gt=0,
        le=1,
    )
    cvar_limit: float = key(
        1.0,
        "historical one-day expected shortfall beyond which nobody enters; 1: off",
        unit="part of equity",
        sets="risk.cvar_limit",
        gt=0,
        le=1,
    )
    var_confidence: float = key(0.95, "level of both", unit="probability", sets="risk.var_confidence", ge=0.5, lt=1)
    emergency_stop_conditions: Names = key(
        (EmergencyStop.MAX_DRAWDOWN.value, EmergencyStop.FAILURE_CASCADE.value),
        "what stops trading until somebody resets it; the limit of one that is not named holds entries back, no more",
        sets="breakers.emergency_stops",
    )
    automatic_recovery: bool = key(
        False, "let a breaker reset itself when its cause is gone", sets="breakers.automatic_recovery"
    )
    recovery_minutes: int = key(
        60, "that the cause must have been gone", unit="minutes", sets="breakers.recovery_minutes", ge=1, le=43_200
    )
    failure_cascade_count: int = key(
        3,
        "that fail within the window and lead to REDUCING; 0 switches it off",
        unit="strategies",
        sets="breakers.failure_cascade_count",
        ge=0,
    )
    failure_cascade_minutes: int = key(
        60, "the window", unit="minutes", sets="breakers.failure_cascade_minutes", ge=1, le=43_200
    )
    equity_jump_limit: float = key(
        0.20,
        "change of equity between two looks that must be confirmed; from 1 on only rises can exceed it",
        unit="part",
        sets="breakers.equity_jump_limit",
        gt=0,
    )
    price_jump_limit: float = key(
        0.50,
        "change of a price between two looks that must be confirmed; from 1 on only rises can exceed it",
        unit="part",
        sets="breakers.price_jump_limit",
        gt=0,
    )
    jump_confirmations: int = key(
        3,
        "30 seconds apart, that confirm a jump, stale data or a disagreement with the broker",
        unit="looks",
        sets="breakers.jump_confirmations",
        ge=1,
    )
    stale_after_days: int = key(
        5,
        "after which the newest daily bar is stale; 0 switches it off",
        unit="calendar days",
        sets="breakers.stale_after_days",
        ge=0,
    )

    @field_validator("emergency_stop_conditions")
    @classmethod
    def _known_conditions(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        found = [CONDITIONS.get(name, name) for name in names]
        for name in found:
            if name not in set(EmergencyStop):
                near = nearest(name, [*EmergencyStop, *CONDITIONS])
                hint = f"; did you mean {near}?" if near else ""
                known = ", ".join(EmergencyStop)
                raise PydanticCustomError(
                    "condition",
                    "Input should be among {known}, and {name} is not{hint}",
                    {"known": known, "name": repr(name), "hint": hint},
                )
        return tuple(dict.fromkeys(str(name) for name in found))
