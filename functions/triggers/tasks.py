"""The task that runs one tenant's tick. It may be delivered twice: the tick protocol makes that harmless."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from firebase_functions import https_fn, options, tasks_fn

if TYPE_CHECKING:
    from backend.domain.errors import MaestroError
    from backend.domain.tick import TickRequest

REGION = "us-central1"
FUNCTION = "tenanttick"  # the queue is named after it, and a queue admits no underscore


@tasks_fn.on_task_dispatched(
    region=REGION,
    memory=options.MemoryOption.MB_512,
    timeout_sec=300,
    secrets=["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"],
    retry_config=options.RetryConfig(max_attempts=5, min_backoff_seconds=5, max_backoff_seconds=60),
    rate_limits=options.RateLimits(max_concurrent_dispatches=100),
)
def tenanttick(request: https_fn.CallableRequest[Any]) -> dict[str, Any]:
    """Run the tick that the payload names; raise where another delivery may succeed."""
    from backend.domain.errors import ConfigurationError, MaestroError
    from functions import bootstrap

    try:
        tick = tick_request(request.data)
    except ConfigurationError as e:
        bootstrap.log().error(str(e), kind="task_refused")
        return {"status": "refused", "message": str(e)}
    try:
        return _run(tick)
    except MaestroError as e:
        if is_retryable(e):
            bootstrap.log(tenant_id=tick.key.tenant_id, tick_id=tick.tick_id).warning(
                str(e), kind="tick_retried", error=type(e).__name__
            )
            raise
        return _give_up(tick, e)


def tick_request(payload: object) -> "TickRequest":
    """Read a task's payload.

    Raises
    ------
    ConfigurationError
        A field is missing or is not text, or ``scheduled_at`` is not an instant with its offset.
    """
    from datetime import datetime

    from backend.domain.errors import ConfigurationError
    from backend.domain.tick import PortfolioKey, TickRequest

    found = payload if isinstance(payload, Mapping) else {}
    names = ("tenant_id", "portfolio_id", "uid", "scheduled_at")
    texts = {name: text for name in names if isinstance(text := found.get(name), str) and text}
    if wrong := [name for name in names if name not in texts]:
        raise ConfigurationError(
            f"task: expected {', '.join(names)} as text, found none in {', '.join(wrong)}; drop it"
        )
    try:
        scheduled_at = datetime.fromisoformat(texts["scheduled_at"])
        if scheduled_at.tzinfo is None:
            raise ValueError("no offset")
    except ValueError as e:
        raise ConfigurationError(
            f"task: expected scheduled_at to be an instant with its offset, found {texts['scheduled_at']!r}; drop it"
        ) from e
    key = PortfolioKey(tenant_id=texts["tenant_id"], portfolio_id=texts["portfolio_id"], uid=texts["uid"])
    return TickRequest(key=key, scheduled_at=scheduled_at)


def is_retryable(error: "MaestroError") -> bool:
    """Say whether the same tick may succeed when nobody changes anything."""
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


def _run(tick: "TickRequest") -> dict[str, Any]:
    from backend.engine.cycle import run_cycle
    from functions import bootstrap, channels

    key, settings = tick.key, bootstrap.settings()
    cycle = bootstrap.cycle(settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid)
    result = run_cycle(tick, cycle)
    answer = {
        "tick_id": result.tick_id,
        "status": result.status.value,
        "was_resumed": result.was_resumed,
        "orders": len(result.orders),
        "unresolved": len(result.unresolved),
    }
    log = bootstrap.log(tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, **answer)
    log.info("tick finished")
    for fault in channels.tell(settings, key, result, bootstrap.clock().now()):
        log.error("alert not sent", reason=fault)
    return answer


def _give_up(tick: "TickRequest", error: "MaestroError") -> dict[str, Any]:
    """Answer OK, so that the task is not delivered again, and leave an alert."""
    from functions import bootstrap

    bootstrap.raise_alert(
        bootstrap.settings(),
        tenant_id=tick.key.tenant_id,
        alert_id=f"tick_failed-{tick.tick_id}",
        kind="tick_failed",
        message=str(error),
        error=type(error).__name__,
        portfolio_id=tick.key.portfolio_id,
        tick_id=tick.tick_id,
    )
    return {"tick_id": tick.tick_id, "status": "failed", "message": str(error)}
