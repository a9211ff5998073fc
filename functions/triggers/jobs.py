"""What the tasks of a tenant do: a tick, a reconciliation, the close of days and of a month."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from backend.domain.task import Task


def tick(task: "Task") -> dict[str, Any]:
    """Run one tick of a portfolio."""
    from backend.engine.cycle import run_cycle
    from functions import bootstrap, channels

    key, settings = task.key, bootstrap.settings()
    cycle = bootstrap.cycle(
        settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid, is_logged=True
    )
    result = run_cycle(task.tick_request(), cycle)
    answer = {
        "tick_id": result.tick_id,
        "status": result.status.value,
        "was_resumed": result.was_resumed,
        "orders": len(result.orders),
        "unresolved": len(result.unresolved),
    }
    for fault in channels.tell(settings, key, result, bootstrap.clock().now()):
        bootstrap.log().error("alert not sent", reason=fault)
    return answer


def job(task: "Task") -> dict[str, Any]:
    """Do what the task's kind says.

    Raises
    ------
    ConfigurationError
        It is a tick's task, which belongs to another queue.
    """
    from backend.domain.errors import ConfigurationError
    from backend.domain.task import TaskKind

    match task.kind:
        case TaskKind.RECONCILE:
            facts = _reconcile(task)
        case TaskKind.CLOSE_DAY:
            facts = _close_days(task)
        case TaskKind.CLOSE_MONTH:
            facts = _close_month(task)
        case TaskKind.TICK:
            raise ConfigurationError("task: expected a job, found a tick; queue it for tenanttick")
    return {"tick_id": task.subject, "status": "done", **facts}


def local_day(at: datetime, time_zone: str) -> date:
    """Return the date on the schedule's own clock."""
    from zoneinfo import ZoneInfo

    return at.astimezone(ZoneInfo(time_zone)).date()


def _reconcile(task: "Task") -> dict[str, Any]:
    """Reconcile, and tell what the broker does not confirm."""
    from backend.engine.reconciling import reconcile
    from functions import bootstrap, channels

    key, settings = task.key, bootstrap.settings()
    found = reconcile(key, bootstrap.desk(settings, key, is_logged=True))
    facts = {"moved": len(found.moved), "open": len(found.open_orders), "unresolved": len(found.unresolved)}
    bootstrap.log().info("reconciled", **facts)
    for fault in channels.raise_doubts(settings, key, found, bootstrap.clock().now()):
        bootstrap.log().error("alert not sent", reason=fault)
    return facts


def _close_days(task: "Task") -> dict[str, Any]:
    """Close the sessions of a portfolio that have ended, those that were missed with them."""
    from backend.engine.snapshots import close_days
    from functions import bootstrap

    key, settings = task.key, bootstrap.settings()
    day = local_day(task.scheduled_at, settings.schedule.time_zone)
    closed = close_days(key, day, bootstrap.day_close(settings, key, is_logged=True))
    days = [str(each.portfolio.day) for each in closed]
    bootstrap.log().info("days closed", days=days)
    return {"days": days}


def _close_month(task: "Task") -> dict[str, Any]:
    """Write a tenant's performance of the month before the schedule's."""
    from backend.marketplace.month import Month
    from backend.marketplace.strategy_performance_snapshots import (
        compute_monthly_strategy_performance_from_firestore,
        previous_month,
        write_strategy_performance_snapshots,
    )
    from functions import bootstrap, stores

    tenant_id, settings = task.key.tenant_id, bootstrap.settings()
    year, month = previous_month(local_day(task.scheduled_at, settings.schedule.time_zone))
    db, bars = stores.documents(settings), bootstrap.bars(settings, tenant_id)
    snapshots = compute_monthly_strategy_performance_from_firestore(
        db=db,
        tenant_id=tenant_id,
        year=year,
        month=month,
        mark_prices=lambda held: bars.closes(held, day=Month(year, month).last_day),
        now=bootstrap.clock().now(),
    )
    count = write_strategy_performance_snapshots(db=db, tenant_id=tenant_id, snapshots_by_perf_id=snapshots)
    bootstrap.log().info("month closed", month=f"{year:04d}-{month:02d}", documents=count)
    return {"month": f"{year:04d}-{month:02d}", "documents": count}
