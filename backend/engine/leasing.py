"""Under which lease a tick commits, and how an operator ends one.

1. a tick claims its strategies. While the lease in its book is what it claims and half of the time is left, nothing is
   read: the tick commits under the version of that book, and whoever ends the lease moves it;
2. otherwise the account's leases are read and judged, and written in the tick's own commit under the version that was
   read, with the book that has the new lease. Of two that claim one strategy, one commits;
3. a lease that has expired is taken over without a word to its holder: what that one decided under it was sent before
   it ended, or is too old to be sent;
4. an operator who ends one that has not takes it out of its holder's book in the same commit.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from backend.domain.book import PortfolioBook
from backend.domain.decision import DecisionInputs
from backend.domain.errors import CommitConflict
from backend.domain.lease import (
    AccountLeases,
    Lease,
    LeaseChange,
    LeaseClaim,
    LeaseGrant,
    claimed,
    holder_of,
    revoked,
)
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.ports.leases import HolderBook, Leases

ATTEMPTS = 64

Now = Callable[[], datetime]


class StoredLeases:
    """``TickLeases`` over the leases of a store."""

    def __init__(self, store: Leases) -> None:
        self._store = store

    def granted(self, claim: LeaseClaim, held: Lease | None, *, at: datetime) -> LeaseGrant:
        """Read the account's leases where the one that is held does not suffice; see the port."""
        if held is None and not claim.strategies:
            return LeaseGrant(lease=None)
        if held is not None and held.suffices(claim, at=at):
            return LeaseGrant(lease=held)
        leases, version = self._store.leases(claim.account_id)
        after = claimed(leases, claim, at=at)
        return LeaseGrant(lease=after.of(claim.holder), change=LeaseChange(leases=after, expected=version))


class NoLeases:
    """``TickLeases`` for who shares the account with nobody, or only sells: everything is granted, nothing changes."""

    def granted(self, claim: LeaseClaim, held: Lease | None, *, at: datetime) -> LeaseGrant:
        return LeaseGrant(lease=held)


def claim_of(key: PortfolioKey, account_id: str, inputs: DecisionInputs, book: PortfolioBook) -> LeaseClaim:
    """Return what a tick claims: whoever may trade in it, and whose orders may still be going out."""
    holding = {name for name, each in book.strategies.items() if each.real.lots}
    listed = {StrategyId(each.name) for each in inputs.policy.strategies}
    asked = {*inputs.signals, *inputs.failures, *holding, *listed} - inputs.policy.disabled_names(inputs.now)
    return LeaseClaim(
        account_id=account_id,
        holder=holder_of(key),
        strategies=frozenset(asked | _sending(account_id, book, inputs.now)),
    )


def revoke(account_id: str, holder: str, *, by: str, reason: str, store: Leases, now: Now) -> AccountLeases:
    """End the lease of a holder that is dead, on an operator's word; one that lives commits nothing more under it.

    Raises
    ------
    ConfigurationError
        It holds nothing, no reason is given, or it may still send orders.
    CommitConflict
        Others changed the leases or the holder's book at every attempt; nothing was changed.
    """
    for _ in range(ATTEMPTS):
        leases, version = store.leases(account_id)
        held = store.book(holder)
        after = revoked(leases, holder, by=by, reason=reason, at=now(), last_order_at=_last_order_at(held))
        try:
            store.change(LeaseChange(leases=after, expected=version), fenced=_fenced(held, account_id))
        except CommitConflict:
            continue
        return after
    raise CommitConflict(
        f"account {account_id}: expected to end the lease of {holder} within {ATTEMPTS} attempts, lost every one to "
        "others; nothing was changed, run it again"
    )


def _sending(account_id: str, book: PortfolioBook, at: datetime) -> frozenset[StrategyId]:
    """Return who is not given back yet, though perhaps dropped: nobody else may trade it while its orders are open."""
    lease = book.lease
    if lease is None or lease.account_id != account_id or not lease.is_live(at):
        return frozenset()
    return frozenset(name for name in lease.strategies if book.is_open(name))


def _last_order_at(held: HolderBook | None) -> datetime | None:
    orders = () if held is None else held.book.open_orders.values()
    return max((order.decided_at for order in orders), default=None)


def _fenced(held: HolderBook | None, account_id: str) -> HolderBook | None:
    """Return the holder's book without the lease; None where it has none to trade this account by."""
    if held is None or held.book.lease is None or held.book.lease.account_id != account_id:
        return None
    return replace(held, book=replace(held.book, lease=None))
