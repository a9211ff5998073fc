"""The Cloud Functions, and nothing else."""

from functions.triggers.http import api
from functions.triggers.schedules import (
    daily_performance_snapshot,
    monthly_performance_snapshot,
    scheduled_reconciliation,
    scheduled_tick,
)
from functions.triggers.tasks import tenantjob, tenanttick

__all__ = [
    "api",
    "daily_performance_snapshot",
    "monthly_performance_snapshot",
    "scheduled_reconciliation",
    "scheduled_tick",
    "tenantjob",
    "tenanttick",
]
