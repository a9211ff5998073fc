"""How long what only explains the past is kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.errors import ConfigurationError

SHORTEST_DAYS = 32  # a task may be delivered 31 days late, and then needs its tick and its decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Days that a kind of document is kept; None keeps it for ever.

    ``logs_days`` counts for decisions, their inputs and copies, and for commands alike: they are one chain, which must
    end at its old end without gaps.
    """

    ticks_days: int | None = 35
    logs_days: int | None = 400
    alerts_days: int | None = 180
    dead_letters_days: int | None = 90

    def __post_init__(self) -> None:
        for name, least in (
            ("ticks_days", SHORTEST_DAYS),
            ("logs_days", SHORTEST_DAYS),
            ("alerts_days", 1),
            ("dead_letters_days", 1),
        ):
            days = getattr(self, name)
            if days is not None and days < least:
                raise ConfigurationError(f"retention.{name}: expected {least} days or more, found {days}; raise it")


def kept_until(at: datetime, days: int | None) -> datetime | None:
    """Return when a document of ``at`` may be deleted; None where it is kept for ever."""
    return None if days is None else at + timedelta(days=days)
