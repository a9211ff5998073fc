"""``maestro decisions``: what the newest decisions made of every signal, and why."""

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.tick import LogEntry
from functions.standing import decision
from maestro.backtest.notation import percent, ratio
from maestro.cli.chosen_store import JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.tables import mode_text, plain_table


def decisions(
    last: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 5,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the newest decisions: what every signal became, and why.

    Example: maestro decisions --last 20 --json
    """
    chosen = choose_store(store, tenant)
    entries = chosen.log.decisions(chosen.key.tenant_id, last=last)
    if as_json:
        said = {"store": chosen.name, "tenant": chosen.key.tenant_id, "decisions": [decision(each) for each in entries]}
        print(json.dumps(said, indent=2))
        return
    console = Console()
    console.print(f"store {chosen.name}, tenant {chosen.key.tenant_id}\n", highlight=False)
    if not entries:
        console.print("no decision yet: run [bold]maestro demo[/] or [bold]maestro tick[/]")
    for entry in entries:
        _print(entry, console)


def _print(entry: LogEntry, console: Console) -> None:
    signals = entry.body["signals"]
    table = plain_table(console, entry.log_id, ["Strategy", "Mode", "Signal"], ["Sharpe", "Asked", "Given"])
    for each in entry.body["allocation_decisions"]:
        signal = signals[each["strategy_name"]]
        was = f"{signal['original_action']} → " if "original_action" in signal else ""
        table.add_row(
            each["strategy_name"],
            mode_text(each["mode"]),
            Text(f"{was}{signal['action']} {signal['ticker'] or ''}".strip()),
            ratio(each["sharpe_ratio"]),
            percent(each["original_allocation"]),
            percent(each["final_allocation"]),
        )
    console.print(table)
    console.print(Text(entry.summary), highlight=False)
    console.print()
