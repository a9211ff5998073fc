"""``maestro migrate``: from a bot of genebot's kind to Maestro, and back."""

import json

import typer
from rich.console import Console
from rich.text import Text

from maestro.cli.chosen_store import JsonOption
from maestro.cli.migrate_check import validate
from maestro.cli.migrate_files import analyze, backup, generate, merge, rollback
from maestro.cli.migrate_lease import lease
from maestro.cli.migrate_sources import ConfigOption, PackageOption, choices_of, migration_of, source_paths
from maestro.cli.migrate_switch import migrate as migrate_all
from maestro.migration.steps import steps_of

migrate = typer.Typer(
    help="Move a bot of genebot's kind to Maestro: look, copy, generate, check, replay, switch; and back.",
    no_args_is_help=True,
)
migrate.command("analyze")(analyze)
migrate.command("backup")(backup)
migrate.command("generate")(generate)
migrate.command("validate")(validate)
migrate.command("merge")(merge)
migrate.command("migrate")(migrate_all)
migrate.command("rollback")(rollback)
migrate.add_typer(lease, name="lease")


@migrate.command("guide")
def guide(config: ConfigOption = None, package: PackageOption = None, as_json: JsonOption = False) -> None:
    """Show the steps from the configuration that is found here to Maestro, with their commands.

    Example: maestro migrate guide --config config/trading_bot_config.yaml
    """
    migration = migration_of(source_paths(config), choices_of(package=package))
    steps = steps_of(migration, named=tuple(map(str, config or ())))
    if as_json:
        print(json.dumps([{"what": each.what, "command": each.command or None} for each in steps], indent=2))
        return
    console = Console()
    for number, each in enumerate(steps, start=1):
        console.print(Text(f"{number:>2}. {each.what}"), soft_wrap=True)
        if each.command:
            console.print(Text(f"    {each.command}", style="bold"), soft_wrap=True)
