"""Tables of where the change of equity came from: by strategy, by day, or in all.

``exact_table`` keeps every digit. ``shown_table`` is in cents: every line adds up, the totals of the lines add up,
and the three tables agree with each other; where a column of parts does not add up, ``uneven_cents`` tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum

from backend.domain.equity_change import EquityChange, together
from backend.domain.snapshot import ZERO, Attribution
from maestro.backtest.cents import adding_up, cents

PARTS = tuple(each.name for each in fields(Attribution))
CHANGE = "Change of equity"


class By(StrEnum):
    DAY = "day"
    STRATEGY = "strategy"
    TOTAL = "total"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a table; ``parts`` stand in its columns and add up to ``total``, or there are none."""

    name: str
    parts: tuple[Decimal, ...] = ()
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionTable:
    """``lines`` add up to ``total``, and it adds up with ``below`` to the last line: the change of equity."""

    heading: str
    columns: tuple[str, ...] = ()
    lines: tuple[Line, ...]
    total: Line
    below: tuple[Line, ...] = ()

    @property
    def every(self) -> tuple[Line, ...]:
        return (*self.lines, self.total, *self.below)

    @property
    def last(self) -> Line:
        return self.every[-1]

    @property
    def uneven_cents(self) -> int:
        """By how many cents a column differs at most from its total."""
        columns = zip(*(line.parts for line in self.lines), strict=True)
        gaps = [abs(sum(column) - total) for column, total in zip(columns, self.total.parts, strict=False)]
        return int(max(gaps, default=ZERO) * 100)


def exact_table(changes: Sequence[EquityChange], by: By) -> AttributionTable:
    """Set changes that follow each other, oldest first, out with all their digits.

    Raises
    ------
    TrackRecordError
        There is no change, or one is missing between them.
    """
    change, rest = together(changes), _rest(changes)
    if by is By.DAY:
        return AttributionTable(
            heading="Day",
            columns=(*PARTS, *rest),
            lines=tuple(_line(each.first_day.isoformat(), each, rest) for each in changes),
            total=_line(CHANGE, change, rest),
        )
    names = change.strategies.items()
    strategies = AttributionTable(
        heading="Strategy",
        columns=PARTS,
        lines=tuple(Line(name=name, parts=_parts(parts), total=parts.total) for name, parts in names),
        total=Line(name="All strategies", parts=_parts(change.attribution), total=change.attribution.total),
        below=(
            *(Line(name=name.capitalize(), total=getattr(change, name)) for name in rest),
            Line(name=CHANGE, total=change.change),
        ),
    )
    return strategies if by is By.STRATEGY else _in_all(strategies)


def shown_table(changes: Sequence[EquityChange], by: By) -> AttributionTable:
    """Set changes out in cents; see :func:`exact_table`."""
    exact = exact_table(changes, By.STRATEGY)
    change = cents(exact.last.total)
    total, *below = adding_up([exact.total.total, *(line.total for line in exact.below[:-1])], change)
    strategies = replace(
        _with_total(exact, _rounded(exact.total, total)),
        below=tuple(_rounded(line, each) for line, each in zip(exact.below, (*below, change), strict=True)),
    )
    if by is By.STRATEGY:
        return strategies
    in_all = _in_all(strategies)
    if by is By.TOTAL:
        return in_all
    bottom = Line(name=CHANGE, parts=tuple(line.total for line in in_all.lines), total=change)
    return _with_total(exact_table(changes, By.DAY), bottom)


def _rest(changes: Sequence[EquityChange]) -> tuple[str, ...]:
    """Name what no strategy's parts hold; most portfolios have nothing unattributed, ever."""
    return (*(("unattributed",) if any(each.unattributed for each in changes) else ()), "external", "residual")


def _parts(parts: Attribution) -> tuple[Decimal, ...]:
    return tuple(getattr(parts, name) for name in PARTS)


def _line(name: str, change: EquityChange, rest: Sequence[str]) -> Line:
    parts = (*_parts(change.attribution), *(getattr(change, each) for each in rest))
    return Line(name=name, parts=parts, total=change.change)


def _in_all(strategies: AttributionTable) -> AttributionTable:
    """Turn the totals of a table by strategy into lines."""
    parts = zip(strategies.columns, strategies.total.parts, strict=True)
    *rest, change = strategies.below
    return AttributionTable(
        heading="Part",
        lines=(*(Line(name=name.capitalize(), total=value) for name, value in parts), *rest),
        total=change,
    )


def _with_total(table: AttributionTable, total: Line) -> AttributionTable:
    """Round the lines of a table so that they add up to a total in cents."""
    totals = adding_up([line.total for line in table.lines], total.total)
    lines = tuple(_rounded(line, each) for line, each in zip(table.lines, totals, strict=True))
    return replace(table, lines=lines, total=total)


def _rounded(line: Line, total: Decimal) -> Line:
    return replace(line, parts=adding_up(line.parts, total), total=total)
