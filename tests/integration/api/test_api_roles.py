"""Every endpoint and every kind of caller: who is let in, who is not, and that nobody else changes anything."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from backend.adapters.documents import Documents
from backend.domain.role import Role
from backend.ports.bearers import Bearer
from backend.settings import load_settings
from functions import clients, stores
from functions.api.endpoints import ENDPOINTS
from functions.api.gates import MemberGate
from tests.emulators.auth_emulator import id_token, sign_up
from tests.emulators.firestore_emulator import ENABLE_COMMAND
from tests.emulators.tiers import require_tier
from tests.integration.api.desk import (
    TENANT,
    ApiDesk,
    KnownTokens,
    add_member,
    add_platform_operator,
    add_tenant,
)
from tests.integration.api.samples import SAMPLES, Sample

OTHER = "globex"
AUTH_PROJECT = "demo-maestro"  # the emulator signs in to the project that it was started for
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of caller: what the token claims, and what stands in the store."""

    name: str
    claims: Claims | None = None
    role: Role | None = None
    is_platform_operator: bool = False


KINDS = (
    Kind(name="anonymous"),
    Kind(name="bad-token"),
    Kind(name="expired"),
    Kind(name="other-tenant", claims={"tenant_id": OTHER, "role": "owner"}),
    Kind(name="no-tenant", claims={}),
    Kind(name="viewer", claims={"tenant_id": TENANT, "role": "viewer"}, role=Role.VIEWER),
    Kind(name="operator", claims={"tenant_id": TENANT, "role": "operator"}, role=Role.OPERATOR),
    Kind(name="owner", claims={"tenant_id": TENANT, "role": "owner"}, role=Role.OWNER),
    Kind(name="viewer-who-claims-more", claims={"tenant_id": TENANT, "role": "owner"}, role=Role.VIEWER),
    Kind(name="removed-member", claims={"tenant_id": TENANT, "role": "owner"}),
    Kind(name="claims-to-be-operator", claims={"operator": True}),
    Kind(name="platform-operator", claims={"operator": True}, is_platform_operator=True),
)
UNAUTHENTICATED = {"anonymous", "bad-token", "expired"}


def expected(sample: Sample, kind: Kind, *, is_suspended: bool) -> int:
    """Return the status of a refusal; 0 where the caller is let in."""
    if kind.name in UNAUTHENTICATED:
        return 401
    if kind.is_platform_operator and sample.platform:
        return 0
    if kind.role is None or not kind.role.includes(sample.least) or (is_suspended and not sample.rests):
        return 403
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    desk: ApiDesk
    tokens: Mapping[str, str]
    suffix: str = ""  # of every uid: the Auth emulator is shared

    def ask(self, sample: Sample, kind: str, tenant: str = TENANT) -> Any:
        token = self.tokens[kind]
        return self.desk.request(
            sample.method,
            f"/v1/tenants/{tenant}/{sample.path}",
            sample.body,
            key=uuid4().hex if sample.is_write else None,
            query=sample.query,
            Authorization=f"Bearer {token}" if token else "",
        )


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A store on SQLite, and tokens that are known."""
    path = tmp_path_factory.mktemp("roles") / "maestro.db"
    settings = load_settings({"MAESTRO_TENANT_ID": TENANT, "MAESTRO_SQLITE_PATH": str(path)})
    documents = stores.documents(settings)
    identities = KnownTokens({kind.name: _identity(kind) for kind in KINDS if kind.claims is not None})
    tokens = {kind.name: "" if kind.name == "anonymous" else kind.name for kind in KINDS}
    _populate(documents)
    yield Doors(desk=ApiDesk(settings, MemberGate(identities, documents), "owner"), tokens=tokens)
    clients.sqlite_documents.cache_clear()


@pytest.fixture(scope="module")
def signed_in(_firestore_host_or_none: str | None, auth_host: str) -> Iterator[Doors]:
    """The Firestore emulator, and users that have signed in at the Auth emulator."""
    require_tier("Firestore emulator", _firestore_host_or_none is not None, ENABLE_COMMAND)
    suffix = f"-{uuid4().hex[:8]}"
    variables = {"MAESTRO_STORE": "firestore", "MAESTRO_PROJECT": f"demo-{uuid4().hex[:16]}"}
    settings = load_settings({"MAESTRO_TENANT_ID": TENANT, **variables})
    _populate(stores.documents(settings), suffix)
    tokens = {kind.name: _signed_in(auth_host, kind, suffix) for kind in KINDS if kind.claims is not None}
    tokens |= {"anonymous": "", "bad-token": "bad", "expired": _expired(f"owner{suffix}")}
    gate = MemberGate(clients.firebase_tokens(AUTH_PROJECT), stores.documents(settings))
    yield Doors(desk=ApiDesk(settings, gate, tokens["owner"]), tokens=tokens, suffix=suffix)
    for cache in (clients.firestore_documents, clients.firestore_client):
        cache.cache_clear()


@pytest.fixture(params=["known", pytest.param("signed_in", marks=[pytest.mark.suite, pytest.mark.firestore])])
def doors(request: pytest.FixtureRequest) -> Doors:
    found: Doors = request.getfixturevalue(request.param)
    return found


def test_samples_are_of_every_endpoint() -> None:
    assert [each.name for each in SAMPLES] == [each.name for each in ENDPOINTS]
    assert {each.name for each in SAMPLES if each.is_write} == {each.name for each in ENDPOINTS if each.is_write}


@pytest.mark.parametrize("is_suspended", [False, True], ids=["active", "suspended"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_endpoint_lets_in_whom_it_should_and_nobody_else(doors: Doors, kind: Kind, is_suspended: bool) -> None:
    add_tenant(doors.desk.documents, status="suspended" if is_suspended else "active")
    for sample in SAMPLES:
        before = doors.desk.audit()
        answer = doors.ask(sample, kind.name)
        refusal = expected(sample, kind, is_suspended=is_suspended)
        said = (sample.name, answer.status_code, answer.get_data(as_text=True))
        if refusal:
            assert answer.status_code == refusal, said
            assert doors.desk.audit() == before, said
        else:
            assert answer.status_code in (200, 404, 409, 422), said
    if kind.role is Role.OWNER and not is_suspended:
        assert doors.desk.audit()  # else no write could be told from a refusal


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.is_platform_operator], ids=lambda kind: kind.name)
def test_refusal_does_not_tell_whether_a_tenant_exists(doors: Doors, kind: Kind) -> None:
    add_tenant(doors.desk.documents, "initech")
    told = []
    for tenant in ("initech", "nowhere"):
        answer = doors.ask(SAMPLES[0], kind.name, tenant)
        told.append((answer.status_code, {**answer.json, "correlation_id": ""}))
    assert told[0] == told[1]
    assert told[0][0] in (401, 403)


def test_platform_operator_is_told_that_there_is_no_such_tenant(doors: Doors) -> None:
    assert doors.ask(SAMPLES[0], "platform-operator", "nowhere").status_code == 404
    assert doors.ask(SAMPLES[0], "platform-operator", TENANT).status_code == 200


def test_member_of_a_tenant_without_a_document_is_refused(doors: Doors) -> None:
    """A tenant that was deleted leaves tokens and members behind."""
    add_member(doors.desk.documents, f"other-tenant{doors.suffix}", Role.OWNER, OTHER)
    assert doors.ask(SAMPLES[0], "other-tenant", OTHER).status_code == 403
    add_tenant(doors.desk.documents, OTHER)
    assert doors.ask(SAMPLES[0], "other-tenant", OTHER).status_code == 200


@pytest.mark.suite
@pytest.mark.firestore
def test_token_of_a_disabled_user_is_refused_where_it_would_loosen_or_sell(signed_in: Doors, auth_host: str) -> None:
    from firebase_admin import auth

    add_tenant(signed_in.desk.documents)
    kind = Kind(name="robbed", claims={"tenant_id": TENANT, "role": "owner"}, role=Role.OWNER)
    uid = f"{kind.name}{signed_in.suffix}"
    add_member(signed_in.desk.documents, uid, Role.OWNER)
    doors = Doors(desk=signed_in.desk, tokens={kind.name: _signed_in(auth_host, kind, signed_in.suffix)})
    assert {doors.ask(sample, kind.name).status_code for sample in SAMPLES}.isdisjoint({401, 403})
    auth.update_user(uid, disabled=True, app=_firebase())
    refused = {sample.name for sample in SAMPLES if doors.ask(sample, kind.name).status_code == 401}
    assert refused == {sample.name for sample in SAMPLES if sample.least is not Role.VIEWER} - {"halt"}


def _identity(kind: Kind) -> Bearer:
    claims = kind.claims or {}
    return Bearer(
        uid=kind.name,
        email=None,
        tenant_id=claims.get("tenant_id"),
        is_platform_operator=claims.get("operator") is True,
    )


def _populate(documents: Documents, suffix: str = "") -> None:
    for kind in KINDS:
        if kind.role is not None:
            add_member(documents, f"{kind.name}{suffix}", kind.role)
        if kind.is_platform_operator:
            add_platform_operator(documents, f"{kind.name}{suffix}")


def _firebase() -> Any:
    identities: Any = clients.firebase_tokens(AUTH_PROJECT)
    return identities._app


def _signed_in(host: str, kind: Kind, suffix: str) -> str:
    from firebase_admin import auth

    uid = f"{kind.name}{suffix}"
    sign_up(host, AUTH_PROJECT, uid=uid, email=f"{uid}@example.com")
    auth.set_custom_user_claims(uid, dict(kind.claims or {}), app=_firebase())
    return id_token(host, email=f"{uid}@example.com")


def _expired(uid: str) -> str:
    """Return a token as the emulator's are, of an hour that is long over."""
    issuer = f"https://securetoken.google.com/{AUTH_PROJECT}"
    claims = {"iss": issuer, "aud": AUTH_PROJECT, "sub": uid, "user_id": uid, "tenant_id": TENANT}
    parts = [{"alg": "none", "typ": "JWT"}, {**claims, "iat": 1_600_000_000, "exp": 1_600_003_600}]
    encoded = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, ""])
