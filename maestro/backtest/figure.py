"""The parts that every chart of a report is made of, as plain JSON-ready Plotly dictionaries.

A colour is the name of a CSS variable (``--maestro``); the page resolves it, so that one figure serves both
colour schemes. All figures share the range of the time axis and its margins, so that days stand below each other.
"""

import html
import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

Figure = dict[str, Any]

_STRATEGY_COLOURS = 8
_CLEAR = "rgba(0,0,0,0)"


class Dated(Protocol):
    """What has one value a day: the outcome of a replay, the record of a strategy."""

    @property
    def days(self) -> Sequence[date]: ...


def figure(dated: Dated, data: list[Figure], height: int, **layout: Any) -> Figure:
    """Put traces on the time axis of ``dated``; ``height`` in pixels, ``layout`` as Plotly names it."""
    return {
        "data": data,
        "layout": {
            "height": height,
            "margin": {"l": 48, "r": 8, "t": 8, "b": 28},
            "paper_bgcolor": _CLEAR,
            "plot_bgcolor": _CLEAR,
            "font": {"color": "--muted", "size": 12},
            "showlegend": False,
            "hovermode": "x unified",
            "hoverlabel": {"bgcolor": "--surface", "bordercolor": "--grid", "font": {"color": "--ink"}},
            "xaxis": time_axis(dated),
            **layout,
        },
    }


def time_axis(dated: Dated) -> Figure:
    day = timedelta(days=1)
    first, last = dated.days[0], dated.days[-1] + day
    return {
        "type": "date",
        "range": [first.isoformat(), last.isoformat()],
        "gridcolor": "--grid",
        "linecolor": "--grid",
        "hoverformat": "%a %-d %b %Y",
        "nticks": 8,
        "zeroline": False,
        "spikecolor": "--muted",
        "spikethickness": 1,
    }


def value_axis(**more: Any) -> Figure:
    """Make a vertical axis; it keeps its range, only time is zoomed."""
    return {"zeroline": False, "fixedrange": True, **more}


def line(
    dated: Dated,
    values: Iterable[float | None],
    name: str,
    colour: str,
    *,
    hover: str,
    width: float = 1.8,
    dash: str = "solid",
) -> Figure:
    """Draw one value a day; NaN and None leave a gap. ``name`` is data: it is escaped here."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": html.escape(name),
        "x": [day.isoformat() for day in dated.days],
        "y": [finite(value) for value in values],
        "line": {"color": colour, "width": width, "dash": dash},
        "hovertemplate": hover,
    }


def label(text: str, **place: Any) -> Figure:
    """Write ``text`` at the left edge of the plot; ``place`` holds y and anchors."""
    return {
        "text": html.escape(text),
        "x": 0,
        "xref": "paper",
        "xanchor": "left",
        "showarrow": False,
        "font": {"color": "--ink", "size": 12},
        "align": "left",
        **place,
    }


def strategy_colour(position: int) -> str:
    return f"--s{position % _STRATEGY_COLOURS}"


def is_colour_reused(position: int) -> bool:
    return position >= _STRATEGY_COLOURS


def finite(value: float | None) -> float | None:
    """Return a number that JSON can hold, in at most eight significant digits."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{float(value):.8g}")


def lanes_of(names: Sequence[str], paths: Iterable[str]) -> list[str]:
    """Keep the strategies that have a path, in their order."""
    known = set(paths)
    return [name for name in names if name in known]
