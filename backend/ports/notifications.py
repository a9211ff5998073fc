"""Where alerts go, and where they are read back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

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


class AlertRegister(AlertHistory, Protocol):
    """Where alerts are kept that no tick stores, each under a name: the same one again takes its place."""

    def raised(self, tenant_id: str, alert_id: str) -> tuple[Alert | None, object | None]:
        """Read the alert of this name with its version; None and None where there is none."""
        ...

    def keep(self, alert: Alert, alert_id: str, facts: Mapping[str, Any], *, expected: object | None) -> None:
        """Write an alert under its name, with ``facts`` beside it; CommitConflict when it moved since it was read."""
        ...
