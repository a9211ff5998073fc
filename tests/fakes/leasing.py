"""Take a lease alone, without the tick that would commit it."""

from datetime import datetime

from backend.domain.errors import CommitConflict
from backend.domain.lease import Lease, LeaseClaim
from backend.engine.leasing import StoredLeases
from backend.ports.leases import Leases


def acquire(claim: LeaseClaim, *, store: Leases, at: datetime) -> Lease | None:
    """Claim, and claim anew as often as others were first."""
    while True:
        grant = StoredLeases(store).granted(claim, None, at=at)
        assert grant.change is not None
        try:
            store.change(grant.change)
        except CommitConflict:
            continue
        return grant.lease
