"""Where signals that somebody else executes are looked up, and their nonces spent."""

from typing import Protocol

from backend.domain.acceptance import Accepted, Standing
from backend.domain.audit import AuditEntry
from backend.domain.issue import Issued
from backend.domain.trading_state import Trading


class Acceptances(Protocol):
    def issued(self, tenant_id: str, session_id: str) -> Issued | None:
        """Return what the decision of a session issued; None where the tenant's log has no such decision.

        Raises
        ------
        StoreCorrupt
            The decision is not the one that the chain covers.
        """
        ...

    def standing(self, tenant_id: str, nonce: str | None) -> Standing:
        """Read trading and the nonce at once, from one state of the store."""
        ...

    def record(
        self, trading: Trading, entry: AuditEntry, *, expected: object | None, spent: Accepted | None = None
    ) -> None:
        """Write trading and the audit entry at once, and spend the nonce of a signal that was accepted.

        Raises
        ------
        CommitConflict
            Trading moved, or the nonce is spent; nothing was written.
        """
        ...
