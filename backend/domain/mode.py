"""What a strategy has earned: ACTIVE, REDUCED, SHADOW_MODE or DISABLED."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol

import numpy as np

from backend.domain.errors import ConfigurationError
from backend.domain.performance import FloatArray, sharpe_ratios
from backend.domain.signal import StrategyId
from backend.domain.track_record import TrackRecord


class Mode(StrEnum):
    ACTIVE = "ACTIVE"
    REDUCED = "REDUCED"
    SHADOW_MODE = "SHADOW_MODE"
    DISABLED = "DISABLED"


RANKS = {mode: rank for rank, mode in enumerate(reversed(Mode))}  # the higher, the more a strategy may trade


class UnscoredMode(StrEnum):
    """What a strategy gets while its record is too short to be judged."""

    ACTIVE = "active"
    PROBATION = "probation"


MULTIPLIERS = {Mode.ACTIVE: 1.0, Mode.REDUCED: 0.5, Mode.SHADOW_MODE: 0.0, Mode.DISABLED: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeState:
    """The mode in force, since when and why.

    Where ``is_override``, an operator has said it, and ``scored`` is the one before, which scoring had given; None
    where there was none.
    """

    mode: Mode
    since: datetime
    reason: str
    is_override: bool = False
    scored: "ModeState | None" = None


class Score(NamedTuple):
    """A mode with the multiplier it puts on the base weight and the sentence that explains it.

    A tuple rather than a frozen dataclass: a decision makes one for every strategy, and this is three times faster.
    """

    mode: Mode
    multiplier: float
    reason: str


DISABLED = Score(mode=Mode.DISABLED, multiplier=0.0, reason="disabled by configuration: it places no order")


class Evidence(NamedTuple):
    """What a policy judges by: who is asked, what they returned, and the mode each of them is in.

    ``lookback_days`` are calendar days before ``now``; a policy may look back otherwise.
    """

    strategies: tuple[StrategyId, ...]
    record: TrackRecord
    standing: Mapping[StrategyId, ModeState]
    now: datetime
    lookback_days: int = 30
    periods_per_year: int = 252
    risk_free_rate: float = 0.0

    def columns(self, window: FloatArray) -> FloatArray:
        """Bring rows of the record into the order of ``strategies``; one without a record is all NaN."""
        if self.record.strategies == self.strategies:
            return window
        column = {name: j for j, name in enumerate(self.record.strategies)}
        index = np.array([column.get(name, -1) for name in self.strategies], dtype=np.intp)
        found = np.full((len(window), len(index)), np.nan)
        found[:, index >= 0] = window[:, index[index >= 0]]
        return found


class Judgement(NamedTuple):
    """One entry a strategy, in the order that was asked for; an annualised Sharpe ratio is NaN where undefined."""

    scores: list[Score]
    sharpes: list[float]
    counts: list[int]


class ModePolicy(Protocol):
    """A rule that turns records into modes, for all strategies at once."""

    def judge(self, evidence: Evidence) -> Judgement: ...


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

    def judge(self, evidence: Evidence) -> Judgement:
        """Score everyone on the last ``lookback_days`` calendar days; the mode each is in plays no part."""
        since = evidence.now.date() - timedelta(days=evidence.lookback_days)
        window = evidence.columns(evidence.record.since(since))
        sharpe, n = sharpe_ratios(
            window, periods_per_year=evidence.periods_per_year, risk_free_rate=evidence.risk_free_rate
        )
        sharpes, counts, score = sharpe.tolist(), n.tolist(), self.score
        scores = [score(value, count) for value, count in zip(sharpes, counts, strict=True)]
        for j in flat_losses(window, sharpe):
            scores[j] = score(sharpes[j], counts[j], is_flat_loss=True)
        return Judgement(scores, sharpes, counts)

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
        return unscored_score(self.unscored, why)


def unscored_score(unscored: UnscoredMode, why: str) -> Score:
    """Return the configured default of a record that cannot be judged, and why it cannot."""
    if unscored is UnscoredMode.PROBATION:
        return Score(mode=Mode.REDUCED, multiplier=0.25, reason=f"{why}; on probation ×0.25")
    return Score(mode=Mode.ACTIVE, multiplier=1.0, reason=f"{why}; default allocation")


def flat_losses(returns: FloatArray, sharpe: FloatArray) -> list[int]:
    """Find the columns whose returns are all the same loss: no deviation, so no Sharpe ratio to tell them by."""
    undefined = np.isnan(sharpe)
    if not undefined.any():
        return []
    held = np.flatnonzero(undefined & (np.count_nonzero(~np.isnan(returns), axis=0) > 1))
    return [int(j) for j in held if np.nanmean(returns[:, j]) < 0]
