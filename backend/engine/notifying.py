"""Send alerts over every channel; one that fails stops neither the others nor a tick."""

from collections.abc import Iterable, Mapping

from backend.domain.alert import Alert
from backend.domain.errors import NotificationError
from backend.ports.notifications import Notifier


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
