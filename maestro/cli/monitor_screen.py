"""The screen of ``maestro monitor``: what one wants to see at a glance, from 80 columns on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from maestro.backtest.cents import cents, gain
from maestro.backtest.notation import UNDEFINED, change, percent, ratio
from maestro.backtest.strategy_record import strategy_records, wealth
from maestro.cli.tables import mode_text, sparklines
from maestro.monitoring.window import Seen

_STATES = {"ACTIVE": "bold green", "REDUCING": "bold yellow", "HALTED": "bold white on red"}
_SEVERITIES = {"info": "", "warning": "yellow", "error": "bold red"}
_WIDE = 110  # columns from which there is room between columns
_SHORTEST_CURVE, _LONGEST_CURVE = 6, 60
_DECISIONS, _ALERTS = 4, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One look: the report, and what was seen, for the curves."""

    report: dict[str, Any]
    seen: Seen


def screen(view: View, *, now: datetime, width: int, problem: str = "") -> RenderableType:
    """Return header, money, risk, strategies, decisions and alerts, the most urgent first."""
    parts: list[RenderableType] = [*_header(view, now, problem), Text(), _figures(view, width), Text()]
    parts += [_strategies(view, width), Text(), *_alerts(view, now), *_decisions(view, now), _footer(view)]
    return Padding(Group(*parts), (0, 1))


def _header(view: View, now: datetime, problem: str) -> Iterator[RenderableType]:
    said, trading = view.report, view.report["trading"]
    line = Table.grid(expand=True)
    line.add_column()
    line.add_column(justify="right")
    state = Text(f" {trading['state']} ", style=_STATES[trading["state"]])
    owner = Text.assemble(("maestro ", "bold"), f"{said['tenant']}/{said['portfolio_id']} ", state)
    line.add_row(owner, _ticks(said["decisions"], now))
    yield line
    if problem:
        yield Text(f"the last look failed: {problem}", style="bold red")
    for each in trading["restrictions"]:
        yield Text(
            f"{each['state']} by {each['source']} since {_at(each['since'])}: {each['reason']} ({each['by']})",
            style="yellow",
        )


def _ticks(decisions: dict[str, Any], now: datetime) -> Text:
    if decisions["last_at"] is None:
        return Text("no decision yet", style="yellow")
    last = (now - datetime.fromisoformat(decisions["last_at"])).total_seconds()
    due = (datetime.fromisoformat(decisions["next_at"]) - now).total_seconds()
    wait = (f"next in {age(due)}", "") if due >= 0 else (f"next is {age(-due)} late", "bold red")
    return Text.assemble(f"last decision {age(last)} ago, ", wait)


def _figures(view: View, width: int) -> RenderableType:
    """Return equity, drawdown, risk and allocation, a line each."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bold", no_wrap=True)
    lines.add_column()
    lines.add_row("Equity", _equity(view, width - 14))
    lines.add_row("Drawdown", _drawdown(view.report["risk_metrics"], width - 14))
    for name, parts in (("Risk", _risk(view.report["risk_metrics"])), ("Weights", _allocation(view.report))):
        lines.add_row(name, Text(" · ").join(map(Text, parts)) if parts else Text("unknown", style="dim"))
    return lines


def _equity(view: View, room: int) -> Text:
    equity, seen = view.report["equity"], view.seen
    if equity["now"] is None:
        return Text("not looked at yet", style="dim")
    day = equity["day_return"]
    words = Text.assemble(
        f"${cents(Decimal(equity['now'])):,}  ",
        (f"{change(day)} today", _gain_style(day)),
        f", {change(equity['return'])} in {view.report['period']['hours']:.0f} h  ",
    )
    closes = [float(each.equity) for each in (*seen.earlier, *seen.days)] + [float(equity["now"])]
    (curve,) = sparklines([closes], width=max(8, min(_LONGEST_CURVE, room - len(words))))
    return Text.assemble(words, (curve, "cyan"))


def _gain_style(value: float | None) -> str:
    return "green" if value and value > 0 else "red" if value and value < 0 else ""


def _drawdown(risk: dict[str, Any], room: int) -> Text:
    """Draw the fall from the high on a scale that ends with the limit, with the levels before it as marks."""
    drawdown, limits = risk["drawdown"], risk["limits"]
    if drawdown is None:
        return Text("unknown", style="dim")
    levels = {
        "told": risk["alert_thresholds"]["drawdown"],
        "reduces": limits.get("drawdown_reduce"),
        "halts": limits.get("max_portfolio_drawdown"),
    }
    known = {name: level for name, level in levels.items() if level is not None and level < 1.0}
    style = _level_style(drawdown, known)
    words = ", ".join(f"{name} {level:.0%}" for name, level in known.items()) or "no limit"
    cells = max(8, min(_LONGEST_CURVE, room - len(words) - 9))
    scale = max([*known.values(), drawdown, 0.01])
    marks = {min(cells - 1, int(level / scale * cells)) for level in known.values()}
    filled = round(drawdown / scale * cells)
    bar = "".join("█" if cell < filled else "│" if cell in marks else "·" for cell in range(cells))
    return Text.assemble((f"{percent(drawdown):<6}", style), " ", (bar, style or "green"), f"  {words}")


def _level_style(drawdown: float, known: dict[str, float]) -> str:
    reached = [name for name, level in known.items() if drawdown >= level]
    return {"told": "yellow", "reduces": "bold yellow", "halts": "bold red"}[reached[-1]] if reached else ""


def _risk(risk: dict[str, Any]) -> list[str]:
    found = []
    if risk["correlation_max"] is not None:
        pair = " and ".join(risk["correlation_pair"] or ())
        found.append(f"correlation {ratio(risk['correlation_max'])}" + (f" of {pair}" if pair else ""))
    names = {"var": "VaR", "cvar": "CVaR", "leverage": "leverage", "concentration": "largest symbol"}
    return found + [f"{word} {percent(risk[name])}" for name, word in names.items() if risk[name] is not None]


def _allocation(said: dict[str, Any]) -> list[str]:
    metrics = said["allocation_metrics"]
    found = [str(metrics["method"]).replace("_", " ")] if metrics["method"] else []
    names = {"cash": "cash", "turnover": "turnover"}
    found += [f"{word} {percent(float(metrics[name]))}" for name, word in names.items() if metrics[name] is not None]
    if metrics["effective_strategies"] is not None:
        found.append(f"{metrics['effective_strategies']:.1f} effective strategies")
    return found


def _strategies(view: View, width: int) -> RenderableType:
    """Give every column what it needs, names among them, and the curve what is left."""
    is_wide = width >= _WIDE
    table = Table(box=None, padding=(0, 1), pad_edge=False, collapse_padding=not is_wide, header_style="dim")
    table.add_column("Strategy", overflow="fold", max_width=max(16, width - 54))
    table.add_column("Mode", no_wrap=True)
    hours = f"{view.report['period']['hours']:.0f} h"
    for heading in ("Sharpe", *(("n",) if is_wide else ()), "Weight", "Day P&L", hours):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    names = max((len(each["strategy"]) for each in view.report["strategies"]), default=0)
    room = width - names - (60 if is_wide else 47)
    curves = _curves(view, min(_LONGEST_CURVE, room)) if room >= _SHORTEST_CURVE else {}
    for each in view.report["strategies"]:
        table.add_row(*_cells(each, is_wide=is_wide), Text(curves.get(each["strategy"], ""), style="cyan"))
    return table


def _cells(each: dict[str, Any], *, is_wide: bool) -> Iterator[RenderableType]:
    """Show the base weight where the allocation gives none."""
    weight = each["weight"] if each["weight"] is not None else each["base_weight"]
    day = None if each["day_pnl"] is None else Decimal(each["day_pnl"])
    yield Text(each["strategy"], style="red" if each["failures"] else "")
    yield mode_text(each["mode"] or UNDEFINED)
    yield ratio(each["sharpe_ratio"])
    if is_wide:
        yield UNDEFINED if each["observations"] is None else str(each["observations"])
    yield percent(weight)
    yield UNDEFINED if day is None else Text(gain(cents(day)), style="red" if day < 0 else "")
    yield change(each["return"])


def _curves(view: View, width: int) -> dict[str, str]:
    """Draw each strategy's compounded return on a scale of its own."""
    records = strategy_records([*view.seen.earlier_strategy_days, *view.seen.strategy_days])
    return {each.strategy: sparklines([wealth(each.returns).tolist()], width=width)[0] for each in records}


def _alerts(view: View, now: datetime) -> Iterator[RenderableType]:
    alerts = view.report["alerts"]
    yield Rule(Text(_counted(len(alerts), "alert"), style="dim"), align="left", style="dim")
    for each in list(reversed(alerts))[:_ALERTS]:
        when = age((now - datetime.fromisoformat(each["at"])).total_seconds())
        yield _dated(when, Text(each["message"], style=_SEVERITIES[each["severity"]]))


def _decisions(view: View, now: datetime) -> Iterator[RenderableType]:
    yield Rule(
        Text(f"Newest of {_counted(view.report['decisions']['count'], 'decision')}", style="dim"),
        align="left",
        style="dim",
    )
    for number, entry in enumerate(list(reversed(view.seen.entries))[:_DECISIONS]):
        when = age((now - entry.timestamp).total_seconds())
        yield _dated(when, Text(entry.summary), is_whole=number == 0)


def _dated(when: str, words: Text, *, is_whole: bool = False) -> Table:
    """Put an age before words, which are cut to one line unless they are wanted whole."""
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=9, justify="right", style="dim")
    line.add_column(ratio=1, no_wrap=not is_whole, overflow="fold" if is_whole else "ellipsis")
    line.add_row(when, words)
    return line


def _footer(view: View) -> RenderableType:
    orders, days = view.report["orders"], len(view.report["period"]["closed_days"])
    counts = ", ".join(f"{orders[name]:,} {name}" for name in ("filled", "denied", "rejected"))
    unresolved = orders["unresolved_now"]
    line = Table.grid(expand=True)
    line.add_column(overflow="fold")
    line.add_column(justify="right", style="dim", overflow="fold")
    words = Text.assemble(
        (f"{_counted(orders['sent'], 'order')} sent, {counts}, ", "dim"),
        (f"{unresolved:,} unresolved", "bold red" if unresolved else "dim"),
        (f" · {_counted(days, 'day')} closed", "dim"),
    )
    line.add_row(words, view.report["store"])
    return line


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def age(seconds: float) -> str:
    """Write a span in its two largest units."""
    whole = max(0, round(seconds))
    days, hours, minutes = whole // 86400, whole // 3600 % 24, whole // 60 % 60
    if days:
        return f"{days:,} d {hours} h" if days < 10 else f"{days:,} d"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{whole} s"


def _at(stamp: str) -> str:
    return stamp[:16].replace("T", " ")
