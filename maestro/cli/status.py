"""``maestro status``: where every strategy stands, from any process."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.book import StrategyBook
from backend.domain.tick import LogEntry, Observation
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
        **_standing(observed, newest),
        **(details(newest, chosen.settings) if verbose else {}),
    }
    if as_json:
        print(json.dumps(said, indent=2))
        return
    console = Console()
    _print(said, console)
    if verbose:
        print_details(said, console)


def _standing(observed: Observation, newest: LogEntry | None) -> dict[str, Any]:
    trading = observed.trading
    scored = {each["strategy_name"]: each for each in newest.body["allocation_decisions"]} if newest else {}
    return {
        "trading_state": trading.state.value,
        "epoch": trading.epoch,
        "restrictions": {
            source: {"state": each.state.value, "reason": each.reason, "by": each.by, "since": each.since.isoformat()}
            for source, each in trading.restrictions.items()
        },
        "liquidation": {portfolio: sorted(names) for portfolio, names in trading.liquidation.items()},
        "high_water_mark": str(trading.guard.high_water_mark),
        "reserved": str(trading.reserved),
        "external": {symbol: str(quantity) for symbol, quantity in trading.external.items()},
        "last_decision": newest.log_id if newest else None,
        "last_decision_at": newest.timestamp.isoformat() if newest else None,
        "strategies": [
            {"strategy": name, **_strategy(book), **_score(scored.get(name, {}))}
            for name, book in sorted(observed.book.strategies.items())
        ],
        "open_orders": [
            {
                "client_order_id": order_id,
                "strategy": order.intent.strategy,
                "symbol": order.intent.symbol,
                "side": order.intent.side.value,
                "status": order.status.value,
                "reason": order.reason,
            }
            for order_id, order in observed.book.open_orders.items()
        ],
    }


def _strategy(book: StrategyBook) -> dict[str, Any]:
    return {
        "mode": book.mode.mode.value if book.mode else None,
        "since": book.mode.since.isoformat() if book.mode else None,
        "positions": {symbol: str(quantity) for symbol, quantity in book.real.holdings().items()},
        "virtual_positions": {
            symbol: str(quantity) for symbol, quantity in book.traded.holdings().items() if book.is_in_shadow
        },
    }


def _score(allocation: dict[str, Any]) -> dict[str, Any]:
    return {
        "sharpe_ratio": allocation.get("sharpe_ratio"),
        "returns": allocation.get("n", 0),
        "reason": allocation.get("reasoning", "no signal in the last decision"),
    }


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
    standing = plain_table(console, "Strategies", ["Strategy", "Mode", "Since"], ["Sharpe", "n"])
    holdings = plain_table(console, "Holdings", ["Strategy", "Real", "Virtual"], [])
    for each in said["strategies"]:
        since = (each["since"] or "–")[:10]
        sharpe = ratio(each["sharpe_ratio"])
        standing.add_row(each["strategy"], mode_text(each["mode"] or "–"), since, sharpe, str(each["returns"]))
        real, virtual = ", ".join(each["positions"]), ", ".join(each["virtual_positions"])
        holdings.add_row(each["strategy"], Text(real or "–"), Text(virtual or "–"))
    console.print(standing)
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
