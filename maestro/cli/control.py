"""``maestro halt``, ``reduce-only``, ``resume`` and ``reset``: what trading is held down to, from any process."""

from typing import Annotated

import typer

from backend.domain.command import Halt, ReduceOnly, Reset, Resume
from backend.domain.guard import Breaker
from backend.domain.order import OrderState, Side
from backend.domain.tick import PortfolioKey
from maestro.cli.chosen_store import JsonOption, choose_store
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
from maestro.cli.trading_command import Done, finish, obey, restrict


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
    finish(restrict(chosen, order, lambda key, each: True, wait), as_json)


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
    finish(restrict(chosen, order, _is_entry, wait), as_json)


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
    done = obey(chosen, Resume(by=operator(by), reason=reason))
    finish(Done(chosen=chosen, obeyed=done), as_json)


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
    finish(Done(chosen=chosen, obeyed=obey(chosen, order)), as_json)


def _is_entry(_: PortfolioKey, order: OrderState) -> bool:
    return order.intent.side is Side.BUY
