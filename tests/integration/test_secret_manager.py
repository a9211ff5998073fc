"""Secret Manager through Google's own client over loopback: versions, and everything that can fail."""

import json
import logging
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.secret_manager import SecretManagerCredentials, secret_id
from backend.domain.access import BrokerAccess, Secret
from backend.domain.errors import ConfigurationError, MaestroError, StoreCorrupt, StoreUnavailable
from tests.fakes.http_server import Answer, json_answer
from tests.fakes.secret_manager import PROJECT, SecretManagerServer, refusal, secret_manager_client

HUSH = "hush-9fK2mQ7xL4"
SECRET = "maestro-broker-acme"
TIMEOUT_SECONDS = 0.4


def access(number: int) -> BrokerAccess:
    return BrokerAccess(key=f"PK{number:018d}", secret=Secret(f"{HUSH}-{number}"), paper=True)


@pytest.fixture
def server() -> Iterator[SecretManagerServer]:
    with SecretManagerServer() as found:
        yield found


@pytest.fixture
def client(server: SecretManagerServer) -> Iterator[Any]:
    with secret_manager_client(server.url) as found:
        yield found


@pytest.fixture
def credentials(client: Any) -> SecretManagerCredentials:
    return SecretManagerCredentials(PROJECT, client=client, timeout_seconds=TIMEOUT_SECONDS)


def calls(server: SecretManagerServer) -> list[str]:
    return [f"{each.method} {each.path.partition('?')[0].partition('/secrets')[2]}" for each in server.requests]


def test_secret_manager_keeps_one_version_however_often_credentials_rotate(
    credentials: SecretManagerCredentials, server: SecretManagerServer
) -> None:
    for number in range(1, 5):
        credentials.store_broker_access("acme", access(number))
    assert [each.state for each in server.secrets[SECRET]] == ["DESTROYED"] * 3 + ["ENABLED"]
    assert [json.loads(each) for each in server.payloads()] == [
        {"key": access(4).key, "secret": f"{HUSH}-4", "paper": True}
    ]
    assert sum(call.endswith(":destroy") for call in calls(server)) == 3


def test_secret_manager_answers_a_read_in_one_request(
    credentials: SecretManagerCredentials, server: SecretManagerServer
) -> None:
    credentials.store_broker_access("acme", access(1))
    server.requests.clear()
    credentials.broker_access("acme")
    assert calls(server) == [f"GET /{SECRET}/versions/latest:access"]


def test_secret_manager_rotation_that_cannot_destroy_says_that_it_is_in_force_and_ends_when_repeated(
    credentials: SecretManagerCredentials, server: SecretManagerServer
) -> None:
    credentials.store_broker_access("acme", access(1))
    server.fail_next(":destroy", refusal(503, "UNAVAILABLE", "not now"))
    with pytest.raises(
        StoreUnavailable, match=r"versions/2: is stored and in force.*run `maestro credentials set acme"
    ):
        credentials.store_broker_access("acme", access(2))
    assert credentials.broker_access("acme") == access(2)
    credentials.store_broker_access("acme", access(2))
    assert [each.state for each in server.secrets[SECRET]] == ["DESTROYED", "DESTROYED", "ENABLED"]


def test_secret_manager_rotation_destroys_no_newer_version_of_another(
    credentials: SecretManagerCredentials, server: SecretManagerServer, client: Any
) -> None:
    """Two operators rotate at once: the second's version is there before the first begins to destroy."""
    credentials.store_broker_access("acme", access(1))

    def answer_to(request: Any, answer: Any = server.answer_to) -> Answer:
        found: Answer = answer(request)
        if request.path.partition("?")[0].endswith(":addVersion") and len(server.secrets[SECRET]) == 2:
            SecretManagerCredentials(PROJECT, client=client).store_broker_access("acme", access(3))
        return found

    server.answer_to = answer_to  # type: ignore[method-assign]
    credentials.store_broker_access("acme", access(2))
    assert credentials.broker_access("acme") == access(3)


@pytest.mark.parametrize("state", ["DISABLED", "DESTROYED"])
def test_secret_manager_with_its_newest_version_switched_off_has_none(
    credentials: SecretManagerCredentials, server: SecretManagerServer, state: str
) -> None:
    credentials.store_broker_access("acme", access(1))
    server.secrets[SECRET][-1].state = state
    with pytest.raises(ConfigurationError, match="found none; set them with `maestro credentials set acme`"):
        credentials.broker_access("acme")
    assert credentials.record("acme") is None


BROKEN = Answer(body=f'{{"name": "{HUSH}', headers={"Content-Type": "application/json"})
MISSHAPEN = json_answer({"name": 7, "payload": [HUSH]})
NO_BASE64 = json_answer({"name": "v/1", "payload": {"data": [HUSH]}})


@pytest.mark.parametrize(
    ("answer", "kind", "words", "requests"),
    [
        (refusal(403, "PERMISSION_DENIED", "denied on resource"), ConfigurationError, "role Secret Manager", 1),
        (refusal(401, "UNAUTHENTICATED", "no credential"), ConfigurationError, "application-default login", 1),
        (refusal(400, "INVALID_ARGUMENT", "odd"), StoreUnavailable, "BadRequest: 400 GET .* odd", 3),
        (refusal(429, "RESOURCE_EXHAUSTED", "quota"), StoreUnavailable, "429 GET .* quota", 3),
        (refusal(503, "UNAVAILABLE", "not now"), StoreUnavailable, "503 GET .* not now", 3),
        (Answer(status=502, body="<html>Bad gateway</html>"), StoreUnavailable, "Bad gateway", 3),
        (json_answer(["odd"], 500), StoreUnavailable, "500 GET .* unknown error", 3),
        (Answer(body="<html>", headers={"Content-Type": "text/html"}), StoreUnavailable, "Manager's JSON", 3),
        (Answer(), StoreUnavailable, "not Secret Manager's JSON", 3),
        (BROKEN, StoreUnavailable, "not Secret Manager's JSON", 3),
        (MISSHAPEN, StoreUnavailable, "not Secret Manager's JSON", 3),
        (NO_BASE64, StoreUnavailable, "not Secret Manager's JSON", 3),
        (Answer(drops=True), StoreUnavailable, "ConnectionError", 3),
        (Answer(hangs=True), StoreUnavailable, "Timeout", 3),
    ],
)
def test_secret_manager_read_that_fails_is_translated_and_says_no_secret(
    credentials: SecretManagerCredentials,
    server: SecretManagerServer,
    answer: Answer,
    kind: type[MaestroError],
    words: str,
    requests: int,
) -> None:
    credentials.store_broker_access("acme", access(1))
    server.requests.clear()
    server.fail_next(":access", answer, times=3)
    begun = time.monotonic()
    with pytest.raises(kind, match=words) as caught:
        credentials.broker_access("acme")
    assert time.monotonic() - begun < 3 * TIMEOUT_SECONDS + 2
    assert HUSH not in _told(caught.value)
    assert len(server.requests) == requests


def test_secret_manager_read_that_fails_twice_is_answered(
    credentials: SecretManagerCredentials, server: SecretManagerServer
) -> None:
    credentials.store_broker_access("acme", access(1))
    server.fail_next(":access", refusal(503, "UNAVAILABLE", "not now"), times=2)
    assert credentials.broker_access("acme") == access(1)


@pytest.mark.parametrize(
    "payload",
    [b"", b"no JSON " + HUSH.encode(), b"[]", b"\xff", json.dumps({"key": "K", "secret": HUSH}).encode()],
)
def test_secret_manager_payload_that_is_no_access_is_corrupt_without_saying_it(
    credentials: SecretManagerCredentials, server: SecretManagerServer, payload: bytes
) -> None:
    credentials.store_broker_access("acme", access(1))
    server.secrets[SECRET][-1].data = b64encode(payload).decode()
    with pytest.raises(StoreCorrupt, match="versions/1: expected broker credentials of acme") as caught:
        credentials.broker_access("acme")
    assert HUSH not in _told(caught.value)


@pytest.mark.parametrize("part", ["POST /v1/projects/demo-secrets/secrets", ":addVersion"])
@pytest.mark.parametrize("answer", [refusal(503, "UNAVAILABLE", "not now"), Answer(hangs=True), Answer(body="{")])
def test_secret_manager_write_that_fails_is_made_once_and_says_no_secret(
    credentials: SecretManagerCredentials, server: SecretManagerServer, part: str, answer: Answer
) -> None:
    server.fail_next(part, answer)
    with pytest.raises(StoreUnavailable, match="expected an answer from Secret Manager") as caught:
        credentials.store_broker_access("acme", access(1))
    assert HUSH not in _told(caught.value)
    assert len([call for call in calls(server) if call.startswith("POST")]) == (1 if ":" not in part else 2)
    credentials.store_broker_access("acme", access(1))
    assert credentials.broker_access("acme") == access(1)


def test_secret_manager_without_default_credentials_says_how_to_get_them(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    with pytest.raises(ConfigurationError, match="gcloud auth application-default login"):
        SecretManagerCredentials(PROJECT).broker_access("acme")


def test_secret_manager_client_that_is_asked_for_its_log_writes_no_secret(
    credentials: SecretManagerCredentials, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    credentials.store_broker_access("acme", access(1))
    credentials.broker_access("acme")
    said = " ".join(str(vars(each)) for each in caplog.records)
    assert "urllib3" in said  # the log is on
    assert HUSH not in said
    assert b64encode(HUSH.encode()).decode()[:12] not in said
    assert "cGF5bG9hZ" not in said


ANY_TENANT = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=300)


@given(st.lists(ANY_TENANT, min_size=2, max_size=6, unique=True))
def test_secret_id_is_in_the_alphabet_and_each_tenants_own(tenants: list[str]) -> None:
    found = [secret_id(each) for each in tenants]
    assert len(set(found)) == len(found)
    for name in found:
        assert len(name) <= 255
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


@pytest.mark.parametrize(
    ("tenant", "name"),
    [
        ("acme-2", "maestro-broker-acme-2"),
        ("a_5fb", "maestro-broker-a_5f5fb"),
        ("a.b", "maestro-broker-a_2eb"),
        ("ö", "maestro-broker-_c3_b6"),
    ],
)
def test_secret_id_quotes_bytes(tenant: str, name: str) -> None:
    assert secret_id(tenant) == name


def _told(error: BaseException) -> str:
    """All that a traceback would print."""
    import traceback

    return "".join(traceback.format_exception(error))
