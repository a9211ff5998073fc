"""Which alerts a tick leads to: breakers that tripped or recovered, warnings, its notices, changes of mode, and what
came of sending and of wording it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from backend.domain.alert import Alert, Severity
from backend.domain.alert_thresholds import AlertThresholds
from backend.domain.decision import Decision, ModeChange
from backend.domain.mode import RANKS
from backend.domain.notices import Notice, joined
from backend.domain.order import OrderState, OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey, TickRequest

_SENT_BY_NOW = timedelta(minutes=5)  # later than any delivery still sends


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


def unresolved_alerts(
    orders: Iterable[OrderState], key: PortfolioKey, *, at: datetime, tick_id: str = ""
) -> tuple[Alert, ...]:
    """Return one alert for each order that was left unresolved, and one for all of many.

    One that was to be sent a while ago and has no answer at all is unresolved, too: it may have been sent.
    """
    doubtful = [
        each
        for each in orders
        if each.status is OrderStatus.UNRESOLVED
        or (each.status is OrderStatus.INTENT and at - each.decided_at >= _SENT_BY_NOW)
    ]
    notices = [
        Notice(
            kind="order_unresolved",
            subject=str(each.intent.client_order_id),
            severity=Severity.ERROR,
            message=f"order {each.intent.client_order_id} ({each.intent.side} {each.intent.symbol} for "
            f"{each.intent.strategy}) has no clear answer: {each.reason or 'it was being sent'}; it is looked up again",
        )
        for each in doubtful
    ]
    return tuple(_raised(each, key, at, tick_id) for each in joined(notices, "orders"))


def fallback_alert(request: TickRequest, *, at: datetime) -> Alert:
    """Return the alert that a model was asked for the summary, and that the deterministic text stands instead."""
    return _raised(
        Notice(
            kind="summary_fallback",
            subject="",
            severity=Severity.WARNING,
            message="the model was asked for a summary and gave nothing that the decision supports; the deterministic "
            "text stands, trading is not affected. Said once a day; the log says why",
        ),
        request.key,
        at,
        str(request.tick_id),
    )


def _raised(notice: Notice, key: PortfolioKey, at: datetime, tick_id: str) -> Alert:
    return Alert(
        tenant_id=key.tenant_id,
        portfolio_id=key.portfolio_id,
        tick_id=tick_id,
        at=at,
        kind=notice.kind,
        subject=notice.subject,
        severity=notice.severity,
        message=notice.message,
    )


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
    for notice in (*decision.notices, *_moves(decision.mode_changes)):
        yield notice.kind, notice.subject, notice.severity, notice.message


def _moves(changes: Iterable[ModeChange]) -> Iterator[Notice]:
    """Tell of strategies that were demoted or promoted; the first judgement of one is neither."""
    moved = [(each, each.before) for each in changes if each.before is not None]
    for kind, is_up, severity in (("demotion", False, Severity.WARNING), ("promotion", True, Severity.INFO)):
        yield from joined(
            [
                Notice(
                    kind=kind,
                    subject=str(change.strategy),
                    severity=severity,
                    message=f"{change.strategy} {before} → {change.after.mode}: {change.after.reason}",
                )
                for change, before in moved
                if (RANKS[change.after.mode] > RANKS[before]) is is_up
            ]
        )
