"""``maestro orders``: what was ordered and what became of it; first of all, what nobody knows yet."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.order import OrderStatus
from backend.domain.tick import PlacedOrder
from functions.in_flight import order_json
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.operator import print_reasons
from maestro.cli.tables import plain_table

_UNRESOLVED = frozenset({OrderStatus.UNRESOLVED, OrderStatus.INTENT})


def orders(
    unresolved: Annotated[
        bool, typer.Option("--unresolved", help="Only those that the broker may or may not have, oldest first.")
    ] = False,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that are not final, oldest first.")] = False,
    last: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show orders with their standing, and the buying power that each still holds.

    An unresolved one was sent, or may have been, and no answer came. It keeps its buying power until the next tick or
    `maestro reconcile` finds it at the broker, or proves it absent five minutes after its decision.

    Example: maestro orders --unresolved
    """
    chosen = choose_store(store, tenant)
    found = _found(chosen, unresolved=unresolved, open_only=open_only, last=last)
    if as_json:
        said = {"store": chosen.name, "tenant": chosen.key.tenant_id, "orders": [_json(each) for each in found]}
        print(json.dumps(said, indent=2))
        return
    _print(chosen, found, Console(), kind="unresolved " if unresolved else "open " if open_only else "")


def _found(chosen: ChosenStore, *, unresolved: bool, open_only: bool, last: int) -> list[PlacedOrder]:
    """Read open orders by the ids that the trading document holds, so that none is missed however old it is."""
    if not (unresolved or open_only):
        newest = [each.intent.client_order_id for each in chosen.log.orders(chosen.key.tenant_id, last=last)]
        return list(chosen.control.placed(chosen.key.tenant_id, newest))[::-1]
    trading, _ = chosen.control.trading(chosen.key.tenant_id)
    working = chosen.control.placed(chosen.key.tenant_id, list(trading.working))
    return [each for each in working if open_only or each.order.status in _UNRESOLVED]


def _json(placed: PlacedOrder) -> dict[str, Any]:
    order = placed.order
    holds = not order.status.is_final
    age = (datetime.now(UTC) - order.decided_at).total_seconds()
    return {
        **order_json(placed),
        "tick_id": order.tick_id,
        "nonce": order.intent.nonce,
        "age_seconds": round(age, 1),
        "holds": str(order.intent.reserved) if holds else "0",
    }


def _print(chosen: ChosenStore, found: list[PlacedOrder], console: Console, *, kind: str) -> None:
    console.print(f"store {chosen.name}, tenant {chosen.key.tenant_id}\n", highlight=False)
    if not found:
        console.print(f"no {kind}order", highlight=False)
        return
    table = plain_table(console, "Orders", ["Decided (UTC)", "Order", "Standing"], ["Filled", "Holds"])
    for each in map(_json, found):
        size = each["qty"] or f"${each['notional']}"
        table.add_row(
            each["decided_at"][5:16].replace("T", " "),
            Text.assemble(f"{each['side']} {size} {each['symbol']}\n", (each["strategy"], "dim")),
            Text(each["status"], style=_STYLES.get(each["status"], "")),
            each["filled_qty"] if each["filled_qty"] != "0" else "–",
            f"${each['holds']}" if each["holds"] != "0" else "–",
        )
    console.print(table)
    print_reasons([_json(each) for each in found], console)
    counts = Counter(each.order.status.value for each in found)
    console.print(", ".join(f"{count} {status}" for status, count in sorted(counts.items())), highlight=False)


_STYLES = {"unresolved": "bold red", "intent": "red", "rejected": "yellow", "denied": "yellow", "filled": "green"}
