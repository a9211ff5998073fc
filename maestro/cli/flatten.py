"""``maestro flatten``: sell what strategies hold, and nothing that is not theirs."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.book import PortfolioBook
from backend.domain.command import Flatten
from backend.domain.errors import ConfigurationError, MaestroError
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.engine.flattening import ordered, wanted
from functions import bootstrap
from functions.in_flight import flattened
from maestro.cli.chosen_store import ChosenStore, JsonOption, choose_store
from maestro.cli.operator import (
    ByOption,
    CommandTenantOption,
    ReasonOption,
    WaitOption,
    WrittenStoreOption,
    YesOption,
    confirm,
    operator,
    print_orders,
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
    books = _books(chosen)
    meant = wanted(books, None if everything else frozenset(map(StrategyId, strategy or ())))
    holdings = _holdings(chosen, books, meant)
    if dry_run:
        _show(chosen, holdings, as_json)
        return
    if not as_json:
        _print_holdings(holdings, Console())
    confirm(f"Sell these for {chosen.key.tenant_id}, in {chosen.name}?", yes=yes)
    order = Flatten(by=operator(by), reason=reason, strategies=meant, is_all=everything)
    said = _carried_out(order, chosen, wait)
    if as_json:
        print(json.dumps({**said, "holdings": holdings}, indent=2))
    else:
        print_flattened(said, Console())
    if not said["is_flat"]:
        raise typer.Exit(4)


def flatten_all(chosen: ChosenStore, *, by: str, reason: str, wait: float) -> dict[str, Any]:
    """Sell out every strategy of every portfolio; return what came of it as JSON-ready values."""
    order = Flatten(by=by, reason=reason, strategies=wanted(_books(chosen), None), is_all=True)
    return _carried_out(order, chosen, wait)


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
    return {
        **flattened(chosen.settings, tenant_id, control, wait),
        "store": chosen.name,
        "tenant": tenant_id,
        "audit_sequence": obeyed.entry.sequence,
    }


def _books(chosen: ChosenStore) -> dict[PortfolioKey, PortfolioBook]:
    return {key: chosen.log.observe_book(key).book for key in chosen.control.portfolios(chosen.key.tenant_id)}


def _holdings(
    chosen: ChosenStore, books: Mapping[PortfolioKey, PortfolioBook], meant: Mapping[str, frozenset[StrategyId]]
) -> list[dict[str, Any]]:
    """Return what would be sold, at the newest prices where there are any."""
    found = [
        (key.portfolio_id, name, symbol, quantity)
        for key, book in books.items()
        for name in sorted(meant.get(key.portfolio_id, ()))
        for symbol, quantity in sorted(book.of(name).real.holdings().items())
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
