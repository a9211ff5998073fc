"""Broker disagreement: the account holds less than the sleeves, or the venue no longer knows an order."""

from dataclasses import replace
from decimal import Decimal

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.breakers.confirmation import is_counted
from backend.domain.breakers.figures import listed
from backend.domain.guard import Breaker, Guard
from backend.domain.lots import ZERO
from backend.domain.sighting import Sighting, Trip, Watched
from backend.domain.signal import Symbol
from backend.domain.trading_state import TradingState

_LEAST = Decimal("1.00")  # in account currency; less is the dust of rounded fills


def watched_broker(guard: Guard, sighting: Sighting, limits: BreakerLimits) -> Watched:
    """Trip when enough looks in a row have shown what no reset has acknowledged."""
    guard = _seen(guard, sighting)
    missing = sorted(guard.missing_orders - guard.acknowledged_orders)
    found = [_short(symbol, guard) for symbol in sorted(guard.shortages) if _is_beyond(symbol, guard, sighting)]
    found += [f"the venue does not know {listed(missing)}"] if missing else []
    if not found:
        return Watched(guard=replace(guard, disagreement_looks=0, disagreement_seen_at=None))
    if is_counted(sighting.at, guard.disagreement_seen_at):
        looks = guard.disagreement_looks + 1
        guard = replace(guard, disagreement_looks=looks, disagreement_seen_at=sighting.at)
    if guard.disagreement_looks < limits.jump_confirmations:
        return Watched(guard=guard)
    reason = f"broker disagreement, at {guard.disagreement_looks} looks: {listed(found, '; ')}"
    return Watched(guard=guard, trips=(Trip(breaker=Breaker.BROKER, state=TradingState.REDUCING, reason=reason),))


def _seen(guard: Guard, sighting: Sighting) -> Guard:
    """Note what is short and missing now; what was acknowledged shrinks with it."""
    shortages = {symbol: -beyond for symbol, beyond in sorted(sighting.external.items()) if beyond < 0}
    acknowledged = {
        symbol: min(quantity * sighting.split(symbol), shortages[symbol])
        for symbol, quantity in guard.acknowledged.items()
        if symbol in shortages
    }
    return replace(
        guard,
        shortages=shortages,
        acknowledged=acknowledged,
        missing_orders=sighting.missing_orders,
        acknowledged_orders=guard.acknowledged_orders & sighting.missing_orders,
    )


def _is_beyond(symbol: Symbol, guard: Guard, sighting: Sighting) -> bool:
    excess = guard.shortages[symbol] - guard.acknowledged.get(symbol, ZERO)
    price = sighting.prices.get(symbol, sighting.closes.get(symbol, ZERO))
    return excess > 0 and (price <= 0 or excess * price >= _LEAST)


def _short(symbol: Symbol, guard: Guard) -> str:
    known = guard.acknowledged.get(symbol, ZERO)
    beside = f", of which {known} are acknowledged" if known else ""
    return f"{symbol}: the account holds {guard.shortages[symbol]} less than the sleeves{beside}"
