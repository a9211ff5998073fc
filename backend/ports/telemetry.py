"""What a run tells while it goes: events, and how long its stages took."""

from contextlib import AbstractContextManager
from typing import Protocol

from backend.domain.measured import Measured


class Telemetry(Protocol):
    """Whoever listens takes no part: nothing that is told or measured enters a decision, and no method raises."""

    @property
    def measured(self) -> Measured:
        """What this run has taken so far."""
        ...

    def begun(self) -> "Telemetry":
        """Return one for a run of its own, which has measured nothing yet."""
        ...

    def about(self, **facts: object) -> AbstractContextManager[None]:
        """Add facts to all that is told, by whomever in this thread, until the end; empty ones are left out."""
        ...

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Time a stage; a stage within it is taken out of it, and the same one again adds up."""
        ...

    def event(self, name: str, /, **facts: object) -> None:
        """Tell what has happened, in the past tense, with values that JSON can hold."""
        ...
