"""Claim an account's strategies, keep them, and give them back: read, decide, write, and again when others were first.

A tick needs no claim of its own: it reads the leases, lets ``claimed`` decide, and writes the result in the same commit
as its decision, under the version that it read. So nothing is committed under a lease that somebody else has taken.
"""

from collections.abc import Callable
from datetime import datetime

from backend.domain.errors import CommitConflict, LeaseHeld
from backend.domain.lease import AccountLeases, Lease, LeaseClaim, claimed, given_back, revoked
from backend.ports.leases import Leases

ATTEMPTS = 64

Now = Callable[[], datetime]


def acquire(claim: LeaseClaim, *, store: Leases, now: Now) -> Lease | None:
    """Take the strategies of a claim, or keep them; None when the claim names none.

    Raises
    ------
    LeaseHeld
        Another holder has one of them; it is named.
    CommitConflict
        Others changed the account's leases at every attempt; nothing was taken.
    StoreUnavailable
        The store did not answer; acquire again, which does no harm when it was taken.
    """
    return _changed(claim.account_id, store, lambda leases: claimed(leases, claim, at=now())).of(claim.holder)


def renew(claim: LeaseClaim, *, store: Leases, now: Now) -> Lease | None:
    """Keep a lease that is held, and take nothing that was lost in between.

    Raises
    ------
    LeaseHeld
        The lease was released, or expired and was taken over; its holder must stop.
    """

    def kept(leases: AccountLeases) -> AccountLeases:
        own = leases.of(claim.holder)
        lost = claim.strategies - (own.strategies if own is not None else frozenset())
        if lost:
            claimed(leases, claim, at=now())  # names the holder, where there is one
            ended = [each for each in leases.releases if each.holder == claim.holder]
            why = f"by {ended[-1].by}: {ended[-1].reason}" if ended else "by nobody that is on record"
            raise LeaseHeld(
                f"account {claim.account_id}: expected {claim.holder} to hold {', '.join(sorted(lost))}, found it "
                f"released {why}; see that nobody else trades it, then start again"
            )
        return claimed(leases, claim, at=now())

    return _changed(claim.account_id, store, kept).of(claim.holder)


def release(account_id: str, holder: str, *, store: Leases) -> None:
    """Give back everything that a holder has, when it ends on its own; nothing where it has nothing."""
    _changed(account_id, store, lambda leases: given_back(leases, holder))


def revoke(account_id: str, holder: str, *, by: str, reason: str, store: Leases, now: Now) -> AccountLeases:
    """End the lease of a holder that is dead, on an operator's word.

    Raises
    ------
    ConfigurationError
        It holds nothing, no reason is given, or it may still send orders.
    """
    return _changed(account_id, store, lambda leases: revoked(leases, holder, by=by, reason=reason, at=now()))


def _changed(account_id: str, store: Leases, change: Callable[[AccountLeases], AccountLeases]) -> AccountLeases:
    for _ in range(ATTEMPTS):
        leases, version = store.leases(account_id)
        after = change(leases)
        if after == leases:
            return after
        try:
            store.change(after, expected=version)
        except CommitConflict:
            continue
        return after
    raise CommitConflict(
        f"account {account_id}: expected to change its leases within {ATTEMPTS} attempts, lost every one to others; "
        "nothing was changed, run it again"
    )
