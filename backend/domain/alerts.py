"""Which alerts a decision leads to: breakers that tripped or recovered, warnings, and its notices."""

from collections.abc import Iterator

from backend.domain.alert import Alert, Severity
from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.decision import Decision
from backend.domain.policy import DecisionPolicy


def alerts_of(decision: Decision, portfolio_id: str) -> tuple[Alert, ...]:
    """Return the alerts, the worst first."""
    found = [
        Alert(
            tenant_id=decision.tenant_id,
            portfolio_id=portfolio_id,
            tick_id=str(decision.tick_id),
            at=decision.decided_at,
            kind=kind,
            subject=subject,
            severity=severity,
            message=message,
        )
        for kind, subject, severity, message in _told(decision)
    ]
    return tuple(sorted(found, key=lambda each: each.rank))


def thresholds_of(policy: DecisionPolicy) -> AlertThresholds:
    """Return from where on somebody is told; a drawdown from where the breaker warns."""
    drawdown, alerts = policy.breakers.warning_level, policy.alerts
    if not alerts.performance_tracking:
        return AlertThresholds(drawdown=drawdown, correlation=1.0, underperformance=-1.0)
    return AlertThresholds(drawdown=drawdown, correlation=alerts.correlation, underperformance=alerts.underperformance)


def _told(decision: Decision) -> Iterator[tuple[str, str, Severity, str]]:
    watched = decision.watched
    for trip in watched.trips:
        yield f"breaker_{trip.breaker}", "", Severity.ERROR, trip.reason
    for breaker in watched.recovered:
        yield "breaker_recovered", breaker.value, Severity.INFO, f"{breaker}: its cause has been gone; it is lifted"
    for warning in watched.warnings:
        yield "drawdown_warning", "", Severity.WARNING, warning
    for notice in decision.notices:
        yield notice.kind, notice.subject, notice.severity, notice.message
