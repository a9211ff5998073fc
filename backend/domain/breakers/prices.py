"""Absurd prices: one that jumps is held in doubt until enough looks have shown it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from backend.domain.breaker_limits import BreakerLimits, exact
from backend.domain.breakers.confirmation import doubted, is_jump
from backend.domain.breakers.figures import amount, listed, percentage
from backend.domain.guard import Breaker, Doubt, Guard
from backend.domain.market import new_york_day
from backend.domain.sighting import Sighting, Trip, Watched
from backend.domain.signal import Symbol
from backend.domain.trading_state import TradingState

_FORGOTTEN_AFTER = timedelta(days=1)  # a doubt about a symbol that nobody has looked at since


def watched_prices(guard: Guard, sighting: Sighting, limits: BreakerLimits) -> Watched:
    """Compare every price with the last one that was accepted, else with the newest daily close."""
    limit = exact(limits.price_jump_limit)
    accepted, doubts = _accepted(guard, sighting), _doubts(guard, sighting)
    doubtful = {symbol: f"{symbol} at {amount(doubt.value)} waits to be confirmed" for symbol, doubt in doubts.items()}
    jumps: list[str] = []
    for symbol, price in sorted(sighting.prices.items()):
        close = sighting.closes.get(symbol)
        reference = accepted.get(symbol, close)
        doubt = doubts.pop(symbol, None)
        doubtful.pop(symbol, None)
        if reference is not None and is_jump(price, reference, limit):
            said = f"{symbol} from {amount(reference)} to {amount(price)}, more than {percentage(limit)}"
            doubt = doubted(price, doubt, at=sighting.at, limit=limit, confirmations=limits.jump_confirmations)
            if doubt is not None:
                doubts[symbol] = doubt
                doubtful[symbol] = f"{said}; look {doubt.looks} of {limits.jump_confirmations}"
                continue
            jumps += [said] if symbol in sighting.held else []
        if symbol in sighting.held or is_jump(price, close, limit):
            accepted[symbol] = price
        else:  # the daily close is reference enough
            accepted.pop(symbol, None)
    guard = replace(guard, accepted_prices=accepted, price_doubts=doubts)
    return Watched(guard=guard, trips=_trips(jumps, limits), doubtful=doubtful)


def _accepted(guard: Guard, sighting: Sighting) -> dict[Symbol, Decimal]:
    """Return what was accepted, in shares of today; what nobody holds or shows is forgotten with the day."""
    is_same_day = new_york_day(sighting.at) == guard.day
    return {
        symbol: price / sighting.split(symbol)
        for symbol, price in guard.accepted_prices.items()
        if is_same_day or symbol in sighting.held or symbol in sighting.prices
    }


def _doubts(guard: Guard, sighting: Sighting) -> dict[Symbol, Doubt]:
    return {
        symbol: replace(doubt, value=doubt.value / sighting.split(symbol))
        for symbol, doubt in guard.price_doubts.items()
        if sighting.at - doubt.seen_at < _FORGOTTEN_AFTER
    }


def _trips(jumps: list[str], limits: BreakerLimits) -> tuple[Trip, ...]:
    if not jumps:
        return ()
    reason = f"prices of held symbols jumped, at {limits.jump_confirmations} looks: {listed(jumps, '; ')}"
    return (Trip(breaker=Breaker.MARKET_DATA, state=TradingState.REDUCING, reason=reason),)
