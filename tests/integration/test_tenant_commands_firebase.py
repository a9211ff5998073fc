"""``maestro tenant`` and ``member`` on a Firebase project: real emulators of Firestore and Auth, and real tokens."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.documents import open_documents, paths
from backend.adapters.firebase_auth import FirebaseIdentities
from tests.contract.sample_tenants import fill, share_accounts
from tests.contract.tenant_office import Bureau
from tests.emulators.auth_emulator import id_token, sign_up
from tests.integration.tenant_desk import Desk
from tests.integration.test_firebase_auth import payload

pytestmark = [pytest.mark.firestore, pytest.mark.suite]


@dataclass
class Cloud:
    """A Firebase project of its own, with users who have signed up."""

    desk: Desk
    client: Any
    auth_host: str
    project: str

    def claims(self, uid: str) -> dict[str, Any]:
        """Return what of a token of a user who signs in now is about tenants."""
        token = payload(id_token(self.auth_host, email=f"{uid}@example.com", project=self.project))
        assert token["aud"] == self.project
        return {name: token[name] for name in ("tenant_id", "role", "operator") if name in token}

    def everything(self) -> dict[str, Any]:
        """Return every document of the project, also below documents that do not exist."""

        def walk(collections: Any) -> Iterator[tuple[str, Any]]:
            for collection in collections:
                for reference in collection.list_documents():
                    snapshot = reference.get()
                    if snapshot.exists:
                        yield reference.path, snapshot.to_dict()
                    yield from walk(reference.collections())

        return dict(walk(self.client.collections()))


@pytest.fixture
def cloud(
    tmp_path: Path,
    firestore_client_factory: Callable[..., Any],
    firestore_host: str,
    firestore_project: str,
    auth_host: str,
) -> Cloud:
    for uid in ("ann", "ben", "cat", "eve"):
        sign_up(auth_host, firestore_project, uid=uid, email=f"{uid}@example.com")
    client = firestore_client_factory()
    desk = Desk(
        tmp_path,
        open_documents(client),
        MAESTRO_STORE="firestore",
        GCLOUD_PROJECT=firestore_project,
        FIRESTORE_EMULATOR_HOST=firestore_host,
        FIREBASE_AUTH_EMULATOR_HOST=auth_host,
    )
    return Cloud(desk=desk, client=client, auth_host=auth_host, project=firestore_project)


def test_owner_has_claims_in_a_token_and_a_document(cloud: Cloud) -> None:
    made = cloud.desk.run("tenant", "create", "acme", "--name", "Acme", "--owner", "ann@example.com", "--json")
    assert made.json["owner"] == {"uid": "ann", "email": "ann@example.com"}
    assert "ann@example.com is not verified in Firebase Auth" in made.err
    assert cloud.claims("ann") == {"tenant_id": "acme", "role": "owner"}
    assert cloud.everything()["tenants/acme/members/ann"]["role"] == "owner"
    assert cloud.desk.run("member", "list", "acme", "--check").status == 0


def test_unknown_owner_leaves_nothing(cloud: Cloud) -> None:
    ended = cloud.desk.run("tenant", "create", "acme", "--name", "Acme", "--owner", "nobody@example.com")
    assert (ended.status, "signed up" in ended.err) == (2, True)
    assert cloud.everything() == {}


def test_members_claims_follow_what_the_commands_say(cloud: Cloud) -> None:
    run = cloud.desk.run
    run("tenant", "create", "acme", "--name", "Acme", "--owner", "ann")
    run("tenant", "create", "beta", "--name", "Beta", "--owner", "ben")
    assert run("member", "add", "acme", "cat@example.com", "--role", "viewer", "--json").json["were_claims_set"] is True
    assert cloud.claims("cat") == {"tenant_id": "acme", "role": "viewer"}
    run("member", "role", "acme", "cat", "operator")
    assert cloud.claims("cat") == {"tenant_id": "acme", "role": "operator"}
    refused = run("member", "add", "acme", "ben", "--role", "viewer")
    assert (refused.status, "found a member of beta" in refused.err) == (2, True)
    assert cloud.claims("ben") == {"tenant_id": "beta", "role": "owner"}
    assert run("operator", "add", "cat").status == 0
    assert cloud.claims("cat") == {"tenant_id": "acme", "role": "operator", "operator": True}
    assert run("member", "remove", "acme", "cat", "--json").json == {
        "tenant": "acme",
        "uid": "cat",
        "was_removed": True,
        "were_claims_cleared": True,
    }
    assert cloud.claims("cat") == {"operator": True}
    run("operator", "remove", "cat@example.com")
    assert cloud.claims("cat") == {}
    assert "tenants/acme/departures/cat" not in cloud.everything()


def test_claims_that_do_not_fit_are_told_and_mended_by_the_same_command(cloud: Cloud) -> None:
    run = cloud.desk.run
    run("tenant", "create", "acme", "--name", "Acme", "--owner", "ann")
    run("member", "add", "acme", "cat", "--role", "viewer")
    FirebaseIdentities(cloud.project).set_claims("cat", {})  # as if the command had died after the document
    found = run("member", "list", "acme", "--check")
    assert (found.status, "run maestro member add or role again" in found.out) == (1, True)
    assert run("member", "add", "acme", "cat", "--role", "viewer").status == 0
    assert cloud.claims("cat") == {"tenant_id": "acme", "role": "viewer"}
    assert run("member", "list", "acme", "--check").status == 0


def test_deleted_tenant_leaves_nothing_in_the_whole_project(cloud: Cloud) -> None:
    run, identities = cloud.desk.run, FirebaseIdentities(cloud.project)
    bureau = Bureau(cloud.desk.documents, identities)  # type: ignore[arg-type]
    fill(bureau, "acme", "ann")
    fill(bureau, "beta", "ben")
    run("member", "add", "acme", "cat", "--role", "viewer")
    before = cloud.everything()
    run("tenant", "suspend", "acme", "--reason", "leaves")
    cloud.desk.settle("acme")
    share_accounts(cloud.desk.documents)
    removed = run("tenant", "delete", "acme", "--yes", "--json").json
    left = cloud.everything()
    assert [path for path in left if "acme" in path.replace("acme2", "")] == []
    assert "acme/" not in str(left)
    assert {path: fields for path, fields in left.items() if path != paths.account_leases("PA1")} == {
        path: fields for path, fields in before.items() if "acme" not in path
    }
    assert (removed["members"], removed["leases"]) == (["ann", "cat"], ["PA1", "PA2"])
    assert removed["documents"]["tenants/acme/orchestration_logs/*/inputs"] == 2
    assert [cloud.claims(uid) for uid in ("ann", "cat")] == [{}, {}]
    assert cloud.claims("ben") == {"tenant_id": "beta", "role": "owner"}
