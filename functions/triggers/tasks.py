"""The tasks of one tenant: its tick, and the jobs beside it. Each may be delivered twice, which harms nothing."""

from typing import Any

from firebase_functions import https_fn, options, params, tasks_fn

from functions.triggers import jobs
from functions.triggers.delivery import MOST_ATTEMPTS, delivered

REGION = "us-central1"
TICKS = "tenanttick"  # a queue is named after its function, and admits no underscore
JOBS = "tenantjob"
DEADLINES = {TICKS: 300, JOBS: 600}  # seconds; the settings' own time limits end earlier
# Resolved by firebase-tools when it deploys, from deploy/.env, as the schedules are.
_TICKS_AT_ONCE: Any = params.IntParam("MAESTRO_TASKS__CONCURRENT_TICKS", default=500)
_JOBS_AT_ONCE: Any = params.IntParam("MAESTRO_TASKS__CONCURRENT_JOBS", default=100)


@tasks_fn.on_task_dispatched(
    region=REGION,
    memory=options.MemoryOption.MB_256,
    timeout_sec=DEADLINES[TICKS],
    cpu=1,
    concurrency=1,  # a tenant that hangs holds up its own process alone
    retry_config=options.RetryConfig(max_attempts=MOST_ATTEMPTS, min_backoff_seconds=5, max_backoff_seconds=60),
    rate_limits=options.RateLimits(max_concurrent_dispatches=_TICKS_AT_ONCE, max_dispatches_per_second=500),
)
def tenanttick(request: https_fn.CallableRequest[Any]) -> dict[str, Any]:
    """Run the tick that the payload names."""
    from functions import bootstrap

    return delivered(request, jobs.tick, lambda _: bootstrap.settings().tasks.tick_seconds)


@tasks_fn.on_task_dispatched(
    region=REGION,
    memory=options.MemoryOption.MB_256,
    timeout_sec=DEADLINES[JOBS],
    cpu=1,
    concurrency=1,
    retry_config=options.RetryConfig(max_attempts=MOST_ATTEMPTS, min_backoff_seconds=30, max_backoff_seconds=600),
    rate_limits=options.RateLimits(max_concurrent_dispatches=_JOBS_AT_ONCE, max_dispatches_per_second=100),
)
def tenantjob(request: https_fn.CallableRequest[Any]) -> dict[str, Any]:
    """Reconcile a portfolio, or close its days or a tenant's month, as the payload says."""
    from functions import bootstrap

    return delivered(request, jobs.job, lambda _: bootstrap.settings().tasks.job_seconds)
