"""Send alerts over every channel, within a limit; a channel that fails stops neither the others nor a tick.

What went out before is derived from the alerts that are stored, so that processes and deliveries share one memory.
While the store cannot be read, a process goes by what it sent itself (``sent_here``).

An alert that no tick stores is kept under a name first, conditional on the version that was read: of two that raise it
at once, one tells, and the other finds that it has been told.
"""

from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from backend.domain.alert import Alert
from backend.domain.errors import CommitConflict, NotificationError, StoreError
from backend.domain.notification_limit import Admitted, NotificationHistory, NotificationLimit, admitted, history_of
from backend.ports.notifications import AlertHistory, AlertRegister, Notifier

REMEMBERED = timedelta(hours=24)
ATTEMPTS = 8

SentHere = MutableMapping[str, NotificationHistory]  # by tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """An alert with the name that it is kept under, and what else is known of it."""

    alert: Alert
    alert_id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def notify(
    alerts: Sequence[Alert],
    channels: Mapping[str, Notifier],
    history: AlertHistory,
    *,
    now: datetime,
    limit: NotificationLimit | None = None,
    sent_here: SentHere | None = None,
) -> tuple[str, ...]:
    """Send what the limit admits of one tick's alerts, which are stored already; return what went wrong."""
    if not alerts or not channels:
        return ()
    limit, tenant_id = limit or NotificationLimit(), alerts[0].tenant_id
    own = {(each.tick_id, each.key) for each in alerts}
    faults: list[str] = []
    try:
        stored = history.alerts(tenant_id, since=now - REMEMBERED)
        others = [each for each in stored if (each.tick_id, each.key) not in own]
        before = history_of(others, limit, tenant_id=tenant_id)
    except StoreError as e:
        faults.append(str(e))
        before = (sent_here or {}).get(tenant_id, NotificationHistory())
    chosen = admitted(alerts, before, limit, tenant_id=tenant_id, now=now)
    _remember(sent_here, tenant_id, chosen)
    return (*faults, *notify_all(chosen.alerts, channels))


def raise_alert(
    raised: Raised,
    channels: Mapping[str, Notifier],
    register: AlertRegister,
    *,
    now: datetime,
    limit: NotificationLimit | None = None,
    sent_here: SentHere | None = None,
) -> tuple[str, ...]:
    """Keep an alert and send it, within the limit; return what went wrong.

    A store that does not answer keeps nobody from being told.
    """
    limit, tenant_id = limit or NotificationLimit(), raised.alert.tenant_id
    faults: list[str] = []
    try:
        chosen = _kept(raised, register, limit, now)
    except StoreError as e:
        faults.append(str(e))
        before = (sent_here or {}).get(tenant_id, NotificationHistory())
        chosen = admitted([raised.alert], before, limit, tenant_id=tenant_id, now=now)
    _remember(sent_here, tenant_id, chosen)
    return (*faults, *notify_all(chosen.alerts, channels))


def _kept(raised: Raised, register: AlertRegister, limit: NotificationLimit, now: datetime) -> Admitted:
    alert, tenant_id = raised.alert, raised.alert.tenant_id
    for _ in range(ATTEMPTS):
        earlier, version = register.raised(tenant_id, raised.alert_id)
        stored = register.alerts(tenant_id, since=now - REMEMBERED)
        before = history_of(stored, limit, tenant_id=tenant_id)
        chosen = admitted([alert], before, limit, tenant_id=tenant_id, now=now)
        is_out = any(each.key == alert.key for each in chosen.alerts)
        kept = replace(
            alert,
            told_at=now if is_out else before.last_sent.get(alert.key),
            repeats=0 if is_out or earlier is None else earlier.repeats + 1,
        )
        try:
            register.keep(kept, raised.alert_id, raised.facts, expected=version)
        except CommitConflict:
            continue
        return chosen
    raise CommitConflict(
        f"alert {raised.alert_id}: expected to keep it within {ATTEMPTS} attempts, lost every one to others who raise "
        "it, too; one of them tells"
    )


def _remember(sent_here: SentHere | None, tenant_id: str, chosen: Admitted) -> None:
    if sent_here is not None:
        sent_here[tenant_id] = chosen.history


def notify_all(alerts: Iterable[Alert], channels: Mapping[str, Notifier]) -> tuple[str, ...]:
    """Hand each alert to each channel, by name; return what went wrong, to be noted.

    A channel that has failed gets no further alert of this call, so that one which times out costs its time once.
    """
    failures: dict[str, str] = {}
    for alert in alerts:
        for name, channel in channels.items():
            if name in failures:
                continue
            try:
                channel.notify(alert)
            except NotificationError as e:
                failures[name] = str(e)
    return tuple(failures.values())
