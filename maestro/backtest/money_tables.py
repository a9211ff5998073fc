"""HTML tables of money: where the change of equity came from, what demotions saved or cost."""

from collections.abc import Iterable, Sequence

from maestro.backtest.attribution_table import AttributionTable, Line
from maestro.backtest.cents import amount
from maestro.backtest.demotion_table import DemotionTable
from maestro.backtest.markup import Column, Markup, escaped, table

LASTING = "lasts"


def attribution_markup(attribution: AttributionTable, caption: str) -> Markup:
    """Make a table in cents with its total in bold, and one of what is below it: the way to the change of equity."""
    columns = [_words(attribution.heading), *map(_number, (*attribution.columns, "total"))]
    lines = [_cells(line) for line in attribution.lines]
    made = [table(caption, columns, [*lines, _bold(_cells(attribution.total))], empty="No strategy was run.")]
    if attribution.below:
        total = attribution.total
        account = [_cells(Line(name=line.name, total=line.total)) for line in (total, *attribution.below)]
        columns = [Column(title="Account"), _number("total")]
        made.append(table("From the strategies to the account", columns, _with_last_bold(account), empty=""))
    note = uneven_words(attribution)
    return Markup("".join([*made, f'<p class="note">{escaped(note)}</p>' if note else ""]))


def uneven_words(attribution: AttributionTable) -> str:
    """Say by how much columns do not add up; nothing where they do."""
    off = attribution.uneven_cents
    if not off:
        return ""
    return f"Rounded to the cent: a column of parts may differ by {off} cent{'s' if off > 1 else ''} from its total."


def _words(name: str) -> Column:
    return Column(title=name.capitalize())


def _number(name: str) -> Column:
    return Column(title=name.capitalize(), is_number=True)


def _cells(line: Line) -> list[str]:
    return [line.name, *map(amount, line.parts), amount(line.total)]


def _bold(cells: Iterable[str]) -> list[Markup]:
    return [Markup(f"<strong>{escaped(cell)}</strong>") for cell in cells]


def _with_last_bold(rows: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    return [*rows[:-1], _bold(rows[-1])]


def demotions_markup(demotions: DemotionTable) -> Markup:
    """Make the table of demotions, newest first."""
    texts = [Column(title=title) for title in ("Strategy", "Since", "Until")]
    numbers = [Column(title=title, is_number=True) for title in ("Days", "Real P&L", "Virtual P&L", "Saved")]
    rows = [
        (
            each.demotion.strategy,
            each.demotion.since.isoformat(),
            LASTING if each.demotion.until is None else each.demotion.until.isoformat(),
            f"{each.demotion.days:,}",
            amount(each.real_pnl),
            amount(each.virtual_pnl),
            amount(each.saved),
        )
        for each in demotions.newest_first
    ]
    return table("Demotions, newest first, in dollars", [*texts, *numbers], rows, empty="No strategy was in shadow.")
