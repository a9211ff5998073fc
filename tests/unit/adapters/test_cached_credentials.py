"""Credentials in memory: how long they are held, how many, and what is dropped at once."""

from dataclasses import dataclass, field

import pytest

from backend.adapters.cached_credentials import CachedCredentials
from backend.domain.access import AccessRecord, BrokerAccess, Secret
from backend.domain.errors import StoreUnavailable

FIRST = BrokerAccess(key="K1", secret=Secret("one"), paper=True)
SECOND = BrokerAccess(key="K2", secret=Secret("two"), paper=True)


@dataclass
class CountedCredentials:
    """One access for every tenant, which counts who was asked for."""

    access: BrokerAccess = FIRST
    fault: StoreUnavailable | None = None
    asked: list[str] = field(default_factory=list)

    def broker_access(self, tenant_id: str) -> BrokerAccess:
        self.asked.append(tenant_id)
        if self.fault is not None:
            raise self.fault
        return self.access

    def record(self, tenant_id: str) -> AccessRecord | None:
        return None

    def store_broker_access(self, tenant_id: str, access: BrokerAccess) -> None:
        self.access = access
        if self.fault is not None:
            raise self.fault

    def remove(self, tenant_id: str) -> None:
        self.fault = StoreUnavailable("gone")

    def forget(self, access: BrokerAccess) -> None:
        pass


@dataclass
class HandClock:
    time: float = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def source() -> CountedCredentials:
    return CountedCredentials()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def cached(source: CountedCredentials, clock: HandClock) -> CachedCredentials:
    return CachedCredentials(source, 300.0, capacity=2, monotonic=clock)


def test_cached_credentials_are_asked_for_again_after_their_time(
    cached: CachedCredentials, source: CountedCredentials, clock: HandClock
) -> None:
    assert cached.broker_access("a") == FIRST
    source.access = SECOND
    clock.time = 299.9
    assert cached.broker_access("a") == FIRST
    clock.time = 300.0
    assert cached.broker_access("a") == SECOND
    assert source.asked == ["a", "a"]


def test_cached_credentials_of_no_seconds_are_never_held(source: CountedCredentials, clock: HandClock) -> None:
    cached = CachedCredentials(source, 0.0, monotonic=clock)
    cached.broker_access("a")
    cached.broker_access("a")
    assert source.asked == ["a", "a"]


def test_cached_credentials_drop_the_tenant_asked_for_longest_ago(
    cached: CachedCredentials, source: CountedCredentials
) -> None:
    for tenant in ("a", "b", "a", "c", "a", "b"):
        cached.broker_access(tenant)
    assert source.asked == ["a", "b", "c", "b"]


def test_cached_credentials_that_were_refused_are_forgotten_for_every_tenant_that_has_them(
    cached: CachedCredentials, source: CountedCredentials
) -> None:
    cached.broker_access("a")
    source.access = SECOND
    cached.broker_access("b")
    cached.forget(FIRST)
    assert cached.broker_access("a") == SECOND
    assert cached.broker_access("b") == SECOND
    assert source.asked == ["a", "b", "a"]


def test_cached_credentials_hold_no_failure(cached: CachedCredentials, source: CountedCredentials) -> None:
    source.fault = StoreUnavailable("not now")
    with pytest.raises(StoreUnavailable):
        cached.broker_access("a")
    source.fault = None
    assert cached.broker_access("a") == FIRST


def test_cached_credentials_forget_what_was_stored_anew_even_when_storing_failed_halfway(
    cached: CachedCredentials, source: CountedCredentials
) -> None:
    cached.broker_access("a")
    source.fault = StoreUnavailable("stored, but")
    with pytest.raises(StoreUnavailable):
        cached.store_broker_access("a", SECOND)
    source.fault = None
    assert cached.broker_access("a") == SECOND


def test_cached_credentials_that_were_removed_are_gone(cached: CachedCredentials) -> None:
    cached.broker_access("a")
    cached.remove("a")
    with pytest.raises(StoreUnavailable, match="gone"):
        cached.broker_access("a")
