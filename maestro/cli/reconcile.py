"""``maestro reconcile``: bring the books together with the broker, now."""

import json
from typing import Any

import typer
from rich.console import Console

from backend.domain.errors import MaestroError
from backend.domain.tick import PlacedOrder, PortfolioKey
from backend.engine.reconciling import Reconciled
from backend.engine.reconciling import reconcile as bring_together
from functions import bootstrap
from functions.in_flight import order_json, told
from maestro.cli.chosen_store import JsonOption, choose_store
from maestro.cli.exit_codes import exit_code
from maestro.cli.operator import CommandTenantOption, WrittenStoreOption, print_orders


def reconcile(
    store: WrittenStoreOption = None, tenant: CommandTenantOption = None, as_json: JsonOption = False
) -> None:
    """Look up every order that is not final, book what it filled, and compare positions and fills with the broker's.

    What the account holds and Maestro did not order is shown as EXTERNAL. Exits with 4 when an order is still
    unresolved, or fills do not agree.

    Example: maestro reconcile --json
    """
    chosen = choose_store(store, tenant, demo=False)
    said: list[dict[str, Any]] = []
    status = 0
    for key in chosen.control.portfolios(chosen.key.tenant_id):
        try:
            found = bring_together(key, bootstrap.desk(chosen.settings, key))
        except MaestroError as e:
            said.append({"portfolio_id": key.portfolio_id, "fault": told(e)})
            status = status or exit_code(e)
        else:
            said.append(_json(key, found))
            status = status or (4 if said[-1]["unresolved"] or found.differences else 0)
    if as_json:
        print(json.dumps({"store": chosen.name, "tenant": chosen.key.tenant_id, "portfolios": said}, indent=2))
    else:
        _print(said, Console())
    if status:
        raise typer.Exit(status)


def _json(key: PortfolioKey, found: Reconciled) -> dict[str, Any]:
    def orders(those: tuple[Any, ...]) -> list[dict[str, Any]]:
        return [order_json(PlacedOrder(portfolio_id=key.portfolio_id, order=each)) for each in those]

    return {
        "portfolio_id": key.portfolio_id,
        "moved": orders(found.moved),
        "open": orders(found.open_orders),
        "unresolved": list(found.unresolved),
        "external": {symbol: str(quantity) for symbol, quantity in found.external.items()},
        "differences": list(found.differences),
        "trips": list(found.trips),
        "trading_state": found.trading.state.value,
    }


def _print(said: list[dict[str, Any]], console: Console) -> None:
    if not said:
        console.print("no portfolio has a book yet: run [bold]maestro tick[/] first")
    for each in said:
        if "fault" in each:
            console.print(f"{each['portfolio_id']}: {each['fault']}", style="red", highlight=False, markup=False)
            continue
        console.print(
            f"[bold]{each['portfolio_id']}[/]: {len(each['moved'])} orders moved, {len(each['open'])} open, "
            f"trading {each['trading_state']}",
            highlight=False,
        )
        print_orders([*each["moved"], *each["open"]], console)
        external = ", ".join(f"{symbol} {quantity}" for symbol, quantity in each["external"].items())
        console.print(f"EXTERNAL: {external or 'nothing'}", highlight=False)
        for difference in (*each["trips"], *each["differences"]):
            console.print(difference, style="red", highlight=False, markup=False)
