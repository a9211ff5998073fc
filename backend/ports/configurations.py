"""Where a tenant's configuration is kept, with every version that it had."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from backend.domain.audit import AuditEntry
from backend.domain.configuration_version import ConfigurationVersion
from backend.domain.trading_state import Trading


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is configured now, its number, and the trading document that a change is conditional on.

    ``number`` is 0 where nothing is configured.
    """

    values: Mapping[str, Any]
    number: int
    trading: Trading
    expected: object | None


class Configurations(Protocol):
    def configuration(self, tenant_id: str) -> Standing:
        """Read what is configured."""
        ...

    def configure(
        self, version: ConfigurationVersion, trading: Trading, entry: AuditEntry, *, expected: object | None
    ) -> None:
        """Write configuration, version, trading and audit entry at once; CommitConflict when trading has moved."""
        ...

    def versions(self, tenant_id: str, *, last: int) -> Sequence[ConfigurationVersion]:
        """Return the newest ``last`` versions, newest first."""
        ...
