"""``maestro tenant delete``: remove everything that is kept of a tenant, and say what that was."""

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.errors import ConfigurationError
from backend.engine import deletion
from backend.engine.deletion import Clearance, Removed
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import ByOption, YesOption
from maestro.cli.progress import progress_of
from maestro.cli.tenant_office import TenantArgument, clearance, settings_of_store

_LONG = 500  # documents from which a bar is worth its line


def delete(
    tenant_id: TenantArgument,
    yes: YesOption = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Even though orders are under way, positions are held, or it may be written."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove all of a suspended tenant: members with their claims, credentials, leases, every document.

    Refused while the tenant is not suspended; and, unless --force is given, while
    orders are under way, strategies hold something, or it was suspended within
    the last ten minutes, in which what had begun before may still write. Without
    --yes the tenant's name has to be typed. Interrupted anywhere, the same command
    goes on. What the broker's account holds is not touched: see maestro flatten.

    The object of --json holds tenant, is_dry_run, objections, total, documents
    (by collection), members (uids), leases (accounts) and credentials.

    Example: maestro tenant delete acme --dry-run
    """
    with_what = clearance(settings_of_store(), by)
    planned = deletion.survey(tenant_id, with_what)
    standing = with_what.office.tenants.standing(tenant_id)
    if dry_run:
        said = {**_json(tenant_id, planned), "objections": deletion.objections(standing, with_what.office.now())}
        _say({**said, "is_dry_run": True}, as_json=as_json)
        return
    deletion.check(tenant_id, with_what, force=force)
    _confirm(tenant_id, standing.tenant.name if standing.tenant else tenant_id, planned, yes=yes)
    removed = _delete(tenant_id, with_what, planned, force=force)
    _say({**_json(tenant_id, removed), "objections": [], "is_dry_run": False}, as_json=as_json)


def _delete(tenant_id: str, with_what: Clearance, planned: Removed, *, force: bool) -> Removed:
    total = sum(planned.documents.values())
    with progress_of("deleting", least=_LONG) as progress:
        return deletion.delete(
            tenant_id, with_what, force=force, progress=lambda done: progress(done, max(done, total))
        )


def _confirm(tenant_id: str, name: str, planned: Removed, *, yes: bool) -> None:
    """Let a person type whom they mean: one keystroke is too little for what cannot be undone."""
    if yes:
        return
    question = f"Delete {sum(planned.documents.values()):,} documents of {name}. Type {tenant_id} to go on"
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"{question}: expected an answer, found no terminal to ask at; add --yes if it is meant"
        )
    typed = typer.prompt(question).strip()
    if typed not in (tenant_id, name):
        raise ConfigurationError(f"expected {tenant_id}, found {typed!r}; nothing was removed")


def _json(tenant_id: str, removed: Removed) -> dict[str, Any]:
    return {
        "tenant": tenant_id,
        "total": sum(removed.documents.values()),
        "documents": dict(removed.documents),
        "members": list(removed.members),
        "leases": list(removed.leases),
        "credentials": list(removed.credentials),
    }


def _say(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(said, indent=2))
        return
    console = Console()
    verb = "would remove" if said["is_dry_run"] else "removed"
    console.print(f"{verb} {said['total']:,} documents of [bold]{said['tenant']}[/]", highlight=False)
    for collection, count in said["documents"].items():
        console.print(f"{count:>9,}  {collection}", highlight=False, markup=False, soft_wrap=True)
    for what, label in (
        ("members", "member with claims:"),
        ("leases", "leases of account:"),
        ("credentials", "credentials:"),
    ):
        for each in said[what]:
            console.print(f"{label} {each}", highlight=False, markup=False, soft_wrap=True)
    for each in said["objections"]:
        console.print(f"speaks against it: {each}", style="yellow", highlight=False, markup=False, soft_wrap=True)
