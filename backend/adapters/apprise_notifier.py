"""Alerts over anything that has an Apprise URL: e-mail, Slack, a webhook and many more."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError, NotificationError


class AppriseNotifier:
    """Notifier for one URL, which may carry secrets: no message of it shows more than its scheme and host.

    Parameters
    ----------
    channel : what people call it, such as email, slack or webhook
    url : such as ``mailtos://user:password@host?to=…``, ``slack://…`` or ``json://host/path``
    timeout_seconds : for each of connecting and reading

    Raises
    ------
    ConfigurationError
        Apprise is not installed, or it does not know such a URL.
    """

    def __init__(self, channel: str, url: str, *, timeout_seconds: float = 5.0) -> None:
        try:
            import apprise
        except ImportError as e:
            raise ConfigurationError(
                f"notifications.{channel}: expected Apprise, found it not installed; install maestro[notify]"
            ) from e
        self._channel = channel
        self._kinds = {
            Severity.INFO: apprise.NotifyType.INFO,
            Severity.WARNING: apprise.NotifyType.WARNING,
            Severity.ERROR: apprise.NotifyType.FAILURE,
        }
        self._capture: Any = apprise.LogCapture
        self._apprise = apprise.Apprise()
        plugin = self._plugin(apprise, url, timeout_seconds)
        self._apprise.add(plugin)
        self._shown = plugin.url(privacy=True).split("?")[0]

    def notify(self, alert: Alert) -> None:
        """Send title and message; see the port."""
        with self._capture(level=logging.WARNING, fmt="%(message)s") as said:
            is_sent = self._apprise.notify(
                title=alert.title, body=alert.message, notify_type=self._kinds[alert.severity]
            )
            why = " ".join(said.getvalue().split())
        if not is_sent:
            raise NotificationError(
                f"{self._channel}: expected {self._shown} to take the alert {alert.kind}, found: {why or 'a refusal'}; "
                "check the URL and that the server is up"
            )

    def _plugin(self, apprise: Any, url: str, timeout_seconds: float) -> Any:
        joint = "&" if "?" in url else "?"
        with _unheard():
            plugin = apprise.Apprise.instantiate(f"{url}{joint}cto={timeout_seconds}&rto={timeout_seconds}")
        if plugin is None:
            scheme = url.partition("://")[0] if "://" in url else "no scheme"
            raise ConfigurationError(
                f"notifications.{self._channel}.url: expected a whole Apprise URL, found one ({scheme}) that it does "
                "not know; see docs/how-to/monitor.md"
            )
        return plugin


@contextmanager
def _unheard() -> Iterator[None]:
    """Drop what Apprise logs: of a URL that it does not know it logs the whole, secrets included."""
    logger = logging.getLogger("apprise")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before
