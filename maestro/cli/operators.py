"""``maestro operator``: who runs the platform, above all tenants."""

import json
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.tenant import Operator
from backend.engine.operators import add_operator, remove_operator
from backend.settings import load_settings
from functions import stores
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import ByOption
from maestro.cli.tables import plain_table
from maestro.cli.tenant_office import UserArgument, has_claims, instant, office, settings_of_store

operator = typer.Typer(no_args_is_help=True, help="Add, remove and list those who run the platform.")


@operator.command("add")
def add(user: UserArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Make a user an operator of the platform: document first, then the claim. Run it again to finish it.

    Example: maestro operator add eve@example.com
    """
    settings = load_settings()
    done = add_operator(user, stores.operators(settings), office(settings, by))
    were_claims_set = done.were_claims_set and has_claims(settings)
    added = done.operator
    if as_json:
        said = {**_json(added), "was_written": done.was_written, "were_claims_set": were_claims_set}
        print(json.dumps(said, indent=2))
        return
    unchanged = "" if done.was_written or were_claims_set else ", as before"
    Console().print(
        f"{added.email or added.uid} is an operator of the platform{unchanged}", highlight=False, markup=False
    )


@operator.command("remove")
def remove(user: UserArgument, by: ByOption = None, as_json: JsonOption = False) -> None:
    """Take somebody from the operators at once, clear the claim and end their sessions.

    Example: maestro operator remove eve@example.com
    """
    settings = settings_of_store()
    uid = remove_operator(user, stores.operators(settings), office(settings, by))
    if as_json:
        print(json.dumps({"uid": uid}, indent=2))
        return
    Console().print(f"{uid} is no operator of the platform any more", highlight=False, markup=False)


@operator.command("list")
def list_operators(as_json: JsonOption = False) -> None:
    """Show who runs the platform.

    Example: maestro operator list --json
    """
    found = [_json(each) for each in stores.operators(settings_of_store()).operators()]
    if as_json:
        print(json.dumps({"operators": found}, indent=2))
        return
    console = Console()
    table = plain_table(console, "", ["User", "E-mail", "Since", "Added by"], [])
    for each in found:
        table.add_row(*map(Text, (each["uid"], each["email"] or "–", each["added_at"][:16], each["added_by"])))
    console.print(table if found else "no operator: see maestro operator add")


def _json(found: Operator) -> dict[str, Any]:
    return {
        "uid": found.uid,
        "email": found.email,
        "added_at": instant(found.added_at),
        "added_by": found.added_by,
    }
