"""``maestro status``: where every strategy stands, from any process."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from functions.standing import standing
from maestro.backtest.notation import ratio
from maestro.cli.chosen_store import JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.process_status import print_process, process_json
from maestro.cli.status_details import details, print_details
from maestro.cli.tables import mode_text, plain_table
from maestro.live.process_files import ProcessFiles


def status(
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also allocation, risk and correlation, and every strategy's parameters.")
    ] = False,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show trading state, every strategy's mode and record, orders not settled, and the process of this folder.

    Example: maestro status --verbose --json
    """
    chosen = choose_store(store, tenant)
    observed = chosen.log.observe_book(chosen.key)
    newest = next(iter(chosen.log.decisions(chosen.key.tenant_id, last=1)), None)
    said = {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "process": process_json(ProcessFiles()),
        **standing(observed, newest),
        **(details(newest, chosen.settings) if verbose else {}),
    }
    if as_json:
        print(json.dumps(said, indent=2))
        return
    console = Console()
    _print(said, console)
    if verbose:
        print_details(said, console)


def _print(said: dict[str, Any], console: Console) -> None:
    console.print(f"store {said['store']}, tenant {said['tenant']}", highlight=False)
    console.print(
        f"trading [bold]{said['trading_state']}[/] (epoch {said['epoch']}), high-water mark "
        f"{said['high_water_mark']}, reserved {said['reserved']}",
        highlight=False,
    )
    for source, each in said["restrictions"].items():
        text = f"  {each['state']} by {source} since {each['since'][:16]}: {each['reason']} ({each['by']})"
        console.print(text, style="yellow", highlight=False, markup=False)
    for portfolio, names in said["liquidation"].items():
        console.print(f"  being sold out in {portfolio}: {', '.join(names)}", style="yellow", highlight=False)
    console.print(f"last decision {said['last_decision_at'] or 'none yet'}", highlight=False)
    print_process(said["process"], console)
    console.print()
    records = plain_table(console, "Strategies", ["Strategy", "Mode", "Since"], ["Sharpe", "n"])
    holdings = plain_table(console, "Holdings", ["Strategy", "Real", "Virtual"], [])
    for each in said["strategies"]:
        since = (each["since"] or "–")[:10]
        sharpe = ratio(each["sharpe_ratio"])
        records.add_row(each["strategy"], mode_text(each["mode"] or "–"), since, sharpe, str(each["returns"]))
        real, virtual = ", ".join(each["positions"]), ", ".join(each["virtual_positions"])
        holdings.add_row(each["strategy"], Text(real or "–"), Text(virtual or "–"))
    console.print(records)
    console.print(holdings)
    external = ", ".join(f"{symbol} {quantity}" for symbol, quantity in said["external"].items())
    if external:
        console.print(f"held beside the sleeves, EXTERNAL: {external}", highlight=False)
    for order in said["open_orders"]:
        console.print(
            f"not settled: {order['side']} {order['symbol']} for {order['strategy']} [bold]{order['status']}[/] "
            f"{order['client_order_id']} {order['reason']}",
            highlight=False,
        )
