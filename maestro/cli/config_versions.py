"""``maestro config diff`` and ``history``: what was changed by whom."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.configuration_version import ConfigurationVersion, changes
from backend.engine.configuring import Configured
from backend.settings import load_settings
from functions import stores
from functions.interventions import changes_json
from maestro.cli.chosen_store import JsonOption
from maestro.cli.config_changes import line, print_changes
from maestro.cli.config_layers import side, versioned
from maestro.cli.operator import CommandTenantOption


def diff(
    before: Annotated[str | None, typer.Argument(help="A version or a file; by default the one before.")] = None,
    after: Annotated[str | None, typer.Argument(help="A version or a file; by default what is stored.")] = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what differs between two versions of the stored configuration, or between it and a file.

    Example: maestro config diff 3 5
    """
    settings = load_settings()
    tenant_id = tenant or settings.tenant_id
    standing = stores.configurations(settings).configuration(tenant_id)
    new = standing.values if after is None else side(settings, tenant_id, after)
    if before is None:
        old: Mapping[str, Any] = (
            versioned(settings, tenant_id, standing.number - 1).values if standing.number > 1 else {}
        )
    else:
        old = side(settings, tenant_id, before)
    print_changes(Configured(number=standing.number, values=new, changes=changes(old, new)), as_json=as_json)


def history(
    last: Annotated[int, typer.Option(min=1, help="How many versions, newest first.")] = 20,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who changed the stored configuration, when, what and why.

    Example: maestro config history --last 5
    """
    settings = load_settings()
    found = stores.configurations(settings).versions(tenant or settings.tenant_id, last=last + 1)
    told = [_told(each, found[i + 1].values if i + 1 < len(found) else {}) for i, each in enumerate(found[:last])]
    if as_json:
        print(json.dumps(told, indent=2))
        return
    console = Console()
    if not told:
        console.print("nothing is stored yet; see maestro config update")
        return
    for each in told:
        head = f"{each['version']:>4}  {each['updated_at'][:16]}  {each['updated_by']}: {each['reason']}"
        console.print(head, highlight=False, markup=False, soft_wrap=True)
        for change in each["changes"]:
            console.print(f"{'':6}{line(change)}", style="dim", highlight=False, markup=False, soft_wrap=True)


def _told(version: ConfigurationVersion, before: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": version.number,
        "updated_at": version.updated_at.isoformat(),
        "updated_by": version.updated_by,
        "reason": version.reason,
        "changes": changes_json(changes(before, version.values)),
    }
