"""``maestro summary``: what Maestro decided over the last hours, counted."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

from maestro.backtest.notation import mode_words
from maestro.cli.chosen_store import JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.look import LONGEST_HOURS, owner_of, seen_over
from maestro.monitoring.digest import digest

HoursOption = Annotated[int, typer.Option(min=1, max=LONGEST_HOURS, help="How far to look back.")]


def summary(
    hours: HoursOption = 24, store: StoreOption = None, tenant: TenantOption = None, as_json: JsonOption = False
) -> None:
    """Count decisions, systemic events, modes, and who was reduced, shadowed or failed, over the last hours.

    The keys of --json are those of the migration guide's summary, with further ones beside them. The distribution
    counts strategies over all decisions of these hours; a demo's hours end with its last decision.

    Example: maestro summary --hours 24 --json
    """
    chosen = choose_store(store, tenant)
    seen = seen_over(chosen, hours)
    said = {**owner_of(chosen), "hours": hours, **digest(seen)}
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        _print(said, Console())


def _print(said: dict[str, Any], console: Console) -> None:
    owner = f"{said['tenant']}/{said['portfolio_id']}"
    console.print(
        f"{owner}, the last {said['hours']} hours: {said['total_decisions']} decisions, "
        f"{said['systemic_risk_events']} systemic events, {said['orders']} orders, {said['alerts']} alerts",
        highlight=False,
    )
    console.print(f"trading {said['trading_state']}, {said['signals_modified']} signals modified", highlight=False)
    for mode, count in said["mode_distribution"].items():
        console.print(f"  {mode_words(mode):<14} {count:>6}", highlight=False)
    named = {"reduced": said["strategies_reduced"], "in shadow": said["strategies_shadowed"]}
    named["failed"] = [f"{name} ({count} ×)" for name, count in said["strategies_failed"].items()]
    for what, names in named.items():
        if names:
            console.print(f"{what}: {', '.join(names)}", highlight=False, markup=False)
