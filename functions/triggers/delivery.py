"""One delivery of a task: read it, do it within its time limit, and say what becomes of it when it fails.

1. a payload that is none is dropped, with a line in the log: no delivery of it can succeed;
2. what another delivery may get past is raised, so that the queue delivers it again, later and later;
3. what cannot be done without somebody, and what failed in its last delivery, goes to the tenant's dead letters, with
   an alert; the queue is told that it is done;
4. a tick of a paused portfolio is dropped; one that came too late is told as missed.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from firebase_functions import https_fn

from functions.tracing import logged_as, trace_of
from functions.triggers.deadline import hanging, retire_if_hanging, within

if TYPE_CHECKING:
    from backend.domain.errors import MaestroError
    from backend.domain.task import Task

MOST_ATTEMPTS = 5
RETRY_COUNT = "X-CloudTasks-TaskRetryCount"
_ALERTS = {
    "tick": "tick_failed",
    "reconcile": "not_reconciled",
    "close_day": "day_not_closed",
    "close_month": "month_not_closed",
}


def delivered(
    request: https_fn.CallableRequest[Any],
    work: "Callable[[Task], dict[str, Any]]",
    limit: "Callable[[Task], float]",
) -> dict[str, Any]:
    """Do what the payload asks for; raise where another delivery may succeed."""
    from backend.adapters.task_payload import from_payload
    from backend.domain.errors import ConfigurationError
    from functions import bootstrap

    try:
        task = from_payload(request.data)
    except ConfigurationError as e:
        bootstrap.log().error(str(e), kind="task_refused")
        return {"status": "refused", "message": str(e)}
    headers = request.raw_request.headers
    facts = {
        **trace_of(dict(headers), bootstrap.settings().project or ""),
        "correlation_id": task.correlation_id,
        "tenant_id": task.key.tenant_id,
        "portfolio_id": task.key.portfolio_id,
        "tick_id": task.subject,
        "task": task.kind.value,
    }
    with logged_as(**facts):
        try:
            return _attempted(task, attempt_of(headers.get(RETRY_COUNT)), work, limit(task))
        finally:
            if retire_if_hanging():
                bootstrap.log().warning("process ends: something hangs", threads=hanging())


def attempt_of(retry_count: str | None) -> int:
    """Return which delivery of a task this is, from 1; the first where the queue does not say."""
    return int(retry_count) + 1 if retry_count and retry_count.isascii() and retry_count.isdigit() else 1


def is_worth_another(error: "MaestroError", attempt: int) -> bool:
    """Say whether to deliver a task again after this attempt.

    Credentials that were refused have been forgotten: a second attempt reads those that may have taken their place.
    """
    from backend.domain.errors import BrokerRefused

    return attempt == 1 if isinstance(error, BrokerRefused) else is_retryable(error) and attempt < MOST_ATTEMPTS


def is_retryable(error: "MaestroError") -> bool:
    """Say whether the same task may succeed when nobody changes anything."""
    from backend.domain import errors

    permanent = (
        errors.ConfigurationError,
        errors.SignalError,
        errors.StrategyError,
        errors.TrackRecordError,
        errors.AllocationError,
        errors.LeaseHeld,
        errors.StoreCorrupt,
        errors.BrokerRefused,
    )
    return not isinstance(error, permanent)


def _attempted(task: "Task", attempt: int, work: "Callable[[Task], dict[str, Any]]", seconds: float) -> dict[str, Any]:
    from backend.domain.errors import MaestroError, PortfolioPaused, TickExpired
    from functions import bootstrap

    log = bootstrap.log(attempt=attempt)
    try:
        return within(seconds, lambda: work(task))
    except PortfolioPaused as e:
        log.info(str(e), kind="task_dropped")
        return _answer(task, "dropped", e)
    except TickExpired as e:
        missed(task, str(e))
        return _answer(task, "expired", e)
    except MaestroError as e:
        if is_worth_another(e, attempt):
            log.warning(str(e), kind="task_retried", error=type(e).__name__)
            raise
        _note(task, e)
        _bury(task, e, attempt)
        return _answer(task, "failed", e)
    except BaseException as e:
        if attempt >= MOST_ATTEMPTS:  # a fault of the program: still raised, and not lost
            _bury(task, e, attempt)
        raise


def missed(task: "Task", why: str) -> None:
    """Tell that a tick was not run."""
    _alert(task, "tick_missed", why)


def _note(task: "Task", error: "MaestroError") -> None:
    """Count a tick that failed for good in the operator's summary of its tenant."""
    from backend.domain.task import TaskKind
    from functions import bootstrap, failures

    if task.kind is not TaskKind.TICK:
        return
    if (fault := failures.note_failure(bootstrap.settings(), task.tick_request(), error)) is not None:
        bootstrap.log().warning("failure not noted", reason=fault)


def _bury(task: "Task", error: BaseException, attempts: int) -> None:
    """Keep the task where somebody finds it, and raise an alert."""
    from backend.domain.dead_letter import DeadLetter
    from functions import bootstrap, stores

    stores.dead_letters(bootstrap.settings()).add(
        DeadLetter(
            task=task,
            error=type(error).__name__,
            reason=str(error),
            attempts=attempts,
            failed_at=bootstrap.clock().now(),
        )
    )
    _alert(task, _ALERTS[task.kind.value], str(error), error=type(error).__name__)


def _alert(task: "Task", kind: str, message: str, **facts: str) -> None:
    from functions import bootstrap

    bootstrap.raise_alert(
        bootstrap.settings(),
        tenant_id=task.key.tenant_id,
        alert_id=f"{kind}-{task.subject}",
        kind=kind,
        message=message,
        portfolio_id=task.key.portfolio_id,
        tick_id=task.subject,
        **facts,
    )


def _answer(task: "Task", status: str, error: "MaestroError") -> dict[str, Any]:
    return {"tick_id": task.subject, "status": status, "message": str(error)}
