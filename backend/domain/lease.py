"""Who may trade which strategies of a broker account: one holder each, for as long as it keeps saying so.

A holder is a portfolio of a tenant, not a process: several workers that tick one portfolio share its lease. Two
portfolios, of one tenant or of two, never hold the same strategy of one account at the same time.

A holder's lease stands twice: with the account, where claims meet, and in the holder's own book, on which each of its
commits depends. Whoever ends a lease that has not expired takes it from both at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

from backend.domain.errors import ConfigurationError, LeaseHeld
from backend.domain.signal import StrategyId

if TYPE_CHECKING:  # a tick's commit may hold leases
    from backend.domain.tick import PortfolioKey

LEASE_DURATION = timedelta(days=4)  # longer than any pause between two ticks: a long weekend
STILL_SENDING = timedelta(minutes=5)  # orders go out for four minutes after their decision; the rest is for clocks
_REMEMBERED = 20  # releases that an account's document keeps


def holder_of(key: "PortfolioKey") -> str:
    """Return the name under which a portfolio holds leases; no two portfolios share one."""
    return "/".join(each.replace("%", "%25").replace("/", "%2F") for each in (key.tenant_id, key.portfolio_id))


def place_of(holder: str) -> tuple[str, str]:
    """Return the tenant and the portfolio that a name stands for.

    Raises
    ------
    ConfigurationError
        It is no name of a holder.
    """
    tenant_id, separator, portfolio_id = holder.partition("/")
    if not separator or "/" in portfolio_id:
        raise ConfigurationError(f"holder: expected TENANT/PORTFOLIO, found {holder!r}; see maestro migrate lease show")
    return unquote(tenant_id), unquote(portfolio_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseClaim:
    """What a holder asks for: exactly these strategies, until ``duration`` from now."""

    account_id: str
    holder: str
    strategies: frozenset[StrategyId]
    duration: timedelta = LEASE_DURATION

    def __post_init__(self) -> None:
        _expect_texts(self.account_id, self.holder, self.strategies)
        if self.duration <= STILL_SENDING:
            raise ConfigurationError(
                f"lease: expected a duration of more than {STILL_SENDING}, in which a holder may still send orders, "
                f"found {self.duration}; lengthen it"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Strategies of an account that one holder may trade, from ``since`` until before ``expires_at``."""

    account_id: str
    holder: str
    strategies: frozenset[StrategyId]
    since: datetime
    renewed_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        _expect_texts(self.account_id, self.holder, self.strategies)
        instants = (self.since, self.renewed_at, self.expires_at)
        if any(at.tzinfo is None for at in instants) or not (self.since <= self.renewed_at < self.expires_at):
            raise ConfigurationError(
                f"lease of {self.holder}: expected aware instants in order, found {self.since} (since), "
                f"{self.renewed_at} (renewed), {self.expires_at} (expires)"
            )

    def is_live(self, at: datetime) -> bool:
        return at < self.expires_at

    def suffices(self, claim: LeaseClaim, *, at: datetime) -> bool:
        """Say whether a claim needs no change: this is what it asks for, and half of the time is left.

        What is decided under it is sent before it ends. A strategy that is dropped is given back at once.
        """
        asked = (claim.account_id, claim.holder, claim.strategies)
        least = max((self.expires_at - self.renewed_at) / 2, STILL_SENDING)
        return asked == (self.account_id, self.holder, self.strategies) and self.expires_at - at > least


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A lease that ended by somebody else's hand: by an operator, or taken over after it had expired."""

    holder: str
    strategies: frozenset[StrategyId]
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLeases:
    """Every lease of one account, in the order of its holders, and the newest releases, oldest first."""

    account_id: str
    leases: tuple[Lease, ...] = ()
    releases: tuple[Release, ...] = ()

    def of(self, holder: str) -> Lease | None:
        return next((each for each in self.leases if each.holder == holder), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseChange:
    """An account's leases as a commit leaves them; ``expected`` is the version that was read, None where none were."""

    leases: AccountLeases
    expected: object | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseGrant:
    """What a tick commits with its decision: ``lease`` in its book, ``change`` when the account's leases change."""

    lease: Lease | None
    change: LeaseChange | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRefusal:
    """Why a claim is not granted: ``lease`` is another holder's, and has ``strategies`` of the claim."""

    claim: LeaseClaim
    lease: Lease
    strategies: frozenset[StrategyId]

    @property
    def reason(self) -> str:
        names = ", ".join(sorted(self.strategies))
        return (
            f"account {self.claim.account_id}: expected {names} to be free for {self.claim.holder}, found held by "
            f"{self.lease.holder} since {self.lease.since.isoformat()} until {self.lease.expires_at.isoformat()}; stop "
            "that one or disable the strategy here. When it is dead: maestro migrate lease release --reason …"
        )


def granted(leases: AccountLeases, claim: LeaseClaim, *, at: datetime) -> AccountLeases | LeaseRefusal:
    """Return the account's leases with the claim in them, or why it is refused.

    A holder's own lease is renewed, with the strategies of the claim in place of its former ones. What another holder
    let expire is taken over and noted.
    """
    taken: list[Release] = []
    others: list[Lease] = []
    for each in leases.leases:
        if each.holder == claim.holder:
            continue
        common = each.strategies & claim.strategies
        if common and each.is_live(at):
            return LeaseRefusal(claim=claim, lease=each, strategies=common)
        if common:
            reason = f"expired at {each.expires_at.isoformat()}"
            taken.append(Release(holder=each.holder, strategies=common, by=claim.holder, reason=reason, at=at))
        others += _without(each, common)
    own = leases.of(claim.holder)
    renewed = (
        Lease(
            account_id=claim.account_id,
            holder=claim.holder,
            strategies=claim.strategies,
            since=min(own.since, at) if own is not None and own.is_live(at) else at,
            renewed_at=at,
            expires_at=at + claim.duration,
        ),
    )
    return _changed(leases, (*others, *(renewed if claim.strategies else ())), taken)


def claimed(leases: AccountLeases, claim: LeaseClaim, *, at: datetime) -> AccountLeases:
    """Do the same as ``granted``, for whoever cannot go on without.

    Raises
    ------
    LeaseHeld
        Another holder has one of the strategies; it is named.
    """
    found = granted(leases, claim, at=at)
    if isinstance(found, LeaseRefusal):
        raise LeaseHeld(found.reason)
    return found


def revoked(
    leases: AccountLeases, holder: str, *, by: str, reason: str, at: datetime, last_order_at: datetime | None = None
) -> AccountLeases:
    """Return the leases without those of a holder that is dead, with who ended them and why.

    ``last_order_at`` is when the holder decided the last order that is not final; None where all are.

    Raises
    ------
    ConfigurationError
        It holds nothing, no reason is given, or it was alive so short a time ago that it may still send orders.
    """
    for name, text in (("reason", reason), ("by", by)):
        if not text.strip():
            raise ConfigurationError(f"{name}: expected a text for the account's record, found none; say it")
    lease = leases.of(holder)
    if lease is None:
        holders = ", ".join(each.holder for each in leases.leases) or "nobody"
        raise ConfigurationError(
            f"account {leases.account_id}: expected a lease of {holder}, found one of {holders}; see maestro migrate "
            "lease show"
        )
    spoke_at = max(lease.renewed_at, last_order_at or lease.renewed_at)
    if at < spoke_at + STILL_SENDING and lease.is_live(at):
        raise ConfigurationError(
            f"account {leases.account_id}: expected {holder} to be silent for {STILL_SENDING}, found that it decided "
            f"at {spoke_at.isoformat()} and may still send orders; stop it and wait"
        )
    ended = Release(holder=holder, strategies=lease.strategies, by=by, reason=reason, at=at)
    return _changed(leases, [each for each in leases.leases if each.holder != holder], [ended])


def _without(lease: Lease, strategies: frozenset[StrategyId]) -> list[Lease]:
    left = lease.strategies - strategies
    return [replace(lease, strategies=left)] if left else []


def _changed(leases: AccountLeases, now: Iterable[Lease], ended: Iterable[Release]) -> AccountLeases:
    return AccountLeases(
        account_id=leases.account_id,
        leases=tuple(sorted(now, key=lambda each: each.holder)),
        releases=(*leases.releases, *ended)[-_REMEMBERED:],
    )


def _expect_texts(account_id: str, holder: str, strategies: frozenset[StrategyId]) -> None:
    for name, text in (("account", account_id), ("holder", holder), *(("strategy", each) for each in strategies)):
        if not text.strip():
            raise ConfigurationError(f"lease: expected a name for the {name}, found {text!r}; name it")
