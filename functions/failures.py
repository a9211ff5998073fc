"""A tick that was not done, noted where the operator looks."""

from typing import TYPE_CHECKING

from functions import stores

if TYPE_CHECKING:
    from backend.domain.errors import MaestroError
    from backend.domain.tick import TickRequest
    from backend.settings import Settings


def note_failure(settings: "Settings", tick: "TickRequest", error: "MaestroError", *, kind: str = "") -> str | None:
    """Count the failure of a tick in its tenant's summary; return what went wrong with that, to be logged.

    Nothing is raised: what failed the tick is what matters, and a store that is down has failed it as a rule.

    Parameters
    ----------
    kind : a snake_case word for it; by default the error's name
    """
    from backend.adapters.log_secrets import without_secrets
    from backend.adapters.system_clock import SystemClock
    from backend.domain.errors import MaestroError
    from backend.domain.tenant_summary import TickFailure

    failure = TickFailure(
        portfolio_id=tick.key.portfolio_id,
        kind=kind or type(error).__name__,
        reason=without_secrets(str(error)),
        at=SystemClock().now(),
        tick_id=tick.tick_id,
        correlation_id=tick.correlation_id,
    )
    try:
        stores.operations(settings).failed(tick.key.tenant_id, failure)
    except MaestroError as e:
        return f"{type(e).__name__}: {e}"
    return None
