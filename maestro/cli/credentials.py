"""``maestro credentials``: each tenant's own access to the broker, kept outside of the store; no secret is shown."""

import getpass
import json
import re
import sys
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.adapters.environment import one_for_all
from backend.domain.access import AccessRecord, BrokerAccess, Secret
from backend.domain.errors import BrokerError, ConfigurationError
from backend.ports.credentials import Credentials
from backend.settings import Settings, load_settings
from functions import bootstrap
from functions.access import credentials as credentials_of
from functions.in_flight import told
from maestro.cli.chosen_store import JsonOption
from maestro.cli.exit_codes import exit_code
from maestro.cli.operator import YesOption, confirm

credentials = typer.Typer(help="Each tenant's own access to the broker.", no_args_is_help=True)

TenantArgument = Annotated[str, typer.Argument(help="Tenant.")]
CheckOption = Annotated[bool, typer.Option("--check/--no-check", help="Ask the broker which account they open.")]


@credentials.command("set")
def set_credentials(
    tenant: TenantArgument,
    key_id: Annotated[str | None, typer.Option("--key-id", help="Key id; asked for where it is not given.")] = None,
    live: Annotated[bool, typer.Option("--live", help="They trade real money; without it, a paper account.")] = False,
    check: CheckOption = True,
    as_json: JsonOption = False,
) -> None:
    """Store a tenant's key id and secret key; the next tick uses them, without a deployment or a restart.

    The secret key is asked for, or read from standard input where that is no terminal; never give it as an argument.
    The broker is asked first which account they open; where it refuses them, nothing is stored.

    Example: maestro credentials set acme --key-id PKEXAMPLE < secret-key.txt
    """
    settings = load_settings()
    places = _own(settings, tenant)
    places.record(tenant)  # before anything is asked for: a place that may not be used is refused here
    key = _key_id(key_id)
    access = BrokerAccess(key=key, secret=_secret_key(), paper=not live)
    account = bootstrap.venue(settings, access).account().account_id if check else None
    places.store_broker_access(tenant, access)
    _say(_said(tenant, access, places.record(tenant), account), as_json, verb="stored")


@credentials.command("show")
def show_credentials(tenant: TenantArgument, check: CheckOption = True, as_json: JsonOption = False) -> None:
    """Show where a tenant's credentials are kept and since when, the key id in part, and the account they open.

    Exits with 4 where the broker refuses them or does not answer.

    Example: maestro credentials show acme --json
    """
    settings = load_settings()
    places = credentials_of(settings)
    access = places.broker_access(tenant)
    record, account, fault = places.record(tenant), None, None
    if check:
        try:
            account = bootstrap.venue(settings, access).account().account_id
        except BrokerError as e:
            fault = e
    said = {**_said(tenant, access, record, account), "fault": told(fault) if fault else None}
    _say(said, as_json, verb="kept")
    if fault is not None:
        raise typer.Exit(exit_code(fault))


@credentials.command("remove")
def remove_credentials(tenant: TenantArgument, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Delete a tenant's credentials for good; its ticks fail from then on, and what it holds stays at the broker.

    Example: maestro credentials remove acme --yes
    """
    places = _own(load_settings(), tenant)
    confirm(f"Delete the broker credentials of {tenant}?", yes=yes)
    places.remove(tenant)
    if as_json:
        print(json.dumps({"tenant": tenant, "removed": True}, indent=2))
        return
    Console().print(f"removed the broker credentials of {tenant}", highlight=False, markup=False)


def _own(settings: Settings, tenant: str) -> Credentials:
    """Return where tenants' own credentials are written."""
    if settings.credentials.source == "environment":
        raise one_for_all(tenant)
    if not re.fullmatch(r"[^/\s]+", tenant):
        raise ConfigurationError(f"TENANT: expected an id without slash and space, found {tenant!r}; correct it")
    return credentials_of(settings)


def _key_id(given: str | None) -> str:
    if given is not None:
        return given.strip()
    if not sys.stdin.isatty():
        raise ConfigurationError("--key-id: expected a key id, found no terminal to ask at; give it as an option")
    return str(typer.prompt("Key id")).strip()


def _secret_key() -> Secret:
    if sys.stdin.isatty():
        return Secret(getpass.getpass("Secret key (not shown): ").strip())
    return Secret(sys.stdin.read().strip())


def _said(tenant: str, access: BrokerAccess, record: AccessRecord | None, account: str | None) -> dict[str, Any]:
    since = record.since if record is not None else None
    return {
        "tenant": tenant,
        "place": record.place if record is not None else None,
        "version": record.version if record is not None else None,
        "since": since.isoformat() if since is not None else None,
        "key_id": access.masked_key,
        "kind": access.kind,
        "account": account,
    }


def _say(said: dict[str, Any], as_json: bool, *, verb: str) -> None:
    if as_json:
        print(json.dumps(said, indent=2))
        return
    version = f", version {said['version']}" if said["version"] is not None else ""
    since = f" since {said['since']}" if said["since"] is not None else ""
    lines = [
        f"{verb} in {said['place']}{version}{since}",
        f"key {said['key_id']} of a {said['kind']} account{': ' + said['account'] if said['account'] else ''}",
    ]
    if said.get("fault"):
        lines.append(f"account unknown: {said['fault']}")
    for line in lines:
        Console().print(line, highlight=False, markup=False, soft_wrap=True)
