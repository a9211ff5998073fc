"""Stale market data: the newest daily bar of all symbols is too old."""

from dataclasses import replace

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.breakers.confirmation import is_counted
from backend.domain.guard import Breaker, Guard
from backend.domain.market import new_york_day
from backend.domain.sighting import Sighting, Trip, Watched
from backend.domain.trading_state import TradingState


def watched_staleness(guard: Guard, sighting: Sighting, limits: BreakerLimits) -> Watched:
    """Doubt stale data at once, and trip when enough looks in a row have shown it."""
    said = _stale(sighting, limits.stale_after_days)
    if said is None:
        return Watched(guard=replace(guard, stale_looks=0, stale_seen_at=None))
    if is_counted(sighting.at, guard.stale_seen_at):
        guard = replace(guard, stale_looks=guard.stale_looks + 1, stale_seen_at=sighting.at)
    if guard.stale_looks < limits.jump_confirmations:
        return Watched(guard=guard, doubt=f"{said}; look {guard.stale_looks} of {limits.jump_confirmations}")
    reason = f"{said}; seen at {guard.stale_looks} looks"
    trip = Trip(breaker=Breaker.MARKET_DATA, state=TradingState.REDUCING, reason=reason)
    return Watched(guard=guard, trips=(trip,), doubt=said)


def _stale(sighting: Sighting, limit: int) -> str | None:
    if not limit:
        return None
    if sighting.newest_bar is None:
        return "stale market data: no daily bar of any symbol"
    today = new_york_day(sighting.at)
    days = (today - sighting.newest_bar).days
    if days <= limit:
        return None
    newest = f"the newest daily bar is of {sighting.newest_bar}, {days} days old"
    return f"stale market data: on {today} {newest}; limit {limit}"
