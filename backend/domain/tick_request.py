"""Whose portfolio, and which of its ticks; whoever only queues one loads no more than this."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.identity import TickId, tick_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioKey:
    """Whose portfolio: ``uid`` is the user whose track record counts ("default" when a tenant has one)."""

    tenant_id: str
    portfolio_id: str = "main"
    uid: str = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRequest:
    """Which tick; from ``expires_at`` on it is resumed when it was begun, and not begun any more.

    ``correlation_id`` joins what one delivery of a schedule leads to, in log lines and documents; "" for none. Nothing
    is decided by it, and no hash covers it.
    """

    key: PortfolioKey
    scheduled_at: datetime
    expires_at: datetime | None = None
    correlation_id: str = ""

    @property
    def tick_id(self) -> TickId:
        return tick_id(portfolio_id=self.key.portfolio_id, scheduled_at=self.scheduled_at)
