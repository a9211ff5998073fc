"""The shell of every page: one HTML file that asks no network, in both colour schemes.

Equal input gives equal bytes: nothing here asks for the time.
"""

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from maestro.backtest.figure import Figure
from maestro.backtest.markup import Markup, escaped


def page(
    name: str, *, title: str, subtitle: str, lead: str, figures: Mapping[str, Figure], parts: Mapping[str, Markup]
) -> str:
    """Fill the template ``name`` with ``parts`` and put it into the shell, with style sheet, script and plotly.js.

    The template has an element with class ``chart`` for each of ``figures``, whose id is the figure's name.
    """
    from plotly.offline import get_plotlyjs

    return Template(_part("page.html")).substitute(
        title=escaped(title),
        subtitle=escaped(subtitle),
        lead=escaped(lead),
        main=Template(_part(name)).substitute(parts),
        style=_part("page.css"),
        script=_part("page.js"),
        figures=_json(figures),
        plotly=get_plotlyjs(),
    )


def write_page(path: Path, content: str) -> Path:
    """Write a page and return its path; missing folders are made, a file that exists is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="\n")
    return path


def _part(name: str) -> str:
    return resources.files("maestro.backtest").joinpath(name).read_text(encoding="utf-8")


def _json(value: object) -> str:
    """Write JSON that cannot end the script element it stands in."""
    return json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
