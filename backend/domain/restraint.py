"""Restrain: entries that may not be made, because of risk between strategies or what was stopped out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from backend.domain.breaker_limits import EmergencyStop
from backend.domain.decision import DecisionInputs
from backend.domain.guard import Breaker
from backend.domain.judging import judged
from backend.domain.mode import Evidence, Judgement
from backend.domain.performance import FloatArray
from backend.domain.risk_figures import RiskFigures, correlations, risk_figures
from backend.domain.sighting import Trip
from backend.domain.signal import StrategyId
from backend.domain.trading_state import TradingState


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskView:
    """What the records show, whom that holds back and why, what holds everybody back, and what trips a breaker."""

    figures: RiskFigures = field(default_factory=RiskFigures)
    barred: Mapping[StrategyId, str] = field(default_factory=dict)
    everyone: str | None = None
    trip: Trip | None = None


def risk_view(
    inputs: DecisionInputs, names: Sequence[StrategyId], scored: Judgement, weights: Mapping[StrategyId, float]
) -> RiskView:
    """Judge the strategies that hold capital by their newest returns together.

    Of two that move together beyond the limit, the one with the lower Sharpe ratio may not enter: they are taken from
    the best on, and whoever moves with one that was taken is held back. Who failed at this tick still holds capital.
    Returns of a strategy that is REDUCED are those of what it was allowed to hold, so they are weighed in full.
    """
    policy = inputs.policy
    if not policy.alerts.performance_tracking:
        return RiskView(figures=risk_figures((), np.empty((0, 0)), np.empty((0, 0)), np.empty(0), 0.95, inputs.account))
    sharpes = _funded(inputs, names, scored)
    chosen = tuple(sharpes)
    evidence = Evidence(strategies=chosen, record=inputs.record, standing={}, now=inputs.now)
    returns = evidence.columns(inputs.record.returns)
    pairs = correlations(returns)
    held = np.array([weights[name] if name in weights else float(inputs.book.of(name).weight) for name in chosen])
    figures = risk_figures(chosen, returns, pairs, held, policy.risk.var_confidence, inputs.account)
    barred = _correlated(policy.risk.max_strategy_correlation, chosen, pairs, list(sharpes.values()))
    return RiskView(figures=figures, barred=barred, everyone=_tail(inputs, figures), trip=_trip(inputs, figures))


def _funded(inputs: DecisionInputs, names: Sequence[StrategyId], scored: Judgement) -> dict[StrategyId, float]:
    """Return the Sharpe ratios of those that hold capital, in the order of their names."""
    sharpes = {name: sharpe for name, score, sharpe in zip(names, *scored[:2], strict=True) if score.multiplier > 0.0}
    absent = sorted((inputs.failures.keys() & inputs.book.strategies.keys()) - set(names))
    if not absent:
        return sharpes
    judgement = judged(inputs, absent)
    found = zip(absent, *judgement[:2], strict=True)
    sharpes |= {name: sharpe for name, score, sharpe in found if score.multiplier > 0.0}
    return dict(sorted(sharpes.items()))


def _correlated(
    limit: float, names: Sequence[StrategyId], pairs: FloatArray, sharpes: Sequence[float]
) -> dict[StrategyId, str]:
    if limit >= 1.0 or not len(names):
        return {}
    best_first = sorted(
        range(len(names)), key=lambda j: (-sharpes[j] if sharpes[j] == sharpes[j] else np.inf, names[j])
    )
    is_taken = np.zeros(len(names), dtype=np.bool_)
    barred: dict[StrategyId, str] = {}
    for j in best_first:
        beyond = np.flatnonzero(is_taken & (pairs[j] > limit))
        if len(beyond):
            i = beyond[np.argmax(pairs[j, beyond])]
            barred[names[j]] = f"correlation {pairs[i, j]:.2f} with {names[i]} is above {limit:.2f}: no increase"
        else:
            is_taken[j] = True
    return barred


def _tail(inputs: DecisionInputs, figures: RiskFigures) -> str | None:
    risk = inputs.policy.risk
    for name, value, limit in (
        ("value at risk", figures.var, risk.var_limit),
        ("shortfall", figures.cvar, risk.cvar_limit),
    ):
        if value is not None and limit < 1.0 and value > limit:
            return f"{name} of one day at {risk.var_confidence:.0%}, {value:.2%}, is above {limit:.2%}: no increase"
    return None


def _trip(inputs: DecisionInputs, figures: RiskFigures) -> Trip | None:
    """Stop for correlation where that is configured; a reset waits for the next day's returns."""
    limit, through, seen = (
        inputs.policy.risk.max_strategy_correlation,
        inputs.record.through,
        inputs.guard.correlations_seen_on,
    )
    if EmergencyStop.CORRELATION not in inputs.policy.breakers.emergency_stops or limit >= 1.0:
        return None
    if figures.correlation is None or figures.pair is None or figures.correlation <= limit:
        return None
    if seen is not None and through is not None and through <= seen:
        return None
    reason = f"correlation: {figures.correlation:.2f} of {figures.pair[0]} and {figures.pair[1]}; limit {limit:.2f}"
    return Trip(breaker=Breaker.CORRELATION, state=TradingState.REDUCING, reason=reason)
