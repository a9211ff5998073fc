"""Users and claims in the real Auth emulator, and in servers that do not answer as they should."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from time import sleep, time
from typing import Any
from uuid import uuid4

import pytest

from backend.adapters.firebase_auth import FirebaseIdentities
from backend.domain.errors import ConfigurationError, StoreUnavailable
from tests.emulators.auth_emulator import HOST_VARIABLE, id_token, sign_up

PROJECT = "demo-maestro"


@pytest.fixture
def user(auth_host: str) -> str:
    """A user of its own for each test; the e-mail is uid@example.com."""
    uid = f"u{uuid4().hex[:12]}"
    sign_up(auth_host, PROJECT, uid=uid, email=f"{uid}@example.com")
    return uid


@pytest.fixture
def identities(auth_host: str) -> FirebaseIdentities:
    return FirebaseIdentities(PROJECT)


def payload(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


@pytest.mark.suite
def test_identity_is_found_by_uid_and_by_email(identities: FirebaseIdentities, user: str) -> None:
    found = identities.by_uid(user)
    assert found is not None
    assert (found.uid, found.email, found.is_verified, found.claims) == (user, f"{user}@example.com", False, {})
    assert identities.by_email(f"{user}@example.com") == found


@pytest.mark.suite
def test_identity_of_nobody_is_none(identities: FirebaseIdentities) -> None:
    assert identities.by_uid("nobody") is None
    assert identities.by_email("nobody@example.com") is None


@pytest.mark.suite
def test_claims_are_in_the_next_token_and_gone_when_they_are_cleared(
    identities: FirebaseIdentities, user: str, auth_host: str
) -> None:
    identities.set_claims(user, {"tenant_id": "acme", "role": "owner", "plan": "gold"})
    token = payload(id_token(auth_host, email=f"{user}@example.com"))
    assert (token["tenant_id"], token["role"], token["plan"], token["user_id"]) == ("acme", "owner", "gold", user)
    found = identities.by_uid(user)
    assert found is not None
    assert found.claims == {"tenant_id": "acme", "role": "owner", "plan": "gold"}
    identities.set_claims(user, {})
    assert "tenant_id" not in payload(id_token(auth_host, email=f"{user}@example.com"))


@pytest.mark.suite
def test_revoked_session_is_ended_for_whoever_asks(identities: FirebaseIdentities, user: str, auth_host: str) -> None:
    from firebase_admin import auth

    token = id_token(auth_host, email=f"{user}@example.com")
    app = identities._app
    assert auth.verify_id_token(token, app=app, check_revoked=True)["uid"] == user
    _wait_a_second(payload(token)["auth_time"])
    identities.revoke(user)
    with pytest.raises(auth.RevokedIdTokenError):
        auth.verify_id_token(token, app=app, check_revoked=True)


def _wait_a_second(since: int) -> None:
    """Wait until the clock shows another second than a sign-in: sessions are ended to the second."""
    while time() < since + 1:
        sleep(0.05)


@pytest.mark.suite
@pytest.mark.parametrize("claims", [{"sub": "x"}, {"plan": "x" * 1001}])
def test_claims_that_firebase_refuses_are_named(
    identities: FirebaseIdentities, user: str, claims: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match=r"Firebase Auth: expected to set the claims of .*correct"):
        identities.set_claims(user, claims)


@pytest.mark.suite
@pytest.mark.parametrize("email", ["@", "no", "a@b@c"])
def test_email_that_is_none_is_named(identities: FirebaseIdentities, email: str) -> None:
    with pytest.raises(ConfigurationError, match="correct the uid or e-mail"):
        identities.by_email(email)


class Answering(ThreadingHTTPServer):
    """A server that gives every request one answer."""

    daemon_threads = True

    def __init__(self, status: int, body: dict[str, Any], *, silent: bool = False) -> None:
        answer = json.dumps(body).encode()
        self.ended = ended = Event()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if silent:
                    ended.wait()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


def failing(monkeypatch: pytest.MonkeyPatch, server: Answering) -> Iterator[FirebaseIdentities]:
    monkeypatch.setenv(HOST_VARIABLE, f"127.0.0.1:{server.server_address[1]}")
    Thread(target=server.serve_forever, daemon=True).start()
    yield FirebaseIdentities(f"demo-{uuid4().hex[:8]}", timeout_seconds=0.5)
    server.ended.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "message", "error", "words"),
    [
        (403, "INSUFFICIENT_PERMISSION", ConfigurationError, "roles/firebaseauth.admin"),
        (401, "UNAUTHENTICATED", ConfigurationError, "roles/firebaseauth.admin"),
        (400, "CONFIGURATION_NOT_FOUND", ConfigurationError, "switch Authentication on"),
        (429, "QUOTA_EXCEEDED", StoreUnavailable, "run the same again"),
        (502, "BAD_GATEWAY", StoreUnavailable, "run the same again"),
    ],
)
def test_refusal_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, status: int, message: str, error: type[Exception], words: str
) -> None:
    server = Answering(status, {"error": {"code": status, "message": message, "status": message}})
    for identities in failing(monkeypatch, server):
        with pytest.raises(error, match=words):
            identities.by_uid("ann")
        with pytest.raises(error, match=words):
            identities.set_claims("ann", {})
        with pytest.raises(error, match=words):
            identities.revoke("ann")


def test_server_that_is_gone_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOST_VARIABLE, "127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match="whether it was done is unknown"):
        FirebaseIdentities("demo-gone", timeout_seconds=0.5).by_uid("ann")


def test_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for identities in failing(monkeypatch, Answering(200, {}, silent=True)):
        with pytest.raises(StoreUnavailable, match="Firebase Auth: expected an answer"):
            identities.by_uid("ann")
