"""Modes by the probabilistic Sharpe ratio: one level to fall below, a higher one to rise above, and a dwell between.

1. p      – the probability that a strategy's true Sharpe ratio exceeds the benchmark, from its newest returns;
2. demote – p below the lower level → SHADOW_MODE ×0;
3. promote – p above the upper level → ACTIVE ×1;
4. stay   – anything else, or a mode that has not yet lasted its dwell: the mode is kept.

It gives no REDUCED of its own, since every way back by that rung would be one change of mode more. A strategy that is
REDUCED already (on probation, or from another policy) stays at ×0.5 until it is promoted or demoted.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date

from backend.domain.expectation import expect
from backend.domain.mode import (
    MULTIPLIERS,
    Evidence,
    Judgement,
    Mode,
    ModeState,
    Score,
    UnscoredMode,
    flat_losses,
    unscored_score,
)
from backend.domain.sharpe_inference import FEWEST, estimate, probabilistic_sharpe_ratios
from backend.domain.track_record import WINDOW_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilisticPolicy:
    """Demote below one probability, promote above another, and let every mode last a while.

    ``benchmark_sharpe`` is annualised; ``min_dwell_days`` are days of the track record after the day on which the
    mode began; ``lookback_returns`` are the newest days of the record. Too few returns get the configured default.
    Returns without variation, for which no probability is defined, keep the mode, except equal losses: those go to
    SHADOW_MODE at once. The defaults come from ``maestro study modes``.
    """

    benchmark_sharpe: float = 0.0
    demote_below: float = 0.10
    promote_above: float = 0.60
    min_dwell_days: int = 10
    lookback_returns: int = WINDOW_DAYS
    min_returns: int = 20
    unscored: UnscoredMode = UnscoredMode.ACTIVE

    def __post_init__(self) -> None:
        expect(abs(self.benchmark_sharpe) <= 100.0, "psr_benchmark_sharpe", "−100 to 100", self.benchmark_sharpe)
        expect(0.0 <= self.demote_below <= 1.0, "psr_demote_below", "0 to 1", self.demote_below)
        expect(
            self.demote_below <= self.promote_above <= 1.0,
            "psr_promote_above",
            f"psr_demote_below ({self.demote_below}) to 1",
            self.promote_above,
        )
        expect(0 <= self.min_dwell_days <= WINDOW_DAYS, "psr_min_dwell_days", "0 to 60", self.min_dwell_days)
        lookback = self.lookback_returns
        expect(FEWEST <= lookback <= WINDOW_DAYS, "psr_lookback_returns", f"{FEWEST} to {WINDOW_DAYS}", lookback)
        expected = f"{FEWEST} to psr_lookback_returns ({lookback})"
        expect(FEWEST <= self.min_returns <= lookback, "psr_min_returns", expected, self.min_returns)

    def judge(self, evidence: Evidence) -> Judgement:
        """Score everyone on the newest ``lookback_returns`` days, from the mode that each is in."""
        window = evidence.columns(evidence.record.returns[-self.lookback_returns :])
        found = estimate(window, periods_per_year=evidence.periods_per_year, risk_free_rate=evidence.risk_free_rate)
        probabilities = probabilistic_sharpe_ratios(found, benchmark_sharpe=self.benchmark_sharpe).tolist()
        counts, standing, days = found.n.tolist(), evidence.standing, evidence.record.days
        scores = [
            self.score(p, n, state := standing.get(name), 0 if state is None else _days_in(state, days))
            for name, p, n in zip(evidence.strategies, probabilities, counts, strict=True)
        ]
        for j in flat_losses(window, found.sharpe):
            if counts[j] >= self.min_returns:
                scores[j] = _score(Mode.SHADOW_MODE, f"Sharpe undefined: {counts[j]} equal losses")
        return Judgement(scores, found.annualised.tolist(), counts)

    def score(self, probability: float, n: int, state: ModeState | None = None, days_in_mode: int = 0) -> Score:
        """Judge a probability (NaN when undefined) over ``n`` returns, from the mode in force and its age.

        Without a mode in force, or DISABLED until now, a strategy begins as the configured default says.
        """
        if n < self.min_returns:
            return unscored_score(self.unscored, f"insufficient data: {n} daily returns, {self.min_returns} needed")
        standing = None if state is None or state.mode is Mode.DISABLED else state.mode
        mode = standing or self._first()
        if math.isnan(probability):
            return _score(mode, f"Sharpe undefined: {n} returns without variation; stays {mode}")
        shown = f"P(Sharpe > {self.benchmark_sharpe:.2f}) = {probability:.3f}"
        if probability < self.demote_below and mode is not Mode.SHADOW_MODE:
            target, why = Mode.SHADOW_MODE, f"{shown} < {self.demote_below:.2f} (n={n})"
        elif probability > self.promote_above and mode is not Mode.ACTIVE:
            target, why = Mode.ACTIVE, f"{shown} > {self.promote_above:.2f} (n={n})"
        else:
            return _score(mode, f"{shown} (n={n}); stays {mode}")
        if standing and days_in_mode < self.min_dwell_days:
            return _score(mode, f"{why}; stays {mode}, day {days_in_mode} of at least {self.min_dwell_days}")
        return _score(target, why)

    def _first(self) -> Mode:
        return Mode.REDUCED if self.unscored is UnscoredMode.PROBATION else Mode.ACTIVE


def _days_in(state: ModeState, days: tuple[date, ...]) -> int:
    """Count the days of the record after the one on which a mode began."""
    return len(days) - bisect_right(days, state.since.date())


def _score(mode: Mode, reason: str) -> Score:
    return Score(mode=mode, multiplier=MULTIPLIERS[mode], reason=reason)
