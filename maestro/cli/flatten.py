"""``maestro flatten``: sell what strategies hold, and nothing that is not theirs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.command import Flatten
from backend.domain.errors import ConfigurationError, MaestroError
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.engine.flattening import Flattened, busy, ordered
from backend.engine.flattening import flatten as carry_out
from functions import bootstrap
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
from maestro.cli.tables import plain_table

Holding = Mapping[str, Any]


def flatten(
    reason: ReasonOption,
    strategy: Annotated[list[str] | None, typer.Option(help="Strategy to sell out; repeatable.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every strategy of every portfolio; only exits go out from then on.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sold, and change nothing.")] = False,
    wait: WaitOption = 60.0,
    by: ByOption = None,
    yes: YesOption = False,
    store: WrittenStoreOption = None,
    tenant: CommandTenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sell what strategies hold, whatever their mode and even while trading is halted. EXTERNAL is left alone.

    The order stands in the store, so every later tick carries on with it: nothing is lost when this process ends, and
    running it again goes on with what is left. A strategy that was sold out alone may enter again at the next tick.
    Exits with 4 while something is left to be sold, as when the market is closed.

    Example: maestro flatten --strategy rsi_reversion --reason "model broke" --dry-run
    """
    if everything == bool(strategy):
        raise ConfigurationError("flatten: expected either --all or --strategy NAME, found both or none; choose one")
    chosen = choose_store(store, tenant, demo=False)
    keys = tuple(chosen.control.portfolios(chosen.key.tenant_id))
    wanted = _wanted(chosen, keys, None if everything else frozenset(map(StrategyId, strategy or ())))
    holdings = _holdings(chosen, keys, wanted)
    if dry_run:
        _show(chosen, holdings, as_json)
        return
    if not as_json:
        _print_holdings(holdings, Console())
    confirm(f"Sell these for {chosen.key.tenant_id}, in {chosen.name}?", yes=yes)
    order = Flatten(by=operator(by), reason=reason, strategies=wanted, is_all=everything)
    said = _carried_out(order, chosen, wait)
    if as_json:
        print(json.dumps({**said, "holdings": holdings}, indent=2))
    else:
        print_flattened(said, Console())
    if not said["is_flat"]:
        raise typer.Exit(4)


def flatten_all(chosen: ChosenStore, *, by: str, reason: str, wait: float) -> dict[str, Any]:
    """Sell out every strategy of every portfolio; return what came of it as JSON-ready values."""
    keys = tuple(chosen.control.portfolios(chosen.key.tenant_id))
    wanted = _wanted(chosen, keys, None)
    return _carried_out(Flatten(by=by, reason=reason, strategies=wanted, is_all=True), chosen, wait)


def _carried_out(order: Flatten, chosen: ChosenStore, wait: float) -> dict[str, Any]:
    """Write the order down first, whatever the broker does; then sell."""
    tenant_id, control = chosen.key.tenant_id, chosen.control
    obeyed = ordered(
        order,
        tenant_id=tenant_id,
        control=control,
        book_of=lambda key: chosen.log.observe_book(key).book,
        now=lambda: datetime.now(UTC),
    )
    done, fault = None, ""
    keys = tuple(control.portfolios(tenant_id))
    try:
        done = carry_out(desks(chosen, keys), control, patience(wait)) if keys else None
    except MaestroError as e:
        fault = told(e)
    return {**_json(done, fault), "store": chosen.name, "tenant": tenant_id, "audit_sequence": obeyed.entry.sequence}


def _wanted(
    chosen: ChosenStore, keys: tuple[PortfolioKey, ...], names: frozenset[StrategyId] | None
) -> dict[str, frozenset[StrategyId]]:
    """Return, by portfolio, the strategies to sell out that hold something or have an order under way."""
    wanted: dict[str, frozenset[StrategyId]] = {}
    known: set[str] = set()
    for key in keys:
        book = chosen.log.observe_book(key).book
        known |= book.strategies.keys()
        wanted[key.portfolio_id] = busy(book) if names is None else busy(book) & names
    unknown = sorted((names or frozenset()) - known)
    if unknown:
        raise ConfigurationError(
            f"--strategy: expected one of {', '.join(sorted(known)) or 'none yet'}, found {', '.join(unknown)}; "
            "see maestro status"
        )
    return {portfolio: found for portfolio, found in wanted.items() if found}


def _holdings(
    chosen: ChosenStore, keys: tuple[PortfolioKey, ...], wanted: Mapping[str, frozenset[StrategyId]]
) -> list[dict[str, Any]]:
    """Return what would be sold, at the newest prices where there are any."""
    found = [
        (key.portfolio_id, name, symbol, quantity)
        for key in keys
        for name in sorted(wanted.get(key.portfolio_id, ()))
        for symbol, quantity in sorted(chosen.log.observe_book(key).book.of(name).real.holdings().items())
    ]
    if not found:
        return []
    symbols = sorted({symbol for _, _, symbol, _ in found})
    try:
        prices = bootstrap.bars(chosen.settings, chosen.key.tenant_id).latest(symbols, at=datetime.now(UTC))
    except MaestroError:  # what is sold does not depend on what it may be worth
        prices = {}
    return [
        {
            "portfolio_id": portfolio,
            "strategy": str(name),
            "symbol": str(symbol),
            "qty": str(quantity),
            "value": str((quantity * prices[symbol]).quantize(Decimal("0.01"))) if symbol in prices else None,
        }
        for portfolio, name, symbol, quantity in found
    ]


def _show(chosen: ChosenStore, holdings: list[dict[str, Any]], as_json: bool) -> None:
    trading, _ = chosen.control.trading(chosen.key.tenant_id)
    external = {str(symbol): str(quantity) for symbol, quantity in trading.external.items()}
    if as_json:
        said = {"store": chosen.name, "tenant": chosen.key.tenant_id, "dry_run": True}
        print(json.dumps({**said, "holdings": holdings, "external": external}, indent=2))
        return
    console = Console()
    _print_holdings(holdings, console)
    if external:
        left = ", ".join(f"{symbol} {quantity}" for symbol, quantity in external.items())
        console.print(f"left alone, EXTERNAL: {left}", highlight=False)
    console.print("dry run: nothing was changed", highlight=False)


def _print_holdings(holdings: list[dict[str, Any]], console: Console) -> None:
    if not holdings:
        console.print("no strategy holds anything", highlight=False)
        return
    table = plain_table(console, "To be sold", ["Portfolio", "Strategy", "Symbol"], ["Quantity", "Value"])
    for each in holdings:
        value = "–" if each["value"] is None else f"${Decimal(each['value']):,.2f}"
        table.add_row(each["portfolio_id"], each["strategy"], each["symbol"], each["qty"], value)
    console.print(table)


def _json(done: Flattened | None, fault: str) -> dict[str, Any]:
    faults = [fault] if fault else []
    if done is None:
        return {
            "is_flat": not fault,
            "exits": [],
            "withdrawn": [],
            "left": {},
            "seconds_to_flat": None,
            "faults": faults,
        }
    return {
        "is_flat": done.is_flat,
        "exits": [order_json(each) for each in done.exits],
        "withdrawn": [order_json(each) for each in done.withdrawn.orders],
        "left": {portfolio: sorted(names) for portfolio, names in done.left.items()},
        "seconds_to_flat": done.took.total_seconds() if done.is_flat else None,
        "faults": [*faults, *done.withdrawn.faults, *done.faults],
    }


def print_flattened(said: dict[str, Any], console: Console) -> None:
    print_orders([*said["withdrawn"], *said["exits"]], console)
    if said["is_flat"]:
        took = said["seconds_to_flat"]
        console.print(f"flat after {took:.1f} s" if took is not None else "nothing to sell", highlight=False)
    for portfolio, names in said["left"].items():
        console.print(
            f"left in {portfolio}: {', '.join(names)}; the next tick carries on, or run this again", highlight=False
        )
    for fault in said["faults"]:
        console.print(fault, style="red", highlight=False, markup=False)
