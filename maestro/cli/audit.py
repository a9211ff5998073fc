"""``maestro audit``: whether the log is as it was written, and what people and jobs did."""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.audit import AuditEntry
from backend.domain.audit_chain import Finding
from backend.domain.errors import ConfigurationError
from backend.engine.audit import Verified, verify
from functions import bootstrap
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.progress import progress_of
from maestro.cli.tables import plain_table

_SHOWN = 20  # findings listed before the rest is only counted
_LONG = 500  # entries from which a bar is worth its lines
_HASH = re.compile(r"[0-9a-f]{64}")

audit = typer.Typer(help="The log's chain: verify it, and list what people and jobs did.", no_args_is_help=True)


@audit.command("verify")
def verify_log(
    anchor: Annotated[
        list[str] | None,
        typer.Option(metavar="HASH", help="Entry hash that you noted elsewhere and that must be there; repeatable."),
    ] = None,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every entry of the log: none altered, missing, inserted or out of order.

    Reads the whole chain of the tenant, decisions and commands, and the
    operator's copy of each decision. Exit status 1 when anything is found.
    Note the head that it prints somewhere else: given later as --anchor, it
    proves that everything up to it is as it was.

    In Firestore the oldest entries expire (retention.logs_days). Up to which
    number they are gone is said, and the chain must hold from the next one on.

    The object of --json holds store, tenant, entries, expired (number up to
    which entries are gone), last (number), head, first_at, last_at and findings
    (kind, sequence, path, expected, found).

    Example: maestro audit verify --json
    """
    anchors = [_hash(each) for each in anchor or ()]
    chosen = choose_store(store, tenant)
    with progress_of("verifying", least=_LONG) as progress:
        verified = verify(
            chosen.trail, chosen.key.tenant_id, anchors=anchors, expired_by=_now(chosen), progress=progress
        )
    if as_json:
        said = {"store": chosen.name, "tenant": chosen.key.tenant_id, **asdict(verified)}
        print(json.dumps(said, indent=2))
    else:
        _print_verified(verified, chosen, Console())
    if verified.findings:
        raise typer.Exit(1)


@audit.command("list")
def list_commands(
    last: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what people and jobs did to trading, newest first: when, what, who and why.

    Example: maestro audit list --last 50 --json
    """
    chosen = choose_store(store, tenant)
    entries = chosen.trail.commands(chosen.key.tenant_id, last=last)
    if as_json:
        said = [
            {**entry.body, "previous_hash": entry.previous_hash, "entry_hash": entry.entry_hash} for entry in entries
        ]
        print(json.dumps({"store": chosen.name, "tenant": chosen.key.tenant_id, "entries": said}, indent=2))
        return
    console = Console()
    _print_store(chosen, console)
    _print_commands(entries, console)


def _hash(anchor: str) -> str:
    if not _HASH.fullmatch(anchor.lower()):
        raise ConfigurationError(
            f"--anchor: expected an entry hash of 64 hex digits, found {anchor[:80]!r}; take the head that "
            "maestro audit verify printed"
        )
    return anchor.lower()


def _now(chosen: ChosenStore) -> datetime | None:
    """Return what expiry is judged by; None for a store that deletes nothing."""
    return None if chosen.settings.store == "sqlite" else bootstrap.clock().now()


def _print_store(chosen: ChosenStore, console: Console) -> None:
    console.print(f"store {chosen.name}, tenant {chosen.key.tenant_id}\n", highlight=False)


def _print_verified(verified: Verified, chosen: ChosenStore, console: Console) -> None:
    _print_store(chosen, console)
    if verified.first_at is None or verified.last_at is None:
        console.print(f"verified {verified.entries:,} entries")
    else:
        console.print(
            f"verified {verified.entries:,} {'entry' if verified.entries == 1 else 'entries'}, "
            f"from {_second(verified.first_at)} to {_second(verified.last_at)}",
            highlight=False,
        )
        console.print(Text(f"head {verified.head}, number {verified.last}"), soft_wrap=True)
    if verified.expired:
        first = "entry 1" if verified.expired == 1 else f"entries 1–{verified.expired:,}"
        console.print(f"{first} expired (retention); chain holds from {verified.expired + 1:,}", highlight=False)
    count = len(verified.findings)
    if not count:
        console.print(f"[green]Every entry{' that is left' if verified.expired else ''} is as it was written.[/]")
        return
    console.print(Text(f"\n{count:,} {'finding' if count == 1 else 'findings'}", style="bold red"))
    for each in verified.findings[:_SHOWN]:
        _print_finding(each, console)
    if count > _SHOWN:
        console.print(Text(f"\n{count - _SHOWN:,} more: see --json", style="dim"))


def _print_finding(each: Finding, console: Console) -> None:
    number = "" if each.sequence is None else f" {each.sequence}"
    console.print(Text.assemble("\n", (f"{each.kind}{number}", "bold"), f"  {each.path}"), soft_wrap=True)
    console.print(Text(f"  expected {each.expected}"), soft_wrap=True)
    console.print(Text(f"  found    {each.found}"), soft_wrap=True)


def _print_commands(entries: Sequence[AuditEntry], console: Console) -> None:
    if not entries:
        console.print("Nobody has commanded anything yet.")
        return
    table = plain_table(console, "", ["No.", "When", "What", "Who"], [])
    table.add_column("Why", overflow="fold")
    for each in entries:
        cells = (f"{each.sequence}", _second(each.timestamp.isoformat()), each.kind.value, each.actor, each.reason)
        table.add_row(*map(Text, cells))
    console.print(table)


def _second(at: Any) -> str:
    """Write an instant to the second."""
    return str(at)[:19].replace("T", " ")
