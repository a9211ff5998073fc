"""What happened in a portfolio over some hours, as one JSON-ready object."""

from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

from backend.domain.guard import Guard
from backend.domain.order import OrderStatus
from maestro.monitoring.allocation import allocation_metrics
from maestro.monitoring.levels import Levels
from maestro.monitoring.strategies import Totals, money, number, strategies
from maestro.monitoring.window import Seen

_UNSENT = frozenset({OrderStatus.INTENT, OrderStatus.DENIED})


def report(seen: Seen, totals: Totals, levels: Levels, *, next_tick: datetime | None) -> dict[str, Any]:
    """Put everything together: money as decimal text, fractions as numbers, null where unknown."""
    trading = seen.standing.observed.trading
    return {
        "period": {
            "from": seen.window.start.isoformat(),
            "to": seen.window.end.isoformat(),
            "hours": (seen.window.end - seen.window.start).total_seconds() / 3600,
            "closed_days": [day.day.isoformat() for day in seen.days],
        },
        "trading": {
            "state": trading.state.value,
            "epoch": trading.epoch,
            "restrictions": [
                {
                    "source": source,
                    "state": each.state.value,
                    "reason": each.reason,
                    "by": each.by,
                    "since": each.since.isoformat(),
                }
                for source, each in trading.restrictions.items()
            ],
            "reserved": f"{trading.reserved:f}",
        },
        "equity": _equity(seen, totals),
        "allocation_metrics": allocation_metrics(seen),
        "risk_metrics": _risk(seen, levels),
        "strategies": strategies(seen, totals),
        "decisions": _decisions(seen, next_tick),
        "orders": _orders(seen),
        "alerts": [
            {
                "at": each.at.isoformat(),
                "kind": each.kind,
                "subject": each.subject or None,
                "severity": each.severity.value,
                "message": each.message,
            }
            for each in seen.alerts
        ],
    }


def _equity(seen: Seen, totals: Totals) -> dict[str, Any]:
    """Start and end are the closes around the window's closed days; ``now`` is the last accepted look."""
    first, last = (seen.days[0], seen.days[-1]) if seen.days else (None, None)
    start = None if first is None else first.equity if first.previous_equity is None else first.previous_equity
    guard = seen.standing.observed.trading.guard
    return {
        "start": money(start),
        "end": money(None if last is None else last.equity),
        "return": number(totals.total_return),
        "max_drawdown": number(totals.max_drawdown),
        "attribution": totals.attribution,
        "now": money(guard.equity),
        "day_return": _change(guard, guard.day_start_equity),
        "at": guard.equity_at.isoformat() if guard.equity_at else None,
        "high_water_mark": money(guard.high_water_mark) if guard.high_water_mark > 0 else None,
    }


def _risk(seen: Seen, levels: Levels) -> dict[str, Any]:
    risk, guard = seen.standing.part("risk"), seen.standing.observed.trading.guard
    from_high = _change(guard, guard.high_water_mark)
    correlations = [(entry.body.get("risk") or {}).get("correlation_max") for entry in seen.entries]
    names = ("correlation_max", "correlation_pair", "var", "cvar", "leverage", "concentration", "cuts")
    thresholds = levels.thresholds
    return {
        "drawdown": None if from_high is None else max(0.0, -from_high),
        **{name: risk.get(name) for name in names},
        "correlation_highest": max((each for each in correlations if each is not None), default=None),
        "limits": dict(levels.limits),
        "alert_thresholds": {
            "drawdown": thresholds.drawdown,
            "correlation": thresholds.correlation,
            "underperformance": thresholds.underperformance,
        },
    }


def _change(guard: Guard, basis: Decimal) -> float | None:
    """Return equity ÷ basis − 1; None without either."""
    return None if guard.equity is None or basis <= 0 else float(guard.equity / basis - 1)


def _decisions(seen: Seen, next_tick: datetime | None) -> dict[str, Any]:
    bodies = [entry.body for entry in seen.entries]
    newest = seen.standing.newest
    failures = Counter(name for body in bodies for name in body.get("failures", {}))
    return {
        "count": len(bodies),
        "last_at": newest.timestamp.isoformat() if newest else None,
        "next_at": next_tick.isoformat() if next_tick else None,
        "signals_modified": sum(body.get("signals_modified", 0) for body in bodies),
        "systemic_overrides": sum(bool(body.get("systemic_risk_detected")) for body in bodies),
        "mode_changes": sum(len(body.get("mode_changes", ())) for body in bodies),
        "denials": sum(len(body.get("denials", ())) for body in bodies),
        "failures": dict(sorted(failures.items())),
        "trips": [
            {"at": entry.timestamp.isoformat(), **trip}
            for entry in seen.entries
            for trip in entry.body.get("trips", ())
        ],
        "last_summary": newest.summary if newest else None,
    }


def _orders(seen: Seen) -> dict[str, Any]:
    """Count the orders that were decided in the window by what became of them, and those that are open now."""
    by_status = Counter(each.order.status for each in seen.orders)
    now = Counter(each.status for each in seen.standing.observed.book.open_orders.values())
    return {
        "decided": len(seen.orders),
        "sent": sum(count for status, count in by_status.items() if status not in _UNSENT),
        **{status.value: by_status[status] for status in OrderStatus},
        "open_now": now.total(),
        "unresolved_now": now[OrderStatus.UNRESOLVED],
    }
