"""Performance over one day or one month: of a strategy, and of a portfolio's account."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.mode import Mode
from backend.domain.signal import StrategyId

ZERO = Decimal(0)


class Period(StrEnum):
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """What a strategy's real P&L of a day came from, in account currency; the parts add up to it.

    ``signal``: its signals at the neutral base weight, filled at the observed prices, dividends with it ·
    ``allocation``: its own base weight instead of the neutral one, and what the account's limits cut ·
    ``mode``: the mode multiplier · ``override``: entries held back by systemic override, trading state or expiry ·
    ``crossing``: slippage spared because shares changed hands inside · ``slippage``: fills against observed prices,
    with what the crossed shares would have cost · ``fees``: negative.
    """

    signal: Decimal = ZERO
    allocation: Decimal = ZERO
    mode: Decimal = ZERO
    override: Decimal = ZERO
    crossing: Decimal = ZERO
    slippage: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return sum((getattr(self, each.name) for each in fields(self)), ZERO)

    def __add__(self, other: "Attribution") -> "Attribution":
        return Attribution(**{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPerformanceSnapshot:
    """One strategy's day or month in account currency.

    The sleeve that is scored is the virtual one while in shadow (``is_virtual``), else the real one.
    ``realized_pnl`` is what it realised in the period, net of fees; ``unrealized_pnl`` what its open lots were worth
    above cost at the end; ``pnl`` all that it gained in the period. ``real_*`` are the same of the real sleeve.
    ``daily_return`` = pnl ÷ ``capital``; None for a month and for a day without capital. ``mode``, ``attribution``
    and ``closes_at``, the instant at which the day was cut, are those of a day.
    """

    tenant_id: str
    uid: str
    strategy_id: StrategyId
    period: Period
    period_start: date
    period_end: date
    realized_pnl: Decimal
    unrealized_pnl: Decimal
    capital: Decimal | None
    daily_return: float | None
    computed_at: datetime
    source: str
    is_virtual: bool = False
    pnl: Decimal = ZERO
    real_realized_pnl: Decimal = ZERO
    real_unrealized_pnl: Decimal = ZERO
    real_pnl: Decimal = ZERO
    mode: Mode | None = None
    attribution: Attribution | None = None
    closes_at: datetime | None = None

    @property
    def perf_id(self) -> str:
        """``{uid}__{strategy_id}__YYYY-MM-DD`` or ``…__YYYY-MM``."""
        day = self.period_start.isoformat()
        return f"{self.uid}__{self.strategy_id}__{day if self.period is Period.DAY else day[:7]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioPerformanceSnapshot:
    """One portfolio's day at the close of its session, in account currency.

    ``equity`` and ``previous_equity`` are the broker's figures; None on the first day. Their difference =
    ``strategies`` (real P&L of all sleeves) + ``external`` (what Maestro did not do: other positions, deposits,
    interest, dividends not paid yet) + ``residual`` (what nothing explains).
    """

    tenant_id: str
    uid: str
    portfolio_id: str
    day: date
    closes_at: datetime
    equity: Decimal
    previous_equity: Decimal | None
    strategies: Decimal
    external: Decimal
    residual: Decimal
    computed_at: datetime

    @property
    def perf_id(self) -> str:
        return f"{self.portfolio_id}__{self.day.isoformat()}"
