"""Members of a tenant: claims and documents that come to the same end wherever a command dies."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.adapters.documents import Documents
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.operator_documents import DocumentOperators
from backend.adapters.documents.seam import create
from backend.adapters.documents.tenant_documents import DocumentTenants
from backend.domain.audit import AuditKind
from backend.domain.errors import ConfigurationError
from backend.domain.role import Role
from backend.engine.audit import verify
from backend.engine.membership import add_member, change_role, remove_member
from backend.engine.operators import add_operator, remove_operator
from tests.contract.tenant_office import NOW, Bureau
from tests.fakes.faults import Countdown, Killed, Meanwhile, Mortal
from tests.fakes.identities import FakeIdentities


@pytest.fixture
def bureau(documents: Documents) -> Bureau:
    made = Bureau(documents, FakeIdentities("ann", "ben", "eve"))
    made.create()
    return made


def died(command: Callable[[Countdown], Any]) -> list[tuple[int, bool]]:
    """Return every place at which a command can die: before or after its n-th call."""
    counted = Countdown(10_000, after=False)
    command(counted)
    return [(calls, after) for calls in range(10_000 - counted.left) for after in (False, True)]


def test_member_has_document_and_claims(bureau: Bureau) -> None:
    joined = add_member("acme", "BEN@example.com ", Role.VIEWER, bureau.office())
    assert (joined.was_written, joined.were_claims_set) == (True, True)
    member = DocumentTenants(bureau.documents).member("acme", "ben")
    assert member == joined.member
    assert (joined.member.email, joined.member.added_at, joined.member.added_by) == ("ben@example.com", NOW, "eve")
    assert bureau.identities.claims("ben") == {"tenant_id": "acme", "role": "viewer"}
    assert bureau.role("acme", "ben") is Role.VIEWER


def test_member_added_again_changes_nothing(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.VIEWER, bureau.office())
    before = bureau.everything()
    again = add_member("acme", "ben", Role.VIEWER, bureau.office())
    assert (again.was_written, again.were_claims_set, bureau.everything()) == (False, False, before)


def test_member_with_another_role_is_not_added_but_told(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.VIEWER, bureau.office())
    with pytest.raises(ConfigurationError, match="maestro member role acme ben owner"):
        add_member("acme", "ben", Role.OWNER, bureau.office())
    assert bureau.role("acme", "ben") is Role.VIEWER


@pytest.mark.parametrize(
    ("user", "words"),
    [("nobody", "none called 'nobody'"), ("x@example.com", "signed up"), ("a/b", "uid"), ("", "uid")],
)
def test_member_who_is_no_user_is_refused(bureau: Bureau, user: str, words: str) -> None:
    before = bureau.everything()
    with pytest.raises(ConfigurationError, match=words):
        add_member("acme", user, Role.VIEWER, bureau.office())
    assert bureau.everything() == before


def test_member_of_another_tenant_is_refused(bureau: Bureau) -> None:
    bureau.create("beta", "ben", name="Beta")
    with pytest.raises(ConfigurationError, match="found a member of beta"):
        add_member("acme", "ben", Role.VIEWER, bureau.office())
    assert (bureau.role("beta", "ben"), bureau.role("acme", "ben")) == (Role.OWNER, None)


def test_claim_without_a_document_binds_nobody(bureau: Bureau) -> None:
    bureau.identities.set_claims("ben", {"tenant_id": "gone", "role": "owner", "plan": "gold"})
    add_member("acme", "ben", Role.OPERATOR, bureau.office())
    assert bureau.identities.claims("ben") == {"tenant_id": "acme", "role": "operator", "plan": "gold"}


def test_member_of_no_tenant_and_of_a_suspended_one_is_refused(bureau: Bureau) -> None:
    with pytest.raises(ConfigurationError, match="none called 'beta'"):
        add_member("beta", "ben", Role.VIEWER, bureau.office())
    bureau.suspend()
    with pytest.raises(ConfigurationError, match="suspended"):
        add_member("acme", "ben", Role.VIEWER, bureau.office())


def test_add_dies_anywhere_gives_no_access_and_is_finished_by_the_same_command(bureau: Bureau) -> None:
    def add(countdown: Countdown | None = None) -> Any:
        return add_member("acme", "ben", Role.VIEWER, bureau.office(countdown))

    places = died(add)
    assert len(places) > 8
    for calls, after in places:
        remove_member("acme", "ben", bureau.office())
        with pytest.raises(Killed):
            add(Countdown(calls, after=after))
        has_document = DocumentTenants(bureau.documents).member("acme", "ben") is not None
        has_claim = bureau.identities.users["ben"].tenant_id == "acme"
        assert has_document or not has_claim, (calls, after)  # wherever a claim is, a document says so
        add()
        assert bureau.role("acme", "ben") is Role.VIEWER, (calls, after)


def test_remove_dies_anywhere_keeps_all_or_gives_no_access_and_is_finished_by_the_same_command(bureau: Bureau) -> None:
    def remove(countdown: Countdown | None = None) -> Any:
        return remove_member("acme", "ben", bureau.office(countdown))

    add_member("acme", "ben", Role.VIEWER, bureau.office())
    tenants = DocumentTenants(bureau.documents)
    places = died(remove)
    assert len(places) > 10
    for calls, after in places:
        add_member("acme", "ben", Role.VIEWER, bureau.office())
        bureau.identities.revoked.clear()
        with pytest.raises(Killed):
            remove(Countdown(calls, after=after))
        is_member = tenants.member("acme", "ben") is not None
        assert bureau.role("acme", "ben") is (Role.VIEWER if is_member else None)
        has_claim = bureau.identities.users["ben"].tenant_id == "acme"
        assert not has_claim or is_member or tenants.standing("acme").departing == ("ben",), (calls, after)
        if is_member or tenants.standing("acme").departing:
            remove()
        assert bureau.identities.claims("ben") == {}
        assert "ben" in bureau.identities.revoked
        assert (tenants.member("acme", "ben"), tenants.standing("acme").departing) == (None, ())


def test_member_who_departs_and_comes_back_keeps_the_new_claims(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.VIEWER, bureau.office())
    mortal = Mortal(bureau.identities, Countdown(0, after=False))
    with pytest.raises(Killed):  # the document is gone, the claims are not
        remove_member("acme", "ben", replace(bureau.office(), identities=mortal))
    assert DocumentTenants(bureau.documents).standing("acme").departing == ("ben",)
    add_member("acme", "ben", Role.OPERATOR, bureau.office())
    assert DocumentTenants(bureau.documents).standing("acme").departing == ()
    assert bureau.role("acme", "ben") is Role.OPERATOR


def test_remove_of_a_stranger_is_refused(bureau: Bureau) -> None:
    for user in ("ben", "ben@example.com", "nobody"):
        with pytest.raises(ConfigurationError, match="maestro member list acme"):
            remove_member("acme", user, bureau.office())


def test_remove_of_a_user_who_is_gone_removes_the_document(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.VIEWER, bureau.office())
    del bureau.identities.users["ben"]
    left = remove_member("acme", "ben@example.com", bureau.office())
    assert (left.uid, left.was_removed, left.were_claims_cleared) == ("ben", True, False)
    assert DocumentTenants(bureau.documents).standing("acme").departing == ()


def test_remove_leaves_the_claims_of_a_tenant_that_the_user_belongs_to_by_now(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.VIEWER, bureau.office())
    bureau.identities.set_claims("ben", {"tenant_id": "beta", "role": "owner"})
    remove_member("acme", "ben", bureau.office())
    assert bureau.identities.claims("ben") == {"tenant_id": "beta", "role": "owner"}


def test_role_holds_by_the_document_and_the_claim_follows(bureau: Bureau) -> None:
    def change(countdown: Countdown | None = None) -> Any:
        return change_role("acme", "ben@example.com", Role.OPERATOR, bureau.office(countdown))

    add_member("acme", "ben", Role.VIEWER, bureau.office())
    bureau.time += timedelta(days=1)
    for calls, after in died(change):
        change_role("acme", "ben", Role.VIEWER, bureau.office())
        with pytest.raises(Killed):
            change(Countdown(calls, after=after))
        change()
        assert bureau.role("acme", "ben") is Role.OPERATOR
        assert bureau.identities.claims("ben") == {"tenant_id": "acme", "role": "operator"}
    member = DocumentTenants(bureau.documents).member("acme", "ben")
    assert member is not None
    assert member.added_at == NOW


def test_last_owner_is_neither_removed_nor_demoted(bureau: Bureau) -> None:
    before = bureau.everything()
    for refused in (
        lambda: remove_member("acme", "ann", bureau.office()),
        lambda: change_role("acme", "ann", Role.OPERATOR, bureau.office()),
    ):
        with pytest.raises(ConfigurationError, match="expected another owner"):
            refused()
    assert bureau.everything() == before
    add_member("acme", "ben", Role.OWNER, bureau.office())
    remove_member("acme", "ann", bureau.office())
    assert (bureau.role("acme", "ann"), bureau.role("acme", "ben")) == (None, Role.OWNER)


def test_two_owners_who_demote_each_other_leave_one(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.OWNER, bureau.office())

    def demote_ann() -> None:
        change_role("acme", "ann", Role.VIEWER, bureau.office())

    crossing = Meanwhile(DocumentTenants(bureau.documents), "change", demote_ann)
    with pytest.raises(ConfigurationError, match="expected another owner"):
        change_role("acme", "ben", Role.VIEWER, bureau.office(tenants=crossing))
    assert (bureau.role("acme", "ann"), bureau.role("acme", "ben")) == (Role.VIEWER, Role.OWNER)


def test_memberships_stand_in_the_audit_chain(bureau: Bureau) -> None:
    add_member("acme", "ben", Role.VIEWER, bureau.office())
    change_role("acme", "ben", Role.OPERATOR, bureau.office())
    remove_member("acme", "ben", bureau.office())
    trail = DocumentAuditTrail(bureau.documents)
    entries = trail.commands("acme", last=3)
    assert [(each.kind, each.actor, each.body["facts"]) for each in reversed(entries)] == [
        (AuditKind.MEMBER_ADDED, "eve", {"uid": "ben", "role": "viewer"}),
        (AuditKind.MEMBER_ROLE, "eve", {"uid": "ben", "before": "viewer", "after": "operator"}),
        (AuditKind.MEMBER_REMOVED, "eve", {"uid": "ben", "role": "operator"}),
    ]
    assert verify(trail, "acme").findings == ()


def test_member_written_by_hand_may_look_and_can_be_removed(bureau: Bureau) -> None:
    bureau.documents.commit([create("tenants/acme/members/old", {"note": "by hand"})])
    member = DocumentTenants(bureau.documents).member("acme", "old")
    assert member is not None
    assert (member.uid, member.role, member.added_at) == ("old", Role.VIEWER, None)
    assert remove_member("acme", "old", bureau.office()).was_removed


def test_operator_has_document_and_claim_beside_others(bureau: Bureau) -> None:
    operators = DocumentOperators(bureau.documents)
    add_operator("ann@example.com", operators, bureau.office())
    assert bureau.identities.claims("ann") == {"tenant_id": "acme", "role": "owner", "operator": True}
    assert [(each.uid, each.email, each.added_by) for each in operators.operators()] == [
        ("ann", "ann@example.com", "eve")
    ]
    again = add_operator("ann", operators, bureau.office())
    assert (again.was_written, again.were_claims_set) == (False, False)
    assert remove_operator("ann", operators, bureau.office()) == "ann"
    assert bureau.identities.claims("ann") == {"tenant_id": "acme", "role": "owner"}
    assert (list(operators.operators()), bureau.identities.revoked) == ([], ["ann"])
    with pytest.raises(ConfigurationError, match="maestro operator list"):
        remove_operator("ann", operators, bureau.office())


def test_operator_commands_die_anywhere_and_are_finished_by_the_same_command(bureau: Bureau) -> None:
    operators = DocumentOperators(bureau.documents)

    def add(countdown: Countdown) -> Any:
        return add_operator("eve", Mortal(operators, countdown), bureau.office(countdown))

    def remove(countdown: Countdown) -> Any:
        return remove_operator("eve", Mortal(operators, countdown), bureau.office(countdown))

    def is_operator() -> bool:
        is_listed = any(each.uid == "eve" for each in operators.operators())
        return is_listed and bureau.identities.claims("eve").get("operator") is True

    for calls, after in died(add):
        remove(Countdown(10_000, after=False))
        with pytest.raises(Killed):
            add(Countdown(calls, after=after))
        add(Countdown(10_000, after=False))
        assert is_operator(), (calls, after)
    for calls, after in died(remove):
        add(Countdown(10_000, after=False))
        with pytest.raises(Killed):
            remove(Countdown(calls, after=after))
        if operators.operators() or bureau.identities.claims("eve"):
            remove(Countdown(10_000, after=False))
        assert not is_operator()
        assert (list(operators.operators()), bureau.identities.claims("eve")) == ([], {}), (calls, after)
