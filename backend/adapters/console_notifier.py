"""Alerts as lines on a stream: what a terminal or a service's journal shows."""

from typing import TextIO

from backend.domain.alert import Alert
from backend.domain.errors import NotificationError


class ConsoleNotifier:
    """Notifier over a text stream, such as standard error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def notify(self, alert: Alert) -> None:
        """Write one line: instant, title and message; see the port."""
        message = " ".join(alert.message.split())
        try:
            self._stream.write(f"{alert.at:%Y-%m-%d %H:%M:%S%z} {alert.title}: {message}\n")
            self._stream.flush()
        except (OSError, ValueError) as e:  # ValueError: the stream is closed
            raise NotificationError(f"console: expected a stream that can be written, found {e}; reopen it") from e
