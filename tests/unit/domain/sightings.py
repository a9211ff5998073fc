"""Looks at an account, five minutes apart, for the tests of circuit breakers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.domain.breaker_limits import BreakerLimits
from backend.domain.guard import Breaker, Guard
from backend.domain.signal import StrategyId, Symbol
from backend.domain.trading_state import TradingState
from backend.domain.watch import Sighting, Watched, watch

START = datetime(2026, 1, 28, 15, 0, tzinfo=UTC)  # 10:00 in New York, a Wednesday
TODAY = date(2026, 1, 28)
AAPL, MSFT, KO = Symbol("AAPL"), Symbol("MSFT"), Symbol("KO")


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def at_prices(**prices: str) -> dict[Symbol, Decimal]:
    return {Symbol(symbol): Decimal(price) for symbol, price in prices.items()}


def look(minutes: float = 0, equity: str = "100000", **shown: Any) -> Sighting:
    """Return an uneventful look, so many minutes after START, with what is ``shown`` changed."""
    return Sighting(at=after(minutes), equity=Decimal(equity), **{"newest_bar": TODAY - timedelta(days=1), **shown})


def failing(*strategies: str) -> frozenset[StrategyId]:
    return frozenset(map(StrategyId, strategies))


@dataclass
class Account:
    """Watches look after look, and latches what trips as an account does."""

    limits: BreakerLimits
    guard: Guard
    tripped: dict[Breaker, TradingState]

    def shows(self, sighting: Sighting) -> Watched:
        seen = watch(self.guard, sighting, self.limits, self.tripped)
        self.guard = seen.guard
        self.tripped |= {trip.breaker: trip.state for trip in seen.trips}
        return seen

    def shows_all(self, sightings: Iterable[Sighting]) -> list[Watched]:
        return [self.shows(sighting) for sighting in sightings]


def account(tripped: Mapping[Breaker, TradingState] | None = None, **limits: Any) -> Account:
    return Account(limits=BreakerLimits(**limits), guard=Guard(), tripped=dict(tripped or {}))


def states(seen: Watched) -> dict[str, str]:
    return {trip.breaker.value: trip.state.value for trip in seen.trips}
