"""``maestro attribution``: what the change of equity came from, part by part."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backend.domain.equity_change import EquityChange, equity_changes, together
from backend.domain.errors import ConfigurationError
from maestro.backtest.attribution_page import attribution_page
from maestro.backtest.attribution_table import AttributionTable, By, Line, exact_table, shown_table
from maestro.backtest.cents import amount
from maestro.backtest.money_tables import uneven_words
from maestro.backtest.money_words import equity_words
from maestro.backtest.page import write_page
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.money_json import change_json, parts_json
from maestro.cli.span import FirstDay, LastDay, span
from maestro.cli.tables import plain_table

LAST_DAYS = 30
_GAP = 3  # columns of a terminal between two of a table


def attribution(
    first: FirstDay = None,
    last: LastDay = None,
    by: Annotated[By, typer.Option(help="What a line of the table is.")] = By.STRATEGY,
    tolerance: Annotated[float, typer.Option(min=0, help="Residual of a day that is still accepted.")] = 0.01,
    csv_file: Annotated[
        Path | None, typer.Option("--csv", help="Write the lines, with all digits, to this file.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page with chart and tables to this file.")] = None,
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show where the change of equity came from, over the last 30 closed days or those between --from and --to.

    Change of equity = signal + allocation + mode + override + crossing + slippage
    + fees, of every strategy, + external + residual. Residual is what nothing
    explains: where that of a day is above the tolerance, the days are named and
    the exit status is 1.

    The object of --json holds store, tenant, portfolio_id, days (how many),
    attribution (first_day, last_day, equity_from, equity_to, change and parts,
    null without a day), unexplained (day and residual where that is above the
    tolerance), and by_strategy or by_day. Money is decimal text.

    Example: maestro attribution --by day --from 2026-01-01 --to 2026-01-31
    """
    chosen = choose_store(store, tenant)
    changes = _read(chosen, span(first, last), is_bounded=first is not None)
    written = _write(changes, by, chosen, csv_file, html)
    unexplained = [each for each in changes if abs(each.residual) > Decimal(repr(tolerance))]
    if as_json:
        print(json.dumps(_json(chosen, changes, by, unexplained), indent=2))
    else:
        _print(chosen, changes, by, written)
    if unexplained:
        typer.echo(_complaint(unexplained, tolerance), err=True)
        raise typer.Exit(1)


def _read(chosen: ChosenStore, days: tuple[date, date], *, is_bounded: bool) -> tuple[EquityChange, ...]:
    """Read the days between, or the newest of them; strategies of the user's other portfolios are left out."""
    history, key = chosen.performances, chosen.key
    portfolio = history.portfolio_days(key, first=days[0], last=days[1])
    portfolio = [each for each in portfolio if each.previous_equity is not None][0 if is_bounded else -LAST_DAYS :]
    if not portfolio:
        return ()
    book = chosen.log.observe_book(key).book
    strategies = history.strategy_days(key, first=portfolio[0].day, last=portfolio[-1].day)
    return equity_changes(portfolio, (each for each in strategies if each.strategy_id in book.strategies))


def _complaint(unexplained: Sequence[EquityChange], tolerance: float) -> str:
    days = ", ".join(f"{each.first_day} ({each.residual:+,.4f})" for each in unexplained)
    return (
        f"residual: expected at most {tolerance:g} a day, found more on {days}; "
        "compare the broker's statement of these days with the ledger"
    )


def _write(
    changes: Sequence[EquityChange], by: By, chosen: ChosenStore, csv_file: Path | None, html: Path | None
) -> list[Path]:
    contents: list[tuple[Path, str]] = []
    for file in (csv_file, html):
        if file is not None and not changes:
            raise ConfigurationError(f"{file}: expected a closed day to write, found none; choose other days")
    if csv_file is not None:
        contents.append((csv_file, _csv(exact_table(changes, by))))
    if html is not None:
        key = chosen.key
        options = {"Store": chosen.name, "Tenant": key.tenant_id, "Portfolio": key.portfolio_id}
        title = f"Attribution of portfolio {key.portfolio_id}"
        contents.append((html, attribution_page(changes, title=title, options=options)))
    try:
        return [write_page(path, content) for path, content in contents]
    except OSError as e:
        raise ConfigurationError(
            f"{e.filename}: expected a file that can be written, found {e.strerror}; name another"
        ) from e


def _csv(table: AttributionTable) -> str:
    """Write the lines that add up to the change of equity, without their totals."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([table.heading.lower(), *table.columns, "total"])
    for line in (*table.lines, *table.below[:-1]):
        parts = [f"{part:f}" for part in line.parts] or [""] * len(table.columns)
        writer.writerow([line.name, *parts, f"{line.total:f}"])
    return text.getvalue()


def _json(
    chosen: ChosenStore, changes: Sequence[EquityChange], by: By, unexplained: Sequence[EquityChange]
) -> dict[str, Any]:
    said: dict[str, Any] = {
        "store": chosen.name,
        "tenant": chosen.key.tenant_id,
        "portfolio_id": chosen.key.portfolio_id,
        "days": len(changes),
        "attribution": change_json(together(changes)) if changes else None,
        "unexplained": [{"day": each.first_day.isoformat(), "residual": f"{each.residual:f}"} for each in unexplained],
    }
    if by is By.DAY:
        said["by_day"] = [change_json(each) for each in changes]
    if by is By.STRATEGY:
        strategies = together(changes).strategies if changes else {}
        said["by_strategy"] = {
            name: {**parts_json(each), "total": f"{each.total:f}"} for name, each in strategies.items()
        }
    return said


def _print(chosen: ChosenStore, changes: Sequence[EquityChange], by: By, written: Sequence[Path]) -> None:
    console = Console()
    key = chosen.key
    console.print(f"store {chosen.name}, tenant {key.tenant_id}, portfolio {key.portfolio_id}\n", highlight=False)
    if not changes:
        console.print("no closed day with an equity before it: run [bold]maestro close-day[/] or choose other days")
        return
    console.print(Text(equity_words(changes)))
    shown = shown_table(changes, by)
    for columns in _fitting(shown, console.width):
        console.print(_table(shown, columns, console))
    if note := uneven_words(shown):
        console.print(Text(note, style="dim"))
    for path in written:
        console.print(Text.assemble("written: ", (str(path), "bold")), soft_wrap=True)


def _fitting(shown: AttributionTable, width: int) -> list[list[int]]:
    """Divide the columns, the total last, over as many tables as the width asks for."""
    names = min(max(len(line.name) for line in shown.every), max(16, width - 52)) + _GAP
    groups: list[list[int]] = [[]]
    used = names
    for column in range(len(shown.columns) + 1):
        cells = [len(_cells(line, shown)[column]) for line in shown.every]
        needed = max(len(_titles(shown)[column]), *cells) + _GAP
        if groups[-1] and used + needed > width:
            groups.append([])
            used = names
        groups[-1].append(column)
        used += needed
    return groups


def _titles(shown: AttributionTable) -> list[str]:
    return [name.capitalize() for name in (*shown.columns, "total")]


def _cells(line: Line, shown: AttributionTable) -> list[str]:
    return [*(map(amount, line.parts) if line.parts else [""] * len(shown.columns)), amount(line.total)]


def _table(shown: AttributionTable, columns: Sequence[int], console: Console) -> Table:
    table = plain_table(console, "", [shown.heading], [_titles(shown)[column] for column in columns])
    for line in shown.every:
        if line is shown.total:
            table.add_section()
        style = "bold" if line in (shown.total, shown.last) else ""
        cells = _cells(line, shown)
        table.add_row(Text(line.name), *(cells[column] for column in columns), style=style)
    return table
