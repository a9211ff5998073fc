"""Who is to be run and when, where work waits, and what was given up."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from backend.domain.dead_letter import DeadLetter
from backend.domain.dispatch import DispatchRecord, Occurrences, ScheduledPortfolios
from backend.domain.task import Task


class Portfolios(Protocol):
    """The portfolios of all tenants. StoreUnavailable when the store did not answer."""

    def active(self, schedules: Collection[str] | None = None) -> ScheduledPortfolios:
        """Return the active ones, or those whose own schedule is one of these, in path order."""
        ...

    def tenants(self) -> tuple[str, ...]:
        """Return every tenant, in name order."""
        ...

    def record(self) -> DispatchRecord:
        """Return what the last dispatch left."""
        ...

    def keep(self, record: DispatchRecord) -> None:
        """Put this in its place."""
        ...


class Schedules(Protocol):
    def occurrences(self, schedule: str, after: datetime, until: datetime) -> Occurrences:
        """Return the instants that a schedule names after ``after`` and up to ``until``, and the next one.

        Raises
        ------
        ConfigurationError
            The text is no schedule.
        """
        ...


class TaskQueue(Protocol):
    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when it was queued before.

        Raises
        ------
        StoreUnavailable
            The queue did not take it: whether it is queued is unknown, and asking again is safe.
        """
        ...


class DeadLetters(Protocol):
    def add(self, letter: DeadLetter) -> None:
        """Keep what was given up; the same task given up again replaces itself."""
        ...

    def letters(self, tenant_id: str) -> Sequence[DeadLetter]:
        """Return a tenant's, the newest first."""
        ...

    def remove(self, tenant_id: str, letter_id: str) -> None:
        """Forget one; nothing happens where there is none."""
        ...
