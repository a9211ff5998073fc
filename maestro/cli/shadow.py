"""``maestro shadow``: what every demotion saved or cost, and what is held virtually now."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from backend.domain.book import PortfolioBook
from backend.domain.errors import ConfigurationError
from backend.domain.lots import Lot, total
from backend.domain.shadow import Demotion, demotions
from backend.domain.signal import StrategyId, Symbol
from backend.domain.snapshot import ZERO
from maestro.backtest.cents import amount
from maestro.backtest.demotion_table import DemotionSum, DemotionTable, demotion_table
from maestro.backtest.money_tables import LASTING
from maestro.backtest.money_words import demotion_words
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.money_json import demotion_json, demotions_json
from maestro.cli.span import FirstDay, LastDay, span
from maestro.cli.tables import plain_table

_MONEY = ["Real P&L", "Virtual P&L", "Saved"]
_WIDE = 96  # columns from which all money of a demotion fits beside its days


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shadow:
    """Demotions, oldest first, and by strategy in shadow the lots of its virtual sleeve."""

    demotions: Sequence[Demotion]
    holdings: dict[StrategyId, dict[Symbol, tuple[Lot, ...]]]


def shadow(
    strategy: Annotated[str | None, typer.Argument(metavar="STRATEGY", help="One strategy; all when left out.")] = None,
    first: FirstDay = None,
    last: LastDay = None,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what every demotion to SHADOW_MODE saved or cost, newest first.

    Saved is real P&L − virtual P&L, from the day of the demotion to that of the
    promotion: what the strategy's real sleeve made, less what its signals would
    have made. A minus is what the demotion cost. --from and --to choose the
    demotions that were in force in between; each is counted whole.

    The object of --json holds store, tenant, portfolio_id, demotions (strategy,
    since, until, null while it lasts, days, real_pnl, virtual_pnl, saved),
    strategies and total (count, lasting, days and the same money), and
    virtual_holdings: of each strategy in shadow now symbol, quantity and cost.
    Money is decimal text.

    Example: maestro shadow rsi_reversion --from 2026-01-01
    """
    start, end = span(first, last)
    chosen = choose_store(store, tenant)
    said = _read(chosen, None if strategy is None else StrategyId(strategy))
    in_force = [each for each in said.demotions if each.since <= end and (each.until is None or each.until >= start)]
    if as_json:
        print(json.dumps(_json(chosen, said, in_force), indent=2))
        return
    console = Console()
    console.print(f"store {chosen.name}, tenant {chosen.key.tenant_id}\n", highlight=False)
    _print_demotions(demotion_table(in_force), console)
    _print_holdings(said, console)


def _read(chosen: ChosenStore, name: StrategyId | None) -> _Shadow:
    """Read every day on record: a demotion is counted whole, whenever it began."""
    book = chosen.log.observe_book(chosen.key).book
    if name is not None and name not in book.strategies:
        raise _unknown(name, book)
    days = chosen.performances.strategy_days(chosen.key, first=date.min, last=date.max, strategy=name)
    return _Shadow(
        demotions=demotions(each for each in days if each.strategy_id in book.strategies),
        holdings={
            known: dict(standing.traded.lots)
            for known, standing in sorted(book.strategies.items())
            if standing.is_in_shadow and name in (None, known)
        },
    )


def _unknown(name: StrategyId, book: PortfolioBook) -> ConfigurationError:
    near = get_close_matches(name, book.strategies, n=3, cutoff=0.4)
    known = ", ".join(sorted(book.strategies)) or "none yet"
    hint = f"did you mean {' or '.join(near)}?" if near else f"its strategies: {known}"
    return ConfigurationError(f"STRATEGY: expected a strategy of the portfolio, found {str(name)!r}; {hint}")


def _json(chosen: ChosenStore, said: _Shadow, in_force: Sequence[Demotion]) -> dict[str, Any]:
    names = sorted({each.strategy for each in in_force})
    return {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "portfolio_id": chosen.key.portfolio_id,
        "demotions": [demotion_json(each) for each in reversed(in_force)],
        "strategies": {name: demotions_json([each for each in in_force if each.strategy == name]) for name in names},
        "total": demotions_json(in_force),
        "virtual_holdings": {
            name: [
                {"symbol": symbol, "quantity": f"{total(held):f}", "cost": f"{_cost(held):f}"}
                for symbol, held in sorted(lots.items())
            ]
            for name, lots in said.holdings.items()
        },
    }


def _cost(lots: Sequence[Lot]) -> Decimal:
    return sum((lot.quantity * lot.price for lot in lots), ZERO)


def _shares(lots: Sequence[Lot]) -> str:
    return f"{total(lots).normalize():,f}".replace("-", "−")


def _print_demotions(shown: DemotionTable, console: Console) -> None:
    console.print(Text(demotion_words(shown.total)))
    if not shown.newest_first:
        console.print(Text("A strategy goes there when its Sharpe ratio falls below the threshold.", style="dim"))
        return
    shown_money = _MONEY if console.width >= _WIDE else _MONEY[-1:]
    table = plain_table(console, "", ["Strategy", "Since", "Until"], ["Days", *shown_money])
    for each in shown.newest_first:
        stay = each.demotion
        days = (stay.since.isoformat(), LASTING if stay.until is None else stay.until.isoformat())
        money = [amount(value) for value in (each.real_pnl, each.virtual_pnl, each.saved)]
        table.add_row(Text(stay.strategy), *days, f"{stay.days:,}", *money[-len(shown_money) :])
    console.print(table)
    table = plain_table(console, "By strategy", ["Strategy"], ["Times", "Days", *_MONEY])
    for name, added in shown.by_strategy.items():
        table.add_row(Text(name), *_sum_cells(added))
    table.add_section()
    table.add_row("All", *_sum_cells(shown.total), style="bold")
    console.print(table)


def _sum_cells(added: DemotionSum) -> tuple[str, ...]:
    money = map(amount, (added.real_pnl, added.virtual_pnl, added.saved))
    return (f"{added.count:,}", f"{added.days:,}", *money)


def _print_holdings(said: _Shadow, console: Console) -> None:
    if not said.holdings:
        console.print("\nNo strategy is in shadow now.")
        return
    table = plain_table(console, "Held virtually now", ["Strategy", "Symbol"], ["Quantity", "Cost"])
    for name, lots in said.holdings.items():
        for symbol, held in sorted(lots.items()):
            table.add_row(Text(name), Text(symbol), _shares(held), amount(_cost(held)))
        if not lots:
            table.add_row(Text(name), "nothing", "", "")
    console.print(table)
