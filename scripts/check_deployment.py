"""Check offline that a deployment would succeed and upload nothing that it should not; ``make deploy`` runs it first.

1. project    – a name that Google Cloud admits
2. firebase.json, indexes, rules – by firebase-tools' schema, its own validation, and the emulator's compiler
3. discovery  – the functions that firebase-tools finds, in time; what each of them asks for
4. parameters, secrets – what the functions read from their environment, and what must lie in Secret Manager
5. upload     – packed by firebase-tools: names, content, pinned requirements

Exit status 0 when nothing failed, else 1.
"""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.deployment.check import Check, Status
from scripts.deployment.configuration import check_configuration, check_indexes
from scripts.deployment.discovery import check_discovery
from scripts.deployment.parameters import check_parameters, check_secrets
from scripts.deployment.project import check_project, is_confirmed
from scripts.deployment.rules import check_rules
from scripts.deployment.upload import check_upload

ROOT = Path(__file__).resolve().parents[1]
_MARKS = {Status.OK: "[green]ok[/]", Status.WARNING: "[yellow]warning[/]", Status.FAILED: "[bold red]failed[/]"}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--project", default="", help="the Google Cloud project that is to be deployed to")
    options.add_argument("--root", type=Path, default=ROOT, help="the folder of firebase.json")
    options.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options.add_argument("--ask", action="store_true", help="ask before going on, unless YES=1 is in the environment")
    given = options.parse_args()
    checks = run_checks(given.root, given.project)
    has_failed = any(each.status is Status.FAILED for each in checks)
    if given.json:
        print(json.dumps({"ok": not has_failed, "checks": [dataclasses.asdict(each) for each in checks]}))
    else:
        _print(checks)
    if has_failed:
        return 1
    return 0 if not given.ask or is_confirmed(given.project) else 1


def run_checks(root: Path, project: str) -> Sequence[Check]:
    """Run every check, those after one that failed as well."""
    configuration = check_configuration(root)
    checks = [check_project(project), configuration]
    if configuration.status is Status.FAILED:
        return checks  # all others read it
    discovery, discovered = check_discovery(root)
    return [
        *checks,
        check_indexes(root),
        check_rules(root),
        discovery,
        check_parameters(root, discovered, project),
        check_secrets(discovered, project),
        *check_upload(root),
    ]


def _print(checks: Sequence[Check]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    table = Table("check", "", box=None, pad_edge=False)
    for heading in ("found", "what to do"):
        table.add_column(heading, overflow="fold")
    for each in checks:
        table.add_row(each.name, _MARKS[each.status], escape(each.found), escape(each.remedy))
    console.print(table)
    for each in checks:
        if each.details and (each.status is not Status.OK or each.name in ("discovery", "secrets")):
            console.print(f"\n{each.name}", style="bold")
            for line in each.details:
                console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
