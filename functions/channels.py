"""Where alerts go: the channels that are configured, and a decision's alerts over them."""

import sys
from typing import TYPE_CHECKING

from functions import stores

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from backend.domain.tick import PortfolioKey, TickResult
    from backend.ports.notifications import Notifier
    from backend.settings import Settings


def channels(settings: "Settings", names: "Iterable[str]") -> "dict[str, Notifier]":
    """Return the notifiers of these names; one whose URL is not set is left out, as ``maestro config validate`` says.

    Raises
    ------
    ConfigurationError
        Apprise is not installed, or does not know a URL.
    """
    from backend.adapters.apprise_notifier import AppriseNotifier
    from backend.adapters.console_notifier import ConsoleNotifier

    found: dict[str, Notifier] = {}
    for name in names:
        if name == "console":
            found[name] = ConsoleNotifier(sys.stderr)
        elif url := getattr(settings.notifications, name).get_secret_value():
            found[name] = AppriseNotifier(name, url)
    return found


def tell(settings: "Settings", key: "PortfolioKey", result: "TickResult", now: "datetime") -> tuple[str, ...]:
    """Send the alerts of a tick that was decided here; return what could not be sent, to be noted.

    The tick is done whatever goes wrong, so nothing is raised that would have it delivered again.
    """
    from backend.domain.alerts import alerts_of
    from backend.domain.errors import MaestroError
    from backend.engine.notifying import notify

    told = alerts_of(result.decision, key.portfolio_id) if result.decision is not None else ()
    if result.decision is None or not told:
        return ()
    try:
        return notify(told, channels(settings, result.decision.channels), stores.alerts(settings), now=now)
    except MaestroError as e:
        return (f"{type(e).__name__}: {e}",)
