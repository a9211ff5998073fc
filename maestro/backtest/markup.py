"""HTML of the tables, tiles and legends of a report; every text that is data is escaped here.

A plain ``str`` is text. ``Markup`` is HTML that was made here and is passed through.
"""

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.domain.mode import Mode
from maestro.backtest.notation import mode_words


class Markup(str):
    """HTML that is safe as it stands."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    title: str
    is_number: bool = False


def escaped(text: str) -> Markup:
    return text if isinstance(text, Markup) else Markup(html.escape(text))


def table(caption: str, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: str) -> Markup:
    """Make a table whose first column heads its rows; on a narrow screen each row becomes a card.

    The roles are spelt out because a browser forgets them when a style sheet changes ``display``.
    """
    body = "\n".join(_row(columns, row) for row in rows)
    if not body:
        return Markup(f'<p class="empty">{escaped(empty)}</p>')
    heads = "".join(
        f'<th scope="col" role="columnheader"{_kind(column)}>{escaped(column.title)}</th>' for column in columns
    )
    return Markup(
        f'<table role="table"><caption>{escaped(caption)}</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>\n<tbody role="rowgroup">\n{body}\n</tbody></table>'
    )


def _row(columns: Sequence[Column], row: Sequence[str]) -> str:
    cells = []
    for position, (column, cell) in enumerate(zip(columns, row, strict=True)):
        attributes = f'data-label="{escaped(column.title)}"{_kind(column)}'
        if position == 0:
            cells.append(f'<th scope="row" role="rowheader" {attributes}>{escaped(cell)}</th>')
        else:
            cells.append(f'<td role="cell" {attributes}>{escaped(cell)}</td>')
    return f'<tr role="row">{"".join(cells)}</tr>'


def _kind(column: Column) -> str:
    return ' class="number"' if column.is_number else ""


def tiles(facts: Iterable[tuple[str, str, str]]) -> Markup:
    """Make the tiles on top: name, value, and what to compare it with."""
    return Markup(
        "\n".join(
            f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}<small>{escaped(beside)}</small></dd></div>"
            for name, value, beside in facts
        )
    )


def legend(entries: Iterable[tuple[str, str, str]]) -> Markup:
    """Make a legend: kind of swatch (a CSS class), colour (a CSS variable) and words."""
    return Markup(
        "".join(
            f'<li><span class="swatch {kind}" style="--swatch: var({colour})"></span>{escaped(words)}</li>'
            for kind, colour, words in entries
        )
    )


def mode_badge(mode: str) -> Markup:
    kind = mode.removesuffix("_MODE").lower() if mode in set(Mode) else "unknown"
    return Markup(f'<span class="mode {kind}">{escaped(mode_words(mode))}</span>')


def options_list(options: Iterable[tuple[str, str]]) -> Markup:
    return Markup("".join(f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>" for name, value in options))
