"""A benchmark's figures: one table on the screen, one JSON file in ``build/bench``."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parents[1] / "build" / "bench"

WIDTH = 150

Figure = float | int | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What ``figure`` of a row must reach: at most or at least ``bound``."""

    figure: str
    bound: float
    is_most: bool = True

    def is_met(self, found: Figure) -> bool:
        """Say whether a figure reaches it; a text never does."""
        if isinstance(found, str):
            return False
        return found <= self.bound if self.is_most else found >= self.bound

    def __str__(self) -> str:
        return f"{self.figure} {'≤' if self.is_most else '≥'} {_shown(self.bound)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing measured; without targets it is there for comparison."""

    label: str
    figures: Mapping[str, Figure]
    targets: tuple[Target, ...] = ()

    @property
    def missed(self) -> tuple[Target, ...]:
        return tuple(each for each in self.targets if not each.is_met(self.figures[each.figure]))

    @property
    def is_met(self) -> bool | None:
        """Whether every target is met; None without a target."""
        return not self.missed if self.targets else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Everything that one benchmark found; ``peers`` are the packages whose versions matter."""

    name: str
    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    peers: tuple[str, ...] = field(default=())

    @property
    def is_met(self) -> bool:
        return all(row.is_met is not False for row in self.rows)


def publish(measurement: Measurement, folder: Path = FOLDER) -> Path:
    """Print a measurement and write it to ``folder``; return the file."""
    console = Console(width=max(Console().width, WIDTH))
    console.print(_table(measurement))
    for note in measurement.notes:
        console.print(f"  {note}", highlight=False, markup=False)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{measurement.name}.json"
    path.write_text(json.dumps(_document(measurement), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    console.print(f"  written to build/bench/{path.name}\n" if folder == FOLDER else f"  written to {path}\n")
    return path


def progress(text: str) -> None:
    """Say on standard error what is being measured."""
    print(text, file=sys.stderr, flush=True)


def _table(measurement: Measurement) -> Table:
    columns = list(dict.fromkeys(name for row in measurement.rows for name in row.figures))
    verdict = "every target met" if measurement.is_met else "MISSED a target"
    table = Table(title=f"{measurement.title} — {verdict}", title_justify="left", title_style="bold")
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    table.add_column("target")
    table.add_column("", no_wrap=True)
    for row in measurement.rows:
        figures = [_shown(row.figures[name]) if name in row.figures else "" for name in columns]
        table.add_row(row.label, *figures, "\n".join(map(str, row.targets)), _verdict(row))
    return table


def _verdict(row: Row) -> str:
    if row.is_met is None:
        return ""
    return "[green]met[/green]" if row.is_met else "[bold red]MISSED[/bold red]"


def _document(measurement: Measurement) -> dict[str, Any]:
    return {
        "name": measurement.name,
        "title": measurement.title,
        "met": measurement.is_met,
        "rows": [
            {
                "label": row.label,
                "figures": dict(row.figures),
                "targets": [str(each) for each in row.targets],
                "met": row.is_met,
            }
            for row in measurement.rows
        ],
        "notes": list(measurement.notes),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in measurement.peers}},
        "cores": os.cpu_count(),
    }


def _shown(figure: Figure) -> str:
    """Show three significant digits, more only of whole numbers."""
    if isinstance(figure, str):
        return figure
    if isinstance(figure, int):
        return f"{figure:,}"
    if figure != 0 and not 1e-4 <= abs(figure) < 1e6:
        return f"{figure:.1e}"
    digits = 0 if abs(figure) >= 100 else 1 if abs(figure) >= 10 else 2 if abs(figure) >= 1 else 3
    return f"{figure:,.{digits}f}" if abs(figure) >= 0.1 or figure == 0 else f"{figure:.3g}"
