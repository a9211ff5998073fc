"""The tear sheet in a real Chromium: drawn in full, without network, in both colour schemes, on a phone, on paper."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from maestro.backtest.strategy_record import strategy_records
from maestro.backtest.tear_sheet import write_tear_sheet
from tests.e2e.pages import Scheme, cut, drawn, opened, overflow, plotly_faults
from tests.fakes.performances import price_changes, strategy_days

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b>'
CHARTS = {"equity": 3 + 3, "drawdown": 1 + 3, "sharpe": 3 + 3}  # lines and areas, and the bars of three modes


def _written(path: Path, first: date, last: date) -> Path:
    changes = price_changes("AAPL", first, last)
    (record,) = strategy_records(strategy_days("trend", changes, shadow=14))
    hostile = replace(record, strategy=StrategyId(HOSTILE))
    return write_tear_sheet(
        hostile, path, policy=DecisionPolicy(), mode_now=Mode.SHADOW_MODE, options={"Store": HOSTILE}
    )


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _written(tmp_path_factory.mktemp("sheet") / "trend.html", date(2018, 6, 1), date(2020, 12, 31))


@pytest.mark.parametrize(
    ("width", "is_phone", "scheme"),
    [
        (1280, False, "light"),
        (1280, False, "dark"),
        (800, False, "light"),
        (390, True, "light"),
        (390, True, "dark"),
        (320, True, "dark"),
    ],
)
def test_tear_sheet_is_drawn_in_full_without_complaint_or_network(
    browser: Any, sheet: Path, width: int, is_phone: bool, scheme: Scheme
) -> None:
    page, complaints = opened(browser, sheet, charts=3, width=width, scheme=scheme, is_phone=is_phone)
    assert drawn(page, CHARTS) == CHARTS
    assert overflow(page) == 0
    assert cut(page) == []
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("last", [date(2020, 3, 3), date(2020, 3, 20), date(2020, 12, 31)])
def test_tear_sheet_figures_are_valid_for_the_plotly_they_are_drawn_with(
    browser: Any, tmp_path: Path, last: date
) -> None:
    path = _written(tmp_path / "trend.html", date(2020, 3, 2), last)
    page, complaints = opened(browser, path, charts=3)
    assert plotly_faults(page) == []
    assert complaints == []
    page.context.close()


def test_tear_sheet_tells_each_day_to_the_pointer(browser: Any, sheet: Path) -> None:
    page, _ = opened(browser, sheet, charts=3)
    for name, words in {"equity": "since the start", "drawdown": "%", "sharpe": "95%:"}.items():
        chart = page.locator(f"#{name}")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.4)
        label = chart.locator(".hoverlayer")
        page.wait_for_function(f"document.querySelector('#{name} .hoverlayer').textContent.includes('{words}')")
        assert "2019" in label.text_content() or "2020" in label.text_content()
    page.context.close()


def test_tear_sheet_printed_from_a_dark_screen_is_light_and_fits_the_paper(browser: Any, sheet: Path) -> None:
    page, complaints = opened(browser, sheet, charts=3, scheme="dark")
    page.evaluate(
        """() => matchMedia('print').addEventListener('change', () => {
            window.printed = window.printed || [document.querySelector('#equity g.trace path.js-line').style.stroke,
                ...Array.from(document.querySelectorAll('.chart')).map(
                    chart => chart.querySelector('svg.main-svg').clientWidth - chart.clientWidth)];
        })"""
    )
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("window.printed") == ["rgb(11, 95, 174)", 0, 0, 0]  # --maestro of the light scheme
    page.wait_for_function(
        """() => document.querySelector('#equity g.trace path.js-line').style.stroke === 'rgb(92, 176, 245)'
            && document.querySelector('#equity svg.main-svg').clientWidth
                === document.getElementById('equity').clientWidth"""
    )
    assert complaints == []
    page.context.close()


def test_tear_sheet_zooming_one_chart_zooms_all(browser: Any, sheet: Path) -> None:
    page, complaints = opened(browser, sheet, charts=3)
    page.evaluate("Plotly.relayout('equity', {'xaxis.range': ['2020-03-01', '2020-05-01']})")
    page.wait_for_function(
        """() => Array.from(document.querySelectorAll('.chart')).every(
            chart => chart.layout.xaxis.range.join() === '2020-03-01,2020-05-01')"""
    )
    assert complaints == []
    page.context.close()


def test_tear_sheet_name_and_options_stay_texts(browser: Any, sheet: Path) -> None:
    page, _ = opened(browser, sheet, charts=3)
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.title() == HOSTILE
    assert page.get_by_role("heading", level=1).text_content() == HOSTILE
    page.context.close()


def test_tear_sheet_months_keep_their_roles_and_names_on_a_phone(browser: Any, sheet: Path) -> None:
    page, _ = opened(browser, sheet, charts=3, width=390, is_phone=True)
    months = page.get_by_role("table", name="Returns by month, newest year first")
    assert months.get_by_role("rowheader").all_text_contents() == ["2020", "2019", "2018"]
    assert months.get_by_role("columnheader").count() == 14
    hidden = months.get_by_role("row").filter(has_text="2018").locator("td:not(:visible)")
    assert hidden.count() == 5  # January to May: before the record began
    page.context.close()
