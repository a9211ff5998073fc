"""Charts of money, one lane for each amount: where the change of equity came from, what demotions saved or cost."""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from maestro.backtest.attribution_table import AttributionTable
from maestro.backtest.cents import gain
from maestro.backtest.demotion_table import DemotionTable
from maestro.backtest.figure import Dated, Figure, figure, label, value_axis

_LANE, _AXIS = 46, 36  # pixels
_BAR = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    """An amount drawn from ``base`` on, with its name on the left and its words on the right of its lane."""

    name: str
    words: str
    value: float
    base: float = 0.0
    colour: str
    hover: str = ""


def waterfall(dated: Dated, total: AttributionTable) -> Figure:
    """Draw each part from where the one before it ended, down to the change that they add up to.

    Parameters
    ----------
    dated : Dated
        The days that the amounts are of.
    total : AttributionTable
        The parts in all (``By.TOTAL``), in cents.
    """
    ends = list(accumulate((line.total for line in total.lines), initial=Decimal(0)))
    parts = [
        _Bar(
            name=line.name,
            words=gain(line.total),
            value=float(line.total),
            base=float(base),
            colour=_colour(line.total),
        )
        for line, base in zip(total.lines, ends, strict=False)
    ]
    change = total.total
    whole = _Bar(name=change.name, words=gain(change.total), value=float(change.total), colour="--ink")
    drawn = _lanes(dated, [*parts, whole])
    drawn["layout"]["shapes"] += [_step(lane, float(end)) for lane, end in enumerate(ends[1:])]
    return drawn


def saved_bars(dated: Dated, demotions: DemotionTable) -> Figure:
    """Draw what the demotions of each strategy saved, to the right, or cost, to the left."""
    return _lanes(
        dated,
        [
            _Bar(
                name=name,
                words=gain(each.saved),
                hover=f"{each.count:,} demotions, {each.days:,} days in shadow",
                value=float(each.saved),
                colour=_colour(each.saved),
            )
            for name, each in demotions.by_strategy.items()
        ],
    )


def _colour(amount: Decimal) -> str:
    return "--benchmark" if amount < 0 else "--maestro"


def _lanes(dated: Dated, bars: Sequence[_Bar]) -> Figure:
    colours = sorted({bar.colour for bar in bars})
    edges = [0.0, *(bar.base for bar in bars), *(bar.base + bar.value for bar in bars)]
    low, high = min(edges), max(edges)
    margin = (high - low or 1.0) * 0.02
    axis = {
        "type": "linear",
        "range": [low - margin, high + margin],
        "tickformat": "$~s",
        "nticks": 6,
        "gridcolor": "--grid",
        "zeroline": False,
        "fixedrange": True,
    }
    texts = [each for lane, bar in enumerate(bars) for each in _texts(lane, bar)]
    return figure(
        dated,
        [_trace(bars, colour) for colour in colours],
        _AXIS + _LANE * max(len(bars), 1),
        xaxis=axis,
        yaxis=value_axis(range=[max(len(bars), 1) - 0.5, -0.8], showticklabels=False, showgrid=False),
        shapes=[_zero()],
        annotations=texts,
        hovermode="closest",
        barmode="overlay",
        margin={"l": 8, "r": 8, "t": 8, "b": 28},
    )


def _trace(bars: Sequence[_Bar], colour: str) -> Figure:
    mine = [(lane, bar) for lane, bar in enumerate(bars) if bar.colour == colour]
    return {
        "type": "bar",
        "orientation": "h",
        "name": "",
        "y": [lane for lane, _ in mine],
        "x": [bar.value for _, bar in mine],
        "base": [bar.base for _, bar in mine],
        "width": [_BAR] * len(mine),
        "marker": {"color": colour, "line": {"width": 0}},
        "hovertext": ["<br>".join(_hover(bar)) for _, bar in mine],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _hover(bar: _Bar) -> Iterator[str]:
    yield f"<b>{html.escape(bar.name)}</b>"
    yield from (html.escape(words) for words in (bar.words, bar.hover) if words)


def _texts(lane: int, bar: _Bar) -> tuple[Figure, Figure]:
    place = {"y": lane - 0.24, "yanchor": "bottom", "bgcolor": "--surface"}
    return label(bar.name, **place), label(bar.words, **place, x=1, xanchor="right", align="right")


def _zero() -> Figure:
    return {
        "type": "line",
        "layer": "below",
        "x0": 0,
        "x1": 0,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "line": {"color": "--muted", "width": 1},
    }


def _step(lane: int, at: float) -> Figure:
    """Lead from the end of one bar down to the next."""
    place = {"x0": at, "x1": at, "y0": lane, "y1": lane + 1}
    return {"type": "line", "layer": "below", **place, "line": {"color": "--muted", "width": 1, "dash": "dot"}}
