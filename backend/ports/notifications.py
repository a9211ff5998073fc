"""Where alerts go, and where they are read back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from backend.domain.alert import Alert


class Notifier(Protocol):
    """One channel to people, such as a terminal, an address or a chat."""

    def notify(self, alert: Alert) -> None:
        """Hand an alert over.

        Raises
        ------
        NotificationError
            The channel did not take it. Whoever notifies notes that and goes on.
        """
        ...


class AlertHistory(Protocol):
    def alerts(self, tenant_id: str, *, since: datetime) -> Sequence[Alert]:
        """Read the stored alerts from ``since`` on, oldest first."""
        ...
