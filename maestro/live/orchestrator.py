"""Drive the scheduled jobs in one process, until it is told to stop.

1. at the start, reconcile: what was under way when the last process ended is looked up;
2. wait for what is due next; the settings are read anew meanwhile, so that a new schedule holds at once;
3. run the jobs of that instant. Their scheduled time is their identity: a restart, or a second process, finds the
   tick committed and does nothing twice;
4. a tick that came due meanwhile, or while the machine slept, is skipped and told, never caught up; the close of a
   day or a month is made late.

A MaestroError ends its job and not the process. Anything else is a defect and ends the process.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from structlog.typing import FilteringBoundLogger

from backend.domain.errors import MaestroError
from backend.ports.clock import Clock
from maestro.live.jobs import Jobs
from maestro.live.process_state import ProcessState
from maestro.live.settings_watch import SettingsWatch
from maestro.live.timetable import Due, Job

LATE_AFTER = timedelta(seconds=59)  # the minute that it is named after is over
LOOK_EVERY_SECONDS = 5.0
_SKIPPED = "skipped, it came due while nobody could run it"
_FAILED = {
    Job.TICK: "tick_failed",
    Job.RECONCILIATION: "not_reconciled",
    Job.DAILY_SNAPSHOT: "day_not_closed",
    Job.MONTHLY_SNAPSHOT: "month_not_closed",
}
CAUGHT_UP = frozenset({Job.DAILY_SNAPSHOT, Job.MONTHLY_SNAPSHOT})

Pause = Callable[[float], bool]  # waits for so many seconds, or until told to stop; says whether it was


class Orchestrator:
    """The loop; ``pause`` passes the time."""

    def __init__(
        self,
        jobs: Jobs,
        watch: SettingsWatch,
        state: ProcessState,
        *,
        clock: Clock,
        pause: Pause,
        log: FilteringBoundLogger,
    ) -> None:
        self._jobs = jobs
        self._watch = watch
        self._state = state
        self._clock = clock
        self._pause = pause
        self._log = log
        self._last = clock.now()  # what came due until then is done or passed over

    def run(self) -> None:
        """Run until ``pause`` says to stop."""
        self._run(Job.RECONCILIATION, self._last)
        while (due := self._waited()) is not None:
            if self._clock.now() - due.at <= LATE_AFTER:
                self._last = due.at
                for job in due.jobs:
                    self._run(job, due.at)
                    if self._pause(0):
                        return
            self._pass_over()

    def _waited(self) -> Due | None:
        """Wait for what is due next; None when told to stop."""
        while True:
            self._refresh()
            due = self._watch.timetable.after(self._last)
            now = self._clock.now()
            self._state.beat(now, next_tick_at=self._watch.timetable.next_tick(self._last))
            if due.at <= now:
                return due
            if self._pause(min((due.at - now).total_seconds(), LOOK_EVERY_SECONDS)):
                return None

    def _pass_over(self) -> None:
        """See to what came due while jobs ran or the machine slept: a close is made late, the others are skipped."""
        since, self._last = self._last, max(self._last, self._clock.now())
        for job, at in self._watch.timetable.missed(since, self._last).items():
            if job in CAUGHT_UP:
                self._run(job, at)
            else:
                self._log.warning(_SKIPPED, job=job.value, due=at.isoformat())
                if job is Job.TICK:
                    self._alarm("tick_missed", at, f"the tick of {at.isoformat()}: {_SKIPPED}")

    def _refresh(self) -> None:
        before = self._watch.timetable
        if not self._watch.refresh():
            return
        if self._watch.timetable != before:  # nothing was due by the new one before it was there
            self._last = max(self._last, self._clock.now())
        self._state.settings_error = self._watch.fault
        if self._watch.fault:
            self._log.error("settings are wrong, the last good ones stay in force", fault=self._watch.fault)
        else:
            self._log.info("settings changed")

    def _run(self, job: Job, at: datetime) -> None:
        facts: dict[str, Any] = {"job": job.value, "scheduled_at": at.isoformat()}
        try:
            outcome = self._jobs.run(job, at, self._watch.settings)
        except MaestroError as e:
            self._log.error(str(e), kind=f"{job.value}_failed", error=type(e).__name__, **facts)
            self._state.failed(job, at, e)
            self._alarm(_FAILED[job], at, f"the {job.value.replace('_', ' ')} of {at.isoformat()} failed: {e}")
        else:
            self._log.info(f"{job.value} job done", **facts, **outcome)
            self._state.finished(job, at, outcome)
        self._state.beat(self._clock.now())

    def _alarm(self, kind: str, at: datetime, message: str) -> None:
        for fault in self._jobs.alarm(kind, at, self._watch.settings, message=message):
            self._log.error("alert not sent", reason=fault, kind=kind)
