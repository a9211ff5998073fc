"""What is critical now, judged from the newest decisions and not from stored alerts, so that a look never misses it.

1. a systemic override within the last hour;
2. most strategies of a portfolio in SHADOW_MODE at its newest decision.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from backend.domain.alert import Alert, Severity
from backend.domain.breakers.figures import listed
from backend.domain.mode import Mode
from backend.domain.tick import LogEntry

RECENT = timedelta(hours=1)


def critical(entries: Sequence[LogEntry], *, now: datetime) -> list[Alert]:
    """Return what is critical of decisions that come newest first, portfolio by portfolio."""
    portfolios = sorted({each.portfolio_id for each in entries})
    return [alert for name in portfolios for alert in _critical([e for e in entries if e.portfolio_id == name], now)]


def _critical(entries: Sequence[LogEntry], now: datetime) -> Iterator[Alert]:
    overridden = [e for e in entries if e.body.get("systemic_risk_detected") and now - RECENT <= e.timestamp <= now]
    if overridden:
        newest = overridden[0]
        yield _alert(newest, "systemic_risk", str(newest.body.get("systemic_risk_details")))
    judged = entries[0].body.get("allocation_decisions", ())
    shadowed = [each for each in judged if each["mode"] == Mode.SHADOW_MODE.value]
    if len(shadowed) * 2 > len(judged):
        names = listed([f"{each['strategy_name']} (Sharpe {_ratio(each['sharpe_ratio'])})" for each in shadowed])
        text = f"{len(shadowed)} of {len(judged)} strategies are in SHADOW_MODE: {names}"
        yield _alert(entries[0], "majority_in_shadow", text)


def _alert(entry: LogEntry, kind: str, message: str) -> Alert:
    return Alert(
        tenant_id=entry.tenant_id,
        portfolio_id=entry.portfolio_id,
        tick_id=entry.log_id,
        kind=kind,
        severity=Severity.ERROR,
        message=message,
        at=entry.timestamp,
    )


def _ratio(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.2f}"
