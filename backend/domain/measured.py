"""What one run of a tick has taken: for people who watch, never for what is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went to the store and came from it; documents as Firestore bills them, missing ones included."""

    documents_read: int = 0
    documents_written: int = 0
    round_trips: int = 0

    def since(self, before: "Traffic") -> "Traffic":
        """Return what was added to an earlier state of the same counters."""
        return Traffic(
            documents_read=self.documents_read - before.documents_read,
            documents_written=self.documents_written - before.documents_written,
            round_trips=self.round_trips - before.round_trips,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Milliseconds by stage, each without the stages within it, and the traffic; empty where nobody measures."""

    durations: Mapping[str, float] = field(default_factory=dict)
    traffic: Traffic = Traffic()
