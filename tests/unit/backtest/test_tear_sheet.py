"""The tear sheet as text and figures; tests/e2e/test_tear_sheet_page.py opens it in a browser."""

import json
import re
from calendar import month_abbr
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy, ModePolicyName
from backend.domain.probabilistic_policy import ProbabilisticPolicy
from backend.domain.signal import StrategyId
from maestro.backtest.strategy_record import StrategyRecord, month_returns, strategy_records, wealth
from maestro.backtest.tear_sheet import tear_sheet_page, write_tear_sheet
from maestro.backtest.tear_sheet_charts import SHARPE_EDGE, tear_sheet_charts
from maestro.backtest.tear_sheet_tables import EXTREME_DAYS
from tests.fakes.performances import price_changes, strategy_day, strategy_days

HOSTILE = '</script><img src=x onerror="alert(1)">&amp;$title'
POLICY = DecisionPolicy()
DAY = date(2025, 3, 13)
_DAY_MS = 86_400_000


class _Texts(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def record(*, shadow: int = 14, strategy: str = "trend") -> StrategyRecord:
    changes = price_changes("AAPL", date(2019, 6, 3), date(2020, 12, 31))
    (found,) = strategy_records(strategy_days(strategy, changes, shadow=shadow))
    return found


def record_of(*returns: float | None, **changes: Any) -> StrategyRecord:
    days = [strategy_day(DAY + timedelta(days=n), value, **changes) for n, value in enumerate(returns)]
    return strategy_records(days)[0]


def page_of(shown: StrategyRecord, policy: DecisionPolicy = POLICY, mode_now: Mode | None = Mode.REDUCED) -> str:
    return tear_sheet_page(shown, policy=policy, mode_now=mode_now, options={"Store": "maestro.db"})


def texts(page: str) -> str:
    """Everything a reader sees, in one line."""
    return " ".join(" ".join(_Texts(page.split("<script", 1)[0]).texts).split())


def test_tear_sheet_is_one_file_that_names_no_address_to_load_from(tmp_path: Path) -> None:
    path = tmp_path / "new" / "trend.html"
    assert write_tear_sheet(record(), path, policy=POLICY, mode_now=None, options={}) == path
    assert [each.name for each in path.parent.iterdir()] == ["trend.html"]
    loaded = [
        (tag, attributes)
        for tag, attributes in _Texts(path.read_text(encoding="utf-8")).tags
        if "src" in attributes or (tag == "link" and not str(attributes["href"]).startswith("data:"))
    ]
    assert loaded == []


def test_tear_sheet_of_equal_input_has_equal_bytes() -> None:
    assert page_of(record()) == page_of(record())


def test_tear_sheet_escapes_the_name_and_its_options() -> None:
    shown = replace(record(), strategy=StrategyId(HOSTILE))
    page = tear_sheet_page(shown, policy=POLICY, mode_now=None, options={HOSTILE: HOSTILE})
    found = _Texts(page)
    assert "img" not in {tag for tag, _ in found.tags}
    assert [tag for tag, _ in found.tags].count("script") == 3
    assert sum(HOSTILE in text for text in found.texts) == 4  # title, heading, option's name and value


def test_tear_sheet_says_what_virtual_means_and_counts_the_days() -> None:
    shown = record()
    virtual = sum(each.is_virtual for each in shown.snapshots)
    text = texts(page_of(shown))
    assert "In SHADOW_MODE a strategy trades no new money" in text
    assert f"{virtual} of the {len(shown.days)} days here are virtual" in text
    quiet = page_of(record(shadow=0))
    assert f"None of the {len(shown.days)} days here is virtual." in texts(quiet)
    assert "virtual days</li>" not in quiet


def test_tear_sheet_shows_money_to_the_cent() -> None:
    shown = record_of(0.01, 0.02, real_pnl=Decimal("1234.565"), real_realized_pnl=Decimal("-0.10"))
    text = texts(page_of(shown))
    assert "P&L, real +$2,469.13 realised −$0.20, open +$2.20" in text


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (record(shadow=0), "the band does not hold zero."),
        (record_of(0.01, -0.02, 0.015, -0.001), "so this record does not tell skill from luck."),
        (record_of(0.01), "They are too few, or too much alike, for a Sharpe ratio that could be believed."),
        (record_of(0.01, 0.01, 0.01), "They are too few, or too much alike"),
    ],
)
def test_tear_sheet_lead_says_how_far_the_record_can_be_believed(shown: StrategyRecord, words: str) -> None:
    assert words in texts(page_of(shown))


def test_tear_sheet_without_any_return_is_made_all_the_same() -> None:
    text = texts(page_of(record_of(None, None, mode=None, capital=Decimal(0)), mode_now=None))
    assert "nan" not in text.lower().split()
    assert "No day gained. No day lost." in text
    assert "Mode now –" in text


def test_equity_is_drawn_once_in_real_and_virtual_stretches() -> None:
    shown = record()
    real, virtual = tear_sheet_charts(shown, POLICY)["equity"]["data"][:2]
    path = dict(zip((day.isoformat() for day in shown.days), wealth(shown.returns) - 1.0, strict=True))
    path[(shown.days[0] - timedelta(days=1)).isoformat()] = 0.0
    steps: dict[str, bool] = {}
    for trace, is_virtual in ((real, False), (virtual, True)):
        points = list(zip(trace["x"], trace["y"], strict=True))
        for (before, _), (day, value) in pairwise(points):
            if before is not None and day is not None:
                assert day not in steps, "no day is drawn twice"
                steps[day] = is_virtual
                assert value == pytest.approx(path[day], rel=1e-7)
    assert steps == {each.period_start.isoformat(): each.is_virtual for each in shown.snapshots}


def test_ground_and_modes_lie_under_the_steps_of_their_days() -> None:
    shown = record()
    at = [shown.days[0] - timedelta(days=1), *shown.days]
    for figure in tear_sheet_charts(shown, POLICY).values():
        grounds = [(shape["x0"], shape["x1"]) for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
        virtual = {
            (before.isoformat(), day.period_start.isoformat())
            for before, day in zip(at, shown.snapshots, strict=False)
            if day.is_virtual
        }
        assert all(any(start <= before and day <= end for start, end in grounds) for before, day in virtual)
        bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
        covered = {
            date.fromisoformat(base).toordinal() + offset: trace["name"]
            for trace in bars
            for base, length in zip(trace["base"], trace["x"], strict=True)
            for offset in range(length // _DAY_MS)
        }
        found = [covered[before.toordinal()] for before in at[:-1]]
        assert found == [day.mode for day in shown.snapshots]


def test_charts_share_one_range_of_days() -> None:
    shown = record()
    ranges = {tuple(figure["layout"]["xaxis"]["range"]) for figure in tear_sheet_charts(shown, POLICY).values()}
    assert ranges == {("2019-06-02", "2021-01-01")}


def test_rolling_sharpe_rests_on_its_edge_and_tells_the_number() -> None:
    band, line, hover = tear_sheet_charts(record(), POLICY)["sharpe"]["data"][:3]
    assert line["y"][:5] == [None] * 5  # fewer returns than the policy judges by
    assert max(abs(value) for value in [*line["y"], *band["y"]] if value is not None) <= SHARPE_EDGE
    resting = [i for i, value in enumerate(line["y"]) if value == SHARPE_EDGE]
    assert resting
    assert all(float(hover["customdata"][i].split(",")[0]) >= SHARPE_EDGE for i in resting)
    assert re.fullmatch(r"−?\d+\.\d\d, 95%: −?\d+\.\d\d to \d+\.\d\d, n=\d+", hover["customdata"][-1])


def test_rolling_sharpe_band_closes_around_the_ratio() -> None:
    band, line = tear_sheet_charts(record(), POLICY)["sharpe"]["data"][:2]
    ratios = dict(zip(line["x"], line["y"], strict=True))
    bounds: dict[str, list[float]] = {}
    for day, value in zip(band["x"], band["y"], strict=True):
        if day is not None:
            bounds.setdefault(day, []).append(value)
    assert {len(each) for each in bounds.values()} == {2}
    assert all(low <= ratios[day] <= high for day, (high, low) in bounds.items())
    assert len(bounds) > 300


def test_sharpe_chart_draws_the_levels_of_the_policy_in_force() -> None:
    def levels(policy: DecisionPolicy) -> list[float]:
        shapes = tear_sheet_charts(record(), policy)["sharpe"]["layout"]["shapes"]
        return [shape["y0"] for shape in shapes if shape["type"] == "line"]

    assert levels(replace(POLICY, scoring=replace(POLICY.scoring, reduce=1.5, shadow=-0.25))) == [1.5, -0.25]
    rule = ProbabilisticPolicy(benchmark_sharpe=0.75, demote_below=0.05, promote_above=0.7)
    probabilistic = replace(POLICY, mode_policy=ModePolicyName.PROBABILISTIC, probabilistic=rule)
    assert levels(probabilistic) == [0.75]
    text = texts(page_of(record(), probabilistic))
    assert "the returns of the 60 days before" in text
    assert "exceeds 0.75: SHADOW_MODE below 0.05, ACTIVE above 0.7" in text
    assert "the returns of the 30 calendar days before" in texts(page_of(record()))


def test_months_stand_in_their_year_with_its_total_and_the_sign_of_virtual_days() -> None:
    page = page_of(record())
    rows = dict(re.findall(r'<th scope="row"[^>]*>(\d{4})</th>(.*?)</tr>', page))
    assert list(rows) == ["2020", "2019"]
    for each in month_returns(record()):
        cells = re.findall(r'data-label="(\w{3,4})"[^>]*>(.*?)</td>', rows[str(each.year)])
        assert [name for name, _ in cells] == [*month_abbr[1:], "Year"]
        shown = re.sub("<.*?>", "", cells[each.month - 1][1])
        sign = "○ " if each.virtual_days else ""
        assert shown == f"{sign}{each.value:+.1%}".replace("-", "−")
    assert rows["2019"].count('class="none"') == 5  # January to May, before the record


def test_extreme_days_are_the_highest_and_the_lowest() -> None:
    shown = record()
    page = page_of(shown)
    listed = re.findall(r'<th scope="row"[^>]*>\w{3} (\d{4}-\d\d-\d\d)</th>', page)
    ordered = sorted(zip(shown.returns.tolist(), shown.days, strict=True))
    best = [day.isoformat() for _, day in reversed(ordered[-EXTREME_DAYS:])]
    worst = [day.isoformat() for _, day in ordered[:EXTREME_DAYS]]
    assert listed == best + worst


def test_figures_are_json_that_a_script_element_can_hold() -> None:
    source = re.search(r'id="figures">(.*?)</script>', page_of(record()), flags=re.DOTALL)
    assert source
    assert set(json.loads(source.group(1))) == {"equity", "drawdown", "sharpe"}
