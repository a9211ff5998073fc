"""The daily report's words: one list of sections, written as text and as a page."""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from maestro.backtest.cents import cents, dollars, gain
from maestro.backtest.notation import UNDEFINED, change, mode_words, percent

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.3rem; }}
h2 {{ font-size: 1rem; margin: 1.5rem 0 .3rem; }}
table {{ border-collapse: collapse; width: 100%; }}
th, td {{ text-align: left; vertical-align: top; padding: .15rem 1rem .15rem 0; }}
th {{ font-weight: normal; white-space: nowrap; width: 14rem; }}
</style>
<h1>{title}</h1>
{sections}
</html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading over rows of a name and what is said of it; without rows it says that there is nothing."""

    title: str
    rows: Sequence[tuple[str, str]]


def sections(said: Mapping[str, Any]) -> list[Section]:
    """Return what people want to know of a day, the state and the money first."""
    return [
        Section(title="State", rows=list(_state(said))),
        Section(title="Money", rows=list(_money(said["equity"]))),
        Section(title="Decisions", rows=list(_decisions(said["summary"]))),
        Section(title="Strategies", rows=list(_strategies(said["strategies"]))),
        Section(title="Mode changes", rows=[(each["strategy"], _changed(each)) for each in said["mode_changes"]]),
        Section(title="Orders", rows=[(name, str(n)) for name, n in said["orders"].items() if n]),
        Section(title="Alerts", rows=[(each["at"][:16], _alerted(each)) for each in said["alerts"]]),
        Section(title="Newest decisions", rows=[(e["at"][:16], e["summary"]) for e in said["newest_summaries"]]),
    ]


def title(said: Mapping[str, Any]) -> str:
    return f"Maestro, {said['tenant']}/{said['portfolio_id']}, the day to {said['period']['to'][:16]} UTC"


def as_text(said: Mapping[str, Any]) -> str:
    """Write the report as plain text."""
    lines = [title(said)]
    for section in sections(said):
        lines += ["", section.title]
        width = max((len(name) for name, _ in section.rows), default=0)
        lines += [f"  {name:<{width}}  {text}" for name, text in section.rows] or ["  none"]
    return "\n".join(lines) + "\n"


def as_html(said: Mapping[str, Any]) -> str:
    """Write the report as one page that loads nothing."""
    body = "\n".join(f"<h2>{html.escape(each.title)}</h2>\n{_table(each)}" for each in sections(said))
    return _PAGE.format(title=html.escape(title(said)), sections=body)


def _table(section: Section) -> str:
    rows = [f"<tr><th>{html.escape(name)}</th><td>{html.escape(text)}</td></tr>" for name, text in section.rows]
    return "<table>\n" + "\n".join(rows) + "\n</table>" if rows else "<p>none</p>"


def _state(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    trading, period = said["trading"], said["period"]
    yield "Trading", trading["state"]
    for each in trading["restrictions"]:
        yield f"{each['state']} by {each['source']}", f"{each['reason']} ({each['by']}, since {each['since'][:16]})"
    yield "Closed days", ", ".join(period["closed_days"]) or "none"


def _money(equity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Equity", _dollars(equity["now"] or equity["end"])
    if equity["attribution"] is not None:
        yield "Change of the closed days", _gain(equity["attribution"]["change"])
    yield "Return of the closed days", change(equity["return"])
    yield "Since the day's start", change(equity["day_return"])
    yield "High-water mark", _dollars(equity["high_water_mark"])


def _decisions(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Decisions", str(summary["total_decisions"])
    yield "Systemic events", str(summary["systemic_risk_events"])
    for mode, count in summary["mode_distribution"].items():
        yield mode_words(mode), str(count)
    named = {"Reduced": summary["strategies_reduced"], "In shadow": summary["strategies_shadowed"]}
    named["Failed"] = list(summary["strategies_failed"])
    for what, names in named.items():
        if names:
            yield what, ", ".join(names)


def _strategies(strategies: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for each in strategies:
        mode = mode_words(each["mode"]) if each["mode"] else UNDEFINED
        yield each["strategy"], f"{mode}, P&L {_gain(each['pnl'])}, weight {percent(each['weight'])}"


def _changed(each: Mapping[str, Any]) -> str:
    return f"{each['before'] or 'new'} → {each['after']}, {each['at'][:16]}: {each['reason']}"


def _alerted(each: Mapping[str, Any]) -> str:
    return f"{each['severity']}: {each['message']}"


def _dollars(value: str | None) -> str:
    return UNDEFINED if value is None else dollars(cents(Decimal(value)))


def _gain(value: str | None) -> str:
    return UNDEFINED if value is None else gain(cents(Decimal(value)))
