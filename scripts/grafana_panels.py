"""The kinds of panels that the Grafana dashboard is made of, and their places on its grid."""

from collections.abc import Mapping, Sequence
from typing import Any

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_ROW_WIDTH = 24  # columns of Grafana's grid

Panel = dict[str, Any]


def stat(
    title: str,
    queries: Sequence[tuple[str, str]],
    *,
    unit: str = "percentunit",
    steps: Mapping[str, float | None] | None = None,
    mappings: Mapping[int, tuple[str, str]] | None = None,
) -> Panel:
    fields = {"unit": unit, "mappings": _value_mappings(mappings or {}), **_thresholds(steps or {"green": None})}
    options = {"colorMode": "background" if mappings else "value", "reduceOptions": {"calcs": ["lastNotNull"]}}
    return _panel("stat", title, queries, fields, options, height=4, is_instant=True)


def series(
    title: str,
    queries: Sequence[tuple[str, str]],
    *,
    unit: str,
    steps: Mapping[str, float | None] | None = None,
    is_stacked: bool = False,
) -> Panel:
    custom: dict[str, Any] = {"lineWidth": 1, "fillOpacity": 60 if is_stacked else 5, "showPoints": "never"}
    custom["stacking"] = {"mode": "normal" if is_stacked else "none", "group": "A"}
    custom["thresholdsStyle"] = {"mode": "dashed" if steps else "off"}
    fields = {"unit": unit, "custom": custom, **_thresholds(steps or {"green": None})}
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    return _panel("timeseries", title, queries, fields, options)


def timeline(title: str, queries: Sequence[tuple[str, str]], mappings: Mapping[int, tuple[str, str]]) -> Panel:
    fields = {"unit": "none", "mappings": _value_mappings(mappings), "custom": {"fillOpacity": 80, "lineWidth": 0}}
    return _panel("state-timeline", title, queries, fields, {"mergeValues": True, "showValue": "auto"})


def placed(rows: Sequence[Sequence[Panel]]) -> list[Panel]:
    """Give every panel its number and its place: each row fills the grid."""
    found: list[Panel] = []
    top = 0
    for row in rows:
        width = _ROW_WIDTH // len(row)
        for position, panel in enumerate(row):
            grid = {**panel["gridPos"], "w": width, "x": position * width, "y": top}
            found.append({"id": len(found) + 1, **panel, "gridPos": grid})
        top += max(panel["gridPos"]["h"] for panel in row)
    return found


def _panel(
    kind: str,
    title: str,
    queries: Sequence[tuple[str, str]],
    fields: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    height: int = 8,
    is_instant: bool = False,
) -> Panel:
    return {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "gridPos": {"h": height},
        "fieldConfig": {"defaults": dict(fields), "overrides": []},
        "options": dict(options),
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": f"{{{{portfolio}}}} {legend}",
                "instant": is_instant,
                "range": not is_instant,
            }
            for number, (expression, legend) in enumerate(queries)
        ],
    }


def _value_mappings(words: Mapping[int, tuple[str, str]]) -> list[dict[str, Any]]:
    options = {
        str(number): {"text": word, "color": color, "index": index}
        for index, (number, (word, color)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}] if options else []


def _thresholds(steps: Mapping[str, float | None]) -> dict[str, Any]:
    return {
        "thresholds": {"mode": "absolute", "steps": [{"color": color, "value": at} for color, at in steps.items()]},
        "color": {"mode": "thresholds" if len(steps) > 1 else "palette-classic"},
    }
