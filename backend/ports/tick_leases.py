"""Under which lease a tick commits."""

from datetime import datetime
from typing import Protocol

from backend.domain.lease import Lease, LeaseClaim, LeaseGrant


class TickLeases(Protocol):
    def granted(self, claim: LeaseClaim, held: Lease | None, *, at: datetime) -> LeaseGrant:
        """Return what a tick commits of its lease, given the one that stands in its book.

        Raises
        ------
        LeaseHeld
            Another holder has one of the strategies; it is named.
        """
        ...
