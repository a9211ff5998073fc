"""Changes of a configuration in a terminal, and as one JSON object."""

import json
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from backend.domain.configuration_version import Change
from backend.engine.configuring import Configured
from functions.interventions import changes_json


def print_changes(done: Configured, *, as_json: bool, is_rehearsal: bool = False) -> None:
    if as_json:
        said = {"version": done.number, "is_dry_run": is_rehearsal, "changes": changes_json(done.changes)}
        print(json.dumps(said, indent=2))
        return
    console = Console()
    for each in done.changes:
        console.print(line(each), highlight=False, markup=False, soft_wrap=True)
    if not done.changes:
        console.print("nothing differs")
    elif is_rehearsal:
        console.print("nothing was changed: this was a dry run", style="dim")


def line(change: Change | Mapping[str, Any]) -> str:
    key, before, after = (
        (change.key, change.before, change.after)
        if isinstance(change, Change)
        else (change["key"], change["before"], change["after"])
    )
    return f"{key}: {'not set' if before is None else before} → {'not set' if after is None else after}"
