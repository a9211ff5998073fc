"""Work that was given up: what it was, why, and how often it was tried."""

from dataclasses import dataclass
from datetime import datetime

from backend.domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """``error`` is the class of the last failure, ``reason`` what it said, ``attempts`` how often it was delivered."""

    task: Task
    error: str
    reason: str
    attempts: int
    failed_at: datetime

    @property
    def letter_id(self) -> str:
        return f"{self.task.kind}-{self.task.subject}"
