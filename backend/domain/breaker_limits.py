"""The limits at which circuit breakers trip."""

import math
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from backend.domain.expectation import expect

LONGEST_WINDOW = 43_200  # minutes: thirty days


class EmergencyStop(StrEnum):
    """What stops trading until a person resets it; a limit that is not among them holds entries back, no more."""

    MAX_DRAWDOWN = "max_drawdown_exceeded"
    CORRELATION = "correlation_too_high"
    FAILURE_CASCADE = "strategy_failure_cascade"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """Fractions, counts and spans; a drawdown or daily loss of 1, a count or span of 0 switches its breaker off.

    ``drawdown_warning`` and ``drawdown_reduce`` are half and three quarters of ``max_drawdown`` unless they are given.
    ``jump_confirmations`` is the number of looks that must show a jump, stale data or a disagreement. With
    ``automatic_recovery`` a breaker whose cause has been gone for ``recovery_minutes`` resets itself.
    """

    max_drawdown: float = 0.20
    drawdown_warning: float | None = None
    drawdown_reduce: float | None = None
    emergency_stops: frozenset[EmergencyStop] = frozenset({EmergencyStop.MAX_DRAWDOWN, EmergencyStop.FAILURE_CASCADE})
    automatic_recovery: bool = False
    recovery_minutes: int = 60
    daily_loss_limit: float = 0.05
    failure_cascade_count: int = 3
    failure_cascade_minutes: int = 60
    equity_jump_limit: float = 0.20
    price_jump_limit: float = 0.50
    jump_confirmations: int = 3
    stale_after_days: int = 5

    def __post_init__(self) -> None:
        for key, level in (
            ("drawdown_warning", self.warning_level),
            ("drawdown_reduce", self.reduce_level),
            ("max_portfolio_drawdown", self.max_drawdown),
            ("daily_loss_limit", self.daily_loss_limit),
        ):
            expect(0.0 < level <= 1.0, key, "above 0 and at most 1", level)
        for key, level, below, least in (
            ("drawdown_reduce", self.reduce_level, "drawdown_warning", self.warning_level),
            ("max_portfolio_drawdown", self.max_drawdown, "drawdown_reduce", self.reduce_level),
        ):
            expect(level >= least, key, f"at least {below}, {least}", level)
        for key in ("equity_jump_limit", "price_jump_limit"):
            limit = getattr(self, key)
            expect(math.isfinite(limit) and limit > 0.0, key, "finite and above 0", limit)
        for key, lowest in (("failure_cascade_count", 0), ("jump_confirmations", 1), ("stale_after_days", 0)):
            expect(getattr(self, key) >= lowest, key, f"at least {lowest}", getattr(self, key))
        minutes = self.failure_cascade_minutes
        expect(1 <= minutes <= LONGEST_WINDOW, "failure_cascade_minutes", f"1 to {LONGEST_WINDOW}", minutes)
        minutes = self.recovery_minutes
        expect(1 <= minutes <= LONGEST_WINDOW, "recovery_minutes", f"1 to {LONGEST_WINDOW}", minutes)

    @property
    def warning_level(self) -> float:
        return self._derived(self.drawdown_warning, 0.5)

    @property
    def reduce_level(self) -> float:
        return self._derived(self.drawdown_reduce, 0.75)

    def _derived(self, given: float | None, part: float) -> float:
        if given is not None:
            return given
        return 1.0 if self.max_drawdown >= 1.0 else round(self.max_drawdown * part, 12)


def exact(limit: float) -> Decimal:
    """Return a limit as it was written: 0.1 is one tenth."""
    return Decimal(repr(float(limit)))
