"""What every Credentials keeps to: a file, Secret Manager, both behind a cache, and one account for all."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backend.adapters.cached_credentials import CachedCredentials
from backend.adapters.environment import EnvironmentCredentials
from backend.adapters.secret_file import SecretFile
from backend.adapters.secret_manager import SecretManagerCredentials
from backend.domain.access import BrokerAccess, Secret
from backend.domain.errors import ConfigurationError
from backend.ports.credentials import Credentials
from tests.fakes.cycle import SetClock
from tests.fakes.secret_manager import PROJECT, SecretManagerServer, secret_manager_client

HUSH = "hush-9fK2mQ7xL4"
PAPER = BrokerAccess(key="PKAAAABBBBCCCCDDDD01", secret=Secret(HUSH), paper=True)
LIVE = BrokerAccess(key="AKAAAABBBBCCCCDDDD02", secret=Secret(f"{HUSH}-2"), paper=False)
TENANTS = ("acme", "Acme", "a b/c", "a_b-c", "größe", "x" * 300)


@contextmanager
def in_file(folder: Path) -> Iterator[Credentials]:
    yield SecretFile(folder / "private" / "secrets.json", SetClock(datetime.now(UTC)))


@contextmanager
def in_secret_manager(_: Path) -> Iterator[Credentials]:
    with SecretManagerServer() as server, secret_manager_client(server.url) as client:
        yield SecretManagerCredentials(PROJECT, client=client)


@contextmanager
def cached(folder: Path) -> Iterator[Credentials]:
    with in_secret_manager(folder) as source:
        yield CachedCredentials(source, 300.0)


STORES = {"file": in_file, "secret manager": in_secret_manager, "cached secret manager": cached}


@pytest.fixture(params=STORES.values(), ids=STORES)
def credentials(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Credentials]:
    with request.param(tmp_path) as found:
        yield found


def test_credentials_are_read_as_they_were_stored_each_tenants_own(credentials: Credentials) -> None:
    stored = {
        tenant: BrokerAccess(key=f"PK{number:018d}", secret=Secret(f"{HUSH}-{number}"), paper=bool(number % 2))
        for number, tenant in enumerate(TENANTS)
    }
    for tenant, access in stored.items():
        credentials.store_broker_access(tenant, access)
    assert {tenant: credentials.broker_access(tenant) for tenant in TENANTS} == stored


def test_credentials_that_are_none_name_the_command_that_sets_them(credentials: Credentials) -> None:
    credentials.store_broker_access("globex", PAPER)
    with pytest.raises(ConfigurationError, match="found none; set them with `maestro credentials set acme`"):
        credentials.broker_access("acme")
    assert credentials.record("acme") is None


def test_credentials_stored_anew_replace_the_old_and_count_on(credentials: Credentials) -> None:
    credentials.store_broker_access("acme", PAPER)
    assert credentials.broker_access("acme") == PAPER
    credentials.store_broker_access("acme", LIVE)
    assert credentials.broker_access("acme") == LIVE
    record = credentials.record("acme")
    assert record is not None
    assert record.version == 2
    assert record.since is not None
    assert abs((record.since - datetime.now(UTC)).total_seconds()) < 60


def test_credentials_removed_are_gone_and_cannot_be_removed_again(credentials: Credentials) -> None:
    credentials.store_broker_access("acme", PAPER)
    credentials.store_broker_access("globex", LIVE)
    credentials.remove("acme")
    with pytest.raises(ConfigurationError, match="found none"):
        credentials.broker_access("acme")
    with pytest.raises(ConfigurationError, match="found none"):
        credentials.remove("acme")
    assert credentials.broker_access("globex") == LIVE


def test_credentials_say_no_secret_of_themselves(credentials: Credentials) -> None:
    credentials.store_broker_access("acme", PAPER)
    access, record = credentials.broker_access("acme"), credentials.record("acme")
    assert HUSH not in f"{access} {access!r} {record} {record!r} {credentials!r} {vars(credentials)}"


def test_credentials_of_the_environment_are_one_for_all_and_are_not_stored() -> None:
    credentials = EnvironmentCredentials("PK1", Secret(HUSH), paper=True)
    assert credentials.broker_access("acme") == credentials.broker_access("globex")
    assert credentials.broker_access("acme") == BrokerAccess(key="PK1", secret=Secret(HUSH), paper=True)
    for refused in (lambda: credentials.store_broker_access("acme", PAPER), lambda: credentials.remove("acme")):
        with pytest.raises(ConfigurationError, match=r"credentials\.source: expected file or secret_manager"):
            refused()
