"""``maestro replay``: derive logged decisions again from their logged inputs."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.difference import ABSENT, Difference
from backend.domain.errors import ConfigurationError
from backend.engine.replay import Replayed, replayed, replayed_link
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.progress import progress_of
from maestro.cli.unknown import NEWEST, unknown

_SHOWN = 10  # decisions listed before the rest is only counted
_LONG = 100  # decisions from which a bar is worth its lines


def replay(
    log_id: Annotated[
        str | None, typer.Argument(metavar="LOG_ID", help="One decision, as maestro decisions names it.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, max=1000, help="The newest so many instead.")] = None,
    is_all: Annotated[bool, typer.Option("--all", help="All of them instead.")] = False,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Derive decisions again from their logged inputs, and say identical or what differs first.

    The inputs in the log hold signals, prices, book, track record and
    configuration. Code version is a digest of the rules' source, then and now:
    with the same one, a difference means that the log was altered. Exit
    status 1 when any decision differs or cannot be derived.

    The object of --json holds store, tenant, replayed, identical, code_version
    and decisions: log_id, is_identical, leaves, differing, first_difference
    (path, logged, derived; null when identical), code_version of then, and
    problem.

    Example: maestro replay --last 10 --json
    """
    if sum((log_id is not None, last is not None, is_all)) != 1:
        raise ConfigurationError("replay: expected one of LOG_ID, --last and --all; see maestro decisions for ids")
    chosen = choose_store(store, tenant)
    with progress_of("replaying", least=_LONG) as progress:
        found = []
        for each, total in _replayed(chosen, log_id, last):
            found.append(each)
            progress(len(found), max(len(found), total))
    if as_json:
        print(json.dumps(_json(chosen, found), indent=2))
    else:
        _print(chosen, found, Console())
    if not all(each.is_identical for each in found):
        raise typer.Exit(1)


def _replayed(chosen: ChosenStore, log_id: str | None, last: int | None) -> Iterator[tuple[Replayed, int]]:
    """Yield each decision as it came out, and how many there are at most."""
    tenant = chosen.key.tenant_id
    if log_id is not None:
        entry = chosen.log.decision(tenant, log_id)
        if entry is None:
            newest = [each.log_id for each in chosen.log.decisions(tenant, last=NEWEST)]
            raise unknown("LOG_ID", log_id, newest, listed_by="maestro decisions")
        yield replayed(entry.log_id, entry.body, entry.inputs), 1
    elif last is not None:
        entries = chosen.log.decisions(tenant, last=last)
        yield from ((replayed(each.log_id, each.body, each.inputs), len(entries)) for each in entries)
    else:
        total = chosen.trail.head(tenant).count or 0
        links = chosen.trail.links(tenant, after=0)
        yield from ((replayed_link(link), total) for link in links if link.is_decision)


def _json(chosen: ChosenStore, found: list[Replayed]) -> dict[str, Any]:
    return {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "replayed": len(found),
        "identical": sum(each.is_identical for each in found),
        "code_version": found[0].version if found else None,
        "decisions": [
            {
                "log_id": each.log_id,
                "is_identical": each.is_identical,
                "leaves": each.leaves,
                "differing": len(each.differences),
                "first_difference": _difference_json(each.differences[0]) if each.differences else None,
                "code_version": each.logged_version,
                "problem": each.problem or None,
            }
            for each in found
        ],
    }


def _difference_json(each: Difference) -> dict[str, Any]:
    """Leave out what one side does not have: null is a value."""
    sides = {"logged": each.expected, "derived": each.found}
    return {"path": each.path, **{side: value for side, value in sides.items() if value is not ABSENT}}


def _print(chosen: ChosenStore, found: list[Replayed], console: Console) -> None:
    console.print(f"store {chosen.name}, tenant {chosen.key.tenant_id}\n", highlight=False)
    if not found:
        console.print("no decision yet: run [bold]maestro demo[/] or [bold]maestro tick[/]")
        return
    different = [each for each in found if not each.is_identical]
    if len(found) == 1:
        _print_one(found[0], console)
        return
    identical = len(found) - len(different)
    style = "bold red" if different else "green"
    console.print(Text(f"{len(found):,} decisions replayed: {identical:,} identical", style=style))
    versions = {each.logged_version for each in found}
    others = sum(not each.is_same_code for each in found)
    console.print(
        Text(
            f"code version now {found[0].version}: the same that all were made with"
            if versions == {found[0].version}
            else f"code version now {found[0].version}: {others:,} were made with another"
        )
    )
    for each in different[:_SHOWN]:
        console.print()
        _print_one(each, console)
    if len(different) > _SHOWN:
        console.print(Text(f"\n{len(different) - _SHOWN:,} more: see --json", style="dim"))


def _print_one(each: Replayed, console: Console) -> None:
    console.print(Text(each.log_id, style="bold"), soft_wrap=True)
    if each.is_identical:
        console.print(Text.assemble(("identical", "green"), f": all {each.leaves:,} leaves come out as logged"))
    elif each.differences:
        count = len(each.differences)
        differ = "1 leaf differs" if count == 1 else f"{count:,} leaves differ"
        console.print(Text.assemble(("different", "bold red"), f": {differ}, of {each.leaves:,} logged; the first:"))
        first = each.differences[0]
        console.print(Text(f"  {first.path}"), soft_wrap=True)
        console.print(Text(f"  logged   {first.expected!r}"))
        console.print(Text(f"  derived  {first.found!r}"))
    if each.problem:
        console.print(Text.assemble(("not derived", "bold red"), f": {each.problem}"))
    same = "the same rules" if each.is_same_code else "other rules"
    then = each.logged_version or "none logged"
    console.print(Text(f"code version then {then}, now {each.version}: {same}"))
