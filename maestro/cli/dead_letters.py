"""``maestro dead-letters``: a tenant's tasks that were given up in the cloud."""

import json
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.text import Text

from backend.domain.dead_letter import DeadLetter
from backend.domain.errors import ConfigurationError
from backend.domain.task import TaskKind
from backend.settings import Settings
from functions import dispatch, stores
from functions.triggers import jobs
from maestro.cli.chosen_store import JsonOption
from maestro.cli.tables import plain_table
from maestro.cli.tenant_office import TenantArgument, settings_of_store

dead_letters = typer.Typer(no_args_is_help=True, help="A tenant's tasks that were given up in the cloud.")
_MOST = 1000
_Letter = Annotated[str, typer.Argument(metavar="LETTER", help="Its id, as maestro dead-letters list shows it.")]


@dead_letters.command("list")
def list_letters(
    tenant_id: Annotated[
        str | None, typer.Argument(metavar="[TENANT]", help="The tenant's id; without it, all on Firestore.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Show what was given up, the newest first: why, and how often it was tried.

    Example: maestro dead-letters list acme --json
    """
    found = _found(settings_of_store(), tenant_id)[:limit]
    if as_json:
        print(json.dumps({"tenant": tenant_id, "dead_letters": list(map(_json, found))}, indent=2))
        return
    console = Console()
    table = plain_table(console, "", ["Tenant", "Letter", "Error"], ["Tries"])
    for each in found:
        table.add_row(*map(Text, (each.task.key.tenant_id, each.letter_id, each.error, str(each.attempts))))
        table.add_row("", Text(each.reason, style="dim"))
    console.print(table if found else f"nothing was given up{f' in {tenant_id}' if tenant_id else ''}")


@dead_letters.command("retry")
def retry(tenant_id: TenantArgument, letter_id: _Letter, as_json: JsonOption = False) -> None:
    """Do a job that was given up on this machine, now, and forget its letter when it is done.

    A tick is not tried again: prices have moved, and the next tick sees everything anew.

    Example: maestro dead-letters retry acme close_month-main-20260301T050000.000000Z
    """
    letters = stores.dead_letters(settings_of_store())
    found = _letter(letters.letters(tenant_id), tenant_id, letter_id)
    if found.task.kind is TaskKind.TICK:
        raise ConfigurationError(
            f"{letter_id}: expected a job, found a tick, whose prices have moved; the next tick goes on, so dismiss it"
        )
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # stdout is for the answer
    answer = jobs.job(found.task)
    letters.remove(tenant_id, letter_id)
    print(json.dumps(answer, indent=2) if as_json else f"{letter_id}: done, and the letter is gone")


@dead_letters.command("dismiss")
def dismiss(tenant_id: TenantArgument, letter_id: _Letter, as_json: JsonOption = False) -> None:
    """Forget a letter.

    Example: maestro dead-letters dismiss acme tick-main-20260302T150500.000000Z
    """
    letters = stores.dead_letters(settings_of_store())
    _letter(letters.letters(tenant_id), tenant_id, letter_id)
    letters.remove(tenant_id, letter_id)
    said = {"tenant": tenant_id, "id": letter_id, "status": "dismissed"}
    print(json.dumps(said, indent=2) if as_json else f"{letter_id}: the letter is gone")


def _found(settings: Settings, tenant_id: str | None) -> Sequence[DeadLetter]:
    if tenant_id is not None:
        return stores.dead_letters(settings).letters(tenant_id)
    if settings.store != "firestore":
        raise ConfigurationError("expected a tenant, found none; name one: a file has no tasks of the cloud")
    return dispatch.newest_dead_letters(settings, _MOST)


def _letter(found: Sequence[DeadLetter], tenant_id: str, letter_id: str) -> DeadLetter:
    for each in found:
        if each.letter_id == letter_id:
            return each
    raise ConfigurationError(
        f"expected a dead letter of {tenant_id}, found none called {letter_id!r}; see maestro dead-letters list"
    )


def _json(letter: DeadLetter) -> dict[str, Any]:
    return {
        "tenant": letter.task.key.tenant_id,
        "id": letter.letter_id,
        "kind": letter.task.kind.value,
        "portfolio_id": letter.task.key.portfolio_id,
        "scheduled_at": letter.task.scheduled_at.isoformat(),
        "failed_at": letter.failed_at.isoformat(),
        "error": letter.error,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "correlation_id": letter.task.correlation_id,
    }
