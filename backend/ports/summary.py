"""Who puts a decision into a sentence."""

from typing import Protocol

from backend.domain.decision import Decision


class Summarizer(Protocol):
    def summarize(self, decision: Decision) -> str | None:
        """Return a short text, or None when none could be had in time; never raises for a vendor's failure."""
        ...
