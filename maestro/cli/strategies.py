"""``maestro list-strategies``: what was found, and what could not be loaded."""

import inspect
import json
from typing import Annotated

import typer
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from backend.settings import load_settings
from functions import bootstrap


def list_strategies(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")] = False,
) -> None:
    """List the strategies of the library and of the configured packages, with load errors.

    Exits with 1 when a strategy could not be loaded.
    """
    settings = load_settings()
    loader = bootstrap.loader(settings, settings.tenant_id, settings.uid)
    found = [
        {"name": each.name, "class": f"{type(each).__module__}.{type(each).__name__}", "about": _about(each)}
        for each in loader.strategies
    ]
    if as_json:
        print(json.dumps({"strategies": found, "load_errors": dict(loader.load_errors)}, indent=2))
    else:
        _print(found, dict(loader.load_errors))
    if loader.load_errors:
        raise typer.Exit(1)


def _about(strategy: object) -> str:
    """Return the first sentence of the strategy's module, else of its class."""
    text = inspect.getdoc(inspect.getmodule(type(strategy))) or inspect.getdoc(type(strategy)) or ""
    return text.split("\n\n")[0].replace("\n", " ")


def _print(found: list[dict[str, str]], errors: dict[str, str]) -> None:
    console = Console()
    for each in found:
        console.print(f"[bold]{each['name']}[/]  [dim]{each['class']}[/]", highlight=False, soft_wrap=True)
        console.print(Padding(Text(each["about"]), (0, 0, 0, 4)))
    console.print(f"\n{len(found)} strategies, {len(errors)} not loaded", highlight=False)
    for name, reason in errors.items():
        console.print(f"[bold red]not loaded[/] {name}: {reason}", highlight=False)
