"""One HTML file that shows where the change of a portfolio's equity came from, without any network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from backend.domain.equity_change import EquityChange, together
from maestro.backtest.attribution_table import By, shown_table
from maestro.backtest.cents import cents, dollars, gain
from maestro.backtest.markup import options_list, tiles
from maestro.backtest.money_charts import waterfall
from maestro.backtest.money_sections import MONEY, days_table, money_section, unbroken
from maestro.backtest.money_words import parts_words
from maestro.backtest.page import page


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    days: tuple[date, ...]


def attribution_page(changes: Sequence[EquityChange], *, title: str, options: Mapping[str, str]) -> str:
    """Return the whole page.

    Parameters
    ----------
    changes : sequence of EquityChange
        Days that follow each other, oldest first, at least one.
    title : str
        The heading of the page.
    options : Mapping of str to str
        Where the days were read, shown at the end.

    Raises
    ------
    TrackRecordError
        There is no day, or one is missing between them.
    """
    table = shown_table(changes, By.TOTAL)
    first, last = changes[0].first_day, changes[-1].last_day
    return page(
        "attribution_page.html",
        title=title,
        subtitle=f"{first} to {last} · {len(changes):,} closed days",
        lead=unbroken(f"The account’s equity changed by {parts_words(changes)}."),
        figures={MONEY: waterfall(_Days(days=(first, last)), table)},
        parts={
            "tiles": tiles(_facts(changes)),
            "money": money_section(changes),
            "days": days_table(changes),
            "options": options_list(options.items()),
        },
    )


def _facts(changes: Sequence[EquityChange]) -> list[tuple[str, str, str]]:
    whole = together(changes)
    worst = max(changes, key=lambda each: abs(each.residual))
    best, weakest = (gain(cents(pick(each.change for each in changes))) for pick in (max, min))
    return [
        ("Equity", dollars(cents(whole.equity_to)), f"from {dollars(cents(whole.equity_from))}"),
        ("Change", gain(cents(whole.change)), unbroken(f"best day {best}, worst {weakest}")),
        ("Residual", gain(cents(whole.residual)), f"at most {dollars(cents(worst.residual))} on {worst.first_day}"),
    ]
