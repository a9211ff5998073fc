"""Sections on money that pages share: a chart's place, its tables, and the words above them."""

from collections.abc import Sequence
from dataclasses import replace

from backend.domain.equity_change import EquityChange
from backend.domain.shadow import Demotion
from maestro.backtest.attribution_table import By, shown_table
from maestro.backtest.demotion_table import demotion_table
from maestro.backtest.markup import Markup, escaped, options_list
from maestro.backtest.money_tables import attribution_markup, demotions_markup
from maestro.backtest.money_words import demotion_words, equity_words

MONEY, DEMOTIONS = "money", "demotions"  # names of the charts
GLOSSARY = (
    ("Signal", "the strategies’ signals at equal weights, filled at the observed prices, with dividends"),
    ("Allocation", "their own base weights instead, and what the account’s limits cut"),
    ("Mode", "the mode multipliers: less or no capital for a weak record"),
    ("Override", "entries held back by systemic sells, the trading state or expiry"),
    ("Crossing", "slippage spared because shares changed hands inside the fund"),
    ("Slippage", "fills against the observed prices, crossed shares as if they had been sent"),
    ("Fees", "what the broker charged"),
    ("External", "what Maestro did not do: other positions, deposits, interest"),
    ("Residual", "what nothing explains; a cent at most, or something is wrong"),
)


def money_section(changes: Sequence[EquityChange]) -> Markup:
    """Make a place for the waterfall, and the tables by strategy and of the account."""
    if not changes:
        return Markup('<p class="empty">No day with an equity before it was closed.</p>')
    tables = attribution_markup(shown_table(changes, By.STRATEGY), "By strategy, in dollars")
    return Markup(
        f'<p class="note">{unbroken(equity_words(changes))}</p>\n'
        + _chart(MONEY, "The parts of the change of equity, added up; the tables below hold the same numbers")
        + f'<div class="sideways" tabindex="0" role="region" aria-labelledby="money-title">{tables}</div>\n'
        + f'<details><summary>What the parts are</summary><dl class="options">{options_list(GLOSSARY)}</dl></details>'
    )


def unbroken(text: str) -> Markup:
    """Escape a sentence in which no line ends between a minus and its amount."""
    return Markup(escaped(text).replace("−", "−\u2060"))


def days_table(changes: Sequence[EquityChange]) -> Markup:
    """Make the table by day, newest first."""
    shown = shown_table(changes, By.DAY)
    newest_first = replace(shown, lines=shown.lines[::-1])
    return attribution_markup(newest_first, "By day, newest first, in dollars")


def demotions_section(demotions: Sequence[Demotion]) -> Markup:
    """Make a place for the bars by strategy, and the table of demotions."""
    shown = demotion_table(demotions)
    if not shown.newest_first:
        return Markup(f'<p class="empty">{escaped(demotion_words(shown.total))}</p>')
    return Markup(
        f'<p class="note">{unbroken(demotion_words(shown.total))}</p>\n'
        + _chart(DEMOTIONS, "What the demotions of each strategy saved or cost; each is listed in the table below")
        + '<div class="long" tabindex="0" role="region" aria-labelledby="demotions-title">'
        + f"{demotions_markup(shown)}</div>"
    )


def _chart(name: str, words: str) -> str:
    return f'<div class="chart" id="{name}" role="img" aria-label="{escaped(words)}"></div>\n'
