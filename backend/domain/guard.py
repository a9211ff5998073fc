"""What the circuit breakers remember from one look at account and market to the next."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.order import ClientOrderId
from backend.domain.signal import StrategyId, Symbol


class Breaker(StrEnum):
    DRAWDOWN = "drawdown"
    DAILY_LOSS = "daily_loss"
    FAILURE_CASCADE = "failure_cascade"
    MARKET_DATA = "market_data"
    BROKER = "broker_disagreement"
    CORRELATION = "correlation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A value that was out of line, and the looks that have shown it; ``seen_at`` is the last one that counted."""

    value: Decimal
    looks: int
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One account's memory of what was accepted, what waits to be confirmed and what a reset acknowledged.

    ``is_warned`` says that the drawdown warning was given since the last high. A ``high_water_mark`` or a
    ``day_start_equity`` of 0 is set by the next equity that is accepted. Failures up to ``failures_forgotten_at``
    do not count. ``shortages`` and ``missing_orders`` are those of the last look; ``acknowledged`` and
    ``acknowledged_orders`` are the part of them that a reset accepted. Correlations of returns up to
    ``correlations_seen_on`` do not count. ``told`` is what was noticed
    today. ``calm_since`` is when the cause of a tripped breaker was seen gone.
    """

    equity: Decimal | None = None
    equity_at: datetime | None = None
    equity_doubt: Doubt | None = None
    high_water_mark: Decimal = Decimal(0)
    high_water_mark_at: datetime | None = None
    is_warned: bool = False
    day: date | None = None
    day_start_equity: Decimal = Decimal(0)
    accepted_prices: Mapping[Symbol, Decimal] = field(default_factory=dict)
    price_doubts: Mapping[Symbol, Doubt] = field(default_factory=dict)
    failed_at: Mapping[StrategyId, datetime] = field(default_factory=dict)
    failures_forgotten_at: datetime | None = None
    stale_looks: int = 0
    stale_seen_at: datetime | None = None
    disagreement_looks: int = 0
    disagreement_seen_at: datetime | None = None
    shortages: Mapping[Symbol, Decimal] = field(default_factory=dict)
    acknowledged: Mapping[Symbol, Decimal] = field(default_factory=dict)
    missing_orders: frozenset[ClientOrderId] = frozenset()
    acknowledged_orders: frozenset[ClientOrderId] = frozenset()
    correlations_seen_on: date | None = None
    told: Mapping[str, date] = field(default_factory=dict)
    calm_since: Mapping[Breaker, datetime] = field(default_factory=dict)
