"""Every strategy of a portfolio over a window: its standing now, and what its closed days brought."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from backend.domain.mode import ModeState
from backend.domain.notices import cumulative_returns
from backend.domain.signal import StrategyId
from backend.domain.tick import LogEntry
from maestro.monitoring.window import Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyTotal:
    """One strategy's closed days together: scored return, NaN where undefined, and real P&L."""

    total_return: float
    pnl: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the window's closed days add up to, as `maestro performance` and `maestro attribution` have it.

    ``attribution`` is the change of equity with its parts, JSON-ready; None without a day. ``contributions`` are each
    strategy's parts of it with their ``total``, as decimal text.
    """

    total_return: float = math.nan
    max_drawdown: float = math.nan
    strategies: Mapping[StrategyId, StrategyTotal] = field(default_factory=dict)
    attribution: Mapping[str, Any] | None = None
    contributions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def strategies(seen: Seen, totals: Totals) -> list[dict[str, Any]]:
    """Return one JSON-ready object a strategy of the book, in the order of names."""
    observed = seen.standing.observed
    body = seen.standing.newest.body if seen.standing.newest else {}
    scored = {each["strategy_name"]: each for each in body.get("allocation_decisions", ())}
    signals, weights = body.get("signals", {}), seen.standing.part("allocation").get("weights") or {}
    records, changes = cumulative_returns(observed.record), _mode_changes(seen.entries)
    last_day = {each.strategy_id: each for each in seen.standing.last_day}
    return [
        {
            "strategy": name,
            **_mode(standing.mode),
            "mode_changes": changes.get(name, []),
            "sharpe_ratio": scored.get(name, {}).get("sharpe_ratio"),
            "observations": scored.get(name, {}).get("n"),
            "base_weight": signals.get(name, {}).get("base_weight"),
            "weight_multiplier": signals.get(name, {}).get("weight_multiplier"),
            "weight": weights.get(name),
            **_total(totals.strategies.get(name)),
            "record_return": number(records.get(name, math.nan)),
            "day_pnl": money(last_day[name].real_pnl) if name in last_day else None,
            **_contribution(totals.contributions.get(name), seen),
            "failures": sum(name in entry.body.get("failures", {}) for entry in seen.entries),
        }
        for name, standing in sorted(observed.book.strategies.items())
    ]


def money(amount: Decimal | None) -> str | None:
    """Write an amount as decimal text."""
    return None if amount is None else f"{amount:f}"


def number(value: float) -> float | None:
    """Return None for what is not finite: JSON has no such number."""
    return value if math.isfinite(value) else None


def _mode(state: ModeState | None) -> dict[str, str | None]:
    if state is None:
        return {"mode": None, "since": None, "why": None}
    return {"mode": state.mode.value, "since": state.since.isoformat(), "why": state.reason}


def _mode_changes(entries: Sequence[LogEntry]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        for each in entry.body.get("mode_changes", ()):
            change = {name: each[name] for name in ("before", "after", "reason")}
            found.setdefault(each["strategy_name"], []).append({"at": entry.timestamp.isoformat(), **change})
    return found


def _total(total: StrategyTotal | None) -> dict[str, Any]:
    return {"return": number(total.total_return) if total else None, "pnl": money(total.pnl) if total else None}


def _contribution(parts: Mapping[str, str] | None, seen: Seen) -> dict[str, Any]:
    """Add the total as a part of the equity at the start."""
    if parts is None:
        return {"contribution": None, "contribution_ratio": None}
    start = seen.days[0].previous_equity if seen.days else None
    part = float(Decimal(parts["total"]) / start) if start else None
    return {"contribution": dict(parts), "contribution_ratio": part}
