"""``maestro backup`` and ``maestro restore``: settings, strategies and store, kept and put back byte by byte."""

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.errors import ConfigurationError
from backend.settings import load_settings
from maestro.backup.manifest import MANIFEST, Manifest, findings, read_manifest
from maestro.backup.restoring import require_no_interrupted_restore, verified
from maestro.backup.restoring import restore as put_back
from maestro.backup.sources import sources
from maestro.backup.taking import BACKUPS, take_backup
from maestro.cli.chosen_store import JsonOption
from maestro.cli.operator import YesOption, confirm
from maestro.cli.tables import plain_table
from maestro.live.process import store_lock
from maestro.live.process_files import ProcessFiles, ProcessLock

RootOption = Annotated[Path, typer.Option("--from", metavar="DIR", help="Folder with the backups.")]
NameArgument = Annotated[str, typer.Argument(metavar="TIMESTAMP", help="The backup, as maestro backup list names it.")]

backup = typer.Typer(invoke_without_command=True)


@backup.callback()
def take(
    context: typer.Context,
    to: Annotated[Path, typer.Option(metavar="DIR", help="Folder for backups.")] = BACKUPS,
    without_store: Annotated[
        bool, typer.Option("--without-store", help="Settings and strategies alone, as with a store in Firestore.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Back up settings file, .env, strategy packages and SQLite store of this folder, while ticks run or not.

    The object of --json holds timestamp, folder, store, files (target, size,
    sha256), size, and left_out: packages that do not lie in this folder.

    Example: maestro backup --to /srv/backups
    """
    if context.invoked_subcommand is not None:
        return
    require_no_interrupted_restore()
    found = sources(load_settings(), os.environ, with_store=not without_store)
    folder, manifest = take_backup(found, to, datetime.now(UTC), why="maestro backup")
    said = {**_json(folder, manifest), "left_out": list(found.left_out)}
    if as_json:
        print(json.dumps(said, indent=2))
        return
    console = Console()
    _print(said, console)
    if found.store is None:
        console.print("without a store", highlight=False)
    for name in found.left_out:
        console.print(f"left out, it does not lie in this folder: {name}", highlight=False, markup=False)


@backup.command("list")
def list_backups(root: RootOption = BACKUPS, as_json: JsonOption = False) -> None:
    """Show the backups, newest first.

    Example: maestro backup list --json
    """
    folders = sorted((each.parent for each in root.glob(f"[0-9]*/{MANIFEST}")), reverse=True)
    said = [_json(folder, read_manifest(folder)) for folder in folders]
    if as_json:
        print(json.dumps({"folder": str(root), "backups": said}, indent=2))
        return
    console = Console()
    table = plain_table(console, "", ["Timestamp", "Why", "Store"], ["Files", "Bytes"])
    for each in said:
        size = f"{each['size']:,}"
        table.add_row(each["timestamp"], Text(each["why"]), each["store"] or "–", str(len(each["files"])), size)
    console.print(table if said else f"no backup in {root}: run maestro backup")


@backup.command("verify")
def verify_backup(timestamp: NameArgument, root: RootOption = BACKUPS, as_json: JsonOption = False) -> None:
    """Check that every file of a backup is as it was taken. Exit status 1 when one is not.

    Example: maestro backup verify 20261125T155500Z
    """
    folder = _folder(root, timestamp)
    manifest = read_manifest(folder)
    found = list(findings(folder, manifest))
    if as_json:
        print(json.dumps({**_json(folder, manifest), "findings": found}, indent=2))
    elif found:
        for each in found:
            typer.echo(each, err=True)
    else:
        print(f"{len(manifest.files)} files are as they were taken")
    if found:
        raise typer.Exit(1)


def restore(
    timestamp: Annotated[str, typer.Option(metavar="T", help="The backup, as maestro backup list names it.")],
    root: RootOption = BACKUPS,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Put a backup back. What it replaces becomes a backup of its own; nothing is touched if a file was altered.

    Refused while a process runs here or on the store. Orders that were placed after the backup are not in its books:
    run maestro reconcile, and look at the account, before trading goes on.

    Example: maestro restore --timestamp 20261125T155500Z
    """
    folder = _folder(root, timestamp)
    manifest = verified(folder)
    with ExitStack() as held:
        held.enter_context(ProcessLock(ProcessFiles().lock, "this folder"))
        if manifest.store is not None:
            held.enter_context(ProcessLock(store_lock(Path(manifest.store)), f"the store {manifest.store}"))
        targets = ", ".join(sorted(each.target for each in manifest.files))
        confirm(f"Replace {targets} by what was there at {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC?", yes=yes)
        done = put_back(folder, manifest, root, datetime.now(UTC))
    said = {**_json(folder, manifest), "before": done.before.name, "removed": list(done.removed)}
    if as_json:
        print(json.dumps(said, indent=2))
        return
    console = Console()
    _print(said, console)
    for each in done.removed:
        console.print(f"removed, it was not there: {each}", highlight=False, markup=False)
    console.print(f"what was replaced is backup {done.before.name}", highlight=False)
    if manifest.store is not None:
        console.print("orders placed since are not in these books: run maestro reconcile first", highlight=False)


def _folder(root: Path, timestamp: str) -> Path:
    folder = root / timestamp
    if "/" in timestamp or not (folder / MANIFEST).is_file():
        known = sorted((each.parent.name for each in root.glob(f"[0-9]*/{MANIFEST}")), reverse=True)
        hint = f"the newest is {known[0]}, maestro backup list shows all" if known else "there is none: maestro backup"
        raise ConfigurationError(f"expected a backup of {root}, found {timestamp!r}; {hint}")
    return folder


def _json(folder: Path, manifest: Manifest) -> dict[str, Any]:
    return {
        "timestamp": folder.name,
        "folder": str(folder),
        "taken_at": manifest.taken_at.isoformat(),
        "why": manifest.why,
        "code_version": manifest.code_version,
        "store": manifest.store,
        "size": manifest.size,
        "files": [{"target": each.target, "size": each.size, "sha256": each.sha256} for each in manifest.files],
    }


def _print(said: dict[str, Any], console: Console) -> None:
    console.print(
        f"backup [bold]{said['timestamp']}[/] in {said['folder']}: {len(said['files'])} files, {said['size']:,} bytes",
        highlight=False,
        soft_wrap=True,
    )
    for each in said["files"]:
        console.print(f"  {each['target']}  {each['size']:,}", highlight=False, markup=False, soft_wrap=True)
