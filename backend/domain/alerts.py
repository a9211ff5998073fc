"""Which alerts a decision leads to."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from backend.domain.alert import Alert, Severity
from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import TradingState

_SEVERITIES = {
    TradingState.ACTIVE: Severity.INFO,
    TradingState.REDUCING: Severity.WARNING,
    TradingState.HALTED: Severity.ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What a decision shows to whoever is told of it.

    Parameters
    ----------
    drawdown : fall from the high-water mark ÷ the mark, in [0, 1]; None when it is unknown
    correlation, correlation_pair : the highest of two strategies, and whose; None when it is unknown
    returns : cumulative return of each strategy over the track record; NaN says nothing
    before, trading, reason : trading state before the decision, under it, and why
    failures : what went wrong, by strategy
    """

    tenant_id: str
    portfolio_id: str
    tick_id: str
    at: datetime
    drawdown: float | None = None
    correlation: float | None = None
    correlation_pair: tuple[str, ...] = ()
    returns: Mapping[StrategyId, float] = field(default_factory=dict)
    before: TradingState = TradingState.ACTIVE
    trading: TradingState = TradingState.ACTIVE
    reason: str = ""
    failures: Mapping[StrategyId, str] = field(default_factory=dict)


def alerts_of(outlook: Outlook, thresholds: AlertThresholds) -> tuple[Alert, ...]:
    """Return the alerts, the worst first; a value that reaches its threshold gives one, an unknown one never."""
    found = [
        Alert(
            tenant_id=outlook.tenant_id,
            portfolio_id=outlook.portfolio_id,
            tick_id=outlook.tick_id,
            at=outlook.at,
            kind=kind,
            subject=subject,
            severity=severity,
            message=message,
        )
        for kind, subject, severity, message in _told(outlook, thresholds)
    ]
    return tuple(sorted(found, key=lambda each: each.rank))


def cumulative_returns(record: TrackRecord) -> dict[StrategyId, float]:
    """Compound each strategy's returns over the whole record, Π(1+r) − 1; NaN for one without any."""
    known = ~np.isnan(record.returns)
    growth = np.where(known, 1.0 + record.returns, 1.0).clip(min=0.0).prod(axis=0) - 1.0
    found = np.where(known.any(axis=0), growth, math.nan).tolist()
    return dict(zip(record.strategies, found, strict=True))


def thresholds_of(policy: DecisionPolicy) -> AlertThresholds:
    """Return from where on somebody is told; a drawdown from where the breaker warns."""
    drawdown, alerts = policy.breakers.warning_level, policy.alerts
    if not alerts.performance_tracking:
        return AlertThresholds(drawdown=drawdown, correlation=1.0, underperformance=-1.0)
    return AlertThresholds(drawdown=drawdown, correlation=alerts.correlation, underperformance=alerts.underperformance)


def _told(outlook: Outlook, thresholds: AlertThresholds) -> Iterator[tuple[str, str, Severity, str]]:
    if outlook.trading is not outlook.before:
        why = f": {outlook.reason}" if outlook.reason else ""
        message = f"trading went from {outlook.before} to {outlook.trading}{why}"
        yield "trading_state", outlook.trading.value.lower(), _SEVERITIES[outlook.trading], message
    for name, why in sorted(outlook.failures.items()):
        yield "strategy_failure", name, Severity.ERROR, f"{name} failed: {why}"
    drawdown, limit = outlook.drawdown, thresholds.drawdown
    if drawdown is not None and limit < 1.0 and drawdown >= limit:
        message = f"equity is {drawdown:.1%} below its high-water mark; threshold {limit:.1%}"
        yield "drawdown", "", Severity.WARNING, message
    correlation, limit = outlook.correlation, thresholds.correlation
    if correlation is not None and limit < 1.0 and correlation >= limit:
        pair = " and ".join(outlook.correlation_pair) or "two strategies"
        message = f"{pair} are correlated at {correlation:.2f}; threshold {limit:.2f}"
        yield "correlation", ", ".join(outlook.correlation_pair), Severity.WARNING, message
    floor = thresholds.underperformance
    for name, value in sorted(outlook.returns.items()):
        if floor > -1.0 and value <= floor:  # NaN compares as False
            message = f"{name} returned {value:.1%} over its track record; threshold {floor:.1%}"
            yield "underperformance", name, Severity.WARNING, message
