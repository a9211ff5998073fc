"""Fixtures that several suites share: the Firestore and Auth emulators, and Firestore's clients."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest

from tests.emulators import suite
from tests.emulators.auth_emulator import HOST_VARIABLE as AUTH_VARIABLE
from tests.emulators.auth_emulator import auth_emulator
from tests.emulators.firestore_emulator import ENABLE_COMMAND, HOST_VARIABLE, firestore_emulator
from tests.emulators.tiers import require_tier


@pytest.fixture(scope="session")
def _firestore_host_or_none() -> Iterator[str | None]:
    with firestore_emulator() as host:
        before = os.environ.get(HOST_VARIABLE)
        if host is not None:
            os.environ[HOST_VARIABLE] = host  # Google's clients look nowhere else
        yield host
        if before is None:
            os.environ.pop(HOST_VARIABLE, None)
        else:
            os.environ[HOST_VARIABLE] = before


@pytest.fixture
def firestore_host(_firestore_host_or_none: str | None) -> str:
    """``host:port`` of the emulator; skips (in CI: fails) when there is none."""
    require_tier("Firestore emulator", _firestore_host_or_none is not None, ENABLE_COMMAND)
    assert _firestore_host_or_none is not None
    return _firestore_host_or_none


@pytest.fixture(scope="session")
def auth_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``host:port`` of the Auth emulator, in the environment too; skips (in CI: fails) when it cannot run."""
    require_tier("firebase-tools emulator suite", suite.is_available(), suite.ENABLE_COMMAND)
    with auth_emulator(tmp_path_factory.mktemp("auth"), project="demo-maestro") as host:
        os.environ[AUTH_VARIABLE] = host  # Google's clients look nowhere else
        yield host
        os.environ.pop(AUTH_VARIABLE, None)


@pytest.fixture
def firestore_project() -> str:
    """A project that no other test writes to."""
    return f"demo-{uuid4().hex[:16]}"


@pytest.fixture
def firestore_client_factory(firestore_host: str, firestore_project: str) -> Iterator[Callable[..., Any]]:
    """Make clients of this test's project; ``factory(SomeClientClass)`` makes one of a subclass."""
    from google.cloud import firestore

    with ExitStack() as clients:

        def make(kind: type[Any] = firestore.Client) -> Any:
            client = kind(project=firestore_project)
            clients.callback(client.close)
            return client

        yield make
