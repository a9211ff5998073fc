"""What a replay over recorded prices brought: the numbers behind its tables, its report and its JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from backend.domain.equity_change import EquityChange
from backend.domain.shadow import Demotion


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyLine:
    """One strategy as the last tick left it: its share of the account before and after its mode multiplier."""

    strategy: str
    mode: str
    sharpe: float | None
    n: int
    original_allocation: float
    final_allocation: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeEvent:
    day: date
    strategy: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideEvent:
    day: date
    sellers: tuple[str, ...]
    held: tuple[str, ...]  # strategies whose BUY became HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """One order sent; quantity and price as filled, None while nothing is."""

    day: date
    strategy: str
    symbol: str
    side: str
    status: str
    quantity: float | None
    price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPath:
    """One strategy day by day, parallel to ``ReplayOutcome.days``; ``returns`` may hold None."""

    mode: tuple[str, ...]
    sharpe: tuple[float | None, ...]
    allocation: tuple[float, ...]  # value of the real sleeve ÷ equity at the close
    returns: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """``equity`` and ``benchmark`` (equal-weight buy and hold of the same symbols) are daily closes in currency.

    ``demotions`` and ``equity_changes``, oldest first, are those of the days that were closed.
    """

    days: tuple[date, ...]
    equity: tuple[float, ...]
    benchmark: tuple[float, ...]
    strategies: tuple[StrategyLine, ...]
    paths: Mapping[str, StrategyPath]
    mode_changes: tuple[ModeEvent, ...]
    overrides: tuple[OverrideEvent, ...]
    orders: tuple[OrderEvent, ...]
    fills: int
    ticks: int
    demotions: tuple[Demotion, ...] = ()
    equity_changes: tuple[EquityChange, ...] = ()
    failures: Mapping[str, int] = field(default_factory=dict)  # strategy → ticks on which it failed
