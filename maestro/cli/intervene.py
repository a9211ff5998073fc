"""``maestro intervene``: step in while the orchestrator of this folder runs.

The configured store and that of the running process may be two, as in a dry run. ``emergency-stop`` acts on both: who
presses it must not have to know which one trades. The others act on the store of the process that runs here, and on
the configured one where none does.
"""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.command import Halt, Resume
from backend.domain.errors import ConfigurationError, MaestroError
from backend.engine.configuring import Configured
from functions.in_flight import told
from maestro.cli.chosen_store import ChosenStore, JsonOption, choose_store
from maestro.cli.config_changes import print_changes
from maestro.cli.flatten import flatten_all, print_flattened
from maestro.cli.intervene_strategies import StrategiesArgument, configured_json, switch
from maestro.cli.intervene_strategies import adjust as set_weight
from maestro.cli.intervene_strategies import rebalance as order_rebalance
from maestro.cli.operator import (
    ByOption,
    CommandTenantOption,
    ReasonOption,
    WaitOption,
    WrittenStoreOption,
    YesOption,
    confirm,
    operator,
)
from maestro.cli.override import ClearOption, ForOption, ModeArgument, UntilOption, carry_out, wanted
from maestro.cli.running_store import every_store, names_of, running_store
from maestro.cli.trading_command import Done, done_json, obey, print_done, restrict

intervene = typer.Typer(help="Step in while the orchestrator runs.", no_args_is_help=True)


@intervene.command("emergency-stop")
def emergency_stop(
    reason: ReasonOption,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Sell everything out instead; only exits go out from then on.")
    ] = False,
    wait: WaitOption = 30.0,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Halt trading in the configured store and in that of the process of this folder; it goes on, without orders.

    Exits with 4 when something is still in flight or left to be sold, or the broker could not be asked.

    Example: maestro intervene emergency-stop --reason "orders that nobody understands" --yes
    """
    targets, faults = every_store(tenant) if store is None else ([choose_store(store, tenant, demo=False)], [])
    action = "Sell everything out" if flatten else "Halt all trading"
    confirm(f"{action} of {names_of(targets)}?", yes=yes)
    done = []
    for each in targets:
        try:
            done.append(_flattened(each, reason, by, wait) if flatten else _halted(each, reason, by, wait))
        except MaestroError as e:  # the next store must not stay open for it
            faults.append(f"{each.name}: {told(e)}")
    _finish("emergency-stop", done, as_json, faults)


@intervene.command("pause")
def pause(
    reason: ReasonOption,
    strategies: StrategiesArgument = None,
    wait: WaitOption = 30.0,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Halt trading of the process of this folder, or let some strategies place no order, until they are resumed.

    A strategy that is paused keeps what it holds, and its record goes on. --wait is for a halt: what is in flight is
    cancelled where possible.

    Example: maestro intervene pause rsi_reversion --reason "its exchange is closed" --yes
    """
    target = running_store(tenant) if store is None else choose_store(store, tenant, demo=False)
    if strategies:
        confirm(f"Let {', '.join(strategies)} of {names_of([target])} place no order?", yes=yes)
        done = switch(target, strategies, on=False, by=by, reason=reason)
        _finish_configured("pause", target, done, as_json)
        return
    confirm(f"Halt all trading of {names_of([target])}?", yes=yes)
    _finish("pause", [_halted(target, reason, by, wait)], as_json)


@intervene.command("resume")
def resume(
    reason: ReasonOption,
    strategies: StrategiesArgument = None,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift a pause or an emergency stop of the process of this folder, or the pause of some strategies.

    A tripped breaker stays: see maestro reset.

    Example: maestro intervene resume --reason "the speech is over" --yes
    """
    target = running_store(tenant) if store is None else choose_store(store, tenant, demo=False)
    if strategies:
        confirm(f"Let {', '.join(strategies)} of {names_of([target])} place orders again?", yes=yes)
        switched = switch(target, strategies, on=True, by=by, reason=reason)
        _finish_configured("resume", target, switched, as_json)
        return
    confirm(f"Resume trading of {names_of([target])}?", yes=yes)
    done = Done(chosen=target, obeyed=obey(target, Resume(by=operator(by), reason=reason)))
    _finish("resume", [(done_json(done), done.is_settled)], as_json)


@intervene.command("rebalance")
def rebalance(
    reason: ReasonOption,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the allocation method for new weights in the next tick, whatever the rebalance frequency says.

    Example: maestro intervene rebalance --reason "two strategies were added" --yes
    """
    target = running_store(tenant) if store is None else choose_store(store, tenant, demo=False)
    confirm(f"Set new weights in {names_of([target])}?", yes=yes)
    said = order_rebalance(target, by=by, reason=reason)
    if as_json:
        print(json.dumps({"intervention": "rebalance", **said}, indent=2))
        return
    portfolios = ", ".join(said["portfolios"])
    text = f"the next tick of {portfolios} sets new weights by {said['method']} (audit entry {said['audit_sequence']})"
    Console().print(text, highlight=False)


@intervene.command("adjust")
def adjust(
    strategy: Annotated[str, typer.Argument(help="Strategy.")],
    reason: ReasonOption,
    weight: Annotated[
        float | None, typer.Option(min=0, max=1, help="Its base weight, a part of equity, over what the method gives.")
    ] = None,
    by_method: Annotated[bool, typer.Option("--by-method", help="Leave its weight to the method again.")] = False,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set one strategy's base weight, or leave it to the allocation method again; from the next tick on.

    Example: maestro intervene adjust rsi_reversion --weight 0.05 --reason "half of it until Monday" --yes
    """
    if (weight is None) is not by_method:
        raise ConfigurationError("adjust: expected either --weight or --by-method, found both or none; give one")
    target = running_store(tenant) if store is None else choose_store(store, tenant, demo=False)
    wanted = "by the method" if weight is None else f"{weight:.1%}"
    confirm(f"Set the weight of {strategy} of {names_of([target])}: {wanted}?", yes=yes)
    done = set_weight(target, strategy, weight, by=by, reason=reason)
    _finish_configured("adjust", target, done, as_json)


@intervene.command("override")
def override(
    strategy: Annotated[str, typer.Argument(help="Strategy.")],
    reason: ReasonOption,
    mode: ModeArgument = None,
    span: ForOption = None,
    until: UntilOption = None,
    clear: ClearOption = False,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put one strategy into a mode for a while, over what its record earns it; it ends by itself, or by --clear.

    It undoes no halt, no limit, and no strategy that is disabled by configuration.

    Example: maestro intervene override rsi_reversion SHADOW_MODE --for 2d --reason "a new data feed" --yes
    """
    asked = wanted(mode, span, until, clear=clear)
    target = running_store(tenant) if store is None else choose_store(store, tenant, demo=False)
    words = "End the override" if asked is None else f"Put into {asked[0]} until {asked[1].isoformat()}"
    confirm(f"{words}: {strategy} of {names_of([target])}?", yes=yes)
    done = carry_out(target, strategy, asked, by=by, reason=reason)
    _finish_configured("override", target, done, as_json)


def _halted(chosen: ChosenStore, reason: str, by: str | None, wait: float) -> tuple[dict[str, Any], bool]:
    done = restrict(chosen, Halt(by=operator(by), reason=reason), lambda key, each: True, wait)
    return done_json(done), done.is_settled


def _flattened(chosen: ChosenStore, reason: str, by: str | None, wait: float) -> tuple[dict[str, Any], bool]:
    said = {"command": "flatten", **flatten_all(chosen, by=operator(by), reason=reason, wait=wait)}
    return said, bool(said["is_flat"])


def _finish_configured(name: str, chosen: ChosenStore, done: Configured, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"intervention": name, **configured_json(chosen, done)}, indent=2))
        return
    Console().print(f"store {chosen.name}, tenant {chosen.key.tenant_id}", highlight=False)
    print_changes(done, as_json=False)


def _finish(name: str, done: Sequence[tuple[dict[str, Any], bool]], as_json: bool, faults: Sequence[str] = ()) -> None:
    if as_json:
        stores = [said for said, _ in done]
        print(json.dumps({"intervention": name, "stores": stores, "faults": list(faults)}, indent=2))
    else:
        console = Console()
        for said, _ in done:
            console.print(f"store {said['store']}, tenant {said['tenant']}", highlight=False)
            (print_flattened if said["command"] == "flatten" else print_done)(said, console)
        for fault in faults:
            console.print(f"not done: {fault}", style="red", highlight=False, markup=False)
    if faults or not all(is_settled for _, is_settled in done):
        raise typer.Exit(4)
