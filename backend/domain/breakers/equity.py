"""Drawdown and daily loss, of equities that are in line or confirmed, with deposits and withdrawals taken out.

A deposit counts from the start of the time between two looks and a withdrawal from its end; the high-water mark and
the day's start are scaled by it. So a flow changes neither ratio: taken off as an amount, a withdrawal from an
account that is 10 % down would deepen its drawdown.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from backend.domain.breaker_limits import BreakerLimits, EmergencyStop, exact
from backend.domain.breakers.confirmation import doubted, is_jump
from backend.domain.breakers.figures import amount, listed, percentage
from backend.domain.guard import Breaker, Doubt, Guard
from backend.domain.lots import ZERO
from backend.domain.market import new_york_day
from backend.domain.sighting import Sighting, Trip, Watched
from backend.domain.trading_state import TradingState


def watched_equity(guard: Guard, sighting: Sighting, limits: BreakerLimits) -> Watched:
    """Judge the equity, unless it is in doubt or contains a price that is."""
    if guard.price_doubts.keys() & sighting.held:
        unsettled = guard.equity_doubt or Doubt(value=_before_withdrawals(sighting), looks=0, seen_at=sighting.at)
        symbols = listed(sorted(guard.price_doubts.keys() & sighting.held))
        said = f"equity {amount(sighting.equity)} contains a price in doubt, that of {symbols}"
        return Watched(guard=replace(guard, equity_doubt=unsettled), doubt=said)
    limit, value = exact(limits.equity_jump_limit), _before_withdrawals(sighting)
    reference = None if guard.equity is None else guard.equity + max(sighting.flows, ZERO)
    if reference is not None and is_jump(value, reference, limit):
        confirmations = limits.jump_confirmations
        doubt = doubted(value, guard.equity_doubt, at=sighting.at, limit=limit, confirmations=confirmations)
        if doubt is not None:
            said = f"equity from {amount(reference)} to {amount(value)}, more than {percentage(limit)}"
            said += f"; look {doubt.looks} of {confirmations}"
            return Watched(guard=replace(guard, equity_doubt=doubt), doubt=said)
    guard = _accepted(guard, sighting)
    trips = [*_drawdown(guard, limits), *_daily_loss(guard, limits)]
    guard, warnings = _warned(guard, limits, is_tripped=any(trip.breaker is Breaker.DRAWDOWN for trip in trips))
    return Watched(guard=guard, trips=tuple(trips), warnings=warnings)


def rebased_drawdown(guard: Guard, at: datetime) -> Guard:
    """Start anew from the accepted equity; while another one waits to be confirmed, from the next that is accepted."""
    mark = _settled(guard)
    return replace(guard, high_water_mark=mark, high_water_mark_at=at if mark else None, is_warned=False)


def rebased_daily_loss(guard: Guard, _at: datetime) -> Guard:
    """Start the day anew, from the same equity."""
    return replace(guard, day_start_equity=_settled(guard))


def _settled(guard: Guard) -> Decimal:
    return ZERO if guard.equity is None or guard.equity_doubt is not None else guard.equity


def _before_withdrawals(sighting: Sighting) -> Decimal:
    return sighting.equity - min(sighting.flows, ZERO)


def _accepted(guard: Guard, sighting: Sighting) -> Guard:
    equity, today = sighting.equity, new_york_day(sighting.at)
    mark = _moved(guard.high_water_mark, guard, sighting)
    start = _moved(guard.day_start_equity, guard, sighting)
    is_new_day = guard.day is None or today > guard.day
    if start <= 0:
        start = equity
    elif is_new_day and guard.equity is not None:
        start = _moved(guard.equity, guard, sighting)
    is_high = equity > mark
    return replace(
        guard,
        equity=equity,
        equity_at=sighting.at,
        equity_doubt=None,
        high_water_mark=equity if is_high else mark,
        high_water_mark_at=sighting.at if is_high else guard.high_water_mark_at,
        is_warned=guard.is_warned and not is_high,
        day=today if is_new_day else guard.day,
        day_start_equity=start,
    )


def _moved(basis: Decimal, guard: Guard, sighting: Sighting) -> Decimal:
    """Scale an earlier equity by the flows since the last accepted one."""
    flows = sighting.flows
    if guard.equity is None or not flows or basis <= 0:
        return basis
    if flows > 0:
        after = guard.equity + flows
        return max(basis * after / guard.equity if guard.equity > 0 else after, ZERO)
    before = _before_withdrawals(sighting)
    return basis * max(sighting.equity, ZERO) / before if before > 0 else ZERO


def _fall(guard: Guard, basis: Decimal) -> Decimal:
    """Return basis − equity; 0 without a basis."""
    return basis - guard.equity if guard.equity is not None and basis > 0 else ZERO


def _has_reached(guard: Guard, basis: Decimal, limit: Decimal) -> bool:
    fall = _fall(guard, basis)
    return limit < 1 and fall > 0 and fall >= limit * basis  # multiplied out: the level itself is exact


def _drawdown(guard: Guard, limits: BreakerLimits) -> list[Trip]:
    halts = EmergencyStop.MAX_DRAWDOWN in limits.emergency_stops
    for state, level in (
        (TradingState.HALTED if halts else TradingState.REDUCING, exact(limits.max_drawdown)),
        (TradingState.REDUCING, exact(limits.reduce_level)),
    ):
        if _has_reached(guard, guard.high_water_mark, level):
            return [Trip(breaker=Breaker.DRAWDOWN, state=state, reason=_said(guard, level))]
    return []


def _warned(guard: Guard, limits: BreakerLimits, *, is_tripped: bool) -> tuple[Guard, tuple[str, ...]]:
    """Give the warning once a high, and not beside a trip, which says more."""
    level = exact(limits.warning_level)
    if guard.is_warned or not _has_reached(guard, guard.high_water_mark, level):
        return guard, ()
    return replace(guard, is_warned=True), () if is_tripped else (_said(guard, level),)


def _said(guard: Guard, level: Decimal) -> str:
    mark, at = guard.high_water_mark, guard.high_water_mark_at
    since = f" of {new_york_day(at)}" if at is not None else ""
    return f"drawdown: {_below(guard, mark)} the high-water mark {amount(mark)}{since}; level {percentage(level)}"


def _daily_loss(guard: Guard, limits: BreakerLimits) -> list[Trip]:
    limit, start = exact(limits.daily_loss_limit), guard.day_start_equity
    if not _has_reached(guard, start, limit):
        return []
    reason = f"daily loss: {_below(guard, start)} the start {amount(start)} of {guard.day}; limit {percentage(limit)}"
    return [Trip(breaker=Breaker.DAILY_LOSS, state=TradingState.REDUCING, reason=reason)]


def _below(guard: Guard, basis: Decimal) -> str:
    fall = _fall(guard, basis)
    return f"equity {amount(basis - fall)} is {percentage(fall / basis)} below"
