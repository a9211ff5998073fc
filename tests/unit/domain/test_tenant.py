"""Identifiers of tenants and users, roles, and claims."""

import pytest

from backend.adapters.documents import paths
from backend.domain.errors import ConfigurationError
from backend.domain.role import Role
from backend.domain.tenant import (
    Identity,
    checked_name,
    checked_reason,
    checked_tenant_id,
    checked_uid,
    member_claims,
    stranger_claims,
)


@pytest.mark.parametrize("text", ["a", "acme", "acme-2", "a_b", "0x", "a" * 63])
def test_tenant_id_stands_in_a_path_as_it_is(text: str) -> None:
    assert paths.tenant(checked_tenant_id(text)) == f"tenants/{text}"


@pytest.mark.parametrize(
    "text",
    ["", "A", "a" * 64, "-a", "a-", "_a", "a_", "a/b", "a b", "a.b", "ä", "a~b", "a%b", "__a__", "a\n", "acme\n"],
)
def test_tenant_id_with_other_characters_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="choose another"):
        checked_tenant_id(text)


@pytest.mark.parametrize("text", ["", "a/b", "a b", "a" * 129, "a\x00", "a\n"])
def test_uid_that_firebase_does_not_give_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="uid or e-mail"):
        checked_uid(text)


def test_name_and_reason_are_one_line() -> None:
    assert checked_name("  Acme Capital — ε ") == "Acme Capital — ε"
    for text in ("", "  ", "a\nb", "a" * 201):
        with pytest.raises(ConfigurationError, match="name: expected one line"):
            checked_name(text)
    with pytest.raises(ConfigurationError, match="reason: expected one line"):
        checked_reason(" ")


def test_role_includes_those_before_it() -> None:
    allowed = {(one, other) for one in Role for other in Role if one.includes(other)}
    assert allowed == {
        (Role.VIEWER, Role.VIEWER),
        (Role.OPERATOR, Role.VIEWER),
        (Role.OPERATOR, Role.OPERATOR),
        (Role.OWNER, Role.VIEWER),
        (Role.OWNER, Role.OPERATOR),
        (Role.OWNER, Role.OWNER),
    }


def test_claims_of_a_member_keep_what_others_put_there() -> None:
    claims = member_claims({"plan": "gold", "operator": True, "role": "viewer"}, "acme", Role.OWNER)
    assert claims == {"plan": "gold", "operator": True, "tenant_id": "acme", "role": "owner"}
    assert stranger_claims(claims) == {"plan": "gold", "operator": True}


@pytest.mark.parametrize(("claims", "tenant"), [({}, None), ({"tenant_id": ""}, None), ({"tenant_id": 7}, None)])
def test_identity_without_a_whole_claim_is_of_no_tenant(claims: dict[str, object], tenant: None) -> None:
    assert Identity(uid="u", email=None, is_verified=False, claims=claims).tenant_id is tenant
