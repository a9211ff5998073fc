"""Send alerts over every channel, within a limit; a channel that fails stops neither the others nor a tick.

What went out before is derived from the alerts that are stored: nothing else is remembered between two ticks.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from backend.domain.alert import Alert
from backend.domain.errors import NotificationError
from backend.domain.notification_limit import NotificationLimit, admitted, history_of
from backend.ports.notifications import AlertHistory, Notifier

_REMEMBERED = timedelta(hours=24)


def notify(
    alerts: Sequence[Alert],
    channels: Mapping[str, Notifier],
    history: AlertHistory,
    *,
    now: datetime,
    limit: NotificationLimit | None = None,
) -> tuple[str, ...]:
    """Send what the limit admits of one tick's alerts, which are stored already; return what went wrong."""
    if not alerts or not channels:
        return ()
    limit, tenant_id = limit or NotificationLimit(), alerts[0].tenant_id
    own = {(each.tick_id, each.key) for each in alerts}
    stored = history.alerts(tenant_id, since=now - _REMEMBERED)
    before = history_of([each for each in stored if (each.tick_id, each.key) not in own], limit, tenant_id=tenant_id)
    return notify_all(admitted(alerts, before, limit, tenant_id=tenant_id, now=now).alerts, channels)


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
