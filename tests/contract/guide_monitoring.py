"""Steps 3.1 and 3.2 of the migration guide, word for word but for the signs in its messages."""

# ruff: noqa: UP006, UP035

from datetime import datetime, timedelta, timezone
from typing import Any, Dict, List

from google.cloud import firestore


async def get_orchestration_summary(db: Any, hours: int = 24) -> Dict[str, Any]:
    """Get summary of Maestro decisions over last N hours."""
    cutoff = datetime.now(timezone.utc) - timedelta(hours=hours)  # noqa: UP017

    logs = (
        db.collection("systemStatus")
        .document("orchestration_logs")
        .collection("logs")
        .where("timestamp", ">=", cutoff)
        .stream()
    )

    summary: Dict[str, Any] = {
        "total_decisions": 0,
        "systemic_risk_events": 0,
        "strategies_reduced": set(),
        "strategies_shadowed": set(),
        "mode_distribution": {"ACTIVE": 0, "REDUCED": 0, "SHADOW_MODE": 0},
    }

    for log in logs:
        data = log.to_dict()
        summary["total_decisions"] += 1

        if data.get("systemic_risk_detected"):
            summary["systemic_risk_events"] += 1

        for decision in data.get("allocation_decisions", []):
            mode = decision["mode"]
            summary["mode_distribution"][mode] += 1

            if mode == "REDUCED":
                summary["strategies_reduced"].add(decision["strategy_name"])
            elif mode == "SHADOW_MODE":
                summary["strategies_shadowed"].add(decision["strategy_name"])

    # Convert sets to lists
    summary["strategies_reduced"] = list(summary["strategies_reduced"])
    summary["strategies_shadowed"] = list(summary["strategies_shadowed"])

    return summary


async def check_maestro_alerts(db: Any) -> List[str]:
    """Check for critical Maestro events requiring attention."""
    alerts = []

    # Check for recent systemic risk events
    recent = datetime.now(timezone.utc) - timedelta(hours=1)  # noqa: UP017
    risk_events = (
        db.collection("systemStatus")
        .document("orchestration_logs")
        .collection("logs")
        .where("timestamp", ">=", recent)
        .where("systemic_risk_detected", "==", True)
        .limit(1)
        .stream()
    )

    for event in risk_events:
        data = event.to_dict()
        alerts.append(f"SYSTEMIC RISK: {data['systemic_risk_details']}")

    # Check for strategies moved to shadow mode
    recent_decisions = (
        db.collection("systemStatus")
        .document("orchestration_logs")
        .collection("logs")
        .where("timestamp", ">=", recent)
        .order_by("timestamp", direction=firestore.Query.DESCENDING)
        .limit(1)
        .stream()
    )

    for log in recent_decisions:
        data = log.to_dict()
        for decision in data.get("allocation_decisions", []):
            if decision["mode"] == "SHADOW_MODE":
                alerts.append(
                    f"{decision['strategy_name']} moved to SHADOW_MODE (Sharpe: {decision['sharpe_ratio']:.2f})"
                )

    return alerts
