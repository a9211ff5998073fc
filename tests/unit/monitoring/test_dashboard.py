"""The dashboard's file is what its script writes, in the shape that Grafana's API takes."""

import json
import re
from pathlib import Path

from maestro.monitoring.catalogue import METRICS
from scripts import write_grafana_dashboard

ROOT = Path(__file__).parents[3]
NAMES = {metric.name for metric in METRICS.values()}


def test_dashboard_file_is_up_to_date() -> None:
    found = write_grafana_dashboard.TARGET.read_text()
    assert found == write_grafana_dashboard.body(), "run scripts/write_grafana_dashboard.py"


def test_dashboard_is_the_body_of_an_import() -> None:
    """Grafana creates where ``id`` is null, and replaces by ``uid`` with ``overwrite``."""
    body = json.loads(write_grafana_dashboard.TARGET.read_text())
    assert body.keys() == {"dashboard", "overwrite"}
    assert body["overwrite"] is True
    assert body["dashboard"]["id"] is None
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", body["dashboard"]["uid"])


def test_dashboard_panels_fill_the_grid_without_overlap() -> None:
    panels = json.loads(write_grafana_dashboard.TARGET.read_text())["dashboard"]["panels"]
    cells = [
        (x, y)
        for grid in (panel["gridPos"] for panel in panels)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    ]
    height = max(y for _, y in cells) + 1
    assert len(cells) == len(set(cells)) == 24 * height
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)


def test_dashboard_thresholds_ascend_from_an_open_start() -> None:
    panels = json.loads(write_grafana_dashboard.TARGET.read_text())["dashboard"]["panels"]
    for panel in panels:
        thresholds = panel["fieldConfig"]["defaults"].get("thresholds", {"steps": [{"value": None}]})
        first, *others = [step["value"] for step in thresholds["steps"]]
        assert first is None
        assert others == sorted(others)


def test_every_query_uses_metrics_of_the_catalogue() -> None:
    rules = (ROOT / "deployment" / "prometheus" / "alerts.yml").read_text()
    for text in (write_grafana_dashboard.TARGET.read_text(), *re.findall(r"expr: (.+)", rules)):
        used = set(re.findall(r"\bmaestro_\w+", text))
        assert used
        assert used <= NAMES
