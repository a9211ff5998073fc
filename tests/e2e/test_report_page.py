"""The report in a real Chromium: drawn in full, without network, in both colour schemes and on a phone."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maestro.backtest.report import write_report
from tests.e2e.pages import Scheme, cut, drawn, opened, overflow, plotly_faults
from tests.fakes.replay import STRATEGIES, synthetic_outcome

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b>'
CHARTS = {
    "equity": 2,
    "drawdown": 2,
    "money": 3,  # gains, losses, and the change that they make
    "modes": 4,
    "demotions": 2,  # what was saved, what was lost
    "allocation": len(STRATEGIES) + 1,
    "sharpe": len(STRATEGIES),
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    outcome = synthetic_outcome()
    hostile = replace(
        outcome,
        strategies=(replace(outcome.strategies[0], why=HOSTILE), *outcome.strategies[1:]),
        overrides=(replace(outcome.overrides[0], held=(HOSTILE,)), *outcome.overrides[1:]),
    )
    return write_report(hostile, tmp_path_factory.mktemp("report") / "report.html", title="Replay", options={"a": "b"})


def _open(browser: Any, report: Path, *, width: int, scheme: Scheme, is_phone: bool = False) -> tuple[Any, list[str]]:
    return opened(browser, report, charts=len(CHARTS), width=width, scheme=scheme, is_phone=is_phone)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "is_phone"), [(1280, False), (390, True), (320, True)])
def test_report_is_drawn_in_full_without_complaint_or_network(
    browser: Any, report: Path, width: int, is_phone: bool, scheme: Scheme
) -> None:
    page, complaints = _open(browser, report, width=width, scheme=scheme, is_phone=is_phone)
    assert drawn(page, CHARTS) == CHARTS
    assert overflow(page) == 0
    assert cut(page) == []
    assert complaints == []
    page.context.close()


def test_figures_are_valid_for_the_plotly_they_are_drawn_with(browser: Any, report: Path) -> None:
    page, _ = _open(browser, report, width=1280, scheme="light")
    assert plotly_faults(page) == []
    page.context.close()


def test_report_follows_the_colour_scheme_when_it_changes(browser: Any, report: Path) -> None:
    page, complaints = _open(browser, report, width=1280, scheme="light")
    colours = """() => [getComputedStyle(document.body).backgroundColor,
        document.querySelector('#equity g.trace:last-child path.js-line').style.stroke]"""
    light = page.evaluate(colours)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"stroke => ({colours})()[1] !== stroke", arg=light[1])
    dark = page.evaluate(colours)
    assert light == ["rgb(246, 246, 244)", "rgb(11, 95, 174)"]
    assert dark == ["rgb(16, 18, 21)", "rgb(92, 176, 245)"]
    assert complaints == []
    page.context.close()


def test_zooming_one_chart_zooms_all_that_share_its_days(browser: Any, report: Path) -> None:
    page, complaints = _open(browser, report, width=1280, scheme="light")
    amounts = "() => ['money', 'demotions'].map(name => document.getElementById(name).layout.xaxis.range.join())"
    before = page.evaluate(amounts)
    page.evaluate("Plotly.relayout('equity', {'xaxis.range': ['2020-03-01', '2020-05-01']})")
    page.wait_for_function(
        """() => Array.from(document.querySelectorAll('.chart')).filter(
            chart => chart.layout.xaxis.range.join() === '2020-03-01,2020-05-01').length === 5"""
    )
    assert page.evaluate(amounts) == before
    assert complaints == []
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_amounts_of_money_stand_beside_their_names(browser: Any, report: Path, width: int) -> None:
    page, _ = _open(browser, report, width=width, scheme="light", is_phone=width < 640)
    overlapping = page.evaluate(
        """() => ['money', 'demotions'].flatMap(name => {
            const boxes = Array.from(document.getElementById(name).querySelectorAll('g.annotation'),
                each => [each.textContent, each.getBoundingClientRect()]);
            return boxes.flatMap(([text, a], i) => boxes.slice(i + 1).filter(([_, b]) =>
                a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
            ).map(([other]) => `${text} and ${other}`));
        })"""
    )
    assert overlapping == []
    page.context.close()


def test_parts_of_equity_are_explained_on_request(browser: Any, report: Path) -> None:
    page, _ = _open(browser, report, width=390, scheme="light", is_phone=True)
    crossing = page.get_by_text("slippage spared because shares changed hands inside the fund")
    assert not crossing.is_visible()
    page.get_by_text("What the parts are").click()
    assert crossing.is_visible()
    page.context.close()


def test_texts_from_data_stay_texts(browser: Any, report: Path) -> None:
    page, complaints = _open(browser, report, width=1280, scheme="light")
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    assert page.title() == "Replay"
    assert page.get_by_role("cell", name=HOSTILE, exact=True).count() == 2
    assert complaints == []
    page.context.close()


def test_tables_keep_their_roles_as_cards_on_a_phone(browser: Any, report: Path) -> None:
    page, _ = _open(browser, report, width=390, scheme="light", is_phone=True)
    strategies = page.get_by_role("table", name="Strategies as the last tick left them")
    assert strategies.get_by_role("row").count() == len(STRATEGIES) + 1
    assert strategies.get_by_role("rowheader").count() == len(STRATEGIES)
    assert strategies.get_by_role("columnheader").count() == 7
    page.context.close()
