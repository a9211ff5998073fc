"""``maestro migrate``: from a bot of genebot's kind to Maestro, and back."""

import typer

from maestro.cli.migrate_files import analyze, backup, generate, merge, rollback

migrate = typer.Typer(
    help="Move a bot of genebot's kind to Maestro: look, copy, generate, check, replay, switch; and back.",
    no_args_is_help=True,
)
migrate.command("analyze")(analyze)
migrate.command("backup")(backup)
migrate.command("generate")(generate)
migrate.command("merge")(merge)
migrate.command("rollback")(rollback)
