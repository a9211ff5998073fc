"""The report of a migration in a terminal, and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from maestro.cli.tables import plain_table
from maestro.migration.mapping import Migration
from maestro.migration.readiness import Assessment
from maestro.migration.report import Entry, MigrationReport, Outcome

_STYLES = {Outcome.MAPPED: "green", Outcome.REPLACED: "cyan", Outcome.KEPT: "", Outcome.NOT_MAPPED: "yellow"}
_WORDS = {Outcome.NOT_MAPPED: "not mapped"}


def report_json(report: MigrationReport) -> dict[str, Any]:
    """Return the report as JSON-ready values."""
    return {
        "files": list(report.files),
        "counts": {outcome.value: count for outcome, count in report.counts().items()},
        "entries": [
            {**asdict(each), "place": str(each.place), "outcome": each.outcome.value} for each in report.entries
        ],
        "cautions": [
            {"place": None if each.place is None else str(each.place), "text": each.text} for each in report.cautions
        ],
        "variables": dict(report.variables),
    }


def strategies_json(migration: Migration) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "source": each.source,
            "place": str(each.place),
            "runs_as": each.runs_as,
            "is_listed": each.has_type,
            "enabled": each.enabled,
            "symbols": list(each.symbols),
            "package": each.package or None,
        }
        for each in migration.strategies
    ]


def assessment_json(assessment: Assessment) -> dict[str, Any]:
    return {
        "readiness": assessment.readiness.value,
        "recommended": list(assessment.recommended),
        "against": list(assessment.against),
        "to_do": list(assessment.to_do),
    }


def print_strategies(migration: Migration, console: Console) -> None:
    """Print what each strategy becomes."""
    table = plain_table(console, "Strategies", ["Name", "Class in Maestro", "Runs"], [])
    table.add_column("Symbols", overflow="fold")
    for each in migration.strategies:
        is_on = Text("yes", style="green") if each.enabled else Text("no", style="yellow")
        table.add_row(
            Text(each.name), Text(each.runs_as if each.has_type else "–"), is_on, Text(" ".join(each.symbols) or "all")
        )
    console.print(table)


def print_report(report: MigrationReport, console: Console, *, every: bool = False) -> None:
    """Print what needs a person's eye; ``every`` value, where that is asked for."""
    counts = report.counts()
    said = ", ".join(f"{counts[outcome]} {_WORDS.get(outcome, outcome.value)}" for outcome in Outcome)
    console.print(f"{len(report.entries)} values: {said}", highlight=False, markup=False)
    shown = [each for each in report.entries if every or each.outcome is Outcome.NOT_MAPPED]
    for entries in _together(shown):
        _print_entry(entries, console)
    if report.cautions:
        console.print(Text("\nLook at", style="bold"))
    for each in report.cautions:
        place = "" if each.place is None else f"{each.place} "
        console.print(Text.assemble("  ", (place, "dim"), each.text), soft_wrap=True)


def print_assessment(assessment: Assessment, console: Console) -> None:
    """Print what speaks for and against, and what comes first."""
    words = {"ready": "ready to move", "look": "can move; look at what follows", "not_ready": "nothing could run yet"}
    console.print(Text.assemble("\n", ("Readiness: ", "bold"), words[assessment.readiness.value]))
    for heading, texts in (
        ("For it", assessment.recommended),
        ("Against it", assessment.against),
        ("First", assessment.to_do),
    ):
        for text in texts:
            console.print(Text(f"  {heading}: {text}"), soft_wrap=True)


def _together(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Put neighbours together that came to the same, such as the items of one list."""
    group: list[Entry] = []
    for each in entries:
        if group and _sense(group[-1]) != _sense(each):
            yield group
            group = []
        group.append(each)
    if group:
        yield group


def _sense(entry: Entry) -> tuple[str, ...]:
    parent = entry.path.rpartition("[" if entry.path.endswith("]") else ".")[0]
    return (parent, entry.outcome.value, entry.target if entry.path.endswith("]") else "", entry.why, entry.advice) + (
        (entry.path,) if entry.target and not entry.path.endswith("]") else ()
    )


def _print_entry(entries: Sequence[Entry], console: Console) -> None:
    first = entries[0]
    more = f" … {entries[-1].path.rpartition('.')[2]}" if len(entries) > 1 else ""
    target = f" → {first.target}" if first.target else ""
    value = f" = {first.value}" if first.value else ""
    style = _STYLES[first.outcome]
    word = _WORDS.get(first.outcome, first.outcome.value)
    console.print(
        Text.assemble((f"{word:>10}", style), "  ", (f"{first.place} ", "dim"), f"{first.path}{more}{target}{value}"),
        soft_wrap=True,
    )
    reason = "; ".join(filter(None, (first.why, first.advice)))
    if reason:
        console.print(Text(f"{'':12}{reason}", style="dim"), soft_wrap=True)
