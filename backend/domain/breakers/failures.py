"""Failure cascade: several strategies that fail within one window have a common cause."""

from dataclasses import replace
from datetime import timedelta

from backend.domain.breaker_limits import BreakerLimits, EmergencyStop
from backend.domain.breakers.figures import listed
from backend.domain.guard import Breaker, Guard
from backend.domain.sighting import Sighting, Trip, Watched
from backend.domain.trading_state import TradingState


def watched_failures(guard: Guard, sighting: Sighting, limits: BreakerLimits) -> Watched:
    """Count strategies, not failures: one that fails again and again must not stop the others.

    A cascade that is no emergency stop holds entries for as long as it lasts, and no longer.
    """
    at, forgotten_at = sighting.at, guard.failures_forgotten_at
    window = timedelta(minutes=limits.failure_cascade_minutes)
    failed_at = dict(guard.failed_at)
    if forgotten_at is None or at > forgotten_at:
        failed_at |= dict.fromkeys(sighting.failed, at)
    if not limits.failure_cascade_count:
        failed_at = {}
    failed_at = {strategy: when for strategy, when in failed_at.items() if at - when <= window}
    guard = replace(guard, failed_at=failed_at)
    if not failed_at or len(failed_at) < limits.failure_cascade_count:
        return Watched(guard=guard)
    reason = (
        f"failure cascade: {len(failed_at)} strategies failed within {limits.failure_cascade_minutes} minutes "
        f"({listed(sorted(failed_at))}); limit {limits.failure_cascade_count}"
    )
    if EmergencyStop.FAILURE_CASCADE not in limits.emergency_stops:
        return Watched(guard=guard, doubt=reason)
    trip = Trip(breaker=Breaker.FAILURE_CASCADE, state=TradingState.REDUCING, reason=reason)
    return Watched(guard=guard, trips=(trip,))
