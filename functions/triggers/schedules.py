"""What runs on a schedule: the tick of every active portfolio, and the snapshots of a day and of a month.

Every function here is synchronous: an ``async def`` under ``on_schedule`` answers 200 and never runs.
A new worker is asked for its health by a GET that runs the body, too; it carries no job name and does nothing.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from firebase_functions import options, params, scheduler_fn

from functions.triggers.tasks import FUNCTION, REGION, is_retryable

if TYPE_CHECKING:
    from backend.domain.errors import MaestroError
    from backend.domain.tick import PortfolioKey
    from backend.settings import Settings

T = TypeVar("T")
R = TypeVar("R")

# Resolved by firebase-tools when it deploys, from deploy/.env; settings.schedule reads the same variables.
_TICK: Any = params.StringParam("MAESTRO_SCHEDULE__TICK", default="*/5 9-16 * * 1-5")
_DAILY: Any = params.StringParam("MAESTRO_SCHEDULE__DAILY_SNAPSHOT", default="15 16 * * 1-5")
_MONTHLY: Any = params.StringParam("MAESTRO_SCHEDULE__MONTHLY_SNAPSHOT", default="0 0 1 * *")
_RECONCILIATION: Any = params.StringParam("MAESTRO_SCHEDULE__RECONCILIATION", default="*/15 * * * *")
_TIME_ZONE = params.StringParam("MAESTRO_SCHEDULE__TIME_ZONE", default="America/New_York")

_on_snapshot_schedule = partial(
    scheduler_fn.on_schedule,
    timezone=_TIME_ZONE,
    region=REGION,
    memory=options.MemoryOption.MB_512,
    timeout_sec=1800,
    max_instances=1,
    retry_count=3,
    secrets=["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"],
)


@scheduler_fn.on_schedule(
    schedule=_TICK,
    timezone=_TIME_ZONE,
    region=REGION,
    memory=options.MemoryOption.MB_256,
    timeout_sec=300,
    max_instances=1,
    retry_count=3,
)
def scheduled_tick(event: scheduler_fn.ScheduledEvent) -> None:
    """Queue one task for each active portfolio; a second delivery queues nothing new."""
    if event.job_name is None:
        return
    from backend.domain.tick import TickRequest
    from functions import bootstrap

    settings = bootstrap.settings()
    scheduled_at = scheduled_minute(event.schedule_time)
    active = bootstrap.portfolios(settings).active()
    queue = bootstrap.tick_queue(settings, location=REGION, function=FUNCTION)
    for (tenant_id, portfolio_id), message in active.faults.items():
        _alert(settings, "portfolio_unreadable", tenant_id, portfolio_id, message)
    queued = for_each(
        active.keys,
        lambda key: queue.enqueue(TickRequest(key=key, scheduled_at=scheduled_at)),
        lambda key, e: _alert(settings, "tick_not_queued", key.tenant_id, f"{key.portfolio_id}-{scheduled_at}", str(e)),
    )
    bootstrap.log().info("ticks queued", scheduled_at=scheduled_at.isoformat(), due=len(queued), new=sum(queued))


@_on_snapshot_schedule(schedule=_DAILY)
def daily_performance_snapshot(event: scheduler_fn.ScheduledEvent) -> None:
    """Close every active portfolio's sessions that have ended, those that were missed with them."""
    if event.job_name is None:
        return
    from functions import bootstrap

    settings = bootstrap.settings()
    day = local_day(event.schedule_time, settings.schedule.time_zone)
    for_each(
        bootstrap.portfolios(settings).active().keys,
        lambda key: _close_day(settings, key, day),
        lambda key, e: _alert(settings, "day_not_closed", key.tenant_id, f"{key.portfolio_id}-{day}", str(e)),
    )


@_on_snapshot_schedule(schedule=_MONTHLY)
def monthly_performance_snapshot(event: scheduler_fn.ScheduledEvent) -> None:
    """Write every tenant's performance of the month before the schedule's."""
    if event.job_name is None:
        return
    from functions import bootstrap

    settings = bootstrap.settings()
    today = local_day(event.schedule_time, settings.schedule.time_zone)
    for_each(
        bootstrap.portfolios(settings).tenants(),
        lambda tenant_id: _close_month(settings, tenant_id, today),
        lambda tenant_id, e: _alert(settings, "month_not_closed", tenant_id, str(today), str(e)),
    )


@_on_snapshot_schedule(schedule=_RECONCILIATION)
def scheduled_reconciliation(event: scheduler_fn.ScheduledEvent) -> None:
    """Bring every active portfolio's book together with its broker: orders in doubt, fills, positions."""
    if event.job_name is None:
        return
    from functions import bootstrap

    settings = bootstrap.settings()
    minute = scheduled_minute(event.schedule_time)
    for_each(
        bootstrap.portfolios(settings).active().keys,
        lambda key: _reconcile(settings, key),
        lambda key, e: _alert(settings, "not_reconciled", key.tenant_id, f"{key.portfolio_id}-{minute}", str(e)),
    )


def scheduled_minute(at: datetime) -> datetime:
    """Return the minute that a cron schedule names, so that a delivery with jitter names the same ticks."""
    return at.astimezone(UTC).replace(second=0, microsecond=0)


def local_day(at: datetime, time_zone: str) -> date:
    """Return the date on the schedule's own clock."""
    from zoneinfo import ZoneInfo

    return at.astimezone(ZoneInfo(time_zone)).date()


def for_each(
    subjects: Iterable[T], action: Callable[[T], R], on_failure: "Callable[[T, MaestroError], None]"
) -> list[R]:
    """Do the same for each: one that fails is told to ``on_failure`` and stops no other.

    Raises
    ------
    MaestroError
        The first failure that another delivery of the schedule may get past, after all were tried.
    """
    from backend.domain.errors import MaestroError

    results: list[R] = []
    again: MaestroError | None = None
    for subject in subjects:
        try:
            results.append(action(subject))
        except MaestroError as e:
            on_failure(subject, e)
            if again is None and is_retryable(e):
                again = e
    if again is not None:
        raise again
    return results


def _alert(settings: "Settings", kind: str, tenant_id: str, what: str, message: str) -> None:
    from functions import bootstrap

    bootstrap.raise_alert(settings, tenant_id=tenant_id, alert_id=f"{kind}-{what}", kind=kind, message=message)


def _close_day(settings: "Settings", key: "PortfolioKey", day: date) -> None:
    from backend.engine.snapshots import close_days
    from functions import bootstrap

    closed = close_days(key, day, bootstrap.day_close(settings, key))
    days = [str(each.portfolio.day) for each in closed]
    bootstrap.log(tenant_id=key.tenant_id).info("days closed", portfolio_id=key.portfolio_id, days=days)


def _reconcile(settings: "Settings", key: "PortfolioKey") -> None:
    """Reconcile, and raise one alert for all that the broker does not confirm; it replaces itself while it lasts."""
    from backend.engine.reconciling import reconcile
    from functions import bootstrap

    found = reconcile(key, bootstrap.desk(settings, key))
    facts = {"moved": len(found.moved), "open": len(found.open_orders), "unresolved": len(found.unresolved)}
    bootstrap.log(tenant_id=key.tenant_id).info("reconciled", portfolio_id=key.portfolio_id, **facts)
    doubts = [*found.trips, *found.differences, *(f"order {each} is unresolved" for each in found.unresolved)]
    if doubts:
        _alert(settings, "broker_disagrees", key.tenant_id, key.portfolio_id, "; ".join(doubts))


def _close_month(settings: "Settings", tenant_id: str, today: date) -> None:
    from backend.marketplace.month import Month
    from backend.marketplace.strategy_performance_snapshots import (
        compute_monthly_strategy_performance_from_firestore,
        previous_month,
        write_strategy_performance_snapshots,
    )
    from functions import bootstrap, stores

    year, month = previous_month(today)
    db, bars = stores.documents(settings), bootstrap.bars(settings)
    snapshots = compute_monthly_strategy_performance_from_firestore(
        db=db,
        tenant_id=tenant_id,
        year=year,
        month=month,
        mark_prices=lambda held: bars.closes(held, day=Month(year, month).last_day),
        now=bootstrap.clock().now(),
    )
    count = write_strategy_performance_snapshots(db=db, tenant_id=tenant_id, snapshots_by_perf_id=snapshots)
    bootstrap.log(tenant_id=tenant_id).info("month closed", month=f"{year:04d}-{month:02d}", documents=count)
