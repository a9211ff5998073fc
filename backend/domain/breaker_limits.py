"""The limits at which circuit breakers trip."""

import math
from dataclasses import dataclass
from decimal import Decimal

from backend.domain.errors import ConfigurationError

LONGEST_WINDOW = 43_200  # minutes: thirty days


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """Fractions, counts and spans; a drawdown or daily loss of 1, a count or span of 0 switches its breaker off.

    ``jump_confirmations`` is the number of looks that must show a jump, stale data or a disagreement.
    """

    drawdown_warning: float = 0.10
    drawdown_reduce: float = 0.15
    drawdown_halt: float = 0.20
    daily_loss_limit: float = 0.05
    failure_cascade_count: int = 3
    failure_cascade_minutes: int = 60
    equity_jump_limit: float = 0.20
    price_jump_limit: float = 0.50
    jump_confirmations: int = 3
    stale_after_days: int = 5

    def __post_init__(self) -> None:
        for key in ("drawdown_warning", "drawdown_reduce", "drawdown_halt", "daily_loss_limit"):
            _expect(0.0 < getattr(self, key) <= 1.0, key, "above 0 and at most 1", getattr(self, key))
        for key, below in (("drawdown_reduce", "drawdown_warning"), ("drawdown_halt", "drawdown_reduce")):
            least = getattr(self, below)
            _expect(getattr(self, key) >= least, key, f"at least {below}, {least}", getattr(self, key))
        for key in ("equity_jump_limit", "price_jump_limit"):
            limit = getattr(self, key)
            _expect(math.isfinite(limit) and limit > 0.0, key, "finite and above 0", limit)
        for key, lowest in (("failure_cascade_count", 0), ("jump_confirmations", 1), ("stale_after_days", 0)):
            _expect(getattr(self, key) >= lowest, key, f"at least {lowest}", getattr(self, key))
        minutes = self.failure_cascade_minutes
        _expect(1 <= minutes <= LONGEST_WINDOW, "failure_cascade_minutes", f"1 to {LONGEST_WINDOW}", minutes)


def exact(limit: float) -> Decimal:
    """Return a limit as it was written: 0.1 is one tenth."""
    return Decimal(repr(float(limit)))


def _expect(condition: bool, key: str, expected: str, found: object) -> None:
    if not condition:
        raise ConfigurationError(f"{key}: expected {expected}, found {found}; correct the configuration")
