"""The scheduled jobs on this machine: the same use cases that the scheduled functions and the commands call."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog

from backend.domain.alert import Alert, Severity
from backend.domain.errors import MaestroError
from backend.domain.tick import PortfolioKey, TickRequest
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.reconciling import reconcile
from backend.engine.snapshots import close_days
from backend.ports.telemetry import Telemetry
from backend.settings import Settings
from functions import bootstrap, channels, failures, stores
from functions.strategies.loader import StrategyLoader
from maestro.live.timetable import Job

Outcome = Mapping[str, Any]
Listening = Callable[[Telemetry, PortfolioKey], Telemetry]


class Jobs:
    """Runs one job at a time.

    Parameters
    ----------
    only : the strategies that are asked; every one that loads where it is None
    listening : who else is told of ticks, as telemetry around that of the log
    """

    def __init__(self, only: Collection[str] | None = None, listening: Listening | None = None) -> None:
        self._only = only
        self._listening = listening
        self._made_of: Settings | None = None
        self._made: Cycle | None = None

    def prepare(self, settings: Settings) -> Cycle:
        """Put the parts together, anew when the settings changed, so that a strategy that hangs costs one thread.

        Raises
        ------
        MaestroError
            Something that a tick needs is missing.
        """
        if self._made is None or self._made_of != settings:
            key = _key(settings)
            cycle = bootstrap.cycle(
                settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid, is_logged=True
            )
            if self._only is not None:
                assert isinstance(cycle.strategies, StrategyLoader)  # what bootstrap puts in; no other can be narrowed
                cycle = replace(cycle, strategies=cycle.strategies.only(self._only, cycle.policy.strategies))
            if self._listening is not None:
                cycle = replace(cycle, telemetry=self._listening(cycle.telemetry, key))
            self._made_of, self._made = settings, cycle
        return self._made

    def _with_access(self, settings: Settings) -> Cycle:
        """Return the same parts with the tenant's credentials as they are now: they are rotated without a restart."""
        tenant_id = settings.tenant_id
        return replace(
            self.prepare(settings),
            broker=bootstrap.broker(settings, tenant_id),
            bars=bootstrap.bars(settings, tenant_id),
            statements=bootstrap.statements(settings, tenant_id),
        )

    def run(self, job: Job, at: datetime, settings: Settings) -> Outcome:
        """Do what is due at ``at``; the same instant again finds it done.

        Raises
        ------
        MaestroError
            It was not done, or not wholly; the next one carries on.
        """
        match job:
            case Job.TICK:
                return self._tick(at, settings)
            case Job.RECONCILIATION:
                return _reconcile(settings)
            case Job.DAILY_SNAPSHOT:
                return _close_day(at, settings)
            case Job.MONTHLY_SNAPSHOT:
                return _close_month(at, settings)

    def alarm(self, kind: str, at: datetime, settings: Settings, *, message: str) -> tuple[str, ...]:
        """Raise an alert about a job that was due at ``at``; return what went wrong with it."""
        key, now = _key(settings), bootstrap.clock().now()
        alert = Alert(
            tenant_id=key.tenant_id,
            portfolio_id=key.portfolio_id,
            kind=kind,
            severity=Severity.ERROR,
            message=message,
            at=now,
        )
        identifier = f"{kind}-{key.portfolio_id}-{at:%Y%m%dT%H%M%SZ}"
        return channels.raise_alert(settings, alert, alert_id=identifier, facts={}, now=now)

    def _tick(self, at: datetime, settings: Settings) -> Outcome:
        key, cycle = _key(settings), self._with_access(settings)
        request = TickRequest(key=key, scheduled_at=at, correlation_id=uuid4().hex)
        try:
            result = run_cycle(request, cycle)
        except MaestroError as e:
            if (fault := failures.note_failure(settings, request, e)) is not None:
                structlog.get_logger().warning("failure not noted", reason=fault)
            raise
        faults = channels.tell(settings, key, result, cycle.clock.now())
        return {
            "tick_id": result.tick_id,
            "correlation_id": request.correlation_id,
            "status": result.status.value,
            "was_resumed": result.was_resumed,
            "orders": len(result.orders),
            "unresolved": len(result.unresolved),
            "summary": result.summary,
            **_unsent(faults),
        }


def _key(settings: Settings) -> PortfolioKey:
    return PortfolioKey(tenant_id=settings.tenant_id, portfolio_id=settings.portfolio_id, uid=settings.uid)


def _unsent(faults: Collection[str]) -> Outcome:
    return {"alerts_not_sent": list(faults)} if faults else {}


def _reconcile(settings: Settings) -> Outcome:
    """Bring every portfolio that has a book together with the broker; one that fails stops no other."""
    faults: list[MaestroError] = []
    moved, doubts, unsent = 0, [], list[str]()
    for key in stores.store(settings).portfolios(settings.tenant_id):
        try:
            found = reconcile(key, bootstrap.desk(settings, key, is_logged=True))
        except MaestroError as e:
            faults.append(e)
            continue
        moved += len(found.moved)
        unsent += channels.raise_doubts(settings, key, found, bootstrap.clock().now())
        doubts += [*found.trips, *found.differences, *(f"order {each} is unresolved" for each in found.unresolved)]
    if faults:
        raise faults[0]
    return {"moved": moved, "doubts": doubts, **_unsent(unsent)}


def _close_day(at: datetime, settings: Settings) -> Outcome:
    key = _key(settings)
    day = at.astimezone(ZoneInfo(settings.schedule.time_zone)).date()
    closed = close_days(key, day, bootstrap.day_close(settings, key, is_logged=True))
    return {"days": [each.portfolio.day.isoformat() for each in closed]}


def _close_month(at: datetime, settings: Settings) -> Outcome:
    from backend.marketplace.month import Month
    from backend.marketplace.strategy_performance_snapshots import (
        compute_monthly_strategy_performance_from_firestore,
        previous_month,
        write_strategy_performance_snapshots,
    )

    year, month = previous_month(at.astimezone(ZoneInfo(settings.schedule.time_zone)).date())
    db, bars = stores.documents(settings), bootstrap.bars(settings, settings.tenant_id)
    snapshots = compute_monthly_strategy_performance_from_firestore(
        db=db,
        tenant_id=settings.tenant_id,
        year=year,
        month=month,
        mark_prices=lambda held: bars.closes(held, day=Month(year, month).last_day),
        now=datetime.now(UTC),
    )
    count = write_strategy_performance_snapshots(db=db, tenant_id=settings.tenant_id, snapshots_by_perf_id=snapshots)
    return {"month": f"{year:04d}-{month:02d}", "documents": count}
