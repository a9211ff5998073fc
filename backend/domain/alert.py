"""What needs a person: one event, as it is stored and as it goes out over a channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from backend.domain.errors import ConfigurationError


class Severity(StrEnum):
    """From the mildest to the worst."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


_RANKS = {severity: rank for rank, severity in enumerate(reversed(Severity))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One event. ``kind`` is a snake_case word, ``subject`` what of that kind it is about, such as a strategy.

    ``subject`` is empty where there is one of a kind, ``portfolio_id`` where the event is the tenant's, ``tick_id``
    outside ticks. Of one that is raised again and again, ``told_at`` is when it last went out over the channels and
    ``repeats`` how often it was raised since.
    """

    tenant_id: str
    kind: str
    severity: Severity
    message: str
    at: datetime
    portfolio_id: str = ""
    tick_id: str = ""
    subject: str = ""
    told_at: datetime | None = None
    repeats: int = 0

    def __post_init__(self) -> None:
        if not (self.tenant_id and self.kind and self.message):
            raise ConfigurationError(
                f"alert: expected tenant, kind and message, found {self.tenant_id!r}, {self.kind!r}, {self.message!r}"
            )
        if self.at.tzinfo is None:
            raise ConfigurationError(f"alert {self.kind}: expected an aware instant, found {self.at}; add its zone")

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What makes two alerts the same one: tenant, portfolio, kind and subject, whatever their words and times."""
        return self.tenant_id, self.portfolio_id, self.kind, self.subject

    @property
    def rank(self) -> int:
        """Its place among others, the worst first."""
        return _RANKS[self.severity]

    @property
    def title(self) -> str:
        """One line for a subject or a heading."""
        about = f" ({self.subject})" if self.subject else ""
        return f"Maestro {self.severity}: {self.kind.replace('_', ' ')}{about}, {self.place}"

    @property
    def place(self) -> str:
        return f"{self.tenant_id}/{self.portfolio_id}" if self.portfolio_id else self.tenant_id
