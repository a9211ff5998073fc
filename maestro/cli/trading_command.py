"""Obey a command about trading, and tell what it came to: how trading stands, and what was in flight."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console

from backend.domain.command import Obeyed, TradingCommand
from backend.domain.tick import PlacedOrder
from backend.engine.control import command
from backend.engine.withdrawal import IsMeant, Withdrawn
from functions.in_flight import order_json, withdrawn, withdrawn_json
from maestro.cli.chosen_store import ChosenStore
from maestro.cli.operator import print_orders


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a command came to: how trading stands, what was in flight, and what could not be done about it."""

    chosen: ChosenStore
    obeyed: Obeyed
    withdrawn: Withdrawn | None = None
    in_flight: tuple[PlacedOrder, ...] = ()
    fault: str = ""

    @property
    def is_settled(self) -> bool:
        return not self.fault and not (self.withdrawn and (self.withdrawn.unsettled or self.withdrawn.faults))


def obey(chosen: ChosenStore, order: TradingCommand) -> Obeyed:
    return command(order, tenant_id=chosen.key.tenant_id, control=chosen.control, now=lambda: datetime.now(UTC))


def restrict(chosen: ChosenStore, order: TradingCommand, is_meant: IsMeant, wait: float) -> Done:
    """Restrict trading first, whatever the broker does; then see to what is in flight."""
    obeyed = obey(chosen, order)
    tenant_id, control = chosen.key.tenant_id, chosen.control
    in_flight = tuple(control.placed(tenant_id, list(obeyed.before.working)))
    found, fault = withdrawn(chosen.settings, tenant_id, control, in_flight, is_meant, wait)
    return Done(chosen=chosen, obeyed=obeyed, in_flight=in_flight, withdrawn=found, fault=fault)


def finish(done: Done, as_json: bool) -> None:
    said = done_json(done)
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        print_done(said, Console())
    if not done.is_settled:
        raise typer.Exit(4)


def done_json(done: Done) -> dict[str, Any]:
    entry, after = done.obeyed.entry, done.obeyed.after
    return {
        "store": done.chosen.name,
        "tenant": entry.tenant_id,
        "command": entry.kind.value,
        "by": entry.actor,
        "reason": entry.reason,
        "at": entry.timestamp.isoformat(),
        "audit_sequence": entry.sequence,
        "state_before": done.obeyed.before.state.value,
        "state": after.state.value,
        "why": after.reason,
        "epoch": after.epoch,
        "in_flight": [order_json(each) for each in done.in_flight],
        **withdrawn_json(done.withdrawn, done.fault),
    }


def print_done(said: dict[str, Any], console: Console) -> None:
    console.print(
        f"trading [bold]{said['state']}[/] since {said['at'][:19]}Z (epoch {said['epoch']}, "
        f"audit entry {said['audit_sequence']})",
        highlight=False,
    )
    if said["why"]:
        console.print(f"because of {said['why']}", highlight=False, markup=False)
    if said["command"] in ("resume", "reset"):
        return
    print_orders(said["withdrawn"] or said["in_flight"], console)
    if said["seconds_to_flat"] is not None:
        count = len(said["in_flight"])
        flat = f"{count} in flight, settled after {said['seconds_to_flat']:.1f} s" if count else "nothing was in flight"
        console.print(flat, highlight=False)
    if said["unsettled"]:
        console.print(f"{len(said['unsettled'])} still in flight; maestro reconcile looks again", highlight=False)
    for fault in said["faults"]:
        console.print(fault, style="red", highlight=False, markup=False)
