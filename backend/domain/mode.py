"""What a strategy has earned: ACTIVE, REDUCED, SHADOW_MODE or DISABLED."""

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from backend.domain.errors import ConfigurationError


class Mode(StrEnum):
    ACTIVE = "ACTIVE"
    REDUCED = "REDUCED"
    SHADOW_MODE = "SHADOW_MODE"
    DISABLED = "DISABLED"


class UnscoredMode(StrEnum):
    """What a strategy gets while its record is too short to be judged."""

    ACTIVE = "active"
    PROBATION = "probation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeState:
    """The mode in force, since when and why."""

    mode: Mode
    since: datetime
    reason: str


class Score(NamedTuple):
    """A mode with the multiplier it puts on the base weight and the sentence that explains it.

    A tuple rather than a frozen dataclass: a decision makes one for every strategy, and this is three times faster.
    """

    mode: Mode
    multiplier: float
    reason: str


DISABLED = Score(mode=Mode.DISABLED, multiplier=0.0, reason="disabled by configuration: it places no order")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdPolicy:
    """Sharpe ≥ ``reduce`` → ACTIVE ×1; ≥ ``shadow`` → REDUCED ×0.5; below → SHADOW_MODE ×0.

    A record that is too short, or whose Sharpe ratio is undefined, gets the configured default; a bad record
    never does, not even one of equal losses, whose Sharpe ratio is undefined too.
    """

    reduce: float = 1.0
    shadow: float = 0.5
    min_returns: int = 5
    unscored: UnscoredMode = UnscoredMode.ACTIVE

    def __post_init__(self) -> None:
        if not (math.isfinite(self.reduce) and math.isfinite(self.shadow) and self.shadow <= self.reduce):
            raise ConfigurationError(
                f"expected finite Sharpe thresholds with shadow ≤ reduce, found shadow={self.shadow}, "
                f"reduce={self.reduce}; swap or correct them"
            )
        if self.min_returns < 2:
            raise ConfigurationError(
                f"expected min_returns of at least 2 (a deviation needs two), found {self.min_returns}; raise it"
            )

    def score(self, sharpe: float, n: int, *, is_flat_loss: bool = False) -> Score:
        """Judge a Sharpe ratio (NaN when undefined) over ``n`` returns.

        ``is_flat_loss`` marks a record whose every return is the same loss: its Sharpe ratio is undefined,
        but it is a bad record all the same.
        """
        if n < self.min_returns:
            return self._unscored(f"insufficient data: {n} daily returns, {self.min_returns} needed")
        if math.isnan(sharpe) and is_flat_loss:
            why = f"Sharpe undefined: {n} equal losses"
            return Score(mode=Mode.SHADOW_MODE, multiplier=0.0, reason=why)
        if math.isnan(sharpe):
            return self._unscored(f"Sharpe undefined: {n} returns without variation")
        if sharpe >= self.reduce:
            return Score(mode=Mode.ACTIVE, multiplier=1.0, reason=f"Sharpe {sharpe:.2f} ≥ {self.reduce:.2f} (n={n})")
        if sharpe >= self.shadow:
            why = f"Sharpe {sharpe:.2f} between {self.shadow:.2f} and {self.reduce:.2f} (n={n})"
            return Score(mode=Mode.REDUCED, multiplier=0.5, reason=why)
        return Score(mode=Mode.SHADOW_MODE, multiplier=0.0, reason=f"Sharpe {sharpe:.2f} < {self.shadow:.2f} (n={n})")

    def _unscored(self, why: str) -> Score:
        if self.unscored is UnscoredMode.PROBATION:
            return Score(mode=Mode.REDUCED, multiplier=0.25, reason=f"{why}; on probation ×0.25")
        return Score(mode=Mode.ACTIVE, multiplier=1.0, reason=f"{why}; default allocation")
