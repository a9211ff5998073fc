"""The page of ``maestro attribution`` in a real Chromium, in both colour schemes and on a phone."""

from pathlib import Path
from typing import Any

import pytest

from backend.domain.equity_change import equity_changes
from maestro.backtest.attribution_page import attribution_page
from maestro.backtest.page import write_page
from tests.e2e.pages import Scheme, cut, drawn, opened, overflow, plotly_faults
from tests.fakes.closed_days import closed_days
from tests.fakes.closed_store import weekdays

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror="document.title=1"><b>bold</b>'
DAYS = weekdays(31)
STRATEGIES = (HOSTILE, "a_strategy_whose_name_was_meant_as_its_documentation", "trend")


@pytest.fixture(scope="module")
def attribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    closed = closed_days(DAYS, {name: [False] * len(DAYS) for name in STRATEGIES})
    changes = equity_changes(closed.portfolio, closed.strategies)
    page = attribution_page(changes, title="Attribution", options={"Store": HOSTILE})
    return write_page(tmp_path_factory.mktemp("attribution") / "page.html", page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "is_phone"), [(1280, False), (390, True), (320, True)])
def test_attribution_is_drawn_in_full_without_complaint_or_network(
    browser: Any, attribution: Path, width: int, is_phone: bool, scheme: Scheme
) -> None:
    page, complaints = opened(browser, attribution, charts=1, width=width, scheme=scheme, is_phone=is_phone)
    assert drawn(page, ["money"]) == {"money": 3}
    assert overflow(page) == 0
    assert plotly_faults(page) == []
    assert complaints == []
    if is_phone:
        assert cut(page) == []
    page.context.close()


def test_attribution_between_phone_and_desk_scrolls_its_tables_sideways(browser: Any, attribution: Path) -> None:
    page, _ = opened(browser, attribution, charts=1, width=800)
    assert overflow(page) == 0
    reachable = page.evaluate(
        """() => Array.from(document.querySelectorAll('.sideways'), each => {
            each.scrollLeft = each.scrollWidth;
            const last = each.querySelector('table tr:last-child > :last-child').getBoundingClientRect();
            return last.right <= each.getBoundingClientRect().right + 1;
        })"""
    )
    assert reachable == [True, True]
    page.context.close()


def test_attribution_tables_are_named_and_hold_every_line(browser: Any, attribution: Path) -> None:
    page, _ = opened(browser, attribution, charts=1, width=390, is_phone=True)
    lines = {"By strategy": len(STRATEGIES) + 1, "From the strategies": 4, "By day": len(DAYS) - 1 + 1}
    for name, count in lines.items():
        assert page.get_by_role("table", name=name).get_by_role("rowheader").count() == count
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    page.context.close()
