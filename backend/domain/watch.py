"""The circuit breakers: one look at account and market against what the looks before it have shown.

1. prices: one that jumps must be confirmed;
2. equity: one that jumps must be confirmed, and none is judged while a held symbol's price is in doubt;
   then drawdown and daily loss;
3. failures of strategies, age of the data, disagreement with the broker;
4. of all that trips, what is not latched already, or is worse than what is latched;
5. where the configuration allows it, breakers whose cause has been gone for long enough recover.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context, localcontext

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.breakers.disagreement import watched_broker
from backend.domain.breakers.equity import rebased_daily_loss, rebased_drawdown, watched_equity
from backend.domain.breakers.failures import watched_failures
from backend.domain.breakers.prices import watched_prices
from backend.domain.breakers.staleness import watched_staleness
from backend.domain.guard import Breaker, Guard
from backend.domain.market import new_york_day
from backend.domain.sighting import Sighting, Trip, Watched
from backend.domain.trading_state import TradingState, strictest

__all__ = ["Sighting", "Trip", "Watched", "rebased", "watch"]

_FAMILIES: tuple[Callable[[Guard, Sighting, BreakerLimits], Watched], ...] = (
    watched_prices,
    watched_equity,
    watched_failures,
    watched_staleness,
    watched_broker,
)
# No finite figure, however large or small, may stop a tick: nothing overflows and nothing raises.
_ARITHMETIC = Context(prec=50, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])


def watch(
    guard: Guard,
    sighting: Sighting,
    limits: BreakerLimits,
    tripped: Mapping[Breaker, TradingState],
    found: Iterable[Trip] = (),
) -> Watched:
    """Judge one look.

    Parameters
    ----------
    tripped : what is latched; a breaker in it trips again only for a worse state
    found : what trips by other evidence than this look

    Returns
    -------
    Watched
        At most one trip a breaker. It raises nothing for finite figures.
    """
    seen: list[Watched] = []
    with localcontext(_ARITHMETIC):
        for family in _FAMILIES:
            seen.append(family(guard, sighting, limits))
            guard = seen[-1].guard
    trips = _one_a_breaker([*(trip for each in seen for trip in each.trips), *found])
    is_in_doubt = _is_in_doubt(guard) or any(each.doubt or each.doubtful for each in seen)
    holding = tripped.keys() if is_in_doubt else {trip.breaker for trip in trips}
    guard, recovered = _calmed(guard, sighting.at, limits, tripped, holding)
    return Watched(
        guard=guard,
        trips=tuple(trip for trip in trips if _is_worse(trip, tripped)),
        warnings=tuple(warning for each in seen for warning in each.warnings),
        doubt="; ".join(each.doubt for each in seen if each.doubt) or None,
        doubtful={symbol: why for each in seen for symbol, why in each.doubtful.items()},
        recovered=recovered,
    )


def rebased(guard: Guard, breakers: Collection[Breaker], *, at: datetime) -> Guard:
    """Return what a reset of ``breakers`` leaves: what has been seen up to ``at`` trips none of them again."""
    for breaker in breakers:
        guard = _RESETS[breaker](guard, at)
    return guard


def _is_in_doubt(guard: Guard) -> bool:
    """Say whether anything waits to be confirmed."""
    waiting = guard.equity_doubt, guard.price_doubts, guard.stale_looks, guard.disagreement_looks
    return any(waiting)


def _calmed(
    guard: Guard,
    at: datetime,
    limits: BreakerLimits,
    tripped: Mapping[Breaker, TradingState],
    holding: Collection[Breaker],
) -> tuple[Guard, tuple[Breaker, ...]]:
    """Note since when the causes of tripped breakers are gone; name those for which it has been long enough.

    Nothing is forgotten as it is by a reset: no person has seen the evidence, so what comes back trips again.
    """
    if not limits.automatic_recovery:
        return (replace(guard, calm_since={}) if guard.calm_since else guard), ()
    calm = {each: guard.calm_since.get(each, at) for each in tripped if each not in holding}
    span = timedelta(minutes=limits.recovery_minutes)
    recovered = tuple(sorted(each for each, since in calm.items() if at - since >= span))
    return replace(guard, calm_since={each: since for each, since in calm.items() if each not in recovered}), recovered


def _one_a_breaker(trips: Iterable[Trip]) -> list[Trip]:
    merged: dict[Breaker, Trip] = {}
    for trip in trips:
        before = merged.get(trip.breaker)
        if before is not None:
            worse = strictest((before.state, trip.state))
            trip = replace(trip, state=worse, reason=f"{before.reason}; {trip.reason}")
        merged[trip.breaker] = trip
    return list(merged.values())


def _is_worse(trip: Trip, tripped: Mapping[Breaker, TradingState]) -> bool:
    latched = tripped.get(trip.breaker, TradingState.ACTIVE)
    return strictest((latched, trip.state)) is not latched


def _rebased_failures(guard: Guard, at: datetime) -> Guard:
    return replace(guard, failed_at={}, failures_forgotten_at=at)


def _rebased_market_data(guard: Guard, at: datetime) -> Guard:
    confirmed = {symbol: doubt.value for symbol, doubt in guard.price_doubts.items()}
    prices = {**guard.accepted_prices, **confirmed}
    return replace(guard, accepted_prices=prices, price_doubts={}, stale_looks=0, stale_seen_at=at)


def _rebased_broker(guard: Guard, at: datetime) -> Guard:
    return replace(
        guard,
        disagreement_looks=0,
        disagreement_seen_at=at,
        acknowledged=guard.shortages,
        acknowledged_orders=guard.missing_orders,
    )


_RESETS: dict[Breaker, Callable[[Guard, datetime], Guard]] = {
    Breaker.DRAWDOWN: rebased_drawdown,
    Breaker.DAILY_LOSS: rebased_daily_loss,
    Breaker.FAILURE_CASCADE: _rebased_failures,
    Breaker.MARKET_DATA: _rebased_market_data,
    Breaker.BROKER: _rebased_broker,
    Breaker.CORRELATION: lambda guard, at: replace(guard, correlations_seen_on=new_york_day(at)),
}
