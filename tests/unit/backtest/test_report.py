"""The page as text; tests/e2e/test_report_page.py opens it in a browser."""

import json
import math
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from backend.domain.errors import MarketDataError
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution
from maestro.backtest.charts import charts
from maestro.backtest.outcome import ReplayOutcome
from maestro.backtest.report import report_page, write_report
from tests.fakes.replay import STRATEGIES, synthetic_outcome

ACCOUNT = ["All strategies", "External", "Residual", "Change of equity"]
HOSTILE = '</script><img src=x onerror="alert(1)">&amp;'


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def _page(outcome: ReplayOutcome) -> str:
    return report_page(outcome, title="Replay", options={"start": "2020-01-02"})


def _elements(page: str) -> _Elements:
    parser = _Elements()
    parser.feed(page)
    return parser


def _figures(page: str) -> dict[str, Any]:
    source = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, flags=re.DOTALL)
    assert source
    figures: dict[str, Any] = json.loads(source.group(1))
    return figures


def test_report_is_one_file_that_names_no_address_to_load_from(tmp_path: Path) -> None:
    path = write_report(synthetic_outcome(), tmp_path / "new" / "report.html", title="Replay", options={})
    assert path.is_file()
    assert [each.name for each in path.parent.iterdir()] == ["report.html"]
    loaded = [
        (tag, attributes)
        for tag, attributes in _elements(path.read_text(encoding="utf-8")).tags
        if "src" in attributes or (tag == "link" and not str(attributes["href"]).startswith("data:"))
    ]
    assert loaded == []


def test_report_of_equal_input_has_equal_bytes(tmp_path: Path) -> None:
    outcome = synthetic_outcome(days=40)
    shuffled = replace(outcome, paths=dict(reversed(list(outcome.paths.items()))))
    first = write_report(outcome, tmp_path / "1.html", title="Replay", options={"a": "1", "b": "2"})
    second = write_report(shuffled, tmp_path / "2.html", title="Replay", options={"b": "2", "a": "1"})
    assert first.read_bytes() == second.read_bytes()


def test_report_escapes_every_text_that_is_data() -> None:
    outcome = synthetic_outcome(days=40)
    line, change, override = outcome.strategies[0], outcome.mode_changes[0], outcome.overrides[0]
    hostile = replace(
        outcome,
        strategies=(replace(line, strategy=HOSTILE, why=HOSTILE, mode=HOSTILE), *outcome.strategies[1:]),
        paths={**outcome.paths, HOSTILE: outcome.paths[STRATEGIES[0]]},
        mode_changes=(replace(change, strategy=HOSTILE, reason=HOSTILE, before=HOSTILE),),
        overrides=(replace(override, sellers=(HOSTILE,), held=(HOSTILE,)),),
        orders=(replace(outcome.orders[0], strategy=HOSTILE),),
        failures={HOSTILE: 3},
        demotions=(replace(outcome.demotions[0], strategy=StrategyId(HOSTILE)),),
        equity_changes=tuple(
            replace(each, strategies={StrategyId(HOSTILE): Attribution()}) for each in outcome.equity_changes
        ),
    )
    page = report_page(hostile, title=HOSTILE, options={HOSTILE: HOSTILE})
    elements = _elements(page)
    assert "img" not in {tag for tag, _ in elements.tags}
    assert [tag for tag, _ in elements.tags].count("script") == 3
    assert sum(HOSTILE in text for text in elements.texts) >= 10
    for chart in ("modes", "demotions"):
        assert _figures(page)[chart]["layout"]["annotations"][0]["text"].startswith("&lt;/script&gt;&lt;img")
    assert _figures(page)["demotions"]["data"][0]["hovertext"][0].startswith("<b>&lt;/script&gt;&lt;img")


def test_report_leaves_gaps_for_missing_numbers() -> None:
    outcome = synthetic_outcome(days=30)
    path = outcome.paths[STRATEGIES[0]]
    holed = replace(
        outcome,
        equity=(math.nan, *outcome.equity[1:]),
        benchmark=(*outcome.benchmark[:-1], math.inf),
        strategies=(replace(outcome.strategies[0], sharpe=math.nan), replace(outcome.strategies[1], sharpe=None)),
        paths={STRATEGIES[0]: replace(path, sharpe=(None, math.nan, *path.sharpe[2:]), allocation=(math.nan,) * 30)},
    )
    page = _page(holed)
    figures = _figures(page)
    curves = {trace["name"]: trace["y"] for trace in figures["equity"]["data"]}
    assert curves["Maestro"][0] is None
    assert curves["Buy and hold"][-1] is None
    assert figures["sharpe"]["data"][0]["y"][:2] == [None, None]
    assert "nan" not in {text.strip().lower() for text in _elements(page).texts}
    assert page.count('data-label="Sharpe" class="number">–</td>') == 2


def test_report_of_one_quiet_day_says_that_nothing_happened() -> None:
    outcome = replace(synthetic_outcome(days=30), mode_changes=(), overrides=(), orders=(), fills=0)
    one = replace(
        outcome,
        days=outcome.days[:1],
        equity=(100.0,),
        benchmark=(100.0,),
        paths={},
        strategies=(),
        demotions=(),
        equity_changes=(),
    )
    page = _page(one)
    for words in (
        "No strategy was run.",
        "No strategy changed its mode.",
        "No systemic override.",
        "No order was sent.",
        "No strategy was in shadow.",
        "No day with an equity before it was closed.",
    ):
        assert words in page
    assert set(re.findall(r'<div class="chart" id="(\w+)"', page)) == set(_figures(page))
    assert ">–<small>buy and hold –</small>" in page  # the Sharpe of a single close


def test_report_without_days_writes_no_file(tmp_path: Path) -> None:
    empty = replace(synthetic_outcome(), days=(), equity=(), benchmark=())
    with pytest.raises(MarketDataError, match="expected one equity and one benchmark close"):
        write_report(empty, tmp_path / "report.html", title="Replay", options={})
    assert list(tmp_path.iterdir()) == []


def test_tables_name_their_columns_rows_and_captions() -> None:
    outcome = synthetic_outcome()
    tags = _elements(_page(outcome)).tags
    tables = [tag for tag, _ in tags if tag == "table"]
    assert len(tables) == len([tag for tag, _ in tags if tag == "caption"]) == 7
    assert {attributes.get("scope") for tag, attributes in tags if tag == "th"} == {"col", "row"}
    heads = [attributes for tag, attributes in tags if tag == "th" and attributes.get("scope") == "row"]
    money = len(outcome.demotions) + len(STRATEGIES) + len(["All strategies"]) + len(ACCOUNT)
    assert len(heads) == 2 * len(STRATEGIES) + len(outcome.mode_changes) + len(outcome.overrides) + money


def test_figures_share_one_range_of_days() -> None:
    outcome = synthetic_outcome()
    axes = [figure["layout"]["xaxis"] for figure in charts(outcome).values()]
    ranges = [tuple(axis["range"]) for axis in axes if axis["type"] == "date"]
    assert len(ranges) == 5
    assert set(ranges) == {(outcome.days[0].isoformat(), (outcome.days[-1] + timedelta(days=1)).isoformat())}


def test_mode_lanes_cover_every_day_once_with_the_mode_of_that_day() -> None:
    outcome = synthetic_outcome()
    bars = [trace for trace in charts(outcome)["modes"]["data"] if trace["type"] == "bar"]
    day_ms = 86_400_000
    covered = {
        (lane, first.toordinal() + offset): trace["name"]
        for trace in bars
        for lane, base, length in zip(trace["y"], trace["base"], trace["x"], strict=True)
        for first in [type(outcome.days[0]).fromisoformat(base)]
        for offset in range(length // day_ms)
    }
    for lane, name in enumerate(STRATEGIES):
        expected = dict(zip((day.toordinal() for day in outcome.days), outcome.paths[name].mode, strict=True))
        assert {day: covered[lane, day] for day in expected} == expected
    total = sum(length for trace in bars for length in trace["x"]) // day_ms
    assert total == len(covered) == len(STRATEGIES) * ((outcome.days[-1] - outcome.days[0]).days + 1)


def test_mode_lanes_mark_each_override_with_its_sellers() -> None:
    outcome = synthetic_outcome()
    marks = next(trace for trace in charts(outcome)["modes"]["data"] if trace["name"] == "Systemic override")
    assert marks["x"][::3] == [event.day.isoformat() for event in outcome.overrides]
    assert all(seller in marks["hovertext"][0] for seller in outcome.overrides[0].sellers)


def test_allocation_and_cash_add_up_to_the_account() -> None:
    layers = charts(synthetic_outcome())["allocation"]["data"]
    assert [layer["name"] for layer in layers] == [*STRATEGIES, "Cash"]
    assert [sum(day) for day in zip(*(layer["y"] for layer in layers), strict=True)] == pytest.approx([1.0] * 252)


def test_sharpe_lanes_rest_on_their_edge_and_keep_the_number() -> None:
    outcome = synthetic_outcome(days=30)
    path = outcome.paths[STRATEGIES[0]]
    extreme = replace(outcome, paths={STRATEGIES[0]: replace(path, sharpe=(-9.0, 12.5, *path.sharpe[2:]))})
    trace = charts(extreme)["sharpe"]["data"][0]
    assert trace["y"][:2] == [-3.0, 4.0]
    assert trace["customdata"][:2] == [-9.0, 12.5]


def test_sharpe_lanes_draw_both_thresholds_for_every_strategy() -> None:
    shapes = charts(synthetic_outcome())["sharpe"]["layout"]["shapes"]
    levels = [shape["y0"] for shape in shapes if shape["type"] == "line"]
    assert sorted(levels) == [0.5] * len(STRATEGIES) + [1.0] * len(STRATEGIES)
