"""What Maestro decided over a window, counted as the migration guide counts it, and what it did besides."""

from collections import Counter
from typing import Any

from backend.domain.mode import Mode
from maestro.monitoring.window import Seen


def digest(seen: Seen) -> dict[str, Any]:
    """Return JSON-ready counts; ``mode_distribution`` counts strategies over all decisions of the window."""
    bodies = [entry.body for entry in seen.entries]
    judged = [each for body in bodies for each in body.get("allocation_decisions", ())]
    counts = Counter(each["mode"] for each in judged)
    failures = Counter(name for body in bodies for name in body.get("failures", {}))
    return {
        "total_decisions": len(bodies),
        "systemic_risk_events": sum(bool(body.get("systemic_risk_detected")) for body in bodies),
        "mode_distribution": {mode.value: counts[mode.value] for mode in Mode},
        "strategies_reduced": _in_mode(judged, Mode.REDUCED),
        "strategies_shadowed": _in_mode(judged, Mode.SHADOW_MODE),
        "strategies_failed": dict(sorted(failures.items())),
        "signals_modified": sum(body.get("signals_modified", 0) for body in bodies),
        "orders": sum(len(body.get("orders", ())) for body in bodies),
        "denials": sum(len(body.get("denials", ())) for body in bodies),
        "alerts": len(seen.alerts),
        "trading_state": seen.standing.observed.trading.state.value,
    }


def mode_changes(seen: Seen) -> list[dict[str, Any]]:
    """Return every change of a mode in the window, oldest first."""
    return [
        {"at": entry.timestamp.isoformat(), "strategy": each["strategy_name"]}
        | {name: each[name] for name in ("before", "after", "reason")}
        for entry in seen.entries
        for each in entry.body.get("mode_changes", ())
    ]


def newest_summaries(seen: Seen, count: int) -> list[dict[str, str]]:
    """Return what was said of the newest decisions of the window, newest first."""
    told = [entry for entry in reversed(seen.entries) if entry.summary]
    return [{"at": entry.timestamp.isoformat(), "summary": entry.summary} for entry in told[:count]]


def _in_mode(judged: list[dict[str, Any]], mode: Mode) -> list[str]:
    return sorted({each["strategy_name"] for each in judged if each["mode"] == mode.value})
