"""``maestro migrate validate``: whether a file of Maestro's settings would run."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from maestro.cli.chosen_store import JsonOption
from maestro.migration.finding import Finding
from maestro.migration.validation import validated


def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Maestro's settings, as generate writes them.")],
    as_json: JsonOption = False,
) -> None:
    """Check a file of Maestro's settings: its keys, its strategies and their parameters, its symbols, its weights.

    Exits with 2 when it would not run as it stands.

    Example: maestro migrate validate maestro.yaml
    """
    findings = validated(file, os.environ)
    is_valid = not any(each.is_error for each in findings)
    if as_json:
        said = {"file": str(file), "is_valid": is_valid, "findings": findings_json(findings)}
        print(json.dumps(said, indent=2))
    else:
        print_findings(file, findings, Console())
    if not is_valid:
        raise typer.Exit(2)


def findings_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    return [
        {"place": None if each.place is None else str(each.place), "is_error": each.is_error, "text": each.text}
        for each in findings
    ]


def print_findings(file: Path, findings: Sequence[Finding], console: Console) -> None:
    """Print each finding with its line, errors first."""
    for each in findings:
        word, style = ("error", "bold red") if each.is_error else ("look at", "yellow")
        place = "" if each.place is None else f"{each.place} "
        console.print(Text.assemble((f"{word:>8}  ", style), (place, "dim"), each.text), soft_wrap=True)
    errors = sum(each.is_error for each in findings)
    verdict = f"{errors} {'error' if errors == 1 else 'errors'}" if errors else "would run"
    console.print(f"{file}: {verdict}", highlight=False)
