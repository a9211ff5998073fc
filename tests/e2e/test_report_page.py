"""The report in a real Chromium: drawn in full, without network, in both colour schemes and on a phone."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from maestro.backtest.report import write_report
from tests.emulators.tiers import require_tier
from tests.fakes.replay import STRATEGIES, synthetic_outcome

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b>'
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CHARTS = {"equity": 2, "drawdown": 2, "modes": 4, "allocation": len(STRATEGIES) + 1, "sharpe": len(STRATEGIES)}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    require_tier("browser", executable is not None, "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield chromium
        chromium.close()


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
    """Open the report; return the page and everything it complained about or asked the network for."""
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, has_touch=is_phone, is_mobile=is_phone
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.append(f"request: {request.url}"))
    page.goto(report.as_uri())
    page.wait_for_function("document.querySelectorAll('.chart svg.main-svg').length >= 10")
    assert complaints.pop(0) == f"request: {report.as_uri()}"
    return page, complaints


def _drawn(page: Any) -> dict[str, int]:
    """Count per chart the traces that left a mark of some size."""
    found: dict[str, int] = page.evaluate(
        """names => Object.fromEntries(names.map(name => [name, Array.from(
            document.getElementById(name).querySelectorAll('g.trace')).filter(
              trace => Array.from(trace.querySelectorAll('path')).some(path => path.getBoundingClientRect().width > 1)
            ).length]))""",
        list(CHARTS),
    )
    return found


def _overflow(page: Any) -> int:
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "is_phone"), [(1280, False), (390, True), (320, True)])
def test_report_is_drawn_in_full_without_complaint_or_network(
    browser: Any, report: Path, width: int, is_phone: bool, scheme: Scheme
) -> None:
    page, complaints = _open(browser, report, width=width, scheme=scheme, is_phone=is_phone)
    assert _drawn(page) == CHARTS
    assert _overflow(page) == 0
    cut = page.evaluate(
        """() => Array.from(document.querySelectorAll('td, th, dd, dt, h1, .legend li, .chart svg.main-svg'))
            .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth
                || (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline'))
            .filter(each => !each.closest('thead')).map(each => each.outerHTML.slice(0, 120))"""
    )
    assert cut == []
    assert complaints == []
    page.context.close()


def test_figures_are_valid_for_the_plotly_they_are_drawn_with(browser: Any, report: Path) -> None:
    page, _ = _open(browser, report, width=1280, scheme="light")
    faults = page.evaluate(
        """() => Array.from(document.querySelectorAll('.chart')).flatMap(chart =>
            (Plotly.validate(chart.data, chart.layout) || []).map(fault => `${chart.id}: ${fault.msg}`))"""
    )
    assert faults == []
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


def test_zooming_one_chart_zooms_all(browser: Any, report: Path) -> None:
    page, complaints = _open(browser, report, width=1280, scheme="light")
    page.evaluate("Plotly.relayout('equity', {'xaxis.range': ['2020-03-01', '2020-05-01']})")
    page.wait_for_function(
        """() => Array.from(document.querySelectorAll('.chart')).every(
            chart => chart.layout.xaxis.range.join() === '2020-03-01,2020-05-01')"""
    )
    assert complaints == []
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
