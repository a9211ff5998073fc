"""One strategy's performance over one day or one month."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from backend.domain.signal import StrategyId


class Period(StrEnum):
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPerformanceSnapshot:
    """P&L in account currency; ``daily_return`` is None for a month and for a day without capital."""

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

    @property
    def perf_id(self) -> str:
        """``{uid}__{strategy_id}__YYYY-MM-DD`` or ``…__YYYY-MM``."""
        day = self.period_start.isoformat()
        return f"{self.uid}__{self.strategy_id}__{day if self.period is Period.DAY else day[:7]}"
