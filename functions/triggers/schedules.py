"""What runs on a schedule: each function looks who is due and queues one task for each.

Every function here is synchronous: an ``async def`` under ``on_schedule`` answers 200 and never runs.
A new worker is asked for its health by a GET that runs the body, too; it carries no job name and does nothing.
"""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from firebase_functions import options, params, scheduler_fn

from functions.triggers.tasks import DEADLINES, JOBS, REGION, TICKS

if TYPE_CHECKING:
    from backend.engine.dispatching import Dispatched, Dispatcher
    from backend.settings import Settings

# Resolved by firebase-tools when it deploys, from deploy/.env; settings.schedule reads the same variables.
_DISPATCH: Any = params.StringParam("MAESTRO_SCHEDULE__DISPATCH", default="* * * * *")
_DAILY: Any = params.StringParam("MAESTRO_SCHEDULE__DAILY_SNAPSHOT", default="15 16 * * 1-5")
_MONTHLY: Any = params.StringParam("MAESTRO_SCHEDULE__MONTHLY_SNAPSHOT", default="0 0 1 * *")
_RECONCILIATION: Any = params.StringParam("MAESTRO_SCHEDULE__RECONCILIATION", default="*/15 9-17 * * 1-5")
_TIME_ZONE = params.StringParam("MAESTRO_SCHEDULE__TIME_ZONE", default="America/New_York")

_MOST_ALERTS = 100  # of tasks that were not queued: a queue that is down is the operator's matter, and in the log

_on_schedule = partial(
    scheduler_fn.on_schedule,
    timezone=_TIME_ZONE,
    region=REGION,
    memory=options.MemoryOption.MB_256,
    timeout_sec=300,
    max_instances=1,
    retry_count=3,
)


@_on_schedule(schedule=_DISPATCH)
def scheduled_tick(event: scheduler_fn.ScheduledEvent) -> None:
    """Queue the tick of every portfolio that is due; a second delivery queues nothing new."""
    if event.job_name is None:
        return
    from backend.domain.task import Task, TaskKind
    from backend.engine.dispatching import dispatch_ticks
    from functions import bootstrap
    from functions.triggers.delivery import missed

    settings, minute = bootstrap.settings(), scheduled_minute(event.schedule_time)
    correlation_id = _correlation_id("tick", minute)
    found = dispatch_ticks(minute, correlation_id, _parts(settings, TICKS))
    for key, instants in found.skipped.items():
        last = Task(kind=TaskKind.TICK, key=key, scheduled_at=instants[-1], correlation_id=correlation_id)
        missed(
            last, f"{len(instants)} ticks up to {instants[-1]:%Y-%m-%d %H:%M} UTC were not dispatched, and are skipped"
        )
    _finish(found, "tick", minute, correlation_id)


@_on_schedule(schedule=_DAILY)
def daily_performance_snapshot(event: scheduler_fn.ScheduledEvent) -> None:
    """Queue the close of every active portfolio's days."""
    _dispatch_jobs(event, "close_day")


@_on_schedule(schedule=_MONTHLY)
def monthly_performance_snapshot(event: scheduler_fn.ScheduledEvent) -> None:
    """Queue the close of every tenant's month before the schedule's."""
    _dispatch_jobs(event, "close_month")


@_on_schedule(schedule=_RECONCILIATION)
def scheduled_reconciliation(event: scheduler_fn.ScheduledEvent) -> None:
    """Queue the reconciliation of every active portfolio with its broker: orders in doubt, fills, positions."""
    _dispatch_jobs(event, "reconcile")


def scheduled_minute(at: datetime) -> datetime:
    """Return the minute that a cron schedule names, so that a delivery with jitter names the same ticks."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def _dispatch_jobs(event: scheduler_fn.ScheduledEvent, kind: str) -> None:
    if event.job_name is None:
        return
    from backend.domain.task import TaskKind
    from backend.engine.dispatching import dispatch_jobs
    from functions import bootstrap

    minute = scheduled_minute(event.schedule_time)
    correlation_id = _correlation_id(kind, minute)
    parts = _parts(bootstrap.settings(), JOBS)
    _finish(dispatch_jobs(TaskKind(kind), minute, correlation_id, parts), kind, minute, correlation_id)


def _parts(settings: "Settings", function: str) -> "Dispatcher":
    from functions import dispatch

    return dispatch.dispatcher(settings, location=REGION, function=function, deadline_seconds=DEADLINES[function])


def _correlation_id(kind: str, minute: datetime) -> str:
    """Return 32 hex digits that a second delivery of the same schedule has, too."""
    from hashlib import blake2b

    return blake2b(f"{kind} {minute.isoformat()}".encode(), digest_size=16).hexdigest()


def _finish(found: "Dispatched", kind: str, minute: datetime, correlation_id: str) -> None:
    """Say what was done, raise an alert for each tenant that was left out, and fail where trying again may help."""
    from functions import bootstrap

    settings = bootstrap.settings()
    for (tenant_id, portfolio_id), message in found.faults.items():
        bootstrap.raise_alert(
            settings,
            tenant_id=tenant_id,
            alert_id=f"portfolio_unreadable-{portfolio_id}",
            kind="portfolio_unreadable",
            message=message,
            portfolio_id=portfolio_id,
        )
    for task, error in found.failures[:_MOST_ALERTS]:
        bootstrap.raise_alert(
            settings,
            tenant_id=task.key.tenant_id,
            alert_id=f"{task.kind}_not_queued-{task.subject}",
            kind="tick_not_queued",
            message=str(error),
            portfolio_id=task.key.portfolio_id,
        )
    bootstrap.log(correlation_id=correlation_id).info(
        "tasks queued",
        task=kind,
        scheduled_at=minute.isoformat(),
        due=found.due,
        new=found.new,
        failed=len(found.failures),
        left_out=len(found.faults),
    )
    if found.failures:
        raise found.failures[0][1]
