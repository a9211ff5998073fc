"""Reading performance, for people."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from backend.domain.signal import StrategyId
from backend.domain.snapshot import PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey


class PerformanceHistory(Protocol):
    def strategy_days(
        self, key: PortfolioKey, *, first: date, last: date, strategy: StrategyId | None = None
    ) -> Sequence[StrategyPerformanceSnapshot]:
        """Read the daily snapshots that Maestro wrote for the portfolio's user, oldest first, then by name."""
        ...

    def portfolio_days(self, key: PortfolioKey, *, first: date, last: date) -> Sequence[PortfolioPerformanceSnapshot]:
        """Read the portfolio's days, oldest first."""
        ...
