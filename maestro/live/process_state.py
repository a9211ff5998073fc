"""What a process says about itself, for ``maestro status`` and ``maestro stop`` in another one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.domain.errors import MaestroError
from maestro.live.process_files import ProcessFiles
from maestro.live.timetable import Job


@dataclass(slots=True, kw_only=True)
class ProcessState:
    """Facts of the start, and the newest of what happened since; ``beat`` writes them down."""

    files: ProcessFiles
    pid: int
    started_at: datetime
    is_dry_run: bool
    strategies: tuple[str, ...] | None
    config_file: str | None
    store: str
    sqlite_path: str | None
    tenant_id: str
    interval_seconds: float | None
    status: str = "running"
    settings_error: str = ""
    next_tick_at: datetime | None = None
    last_tick: Mapping[str, Any] | None = None
    last_error: Mapping[str, Any] | None = None
    jobs: dict[str, Any] = field(default_factory=dict)

    def beat(self, now: datetime, *, next_tick_at: datetime | None = None) -> None:
        """Write the state down as of ``now``."""
        self.next_tick_at = next_tick_at or self.next_tick_at
        self.files.write_state({**self._facts(), "heartbeat_at": now.isoformat()})

    def finished(self, job: Job, at: datetime, outcome: Mapping[str, Any]) -> None:
        self.jobs[job.value] = {"scheduled_at": at.isoformat(), "is_done": True, **outcome}
        if job is Job.TICK:
            self.last_tick = self.jobs[job.value]

    def failed(self, job: Job, at: datetime, error: MaestroError) -> None:
        message = f"{type(error).__name__}: {error}"
        self.last_error = {"job": job.value, "scheduled_at": at.isoformat(), "message": message}
        self.jobs[job.value] = {"scheduled_at": at.isoformat(), "is_done": False, "message": message}
        if job is Job.TICK:
            self.last_tick = self.jobs[job.value]

    def ended(self, now: datetime, status: str) -> None:
        """Write down how it ended: ``stopped``, or ``crashed``."""
        self.status, self.next_tick_at = status, None
        self.beat(now)

    def _facts(self) -> dict[str, Any]:
        return {
            "pid": self.pid,
            "status": self.status,
            "started_at": self.started_at.isoformat(),
            "dry_run": self.is_dry_run,
            "strategies": None if self.strategies is None else list(self.strategies),
            "config_file": self.config_file,
            "store": self.store,
            "sqlite_path": self.sqlite_path,
            "tenant": self.tenant_id,
            "interval_seconds": self.interval_seconds,
            "next_tick_at": None if self.next_tick_at is None else self.next_tick_at.isoformat(),
            "last_tick": self.last_tick,
            "last_error": self.last_error,
            "settings_error": self.settings_error or None,
            "jobs": self.jobs,
        }
