"""``maestro halt``, ``reduce-only``, ``resume`` and ``reset``: what trading is held down to, from any process."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.command import Halt, Obeyed, ReduceOnly, Reset, Resume, TradingCommand
from backend.domain.errors import MaestroError
from backend.domain.guard import Breaker
from backend.domain.order import OrderState, Side
from backend.domain.tick import PlacedOrder, PortfolioKey
from backend.engine.control import command
from backend.engine.withdrawal import IsMeant, Withdrawn, withdraw
from maestro.cli.chosen_store import ChosenStore, JsonOption, choose_store
from maestro.cli.operator import (
    ByOption,
    CommandTenantOption,
    ReasonOption,
    WaitOption,
    WrittenStoreOption,
    YesOption,
    confirm,
    desks,
    operator,
    order_json,
    patience,
    print_orders,
    told,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What a command came to: how trading stands, what was in flight, and what could not be done about it."""

    chosen: ChosenStore
    obeyed: Obeyed
    withdrawn: Withdrawn | None = None
    in_flight: tuple[PlacedOrder, ...] = ()
    fault: str = ""

    @property
    def is_settled(self) -> bool:
        return not self.fault and not (self.withdrawn and (self.withdrawn.unsettled or self.withdrawn.faults))


def halt(
    reason: ReasonOption,
    wait: WaitOption = 30.0,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Halt trading: nothing new goes out, neither entry nor exit, until somebody resumes.

    What was in flight is cancelled where possible, and the time until nothing is any more is reported. Exits with 4
    when an order is still in flight, or the broker could not be asked: trading is halted all the same.

    Example: maestro halt --reason "broken price feed" --yes
    """
    chosen = choose_store(store, tenant, demo=False)
    confirm(f"Halt all trading of {chosen.key.tenant_id}, in {chosen.name}?", yes=yes)
    order = Halt(by=operator(by), reason=reason)
    _finish(_restrict(chosen, order, lambda key, each: True, wait), as_json)


def reduce_only(
    reason: ReasonOption,
    wait: WaitOption = 30.0,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let exits out and no entry, until somebody resumes. Entries in flight are cancelled where possible.

    Exits with 4 when an entry is still in flight, or the broker could not be asked: no new one goes out all the same.

    Example: maestro reduce-only --reason "earnings week" --yes
    """
    chosen = choose_store(store, tenant, demo=False)
    confirm(f"Let only exits out for {chosen.key.tenant_id}, in {chosen.name}?", yes=yes)
    order = ReduceOnly(by=operator(by), reason=reason)
    _finish(_restrict(chosen, order, _is_entry, wait), as_json)


def resume(
    reason: ReasonOption,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift a halt or reduce-only, and call off what is left of a flatten. A tripped breaker stays: see reset.

    Example: maestro resume --reason "feed is back"
    """
    chosen = choose_store(store, tenant, demo=False)
    confirm(f"Resume trading of {chosen.key.tenant_id}, in {chosen.name}?", yes=yes)
    done = _obey(chosen, Resume(by=operator(by), reason=reason))
    _finish(_Done(chosen=chosen, obeyed=done), as_json)


def reset(
    reason: ReasonOption,
    breaker: Annotated[
        list[Breaker] | None, typer.Option(help="Breaker to reset; repeatable. By default all that have tripped.")
    ] = None,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Reset circuit breakers that have tripped: the evidence so far trips none of them again, new evidence does.

    A halt or reduce-only by an operator stays: see resume.

    Example: maestro reset --breaker drawdown --reason "new high-water mark agreed with the board"
    """
    chosen = choose_store(store, tenant, demo=False)
    names = ", ".join(breaker) if breaker else "all breakers that have tripped"
    confirm(f"Reset {names} of {chosen.key.tenant_id}, in {chosen.name}?", yes=yes)
    order = Reset(by=operator(by), reason=reason, breakers=frozenset(breaker or ()))
    _finish(_Done(chosen=chosen, obeyed=_obey(chosen, order)), as_json)


def _is_entry(_: PortfolioKey, order: OrderState) -> bool:
    return order.intent.side is Side.BUY


def _obey(chosen: ChosenStore, order: TradingCommand) -> Obeyed:
    return command(order, tenant_id=chosen.key.tenant_id, control=chosen.control, now=lambda: datetime.now(UTC))


def _restrict(chosen: ChosenStore, order: TradingCommand, is_meant: IsMeant, wait: float) -> _Done:
    """Restrict trading first, whatever the broker does; then see to what is in flight."""
    obeyed = _obey(chosen, order)
    tenant_id, control = chosen.key.tenant_id, chosen.control
    in_flight = tuple(control.placed(tenant_id, list(obeyed.before.working)))
    try:
        keys = tuple(control.portfolios(tenant_id)) if in_flight else ()
        withdrawn = withdraw(desks(chosen, keys), control, is_meant, patience(wait))
    except MaestroError as e:
        return _Done(chosen=chosen, obeyed=obeyed, in_flight=in_flight, fault=told(e))
    return _Done(chosen=chosen, obeyed=obeyed, in_flight=in_flight, withdrawn=withdrawn)


def _finish(done: _Done, as_json: bool) -> None:
    said = _json(done)
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        _print(said, Console())
    if not done.is_settled:
        raise typer.Exit(4)


def _json(done: _Done) -> dict[str, Any]:
    entry, after, withdrawn = done.obeyed.entry, done.obeyed.after, done.withdrawn
    faults = [done.fault] if done.fault else []
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
        "withdrawn": [order_json(each) for each in withdrawn.orders] if withdrawn else [],
        "unsettled": [each.order.intent.client_order_id for each in withdrawn.unsettled] if withdrawn else [],
        "seconds_to_flat": withdrawn.took.total_seconds() if withdrawn and not withdrawn.unsettled else None,
        "faults": [*faults, *(withdrawn.faults if withdrawn else ())],
    }


def _print(said: dict[str, Any], console: Console) -> None:
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
