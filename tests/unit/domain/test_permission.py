"""Who may have what: by role, while a tenant is suspended, as an operator of the platform."""

import pytest

from backend.domain.permission import OF_THE_PLATFORM, WHILE_SUSPENDED, Permission, Standing
from backend.domain.role import Role

READS = {Permission.STATUS, Permission.READ}
TRADES = {Permission.HALT, Permission.FLATTEN, Permission.OPERATE}


@pytest.mark.parametrize(
    ("role", "granted"),
    [
        (None, set()),
        (Role.VIEWER, READS),
        (Role.OPERATOR, READS | TRADES),
        (Role.OWNER, READS | TRADES | {Permission.CONFIGURE}),
    ],
)
def test_permission_follows_from_the_role(role: Role | None, granted: set[Permission]) -> None:
    assert {each for each in Permission if Standing(role=role).has(each)} == granted
    suspended = {each for each in Permission if Standing(role=role, is_suspended=True).has(each)}
    assert suspended == granted - {Permission.OPERATE, Permission.CONFIGURE}


def test_permission_of_the_platform_is_to_look_and_to_halt() -> None:
    for is_suspended in (False, True):
        standing = Standing(is_platform_operator=True, is_suspended=is_suspended)
        assert {each for each in Permission if standing.has(each)} == {Permission.STATUS, Permission.HALT}


def test_permission_of_the_platform_adds_to_a_members_own() -> None:
    standing = Standing(role=Role.VIEWER, is_platform_operator=True)
    assert {each for each in Permission if standing.has(each)} == READS | {Permission.HALT}


def test_permission_that_loosens_is_neither_the_platforms_nor_a_suspended_tenants() -> None:
    assert {Permission.OPERATE, Permission.CONFIGURE}.isdisjoint(WHILE_SUSPENDED | OF_THE_PLATFORM)


def test_role_includes_those_before_it() -> None:
    assert [[each.includes(other) for other in Role] for each in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
