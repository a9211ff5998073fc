"""``maestro config``: what is configured, whether it is right, and what was changed by whom."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from backend.configuration.schema import json_schema
from backend.settings import Settings
from functions.interventions import effective, stored
from maestro.cli.chosen_store import JsonOption
from maestro.cli.config_check import Finding, findings
from maestro.cli.config_layers import FileOption, settings_of, versioned
from maestro.cli.config_update import update
from maestro.cli.config_versions import diff, history
from maestro.cli.operator import CommandTenantOption

config = typer.Typer(no_args_is_help=True, help="Show, check, change and compare what is configured.")


@config.command("show")
def show(
    file: FileOption = None,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Everything with its defaults, process-wide settings, too.")
    ] = False,
    version: Annotated[int | None, typer.Option(help="An earlier version of the stored configuration.")] = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is set: environment over file, and the stored configuration over both. Secrets are not shown.

    Example: maestro config show --resolved
    """
    settings = settings_of(file)
    tenant_id = tenant or settings.tenant_id
    if version is not None:
        values: Mapping[str, Any] = {"orchestrator": versioned(settings, tenant_id, version).values}
    else:
        values = _shown(settings, stored(settings, tenant_id), resolved=resolved)
    print(json.dumps(values, indent=2) if as_json else _yaml(values), end="\n" if as_json else "")


@config.command("validate")
def validate(
    path: Annotated[Path | None, typer.Argument(help="Settings file; as --config.")] = None,
    file: FileOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what was checked, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check keys, values, strategies and constraints. Exits with 2 when something is wrong.

    Example: maestro config validate config/orchestrator_config.yaml
    """
    settings = settings_of(path or file)
    found = findings(settings)
    wrong = [each for each in found if each.is_error]
    if as_json:
        listed = [{"key": each.key, "severity": each.severity, "message": each.message} for each in found]
        print(json.dumps({"valid": not wrong, "findings": listed}, indent=2))
    else:
        _print_findings(found, verbose=verbose)
    if wrong:
        raise typer.Exit(2)


@config.command("schema")
def schema(
    output: Annotated[Path | None, typer.Option(help="File to write; by default it is printed.")] = None,
) -> None:
    """Print the JSON Schema of a settings file, for editors.

    Example: maestro config schema --output maestro.schema.json
    """
    text = json.dumps(json_schema(Settings, "maestro.yaml"), indent=2)
    if output is None:
        print(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")


config.command("update")(update)
config.command("diff")(diff)
config.command("history")(history)


def _shown(settings: Settings, values: Mapping[str, Any], *, resolved: bool) -> dict[str, Any]:
    whole = effective(settings, values)
    if not resolved:
        own = settings.model_dump(mode="json", exclude_unset=True, exclude={"orchestrator"})
        return {**own, "orchestrator": whole.model_dump(mode="json", exclude_unset=True)}
    return {**settings.model_dump(mode="json", exclude={"orchestrator"}), "orchestrator": whole.model_dump(mode="json")}


def _yaml(values: Mapping[str, Any]) -> str:
    return str(yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True))


def _print_findings(found: Sequence[Finding], *, verbose: bool) -> None:
    console = Console()
    for each in found:
        if each.severity == "ok" and not verbose:
            continue
        style = {"error": "bold red", "warning": "yellow", "ok": "dim"}[each.severity]
        console.print(
            f"{each.severity}: {each.key}: {each.message}", style=style, highlight=False, markup=False, soft_wrap=True
        )
    wrong = sum(1 for each in found if each.is_error)
    warned = sum(1 for each in found if each.severity == "warning")
    console.print(f"{'not valid' if wrong else 'valid'}: {wrong} errors, {warned} warnings", highlight=False)
