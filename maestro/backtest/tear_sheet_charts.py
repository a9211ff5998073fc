"""The charts of a tear sheet: compounded returns, drawdown and rolling Sharpe ratio, each over the modes in force."""

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

import numpy as np

from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from backend.domain.snapshot import StrategyPerformanceSnapshot
from maestro.backtest.figure import Figure, figure, finite, line, value_axis
from maestro.backtest.lanes import mode_bars
from maestro.backtest.mode_rule import Level, mode_rule
from maestro.backtest.notation import change, ratio
from maestro.backtest.sharpe_band import SharpeBand, sharpe_bands_seen_on
from maestro.backtest.strategy_record import StrategyRecord, drawdowns, wealth

SHARPE_EDGE = 10.0  # the axis ends here at the latest; a line beyond it rests on its edge
_STRIP = 0.07  # the part of a chart's height that the modes below it take
_DAY = timedelta(days=1)
_FEW_DAYS = timedelta(days=12)  # below it an axis would show hours
_GRID: Figure = {"gridcolor": "--grid", "nticks": 6}


def tear_sheet_charts(record: StrategyRecord, policy: DecisionPolicy) -> dict[str, Figure]:
    """Build the charts by name, in the order in which the page shows them."""
    return {"equity": _equity(record), "drawdown": _drawdown(record), "sharpe": _sharpe(record, policy)}


def _equity(record: StrategyRecord) -> Figure:
    path = [0.0, *(value - 1.0 for value in wealth(record.returns).tolist())]
    words = [_day_words(each) for each in record.snapshots]
    data = [
        _stretches(record, path, "real", "--maestro", is_virtual=False),
        _stretches(record, path, "virtual", "--mode-shadow", is_virtual=True),
        _hover(record, path[1:], "%{y:+.1%} since the start<br>%{customdata}", words),
    ]
    return _chart(record, data, 320, value_axis(tickformat="+.0%", **_GRID))


def _day_words(day: StrategyPerformanceSnapshot) -> str:
    brought = "no return" if day.daily_return is None else f"{change(day.daily_return)} on the day"
    return ", ".join([brought, "virtual" if day.is_virtual else "real", *([day.mode.value] if day.mode else [])])


def _drawdown(record: StrategyRecord) -> Figure:
    depths = [0.0, *drawdowns(record.returns).tolist()]
    drawn = line(record, depths, "Drawdown", "--maestro", hover="%{y:.1%}<extra></extra>")
    drawn |= {"x": [day.isoformat() for day in _instants(record)], "fill": "tozeroy", "fillcolor": "--maestro-soft"}
    return _chart(record, [drawn], 220, value_axis(tickformat=".0%", rangemode="tozero", **_GRID))


def _sharpe(record: StrategyRecord, policy: DecisionPolicy) -> Figure:
    days, rule = record.days, mode_rule(policy)
    seen = sharpe_bands_seen_on(days, record, policy)
    shown = [each if each.n >= rule.min_returns and math.isfinite(each.sharpe) else None for each in seen]
    low, high = _sharpe_range(shown, [level.value for level in rule.levels])
    ratios = [None if each is None else min(max(each.sharpe, low), high) for each in shown]
    data = [
        _area(days, shown, low, high),
        line(record, ratios, "Sharpe", "--maestro", hover="") | {"hoverinfo": "skip"},
        _hover(record, ratios, "Sharpe %{customdata}", ["" if each is None else _band_words(each) for each in shown]),
    ]
    drawn = _chart(record, data, 320, value_axis(range=[low, high], **_GRID))
    drawn["layout"]["shapes"] += [_level(level) for level in rule.levels]
    return drawn


def _band_words(band: SharpeBand) -> str:
    """Write a ratio with its band and the number of returns behind it."""
    within = f", 95%: {ratio(band.low)} to {ratio(band.high)}" if math.isfinite(band.low) else ""
    return f"{ratio(band.sharpe)}{within}, n={band.n}"


def _sharpe_range(shown: Sequence[SharpeBand | None], levels: Sequence[float]) -> tuple[float, float]:
    """Show every level and most of what there is: a few wild days shall not flatten the others."""
    values = [value for each in shown if each is not None for value in (each.low, each.sharpe, each.high)]
    known = [value for value in values if math.isfinite(value)]
    low, high = np.quantile(known, [0.02, 0.98]).tolist() if known else (0.0, 0.0)
    # A level beyond the edge moves the edge.
    return min(max(low, -SHARPE_EDGE), min(levels) - 0.5), max(min(high, SHARPE_EDGE), max(levels) + 0.5)


def _area(days: Sequence[date], shown: Sequence[SharpeBand | None], low: float, high: float) -> Figure:
    """Fill the band, one closed shape for each run of days that have one."""
    x: list[str | None] = []
    y: list[float | None] = []
    pairs = [(day, band) for day, band in zip(days, shown, strict=True)]
    for has_band, run in groupby(pairs, key=lambda pair: pair[1] is not None and math.isfinite(pair[1].low)):
        if not has_band:
            continue
        held = [(day.isoformat(), band) for day, band in run if band is not None]
        x += [*(day for day, _ in held), *(day for day, _ in reversed(held)), None]
        y += [*(finite(min(band.high, high)) for _, band in held)]
        y += [*(finite(max(band.low, low)) for _, band in reversed(held)), None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "95% band",
        "x": x,
        "y": y,
        "fill": "toself",
        "fillcolor": "--maestro-soft",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }


def _level(level: Level) -> Figure:
    dash = "dot" if level.swatch == "dots" else "solid"
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": level.value,
        "y1": level.value,
        "line": {"color": "--muted", "width": 1, "dash": dash},
    }


def _chart(record: StrategyRecord, data: list[Figure], height: int, axis: Figure) -> Figure:
    """Put traces above a strip with the modes, on a ground that shows the virtual days."""
    at, modes = _instants(record), [each.mode.value if each.mode else "" for each in record.snapshots]
    lanes = {str(record.strategy): [*modes, modes[-1]]}
    strip = [bars for mode in Mode if (bars := mode_bars(at, lanes, mode)) is not None]
    drawn = figure(
        record,
        [
            *(each for each in data if each["x"]),
            *(bars | {"yaxis": "y2", "hoverinfo": "skip", "hovertemplate": ""} for bars in strip),
        ],
        height,
        yaxis={**axis, "domain": [_STRIP + 0.03, 1.0]},
        yaxis2=value_axis(domain=[0.0, _STRIP], range=[-0.25, 0.25], showticklabels=False, showgrid=False),
        shapes=[_ground(first, after) for first, after in _virtual_spans(record)],
        barmode="overlay",
    )
    span = [at[0].isoformat(), (at[-1] + _DAY).isoformat()]
    drawn["layout"]["xaxis"] |= {"anchor": "y2", "range": span, "automargin": True}
    if at[-1] - at[0] < _FEW_DAYS:
        del drawn["layout"]["xaxis"]["nticks"]
        drawn["layout"]["xaxis"] |= {"dtick": _DAY / timedelta(milliseconds=1), "tickformat": "%-d %b"}
    return drawn


def _instants(record: StrategyRecord) -> list[date]:
    """Return where the curve stands: the day before the first, then each day; a day's return lies between two."""
    return [record.days[0] - _DAY, *record.days]


def _stretches(record: StrategyRecord, path: Sequence[float], name: str, colour: str, *, is_virtual: bool) -> Figure:
    """Draw the days of one kind, each from where the day before ended; ``path`` begins with the start."""
    at = _instants(record)
    x: list[str | None] = []
    y: list[float | None] = []
    for kind, rows in _runs(record):
        if kind == is_virtual:
            x += [*(day.isoformat() for day in at[rows.start : rows.stop + 1]), None]
            y += [*(finite(value) for value in path[rows.start : rows.stop + 1]), None]
    drawn = line(record, (), name, colour, hover="", width=2.2, dash="4px,2px" if is_virtual else "solid")
    return drawn | {"x": x, "y": y, "hoverinfo": "skip"}


def _runs(record: StrategyRecord) -> Iterator[tuple[bool, slice]]:
    start = 0
    for kind, run in groupby(record.is_virtual.tolist()):
        stop = start + len(list(run))
        yield kind, slice(start, stop)
        start = stop


def _virtual_spans(record: StrategyRecord) -> Iterator[tuple[date, date]]:
    """Yield the day before each run of virtual days, where its first return begins, and its last day."""
    at = _instants(record)
    yield from ((at[rows.start], at[rows.stop]) for kind, rows in _runs(record) if kind)


def _ground(first: date, last: date) -> Figure:
    return {
        "type": "rect",
        "x0": first.isoformat(),
        "x1": last.isoformat(),
        "yref": "paper",
        "y0": _STRIP + 0.03,
        "y1": 1,
        "layer": "below",
        "fillcolor": "--band-shadow",
        "line": {"width": 0},
    }


def _hover(record: StrategyRecord, values: Iterable[float | None], template: str, words: Sequence[str]) -> Figure:
    """Answer the pointer for a line that is drawn in pieces or cut at an edge."""
    drawn = line(record, values, "", "--maestro", hover=f"{template}<extra></extra>", width=0)
    return drawn | {"customdata": list(words)}
