"""The details of ``maestro status --verbose``: allocation, risk and correlation of the newest decision, parameters."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console

from backend.domain.tick import LogEntry
from backend.settings import Settings
from functions import bootstrap
from functions.standing import parameters

UNKNOWN = "not in the newest decision"


def details(newest: LogEntry | None, settings: Settings) -> dict[str, Any]:
    """Return what the newest decision says of ``allocation`` and ``risk``, null where it does not, and parameters."""
    body: Mapping[str, Any] = newest.body if newest else {}
    loader = bootstrap.loader(settings, settings.tenant_id, settings.uid)
    return {
        "allocation": body.get("allocation"),
        "risk": body.get("risk"),
        "parameters": {each.name: parameters(each) for each in loader.strategies},
        "load_errors": dict(loader.load_errors),
    }


def print_details(said: Mapping[str, Any], console: Console) -> None:
    for block in ("allocation", "risk"):
        console.print(f"\n[bold]{block.capitalize()}[/]")
        for line in _lines(said[block]) if said[block] is not None else [UNKNOWN]:
            console.print(f"  {line}", highlight=False, markup=False)
    console.print("\n[bold]Parameters[/]")
    for name, given in said["parameters"].items():
        values = ", ".join(f"{key}={value}" for key, value in given.items())
        console.print(f"  {name}: {values or 'none'}", highlight=False, markup=False)
    for name, reason in said["load_errors"].items():
        console.print(f"  {name} is not loaded: {reason}", style="red", highlight=False, markup=False)


def _lines(value: object, indent: str = "") -> list[str]:
    """Write nested values one to a line, whatever keys a decision has."""
    if not isinstance(value, Mapping):
        return [f"{indent}{value}"]
    lines: list[str] = []
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            lines += [f"{indent}{key}:", *_lines(inner, f"{indent}  ")]
        else:
            lines.append(f"{indent}{key}: {_shown(inner)}")
    return lines


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return "; ".join(map(str, value)) or "none"
    return "unknown" if value is None else str(value)
