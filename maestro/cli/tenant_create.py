"""``maestro tenant create``: a tenant with its first owner, its portfolio and its configuration."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.engine import tenancy
from backend.settings import load_settings
from functions import stores
from functions.interventions import effective
from functions.strategies.maestro_controller import MaestroController
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import ByOption
from maestro.cli.schedules import checked_schedule, tell_dispatcher
from maestro.cli.tenant_office import TenantArgument, office, warn_unverified


def create(
    tenant_id: TenantArgument,
    name: Annotated[str, typer.Option(help="What people call it.")],
    owner: Annotated[str, typer.Option(metavar="USER", help="Uid or e-mail of its first owner.")],
    schedule: Annotated[
        str | None,
        typer.Option(metavar="CRON", help="When its portfolio ticks; by default the deployment's schedule."),
    ] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Do not let its portfolio run yet.")] = False,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a tenant: its document, its owner with claims, portfolio main, and the default configuration as version 1.

    Interrupted anywhere, the same command goes on. Until it has ended, nothing
    runs and nobody has access. The configuration is what this machine's settings
    come to: see maestro config show --resolved.

    Example: maestro tenant create acme --name "Acme Capital" --owner ann@example.com --schedule "*/15 9-16 * * 1-5"
    """
    settings = load_settings()
    founding = tenancy.Founding(
        tenant_id=tenant_id,
        name=name,
        owner=owner,
        is_paused=paused,
        portfolio={} if schedule is None else {"schedule": checked_schedule(settings, schedule)},
        configuration=effective(settings, {}).model_dump(mode="json"),
    )
    done = tenancy.create(
        founding,
        office(settings, by),
        stores.configurations(settings),
        defaults=settings.policy(MaestroController.default_policy()),
    )
    tell_dispatcher(settings, founding.portfolio.get("schedule", ""))
    said = _json(done, tenant_id)
    warn_unverified(owner, is_verified=done.owner.is_verified)
    if as_json:
        print(json.dumps(said, indent=2))
        return
    console = Console()
    finished = "finished what was begun of" if done.was_begun else "created"
    console.print(f"{finished} tenant [bold]{tenant_id}[/]", highlight=False)
    console.print(f"  owner {done.owner.email or done.owner.uid}", highlight=False, markup=False)
    for portfolio, state in said["portfolios"].items():
        console.print(f"  portfolio {portfolio}: {state}", highlight=False, markup=False)
    console.print(f"  configuration version {done.configuration}", highlight=False)


def _json(done: tenancy.Founded, tenant_id: str) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "owner": {"uid": done.owner.uid, "email": done.owner.email},
        "portfolios": dict(sorted(done.standing.portfolios.items())),
        "configuration_version": done.configuration,
        "was_begun": done.was_begun,
    }
