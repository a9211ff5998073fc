"""``maestro config update``: change the stored configuration, or a file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from backend.configuration.edits import Edits, key_path
from backend.domain.errors import ConfigurationError
from backend.engine.configuring import Configured, Order
from backend.settings import Settings
from functions import stores
from functions.interventions import configured, stored, strategies_in
from maestro.cli.chosen_store import JsonOption
from maestro.cli.config_changes import line, print_changes
from maestro.cli.config_edits import assignment
from maestro.cli.config_file import edit_file
from maestro.cli.config_layers import block, settings_of
from maestro.cli.operator import ByOption, CommandTenantOption, YesOption, confirm, operator


def update(
    file: Annotated[
        Path | None, typer.Option("--config", help="Change this file instead of the stored configuration.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set a key; the value is YAML. Repeatable.")
    ] = None,
    unsets: Annotated[
        list[str] | None,
        typer.Option("--unset", metavar="KEY", help="Take a key out. Repeatable."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Store the block orchestrator of this file."),
    ] = None,
    allocation_method: Annotated[str | None, typer.Option(help="allocation.method")] = None,
    rebalance_frequency: Annotated[str | None, typer.Option(help="allocation.rebalance_frequency")] = None,
    min_allocation: Annotated[float | None, typer.Option(help="allocation.min_allocation")] = None,
    max_allocation: Annotated[float | None, typer.Option(help="allocation.max_allocation")] = None,
    max_drawdown: Annotated[float | None, typer.Option(help="risk.max_portfolio_drawdown")] = None,
    max_correlation: Annotated[float | None, typer.Option(help="risk.max_strategy_correlation")] = None,
    enable_strategy: Annotated[list[str] | None, typer.Option(help="Let a strategy place orders. Repeatable.")] = None,
    disable_strategy: Annotated[list[str] | None, typer.Option(help="Let it place none. Repeatable.")] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the audit log.")] = "maestro config update",
    by: ByOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    yes: YesOption = False,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change the stored configuration, which the next tick goes by; with --config a file.

    Example: maestro config update --allocation-method risk_parity --max-drawdown 0.12 --reason "board of 3 March" --yes
    """
    given = {
        "allocation.method": allocation_method,
        "allocation.rebalance_frequency": rebalance_frequency,
        "allocation.min_allocation": min_allocation,
        "allocation.max_allocation": max_allocation,
        "risk.max_portfolio_drawdown": max_drawdown,
        "risk.max_strategy_correlation": max_correlation,
    }
    settings = settings_of(file)
    tenant_id = tenant or settings.tenant_id
    wanted = {key_path(key): value for key, value in given.items() if value is not None}
    edits = Edits(
        sets={**wanted, **dict(map(assignment, sets or ()))},
        unsets=[key_path(key) for key in unsets or ()],
        enabled=enable_strategy or (),
        disabled=disable_strategy or (),
        **strategies_in(settings, {} if file else stored(settings, tenant_id)),
    )
    if not edits and source is None:
        raise ConfigurationError("expected something to change, found nothing; see maestro config update --help")
    if file is not None:
        done = Configured(number=0, values={}, changes=edit_file(file, edits, is_rehearsal=dry_run))
    else:
        taken = block(source) if source is not None else None
        order = Order(
            tenant_id=tenant_id,
            by=operator(by),
            reason=reason,
            change=lambda values: edits.applied(values if taken is None else taken),
        )
        done = ask(settings, order, dry_run=dry_run, yes=yes)
    print_changes(done, as_json=as_json, is_rehearsal=dry_run)


def ask(settings: Settings, order: Order, *, dry_run: bool, yes: bool) -> Configured:
    configurations = stores.configurations(settings)
    planned = configured(settings, order, configurations, is_rehearsal=True)
    if dry_run or not planned.changes:
        return planned
    if not yes:
        for each in planned.changes:
            Console(stderr=True).print(line(each), highlight=False, markup=False)
    confirm(f"Change the configuration of {order.tenant_id}?", yes=yes)
    return configured(settings, order, configurations)
