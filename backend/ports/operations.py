"""What the operator of the platform sees, across tenants."""

from collections.abc import Sequence
from typing import Protocol

from backend.domain.tenant_summary import TenantSummary, TickFailure


class Operations(Protocol):
    """One summary a tenant; ticks keep it current in their own commits. Every read is one round trip."""

    def summaries(self) -> Sequence[TenantSummary]:
        """Read every tenant that has ever ticked or failed to, by name."""
        ...

    def summary(self, tenant_id: str) -> TenantSummary | None:
        """Read one tenant's; None where it has never ticked."""
        ...

    def failed(self, tenant_id: str, failure: TickFailure) -> int:
        """Note a tick that was not committed; return how many have failed in a row.

        Raises
        ------
        CommitConflict
            Others wrote the tenant's summary at every attempt; nothing was noted.
        """
        ...
