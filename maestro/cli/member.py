"""``maestro member``: who belongs to a tenant, and what they may do."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.role import Role
from backend.domain.tenant import Member, member_claims
from backend.engine import membership
from backend.engine.membership import Joined
from backend.engine.tenant_changes import tenant_of
from backend.ports.identities import Identities
from backend.settings import Settings
from functions import stores
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import ByOption
from maestro.cli.tables import plain_table
from maestro.cli.tenant_office import (
    TenantArgument,
    UserArgument,
    has_claims,
    member_json,
    office,
    settings_of_store,
    warn_unverified,
)

RoleOption = Annotated[Role, typer.Option("--role", help="What they may do; each role includes those before it.")]
RoleArgument = Annotated[Role, typer.Argument(help="What they may do; each role includes those before it.")]

member = typer.Typer(no_args_is_help=True, help="Add, remove and list a tenant's members, and change their roles.")


@member.command("add")
def add(
    tenant_id: TenantArgument, user: UserArgument, role: RoleOption, by: ByOption = None, as_json: JsonOption = False
) -> None:
    """Make a user a member: document first, then claims. Done by half it gives no access; run it again.

    The claims are in the user's next token: they sign in again, or wait an hour.

    Example: maestro member add acme ben@example.com --role viewer
    """
    settings = settings_of_store()
    joined = membership.add_member(tenant_id, user, role, office(settings, by))
    warn_unverified(user, is_verified=joined.is_verified)
    _finish(settings, tenant_id, joined, as_json=as_json)


@member.command("role")
def role(
    tenant_id: TenantArgument, user: UserArgument, role: RoleArgument, by: ByOption = None, as_json: JsonOption = False
) -> None:
    """Give a member another role; it holds at once. The last owner stays one.

    Example: maestro member role acme ben@example.com operator
    """
    settings = settings_of_store()
    _finish(settings, tenant_id, membership.change_role(tenant_id, user, role, office(settings, by)), as_json=as_json)


@member.command("remove")
def remove(tenant_id: TenantArgument, user: UserArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """End a membership at once, clear the user's claims and end their sessions. The last owner stays.

    Example: maestro member remove acme ben@example.com
    """
    left = membership.remove_member(tenant_id, user, office(settings_of_store(), by))
    if as_json:
        said = {"tenant": tenant_id, "uid": left.uid, "was_removed": left.was_removed}
        print(json.dumps({**said, "were_claims_cleared": left.were_claims_cleared}, indent=2))
        return
    finished = "is no member any more" if left.was_removed else "was no member any more: finished what was begun"
    Console().print(f"{left.uid} {finished} of {tenant_id}", highlight=False, markup=False)


@member.command("list")
def list_members(
    tenant_id: TenantArgument,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the claims in Firebase Auth; exit status 1 if any differ.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a tenant's members, and whoever departs without their claims being cleared yet.

    Example: maestro member list acme --check
    """
    settings = settings_of_store()
    standing = stores.tenants(settings).standing(tenant_id)
    tenant_of(standing, tenant_id)
    is_compared = check and has_claims(settings)
    faults = _faults(tenant_id, standing.members, stores.identities(settings)) if is_compared else {}
    said = {
        "tenant": tenant_id,
        "members": [{**member_json(each), "fault": faults.get(each.uid)} for each in standing.members],
        "departing": list(standing.departing),
    }
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        _print(said, Console())
    if faults or (check and standing.departing):
        raise typer.Exit(1)


def _faults(tenant_id: str, members: tuple[Member, ...], identities: Identities) -> dict[str, str]:
    """Say, by uid, what a command that ended by half has left."""
    found = {}
    for each in members:
        identity = identities.by_uid(each.uid)
        if identity is None:
            found[each.uid] = "no user any more: maestro member remove"
        elif member_claims(identity.claims, tenant_id, each.role) != identity.claims:
            found[each.uid] = "other claims: run maestro member add or role again"
    return found


def _finish(settings: Settings, tenant_id: str, joined: Joined, *, as_json: bool) -> None:
    were_claims_set = joined.were_claims_set and has_claims(settings)
    if as_json:
        said = {"tenant": tenant_id, **member_json(joined.member), "was_written": joined.was_written}
        print(json.dumps({**said, "were_claims_set": were_claims_set}, indent=2))
        return
    who = joined.member.email or joined.member.uid
    unchanged = "" if joined.was_written or were_claims_set else ", as before"
    Console().print(f"{who} is {joined.member.role} of {tenant_id}{unchanged}", highlight=False, markup=False)


def _print(said: dict[str, Any], console: Console) -> None:
    table = plain_table(console, "", ["User", "E-mail", "Role", "Since", "Fault"], [])
    for each in said["members"]:
        since = (each["added_at"] or "–")[:16]
        table.add_row(*map(Text, (each["uid"], each["email"] or "–", each["role"], since, each["fault"] or "")))
    console.print(table)
    for uid in said["departing"]:
        console.print(f"departing: {uid}, run maestro member remove again", highlight=False, markup=False)
