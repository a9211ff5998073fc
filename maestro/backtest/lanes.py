"""Charts with one lane per strategy: its mode over time, and the Sharpe ratio that earned it."""

import html
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from backend.domain.mode import Mode
from maestro.backtest.figure import Figure, figure, finite, label, line, value_axis
from maestro.backtest.outcome import ReplayOutcome

REDUCE_THRESHOLD, SHADOW_THRESHOLD = 1.0, 0.5
SHARPE_FLOOR, SHARPE_CEILING = -3.0, 4.0  # where modes are decided; a line beyond rests on the edge of its lane
_MODE_LANE, _SHARPE_LANE, _AXIS = 46, 92, 36  # pixels
_DAY_MS = 86_400_000
_BAR_HEIGHT = {Mode.ACTIVE: 0.5, Mode.REDUCED: 0.25, Mode.SHADOW_MODE: 0.07, Mode.DISABLED: 0.03}
_BANDS = (
    (SHARPE_FLOOR, SHADOW_THRESHOLD, "--band-shadow"),
    (SHADOW_THRESHOLD, REDUCE_THRESHOLD, "--band-reduced"),
    (REDUCE_THRESHOLD, SHARPE_CEILING, "--band-active"),
)


def mode_colour(mode: Mode) -> str:
    return f"--mode-{_kind(mode)}"


def mode_swatches(seen: Collection[str]) -> list[tuple[str, str, str]]:
    """Return the legend of those modes that are seen: kind of swatch, colour and words."""
    return [(f"bar-{_kind(mode)}", mode_colour(mode), mode.value) for mode in Mode if mode in seen]


def _kind(mode: Mode) -> str:
    return mode.value.removesuffix("_MODE").lower()


def mode_lanes(outcome: ReplayOutcome, names: Sequence[str]) -> Figure:
    """Draw bars whose height is the share of its capital that a mode leaves a strategy."""
    modes = {name: outcome.paths[name].mode for name in names}
    data = [bars for mode in Mode if (bars := mode_bars(outcome.days, modes, mode)) is not None]
    if outcome.overrides:
        data.append(_override_marks(outcome, bottom=len(names) - 0.6))
    return figure(
        outcome,
        data,
        _AXIS + _MODE_LANE * (len(names) + 1),
        yaxis=value_axis(range=[len(names) - 0.5, -1.1], showticklabels=False, showgrid=False),
        annotations=[
            label(name, y=lane - 0.3, yanchor="bottom", bgcolor="--surface") for lane, name in enumerate(names)
        ],
        hovermode="closest",
        barmode="overlay",
    )


def mode_bars(days: Sequence[date], modes: Mapping[str, Sequence[str]], mode: Mode) -> Figure | None:
    """Draw one mode's bars, a lane for each name at 0, 1, …; ``modes`` are parallel to ``days``."""
    names = list(modes)
    spans = [
        (lane, first, after)
        for lane, name in enumerate(names)
        for kept, first, after in _spans(days, modes[name])
        if kept == mode
    ]
    if not spans:
        return None
    marker: dict[str, Any] = {"color": mode_colour(mode), "line": {"width": 0}}
    if mode is Mode.REDUCED:
        marker["pattern"] = {"shape": "/", "size": 5, "solidity": 0.35, "fgcolor": "--surface", "fillmode": "overlay"}
    return {
        "type": "bar",
        "orientation": "h",
        "name": mode.value,
        "y": [lane for lane, _, _ in spans],
        "base": [first.isoformat() for _, first, _ in spans],
        "x": [(after - first).days * _DAY_MS for _, first, after in spans],
        "width": [_BAR_HEIGHT[mode]] * len(spans),
        "marker": marker,
        "hovertext": [
            f"<b>{html.escape(names[lane])}</b><br>{mode.value}, {first} to {after - timedelta(days=1)}"
            for lane, first, after in spans
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _spans(days: Sequence[date], modes: Iterable[str]) -> list[tuple[str, date, date]]:
    """Join equal neighbours to (mode, first day, day after); a span lasts until the next one begins."""
    pairs = zip(modes, days, strict=True)
    runs = [(mode, [day for _, day in run]) for mode, run in groupby(pairs, key=lambda pair: pair[0])]
    starts = [run[0] for _, run in runs] + [days[-1] + timedelta(days=1)]
    return [(mode, run[0], after) for (mode, run), after in zip(runs, starts[1:], strict=True)]


def _override_marks(outcome: ReplayOutcome, *, bottom: float) -> Figure:
    x: list[str | None] = []
    y: list[float | None] = []
    text: list[str] = []
    for event in outcome.overrides:
        words = f"{', '.join(event.sellers)} sell at once; entries held: {', '.join(event.held) or 'none'}"
        x += [event.day.isoformat(), event.day.isoformat(), None]
        y += [-0.85, bottom, None]
        text += [f"<b>Systemic override, {event.day}</b><br>{html.escape(words)}"] * 2 + [""]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": "Systemic override",
        "x": x,
        "y": y,
        "line": {"color": "--override", "width": 1},
        "marker": {
            "color": "--override",
            "symbol": "triangle-down",
            "size": [10, 0, 0] * len(outcome.overrides),
            "line": {"width": 0},
        },
        "hovertext": text,
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def sharpe_lanes(outcome: ReplayOutcome, names: Sequence[str]) -> Figure:
    """Draw each rolling Sharpe ratio over the bands in which its mode is decided."""
    data, shapes, labels = [], [], []
    axes: dict[str, Any] = {}
    for lane, name in enumerate(names):
        suffix = "" if lane == 0 else str(lane + 1)
        top = 1.0 - lane / len(names)
        axes[f"yaxis{suffix}"] = value_axis(
            domain=[max(0.0, top - 1.0 / len(names)), top - 0.22 / len(names)],
            range=[SHARPE_FLOOR, SHARPE_CEILING],
            tickvals=[SHARPE_FLOOR, REDUCE_THRESHOLD, SHARPE_CEILING],
            showgrid=False,
        )
        data.append(_sharpe_line(outcome, name) | {"yaxis": f"y{suffix}"})
        shapes += _bands(f"y{suffix}")
        labels.append(label(name, y=SHARPE_CEILING, yref=f"y{suffix}", yanchor="bottom"))
    figured = figure(
        outcome,
        data,
        _AXIS + _SHARPE_LANE * max(len(names), 1),
        shapes=shapes,
        annotations=labels,
        hovermode="x",
        **axes,
    )
    last = "" if len(names) < 2 else str(len(names))
    figured["layout"]["xaxis"]["anchor"] = f"y{last}"
    return figured


def _sharpe_line(outcome: ReplayOutcome, name: str) -> Figure:
    values = [finite(value) for value in outcome.paths[name].sharpe]
    resting = [None if value is None else min(max(value, SHARPE_FLOOR), SHARPE_CEILING) for value in values]
    drawn = line(outcome, resting, name, "--maestro", width=1.5, hover="%{customdata:.2f}")
    return drawn | {"customdata": values}


def _bands(axis: str) -> list[Figure]:
    bands = [
        {"type": "rect", "y0": low, "y1": high, "fillcolor": colour, "line": {"width": 0}}
        for low, high, colour in _BANDS
    ]
    thresholds = [
        {"type": "line", "y0": level, "y1": level, "line": {"color": "--muted", "width": 0.8, "dash": dash}}
        for level, dash in ((REDUCE_THRESHOLD, "solid"), (SHADOW_THRESHOLD, "dot"))
    ]
    return [{"xref": "paper", "x0": 0, "x1": 1, "yref": axis, "layer": "below", **each} for each in bands + thresholds]
