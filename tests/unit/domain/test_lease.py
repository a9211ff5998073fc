"""No two holders of one account ever hold the same strategy at the same time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.errors import ConfigurationError, LeaseHeld
from backend.domain.lease import (
    STILL_SENDING,
    AccountLeases,
    Lease,
    LeaseClaim,
    LeaseRefusal,
    claimed,
    granted,
    holder_of,
    place_of,
    revoked,
)
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey

AT = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
NOBODY = AccountLeases(account_id="A1")


def claim(holder: str, *strategies: str, duration: timedelta = HOUR) -> LeaseClaim:
    names = frozenset(map(StrategyId, strategies))
    return LeaseClaim(account_id="A1", holder=holder, strategies=names, duration=duration)


def held(leases: AccountLeases) -> dict[str, set[str]]:
    return {each.holder: set(each.strategies) for each in leases.leases}


def test_claim_of_free_strategies_is_granted_until_its_end() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma", "rsi"), at=AT)
    (lease,) = leases.leases
    assert (lease.since, lease.renewed_at, lease.expires_at) == (AT, AT, AT + HOUR)
    assert (lease.is_live(AT + HOUR - timedelta(microseconds=1)), lease.is_live(AT + HOUR)) == (True, False)


def test_claim_of_one_strategy_that_another_holds_is_refused_whole_and_names_the_holder() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma", "rsi"), at=AT)
    refusal = granted(leases, claim("beta/main", "rsi", "trend"), at=AT)
    assert isinstance(refusal, LeaseRefusal)
    assert refusal.strategies == {"rsi"}
    with pytest.raises(LeaseHeld, match=r"expected rsi to be free for beta/main, found held by acme/main since 2026"):
        claimed(leases, claim("beta/main", "rsi", "trend"), at=AT)


def test_holders_of_other_strategies_share_an_account() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma"), at=AT)
    assert held(claimed(leases, claim("acme/second", "rsi"), at=AT)) == {"acme/main": {"ma"}, "acme/second": {"rsi"}}


def test_renewal_keeps_since_and_takes_the_claims_strategies_in_place_of_its_own() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma", "rsi"), at=AT)
    leases = claimed(leases, claim("acme/main", "rsi", "trend"), at=AT + HOUR / 2)
    (lease,) = leases.leases
    assert (lease.since, lease.renewed_at, lease.expires_at) == (AT, AT + HOUR / 2, AT + 1.5 * HOUR)
    assert lease.strategies == {"rsi", "trend"}
    assert isinstance(granted(leases, claim("beta/main", "ma"), at=AT + HOUR / 2), AccountLeases)


def test_expired_lease_is_taken_over_where_it_is_claimed_and_noted() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma", "rsi"), at=AT)
    leases = claimed(leases, claim("beta/main", "rsi"), at=AT + HOUR)
    assert held(leases) == {"acme/main": {"ma"}, "beta/main": {"rsi"}}
    (release,) = leases.releases
    assert (release.holder, release.by, release.strategies) == ("acme/main", "beta/main", {"rsi"})
    with pytest.raises(LeaseHeld, match="held by beta/main"):
        claimed(leases, claim("acme/main", "ma", "rsi"), at=AT + HOUR)


def test_claim_of_nothing_gives_back_what_was_held() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma"), at=AT)
    assert held(claimed(leases, claim("acme/main"), at=AT)) == {}


def test_revocation_frees_the_strategies_and_is_on_record() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma"), at=AT)
    at = AT + STILL_SENDING
    leases = revoked(leases, "acme/main", by="ann", reason="machine burned down", at=at)
    assert held(claimed(leases, claim("beta/main", "ma"), at=at)) == {"beta/main": {"ma"}}
    assert [(each.by, each.reason, each.at) for each in leases.releases] == [("ann", "machine burned down", at)]


@pytest.mark.parametrize(
    ("holder", "reason", "after", "said"),
    [
        ("beta/main", "x", HOUR, "expected a lease of beta/main, found one of acme/main"),
        ("acme/main", " ", HOUR, "expected a text"),
        ("acme/main", "x", STILL_SENDING - timedelta(seconds=1), "may still send orders; stop it and wait"),
    ],
)
def test_revocation_that_cannot_be_meant_is_refused(holder: str, reason: str, after: timedelta, said: str) -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma", duration=3 * HOUR), at=AT)
    with pytest.raises(ConfigurationError, match=said):
        revoked(leases, holder, by="ann", reason=reason, at=AT + after)


def test_revocation_waits_for_the_last_order_of_a_lease_that_was_renewed_long_ago() -> None:
    leases = claimed(NOBODY, claim("acme/main", "ma", duration=3 * HOUR), at=AT)
    sent_at = AT + HOUR
    with pytest.raises(ConfigurationError, match=r"decided at 2026-01-05T16:00:00\+00:00 and may still send orders"):
        revoked(leases, "acme/main", by="ann", reason="x", at=sent_at + STILL_SENDING / 2, last_order_at=sent_at)
    at = sent_at + STILL_SENDING
    assert held(revoked(leases, "acme/main", by="ann", reason="x", at=at, last_order_at=sent_at)) == {}


@pytest.mark.parametrize(
    ("asked", "after", "expected"),
    [
        (claim("acme/main", "ma", "rsi"), HOUR / 2 - timedelta(microseconds=1), True),
        (claim("acme/main", "ma", "rsi"), HOUR / 2, False),
        (claim("acme/main", "ma"), timedelta(0), False),
        (claim("acme/main", "ma", "rsi", "trend"), timedelta(0), False),
        (claim("beta/main", "ma", "rsi"), timedelta(0), False),
    ],
)
def test_lease_suffices_for_its_own_claim_in_the_first_half(
    asked: LeaseClaim, after: timedelta, expected: bool
) -> None:
    (lease,) = claimed(NOBODY, claim("acme/main", "ma", "rsi"), at=AT).leases
    assert lease.suffices(asked, at=AT + after) is expected


def test_lease_does_not_suffice_for_another_account_or_while_orders_could_outlast_it() -> None:
    short = claim("acme/main", "ma", duration=STILL_SENDING * 1.5)
    (lease,) = claimed(NOBODY, short, at=AT).leases
    assert lease.suffices(short, at=AT + STILL_SENDING / 4)
    assert not lease.suffices(short, at=AT + STILL_SENDING / 2)  # less than half has passed
    assert not lease.suffices(replace(short, account_id="A2"), at=AT)


def test_releases_on_record_are_the_newest_twenty() -> None:
    leases = NOBODY
    for n in range(25):
        at = AT + n * HOUR
        leases = claimed(leases, claim("acme/main", "ma"), at=at)
        leases = revoked(leases, "acme/main", by="ann", reason=f"no. {n}", at=at + STILL_SENDING)
    assert [each.reason for each in leases.releases] == [f"no. {n}" for n in range(5, 25)]


@pytest.mark.parametrize("duration", [timedelta(0), STILL_SENDING])
def test_claim_shorter_than_orders_are_sent_is_refused(duration: timedelta) -> None:
    with pytest.raises(ConfigurationError, match="in which a holder may still send orders"):
        claim("acme/main", "ma", duration=duration)


def test_lease_checks_its_instants_and_names() -> None:
    lease = claimed(NOBODY, claim("acme/main", "ma"), at=AT).leases[0]
    fields = {name: getattr(lease, name) for name in ("account_id", "holder", "strategies", "since", "renewed_at")}
    with pytest.raises(ConfigurationError, match="instants in order"):
        Lease(**fields, expires_at=AT)
    with pytest.raises(ConfigurationError, match="instants in order"):
        Lease(**fields, expires_at=datetime(2026, 1, 6))  # noqa: DTZ001  # the zone is what is missing
    with pytest.raises(ConfigurationError, match="name for the holder"):
        claim(" ", "ma")


def test_holder_is_a_portfolio_of_a_tenant() -> None:
    assert holder_of(PortfolioKey(tenant_id="acme", portfolio_id="second")) == "acme/second"


@given(st.text(min_size=1), st.text(min_size=1))
def test_holders_name_is_of_one_portfolio_alone(tenant: str, portfolio: str) -> None:
    name = holder_of(PortfolioKey(tenant_id=tenant, portfolio_id=portfolio))
    assert place_of(name) == (tenant, portfolio)
    assert holder_of(PortfolioKey(tenant_id="a/b", portfolio_id="c")) != holder_of(
        PortfolioKey(tenant_id="a", portfolio_id="b/c")
    )


@pytest.mark.parametrize("name", ["acme", "acme/main/x"])
def test_name_of_no_holder_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="expected TENANT/PORTFOLIO"):
        place_of(name)


HOLDERS = st.sampled_from(["acme/main", "acme/second", "beta/main"])
STEP = st.tuples(
    HOLDERS,
    st.sampled_from(["claim", "give back", "revoke"]),
    st.frozensets(st.sampled_from(["ma", "rsi", "trend"])),
    st.integers(min_value=0, max_value=120),
)


@given(steps=st.lists(STEP, max_size=25))
def test_no_two_live_leases_ever_share_a_strategy(steps: list[tuple[str, str, frozenset[str], int]]) -> None:
    leases, at = NOBODY, AT
    for holder, what, strategies, minutes in steps:
        at += timedelta(minutes=minutes)
        before = {each.holder: each.strategies for each in leases.leases if each.is_live(at)}
        if what == "claim":
            found = granted(leases, claim(holder, *strategies), at=at)
            others = [names for other, names in before.items() if other != holder]
            assert isinstance(found, LeaseRefusal) == any(names & strategies for names in others)
            leases = leases if isinstance(found, LeaseRefusal) else found
        elif what == "give back":
            leases = claimed(leases, claim(holder), at=at)
        elif leases.of(holder) is not None:
            try:
                leases = revoked(leases, holder, by="ann", reason="test", at=at)
            except ConfigurationError:
                assert holder in before  # a dead one can always be ended
        live = [each.strategies for each in leases.leases if each.is_live(at)]
        assert sum(map(len, live)) == len(frozenset().union(*live))


BOOKED = st.tuples(
    HOLDERS,
    st.sampled_from(["tick", "tick", "revoke"]),
    st.frozensets(st.sampled_from(["ma", "rsi", "trend"])),
    st.integers(min_value=0, max_value=120),
)


@given(steps=st.lists(BOOKED, max_size=25))
def test_no_two_books_ever_have_a_lease_that_suffices_for_one_strategy(
    steps: list[tuple[str, str, frozenset[str], int]],
) -> None:
    leases, at = NOBODY, AT
    books: dict[str, Lease] = {}
    for holder, what, strategies, minutes in steps:
        at += timedelta(minutes=minutes)
        asked, own = claim(holder, *strategies), books.get(holder)
        if what == "tick" and not (own is not None and own.suffices(asked, at=at)):
            found = granted(leases, asked, at=at)
            if isinstance(found, AccountLeases):
                leases = found
                books = {
                    **{k: v for k, v in books.items() if k != holder},
                    **{each.holder: each for each in found.leases if each.holder == holder},
                }
        elif what == "revoke" and leases.of(holder) is not None and at >= leases.of(holder).renewed_at + STILL_SENDING:
            leases = revoked(leases, holder, by="ann", reason="test", at=at)
            books.pop(holder, None)
        # Whatever a holder may decide under without a look at the account, until its orders are sent.
        trusted = [each.strategies for each in books.values() if each.expires_at > at]
        assert sum(map(len, trusted)) == len(frozenset().union(*trusted))
