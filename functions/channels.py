"""Where alerts go: the channels that are configured, a tick's alerts over them, and alerts that no tick stores."""

import sys
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from functions import stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from backend.domain.alert import Alert
    from backend.domain.tick import PortfolioKey, TickResult
    from backend.engine.notifying import SentHere
    from backend.engine.reconciling import Reconciled
    from backend.ports.notifications import Notifier
    from backend.settings import Settings

CONSOLE = "console"


def channels(settings: "Settings", names: "Iterable[str]") -> "dict[str, Notifier]":
    """Return the notifiers of these names; one whose URL is not set is left out, as ``maestro config validate`` says.

    Raises
    ------
    ConfigurationError
        Apprise is not installed, or does not know a URL.
    """
    found = {name: channel(settings, name) for name in names}
    return {name: each for name, each in found.items() if each is not None}


def channel(settings: "Settings", name: str) -> "Notifier | None":
    """Return one notifier; None where its URL is not set.

    Raises
    ------
    ConfigurationError
        Apprise is not installed, or does not know the URL.
    """
    from backend.adapters.apprise_notifier import AppriseNotifier
    from backend.adapters.console_notifier import ConsoleNotifier

    if name == CONSOLE:
        return ConsoleNotifier(sys.stderr)
    url = getattr(settings.notifications, name).get_secret_value()
    return AppriseNotifier(name, url) if url else None


def channel_names(settings: "Settings", tenant_id: str) -> tuple[str, ...]:
    """Return where the tenant's alerts go; where its configuration cannot be read, where the process's own do."""
    from backend.domain.errors import MaestroError
    from backend.engine.policies import policy_of

    defaults = settings.policy()
    try:
        configuration = stores.configurations(settings).configuration(tenant_id).values
        return policy_of(defaults, configuration).alerts.channels
    except MaestroError:
        return defaults.alerts.channels


def tell(settings: "Settings", key: "PortfolioKey", result: "TickResult", now: "datetime") -> tuple[str, ...]:
    """Send the alerts of a tick; return what could not be sent, to be noted.

    Of a tick that another delivery had begun, those that are stored: that one was gone before it could tell.

    The tick is done whatever goes wrong, so nothing is raised that would have it delivered again.
    """
    from backend.domain.errors import MaestroError
    from backend.engine.notifying import notify

    try:
        told = _stored_of(settings, key, result, now) if result.was_taken_over else result.alerts
        if not told:
            return ()
        names = channel_names(settings, key.tenant_id) if result.decision is None else result.decision.channels
        reached, faults = _reached(settings, names)
        return (*faults, *notify(told, reached, stores.alerts(settings), now=now, sent_here=_sent_here()))
    except MaestroError as e:
        return (f"{type(e).__name__}: {e}",)


def raise_alert(
    settings: "Settings", alert: "Alert", *, alert_id: str, facts: "Mapping[str, Any]", now: "datetime"
) -> tuple[str, ...]:
    """Keep an alert that no tick stores under its name, and send it; return what went wrong, to be noted."""
    from backend.domain.errors import MaestroError
    from backend.engine.notifying import Raised
    from backend.engine.notifying import raise_alert as told

    raised = Raised(alert=alert, alert_id=alert_id, facts=facts)
    try:
        reached, faults = _reached(settings, channel_names(settings, alert.tenant_id))
        return (*faults, *told(raised, reached, stores.alerts(settings), now=now, sent_here=_sent_here()))
    except MaestroError as e:
        return (f"{type(e).__name__}: {e}",)


def raise_event(
    settings: "Settings", tenant_id: str, alert_id: str, event: "Mapping[str, Any]", now: "datetime"
) -> tuple[str, ...]:
    """Raise an alert that is given as plain facts; those that an alert has no place for are kept beside it."""
    from backend.domain.alert import Alert, Severity

    facts = dict(event)
    alert = Alert(
        tenant_id=tenant_id,
        kind=facts.pop("kind"),
        severity=Severity(facts.pop("severity")),
        message=facts.pop("message") or str(event["kind"]),
        at=now,
        portfolio_id=str(facts.pop("portfolio_id", "")),
        tick_id=str(facts.pop("tick_id", "")),
        subject=str(facts.pop("subject", "")),
    )
    return raise_alert(settings, alert, alert_id=alert_id, facts=facts, now=now)


def raise_doubts(settings: "Settings", key: "PortfolioKey", found: "Reconciled", now: "datetime") -> tuple[str, ...]:
    """Raise what a reconciliation could not confirm: one alert for each doubtful order, one for all that differs.

    Return what went wrong, to be noted. Each alert takes the place of the one before it while its cause lasts.
    """
    from backend.domain.alert import Alert, Severity
    from backend.domain.alerts import unresolved_alerts

    doubts = [*found.trips, *found.differences]
    alerts = list(unresolved_alerts(found.open_orders, key, at=now))
    if doubts:
        alerts.append(
            Alert(
                tenant_id=key.tenant_id,
                portfolio_id=key.portfolio_id,
                kind="broker_disagrees",
                severity=Severity.ERROR,
                message="; ".join(doubts),
                at=now,
            )
        )
    faults = (
        raise_alert(settings, each, alert_id=f"{each.kind}-{key.portfolio_id}{_part(each)}", facts={}, now=now)
        for each in alerts
    )
    return tuple(fault for some in faults for fault in some)


def _part(alert: "Alert") -> str:
    return f"-{alert.subject}" if alert.subject else ""


def _reached(settings: "Settings", names: "Iterable[str]") -> "tuple[dict[str, Notifier], tuple[str, ...]]":
    """Return the channels that can be opened; one that cannot takes no other with it."""
    from backend.domain.errors import ConfigurationError

    found: dict[str, Notifier] = {}
    faults = []
    for name in names:
        try:
            notifier = channel(settings, name)
        except ConfigurationError as e:
            faults.append(str(e))
            continue
        if notifier is not None:
            found[name] = notifier
    return found, tuple(faults)


def _stored_of(settings: "Settings", key: "PortfolioKey", result: "TickResult", now: "datetime") -> "tuple[Alert, ...]":
    from backend.engine.notifying import REMEMBERED

    stored = stores.alerts(settings).alerts(key.tenant_id, since=now - REMEMBERED)
    return tuple(sorted((each for each in stored if each.tick_id == result.tick_id), key=lambda each: each.rank))


@lru_cache(maxsize=1)
def _sent_here() -> "SentHere":
    """Return what this process sent, by tenant: all that is known while the store cannot be read."""
    return {}
