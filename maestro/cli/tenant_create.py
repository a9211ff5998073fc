"""``maestro tenant create``: a tenant with its first owner, its portfolio and its configuration."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from cronsim import CronSim, CronSimError
from rich.console import Console

from backend.domain.errors import ConfigurationError
from backend.engine import tenancy
from backend.settings import load_settings
from functions import stores
from functions.strategies.maestro_controller import MaestroController
from maestro.cli.chosen_store import JsonOption
from maestro.cli.config_layers import effective
from maestro.cli.operator import ByOption
from maestro.cli.tenant_office import TenantArgument, office, warn_unverified

_ZONE = re.compile(r"CRON_TZ=(?P<zone>\S+)\s+(?P<line>.*)")


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
        portfolio={} if schedule is None else {"schedule": _cron_line(schedule)},
        configuration=effective(settings, {}).model_dump(mode="json"),
    )
    done = tenancy.create(
        founding,
        office(settings, by),
        stores.configurations(settings),
        defaults=settings.policy(MaestroController.default_policy()),
    )
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


def _cron_line(text: str) -> str:
    """Return a cron line of five fields, with or without its zone; ConfigurationError when it is none."""
    zoned = _ZONE.fullmatch(text.strip())
    zone, line = (zoned["zone"], zoned["line"]) if zoned else ("UTC", text.strip())
    try:
        if len(line.split()) != 5:
            raise CronSimError(f"{len(line.split())} fields")
        next(CronSim(line, datetime.now(UTC).astimezone(ZoneInfo(zone))))
    except (CronSimError, StopIteration, ZoneInfoNotFoundError, ValueError) as e:
        raise ConfigurationError(
            f"--schedule: expected a cron line of five fields, such as '*/15 9-16 * * 1-5', with 'CRON_TZ=Zone ' "
            f"before it or without, found {text!r} ({e}); correct it"
        ) from e
    return text.strip()
