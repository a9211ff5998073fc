"""The security rules, attacked through the emulator's REST door as end users would."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.firestore

READABLE = ("ticks/t1", "orders/o1", "state/trading", "strategy_performance/p1", "config/orchestrator")
ALLOWED, DENIED = 200, 403


def token(project: str, uid: str, **claims: str) -> str:
    """Make an unsigned ID token, which the emulator takes for a signed one."""
    issuer = f"https://securetoken.google.com/{project}"
    body = {"iss": issuer, "aud": project, "sub": uid, "user_id": uid, "iat": 0, "exp": 4102444800, **claims}
    parts = ({"alg": "none", "typ": "JWT"}, body)
    return ".".join(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@pytest.fixture
def ask(firestore_host: str, firestore_project: str, firestore_client_factory: Callable[[], Any]) -> Callable[..., int]:
    """Send one request as a user (or as nobody) and return its status."""
    owner = firestore_client_factory()
    owner.document("tenants/acme/members/ann").set({"role": "viewer"})
    owner.document("systemStatus/orchestration_logs/logs/l1").set({"tenant_id": "acme"})
    for path in READABLE:
        owner.document(f"tenants/acme/{path}").set({"x": 1})
    base = f"http://{firestore_host}/v1/projects/{firestore_project}/databases/(default)/documents"

    def send(method: str, path: str, uid: str | None = None, **claims: str) -> int:
        headers = {} if uid is None else {"Authorization": f"Bearer {token(firestore_project, uid, **claims)}"}
        body = {"fields": {"x": {"integerValue": "2"}}} if method == "PATCH" else None
        return httpx.request(method, f"{base}/{path}", headers=headers, json=body).status_code

    return send


@pytest.mark.parametrize("path", READABLE)
def test_rules_let_a_member_read_its_tenant(ask: Callable[..., int], path: str) -> None:
    assert ask("GET", f"tenants/acme/{path}", "ann", tenant_id="acme") == ALLOWED
    assert ask("GET", f"tenants/acme/{path.split('/')[0]}", "ann", tenant_id="acme") == ALLOWED


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("uid", "claims"),
    [
        (None, {}),
        ("ann", {}),  # a member whose claim was taken away
        ("ann", {"tenant_id": "globex"}),
        ("bob", {"tenant_id": "acme"}),  # a claim without membership: forged, or removed since
        ("bob", {"tenant_id": "globex"}),
    ],
)
def test_rules_deny_whoever_is_not_both_claimed_and_member(
    ask: Callable[..., int], method: str, uid: str | None, claims: dict[str, str]
) -> None:
    for path in READABLE:
        assert ask(method, f"tenants/acme/{path}", uid, **claims) == DENIED


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("path", [*READABLE, "members/ann", "members/bob", "ticks/new"])
def test_rules_let_no_member_write(ask: Callable[..., int], method: str, path: str) -> None:
    assert ask(method, f"tenants/acme/{path}", "ann", tenant_id="acme") == DENIED


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_rules_keep_the_operators_log_from_tenants(ask: Callable[..., int], method: str) -> None:
    assert ask(method, "systemStatus/orchestration_logs/logs/l1", "ann", tenant_id="acme") == DENIED
    assert ask(method, "anything/else", "ann", tenant_id="acme") == DENIED
