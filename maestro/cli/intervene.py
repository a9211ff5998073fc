"""``maestro intervene``: step in while the orchestrator of this folder runs.

The configured store and that of the running process may be two, as in a dry run. ``emergency-stop`` acts on both: who
presses it must not have to know which one trades. The others act on the store of the process that runs here, and on
the configured one where none does.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.command import Halt, Resume
from backend.domain.errors import ConfigurationError, MaestroError
from backend.domain.tick import PortfolioKey
from backend.settings import FILE_VARIABLE, Settings, load_settings
from maestro.cli.chosen_store import ChosenStore, JsonOption, choose_store, opened
from maestro.cli.flatten import flatten_all, print_flattened
from maestro.cli.operator import (
    ByOption,
    CommandTenantOption,
    ReasonOption,
    WaitOption,
    WrittenStoreOption,
    YesOption,
    confirm,
    operator,
    told,
)
from maestro.cli.trading_command import Done, done_json, obey, print_done, restrict
from maestro.live.process_files import ProcessFiles

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
    targets, faults = _every(tenant) if store is None else ([choose_store(store, tenant, demo=False)], [])
    action = "Sell everything out" if flatten else "Halt all trading"
    confirm(f"{action} of {_names(targets)}?", yes=yes)
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
    wait: WaitOption = 30.0,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Halt trading of the process of this folder, until it is resumed; it goes on to look and to log.

    Example: maestro intervene pause --reason "central bank speaks at two" --yes
    """
    target = _running(tenant) if store is None else choose_store(store, tenant, demo=False)
    confirm(f"Halt all trading of {_names([target])}?", yes=yes)
    _finish("pause", [_halted(target, reason, by, wait)], as_json)


@intervene.command("resume")
def resume(
    reason: ReasonOption,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lift a pause or an emergency stop of the process of this folder. A tripped breaker stays: see maestro reset.

    Example: maestro intervene resume --reason "the speech is over" --yes
    """
    target = _running(tenant) if store is None else choose_store(store, tenant, demo=False)
    confirm(f"Resume trading of {_names([target])}?", yes=yes)
    done = Done(chosen=target, obeyed=obey(target, Resume(by=operator(by), reason=reason)))
    _finish("resume", [(done_json(done), done.is_settled)], as_json)


def _running(tenant: str | None) -> ChosenStore:
    """Return the store of the process that runs here, else the configured one."""
    files = ProcessFiles()
    state = files.read_state() if files.running_pid() is not None else {}
    if not state:
        return choose_store(None, tenant, demo=False)
    return opened(_settings(state), tenant or state["tenant"])


def _settings(state: Mapping[str, Any]) -> Settings:
    """Return the settings of a process; the defaults where its file has gone wrong, so that it can be stopped still."""
    config, path = state["config_file"], state["sqlite_path"]
    try:
        settings = load_settings({**os.environ, FILE_VARIABLE: config} if config else None)
    except ConfigurationError:
        if path is None:
            raise
        settings = Settings()
    return settings.model_copy(update={"store": "sqlite", "sqlite_path": Path(path)}) if path else settings


def _every(tenant: str | None) -> tuple[list[ChosenStore], list[str]]:
    """Return the configured store and the process's where there are such, and why one of them could not be opened."""
    targets: dict[tuple[str, PortfolioKey], ChosenStore] = {}
    faults: list[str] = []
    for find in (_configured, _running):
        try:
            found = find(tenant)
        except MaestroError as e:
            faults.append(told(e))
        else:
            targets |= {} if found is None else {(found.name, found.key): found}
    if not targets:
        raise ConfigurationError("; ".join(dict.fromkeys(faults)))
    return list(targets.values()), faults


def _configured(tenant: str | None) -> ChosenStore | None:
    settings = load_settings()
    is_there = settings.store != "sqlite" or settings.sqlite_path.exists()
    return opened(settings, tenant) if is_there else None


def _names(targets: Sequence[ChosenStore]) -> str:
    return " and ".join(f"{each.key.tenant_id}, in {each.name}" for each in targets)


def _halted(chosen: ChosenStore, reason: str, by: str | None, wait: float) -> tuple[dict[str, Any], bool]:
    done = restrict(chosen, Halt(by=operator(by), reason=reason), lambda key, each: True, wait)
    return done_json(done), done.is_settled


def _flattened(chosen: ChosenStore, reason: str, by: str | None, wait: float) -> tuple[dict[str, Any], bool]:
    said = {"command": "flatten", **flatten_all(chosen, by=operator(by), reason=reason, wait=wait)}
    return said, bool(said["is_flat"])


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
