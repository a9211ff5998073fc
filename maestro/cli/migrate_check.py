"""``maestro migrate validate``: whether a file of Maestro's settings would run.

What ``maestro config validate`` checks, and what matters to somebody who comes from elsewhere: are there prices for the
symbols, and do minimum and caps of groups fit together.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.errors import ConfigurationError
from backend.domain.market import is_pair
from backend.domain.policy import DecisionPolicy
from backend.settings import FILE_VARIABLE, Settings, load_settings
from maestro.cli.chosen_store import JsonOption
from maestro.cli.config_check import Finding, findings
from maestro.migration.reading import read_files
from maestro.migration.report import children
from maestro.migration.source import Items

_LISTED = re.compile(r"orchestrator\.strategies\.(?P<number>\d+)\b")
_ROUNDING = 1e-9
_STYLES = {"error": "bold red", "warning": "yellow", "ok": "green"}


def validate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Maestro's settings, as generate writes them.")],
    as_json: JsonOption = False,
) -> None:
    """Check a file of Maestro's settings: its keys, its strategies and their parameters, its symbols, its weights.

    Exits with 2 when it would not run as it stands.

    Example: maestro migrate validate maestro.yaml
    """
    found = checked(file)
    if as_json:
        print(
            json.dumps(
                {
                    "file": str(file),
                    "is_valid": is_valid(found),
                    "findings": findings_json(file, found, name=str(file)),
                },
                indent=2,
            )
        )
    else:
        print_findings(file, found, Console(), name=str(file))
    if not is_valid(found):
        raise typer.Exit(2)


def checked(file: Path) -> list[Finding]:
    """Return what is wrong with a file or doubtful about it, errors first.

    Raises
    ------
    ConfigurationError
        The file cannot be read at all.
    """
    try:
        settings = load_settings({**os.environ, FILE_VARIABLE: str(file)})
    except ConfigurationError as e:
        return [Finding(key="settings", severity="error", message=str(e))]
    own = (*_prices(settings), *_caps(settings.policy()))
    return sorted((*findings(settings), *own), key=lambda each: list(_STYLES).index(each.severity))


def is_valid(found: Sequence[Finding]) -> bool:
    return not any(each.is_error for each in found)


def findings_json(file: Path, found: Sequence[Finding], *, name: str) -> list[dict[str, Any]]:
    """Return findings as JSON-ready values, with the line of a strategy; ``name`` is what the file will be called."""
    return [
        {
            "place": _place(file, each.key, name) or None,
            "key": each.key,
            "severity": each.severity,
            "message": each.message,
        }
        for each in found
    ]


def print_findings(file: Path, found: Sequence[Finding], console: Console, *, name: str) -> None:
    """Print each finding that is not ok, with its line, and the verdict."""
    for each in found:
        if each.severity != "ok":
            where = f"{_place(file, each.key, name)} ".lstrip()
            word = (f"{each.severity:>8}  ", _STYLES[each.severity])
            console.print(Text.assemble(word, (where, "dim"), f"{each.key}: {each.message}"), soft_wrap=True)
    errors = sum(each.is_error for each in found)
    verdict = f"{errors} {'error' if errors == 1 else 'errors'}" if errors else "would run"
    console.print(f"{name}: {verdict}", highlight=False, markup=False)


def _prices(settings: Settings) -> Iterator[Finding]:
    """Say which strategies would find no bars of their symbols, or whose orders the broker would not take."""
    known = _symbols_with_prices(settings)
    for number, each in enumerate(settings.policy().strategies):
        key = f"orchestrator.strategies.{number} ({each.name})"
        missing = [symbol for symbol in each.symbols if known is not None and symbol not in known]
        if missing:
            names, file = ", ".join(missing), settings.prices_file
            message = f"expected prices of its symbols, found none of {names} in {file}; choose others"
            yield Finding(key=key, severity="error", message=message)
        pairs = [symbol for symbol in each.symbols if is_pair(symbol)]
        if pairs and not missing:
            message = f"orders in {', '.join(pairs)} go out as day orders, which Alpaca takes of shares alone"
            yield Finding(key=key, severity="warning", message=message)


def _symbols_with_prices(settings: Settings) -> frozenset[str] | None:
    """Return what the file of prices has; None for Alpaca, whose list is not asked for."""
    if settings.prices_file is None:
        return None
    from backend.adapters.csv_bars import CsvBars

    return frozenset(CsvBars(settings.prices_file).symbols)


def _caps(policy: DecisionPolicy) -> Iterator[Finding]:
    """Say which caps are below what their strategies get at least."""
    allocation = policy.allocation
    running = {str(each.name) for each in policy.strategies} - policy.configured_off()
    for name, cap in sorted(allocation.caps.items()):
        held = allocation.groups.get(name, frozenset({name})) & running
        if allocation.min_weight * len(held) > cap + _ROUNDING:
            least = f"min_allocation {allocation.min_weight:g} for {len(held)} strategies"
            yield Finding(
                key=f"orchestrator.allocation.allocation_constraints.{name}",
                severity="error",
                message=f"{least} is above the cap {cap:g}; lower one, raise the other",
            )


def _place(file: Path, key: str, name: str) -> str:
    """Return where a strategy that a finding names stands in the file; empty for anything else."""
    found = _LISTED.match(key)
    if found is None:
        return ""
    (source,) = read_files([file], root=Path())
    block = dict(children(source.root.get("orchestrator"))).get("strategies")
    nodes = block.nodes if isinstance(block, Items) else ()
    number = int(found["number"])
    return f"{name}:{nodes[number].place.line}" if number < len(nodes) else ""
