"""``maestro tenant``: create, list, show, suspend, resume, export and delete tenants."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.tenant import Tenant
from backend.engine import tenancy
from backend.engine.tenant_changes import tenant_of
from backend.ports.tenants import TenantOverview, TenantStanding
from backend.settings import Settings
from functions import stores
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import ByOption, ReasonOption
from maestro.cli.tables import plain_table
from maestro.cli.tenant_create import create
from maestro.cli.tenant_delete import delete
from maestro.cli.tenant_export import export
from maestro.cli.tenant_office import TenantArgument, instant, member_json, office, settings_of_store

tenant = typer.Typer(no_args_is_help=True, help="Create, list, show, suspend, resume, export and delete tenants.")
tenant.command("create")(create)


@tenant.command("list")
def list_tenants(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="TENANT", help="Go on behind this one.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show tenants by id: status, portfolios, members, and when the newest tick was decided.

    The object of --json holds tenants and next: the tenant to go on behind, null at the end.

    Example: maestro tenant list --limit 20
    """
    settings = settings_of_store()
    found = stores.tenants(settings).overviews(after=after, limit=limit)
    following = found[-1].tenant.tenant_id if len(found) == limit else None
    if as_json:
        print(json.dumps({"tenants": [_overview_json(each) for each in found], "next": following}, indent=2))
        return
    console = Console()
    table = plain_table(console, "", ["Tenant", "Name", "Status", "Portfolios"], ["Members", "Last tick"])
    for each in found:
        states = ", ".join(f"{name} {state}" for name, state in sorted(each.portfolios.items()))
        ticked = f"{each.ticked_at:%Y-%m-%d %H:%M}" if each.ticked_at else "–"
        texts = (each.tenant.tenant_id, each.tenant.name, each.tenant.status, states or "–", str(each.members), ticked)
        table.add_row(*map(Text, texts))
    console.print(table if found else "no tenant: see maestro tenant create")
    if following is not None:
        console.print(f"more: --after {following}", style="dim", highlight=False)


@tenant.command("show")
def show(tenant_id: TenantArgument, as_json: JsonOption = False) -> None:
    """Show one tenant: status, portfolios, members, trading, configuration, newest tick.

    Example: maestro tenant show acme
    """
    settings = settings_of_store()
    standing = stores.tenants(settings).standing(tenant_id)
    said = _standing_json(settings, standing, tenant_of(standing, tenant_id))
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        _print(said, Console())


@tenant.command("suspend")
def suspend(tenant_id: TenantArgument, reason: ReasonOption, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Let none of a tenant's portfolios run until it is resumed. Positions and orders stay as they are.

    What was decided before can no longer be committed. To sell out first, see maestro flatten.

    Example: maestro tenant suspend acme --reason "invoice unpaid"
    """
    settings = settings_of_store()
    done = tenancy.suspend(tenant_id, reason, office(settings, by))
    _finish(settings, tenant_id, was_changed=done.was_changed, as_json=as_json)


@tenant.command("resume")
def resume(
    tenant_id: TenantArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit log.")] = "maestro tenant resume",
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let those portfolios run again that were active when the tenant was suspended.

    Example: maestro tenant resume acme --reason "paid"
    """
    settings = settings_of_store()
    done = tenancy.resume(tenant_id, reason, office(settings, by))
    _finish(settings, tenant_id, was_changed=done.was_changed, as_json=as_json)


tenant.command("export")(export)
tenant.command("delete")(delete)


def _finish(settings: Settings, tenant_id: str, *, was_changed: bool, as_json: bool) -> None:
    standing = stores.tenants(settings).standing(tenant_id)
    found = tenant_of(standing, tenant_id)
    if as_json:
        print(json.dumps({**_standing_json(settings, standing, found), "was_changed": was_changed}, indent=2))
        return
    console = Console()
    already = "" if was_changed else ", as before"
    console.print(f"tenant [bold]{tenant_id}[/] is {found.status}{already}", highlight=False)
    for name, state in sorted(standing.portfolios.items()):
        console.print(f"  portfolio {name}: {state}", highlight=False, markup=False)


def _overview_json(overview: TenantOverview) -> dict[str, Any]:
    return {
        **_tenant_json(overview.tenant),
        "portfolios": dict(sorted(overview.portfolios.items())),
        "members": overview.members,
        "ticked_at": instant(overview.ticked_at),
    }


def _tenant_json(found: Tenant) -> dict[str, Any]:
    return {
        "tenant_id": found.tenant_id,
        "name": found.name,
        "status": found.status.value,
        "created_at": instant(found.created_at),
        "created_by": found.created_by,
        "suspended_at": instant(found.suspended_at),
        "suspended_by": found.suspended_by,
        "reason": found.reason,
    }


def _standing_json(settings: Settings, standing: TenantStanding, found: Tenant) -> dict[str, Any]:
    trading = standing.trading
    return {
        **_tenant_json(found),
        "portfolios": dict(sorted(standing.portfolios.items())),
        "members": [member_json(each) for each in standing.members],
        "departing": list(standing.departing),
        "trading_state": trading.state.value,
        "trading_reason": trading.reason,
        "working_orders": len(trading.working),
        "positions": {
            portfolio: {symbol: str(quantity) for symbol, quantity in sorted(held.items()) if quantity}
            for portfolio, held in sorted(trading.sleeves.items())
        },
        "configuration_version": stores.configurations(settings).configuration(found.tenant_id).number,
        "ticked_at": instant(standing.ticked_at),
    }


def _print(said: dict[str, Any], console: Console) -> None:
    def line(name: str, text: str) -> None:
        console.print(f"{name:<14}{text}", highlight=False, markup=False, soft_wrap=True)

    line("tenant", f"{said['tenant_id']}  {said['name']}")
    line("status", said["status"])
    if said["suspended_at"]:
        line("", f"since {said['suspended_at'][:16]} by {said['suspended_by']}: {said['reason']}")
    line("created", f"{said['created_at'][:16]} by {said['created_by']}")
    line("portfolios", ", ".join(f"{name} {state}" for name, state in said["portfolios"].items()) or "none")
    line("trading", f"{said['trading_state']}{'  ' if said['trading_reason'] else ''}{said['trading_reason']}")
    held = [f"{size} {symbol} in {name}" for name, all_ in said["positions"].items() for symbol, size in all_.items()]
    line("positions", ", ".join(held) or "none")
    line("orders", f"{said['working_orders']} under way")
    line("configuration", f"version {said['configuration_version']}")
    line("last tick", said["ticked_at"] or "none yet")
    for each in said["members"]:
        line("member", f"{each['role']:<9} {each['email'] or each['uid']}")
    for uid in said["departing"]:
        line("departing", f"{uid}: claims not cleared yet, see maestro member remove")
