"""Opening a page of charts as a reader does, and looking at what was drawn."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

Scheme = Literal["light", "dark"]


def opened(
    browser: Any, path: Path, *, charts: int, width: int = 1280, scheme: Scheme = "light", is_phone: bool = False
) -> tuple[Any, list[str]]:
    """Open a page with ``charts`` charts; return it and everything it complained about or asked the network for."""
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, has_touch=is_phone, is_mobile=is_phone
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: complaints.append(f"request: {request.url}"))
    page.goto(path.as_uri())
    # Plotly makes two drawings a chart: one of what is drawn, one of what lies above it.
    page.wait_for_function(f"document.querySelectorAll('.chart svg.main-svg').length >= {2 * charts}")
    assert complaints.pop(0) == f"request: {path.as_uri()}"
    return page, complaints


def drawn(page: Any, charts: Iterable[str]) -> dict[str, int]:
    """Count per chart the traces that left a mark of some size."""
    found: dict[str, int] = page.evaluate(
        """names => Object.fromEntries(names.map(name => [name, Array.from(
            document.getElementById(name).querySelectorAll('g.trace')).filter(
              trace => Array.from(trace.querySelectorAll('path')).some(path => path.getBoundingClientRect().width > 1)
            ).length]))""",
        list(charts),
    )
    return found


def overflow(page: Any) -> int:
    """Return by how many pixels the page is wider than its window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


def cut(page: Any) -> list[str]:
    """Return what is cut off, or reaches beyond the window without a way to scroll there.

    The column heads that a phone hides are left out.
    """
    found: list[str] = page.evaluate(
        """() => Array.from(document.querySelectorAll('td, th, dd, dt, h1, .heat, .legend li, .chart svg.main-svg'))
            .filter(each => each.getBoundingClientRect().right > document.documentElement.clientWidth
                    && !each.closest('.months')
                || (each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline'))
            .filter(each => !each.closest('thead')).map(each => each.outerHTML.slice(0, 120))"""
    )
    return found


def plotly_faults(page: Any) -> list[str]:
    """Return what the plotly of the page finds wrong with its figures."""
    found: list[str] = page.evaluate(
        """() => Array.from(document.querySelectorAll('.chart')).flatMap(chart =>
            (Plotly.validate(chart.data, chart.layout) || []).map(fault => `${chart.id}: ${fault.msg}`))"""
    )
    return found
