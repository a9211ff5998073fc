"""One piece of work for one tenant, as it waits in a queue."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from backend.domain.errors import ConfigurationError
from backend.domain.identity import tick_id
from backend.domain.tick_request import PortfolioKey, TickRequest


class TaskKind(StrEnum):
    """What is to be done; a month is closed for a whole tenant, the others for a portfolio."""

    TICK = "tick"
    RECONCILE = "reconcile"
    CLOSE_DAY = "close_day"
    CLOSE_MONTH = "close_month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """``scheduled_at`` is the minute of the schedule that asked for it, ``correlation_id`` what its log lines share.

    From ``expires_at`` on a tick that nobody has decided is not decided any more; None where that does not matter.
    """

    kind: TaskKind
    key: PortfolioKey
    scheduled_at: datetime
    correlation_id: str = ""
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        for name, instant in (("scheduled_at", self.scheduled_at), ("expires_at", self.expires_at)):
            if instant is not None and instant.tzinfo is None:
                raise ConfigurationError(f"task: expected {name} with its offset, found {instant}; drop it")

    @property
    def task_id(self) -> str:
        """Its name in a queue: a hash, because Cloud Tasks slows down on names that ascend.

        The same work of the same minute has the same name, so that a schedule which fires twice queues it once.
        """
        parts = (self.kind.value, self.key.tenant_id, self.subject)
        return f"{self.kind.value.replace('_', '-')}-{sha256(chr(31).join(parts).encode()).hexdigest()[:40]}"

    @property
    def subject(self) -> str:
        """What it is about: the portfolio and the minute, as a tick is named."""
        return str(tick_id(portfolio_id=self.key.portfolio_id, scheduled_at=self.scheduled_at))

    def tick_request(self) -> TickRequest:
        return TickRequest(
            key=self.key, scheduled_at=self.scheduled_at, expires_at=self.expires_at, correlation_id=self.correlation_id
        )
