"""What tests of MaestroController share: one call, daily documents as users write them, and the walk along the log."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import create
from backend.domain.audit import entry_hash
from backend.domain.tick import LogEntry, PortfolioKey
from backend.domain.trading_state import GENESIS_HASH
from functions.strategies.maestro_controller import MaestroController, MaestroDecision
from tests.fakes.cycle import AT, SetClock

LOSING = (-0.02, 0.001, -0.03, -0.01, 0.002, -0.02)  # Sharpe far below zero
WINNING = (0.01, 0.012, 0.009, 0.011, 0.008, 0.012)
YESTERDAY = AT.date() - timedelta(days=1)
MIDDLING = (0.01, -0.01, 0.01, -0.01, 0.01, -0.0091)  # Sharpe 0.24, below SHADOW as it stands


def yesterday() -> date:
    """Return the last day that controllers on the system's clock have seen end."""
    return datetime.now(UTC).date() - timedelta(days=1)


def orchestrate(
    documents: Documents, signals: Mapping[str, Any], tenant: str = "acme", uid: str | None = None, strategies: Any = ()
) -> tuple[dict[str, Any], MaestroDecision]:
    controller = MaestroController(documents, tenant, uid, clock=SetClock())
    judged, decision = asyncio.run(controller.orchestrate(signals, strategies or list(signals)))
    return {name: dict(signal) for name, signal in judged.items()}, decision


def write_days(
    documents: Documents,
    strategy: str,
    returns: Sequence[float],
    tenant: str = "acme",
    *,
    uid: str = "u1",
    last: date = YESTERDAY,
) -> None:
    """Write daily documents as the migration guide asks users to, up to ``last``."""
    days = [last - timedelta(days=len(returns) - 1 - i) for i in range(len(returns))]
    documents.commit([_daily(tenant, uid, strategy, day, value) for day, value in zip(days, returns, strict=True)])


def _daily(tenant: str, uid: str, strategy: str, day: date, value: float) -> Any:
    fields = {"uid": uid, "strategy_id": strategy, "period": "day", "period_start": day.isoformat()}
    path = f"tenants/{tenant}/strategy_performance/{uid}__{strategy}__{day}"
    return create(path, {**fields, "period_end": day.isoformat(), "daily_return": value})


def modes(decision: MaestroDecision) -> dict[str, str]:
    return {each.strategy_name: each.mode for each in decision.allocation_decisions}


def chain(documents: Documents, tenant: str = "acme") -> list[LogEntry]:
    """Walk the whole log from its first entry to the head, checking every hash."""
    store = DocumentStore(documents)
    entries = store.decisions(tenant, last=1000)
    by_previous = {each.previous_hash: each for each in entries}
    assert len(by_previous) == len(entries), "two entries follow the same one"
    walked, head = [], GENESIS_HASH
    while head in by_previous:
        entry = by_previous[head]
        assert entry_hash(entry.previous_hash, entry.body) == entry.entry_hash
        walked.append(entry)
        head = entry.entry_hash
    assert head == store.observe_book(PortfolioKey(tenant_id=tenant)).trading.log_head
    assert len(walked) == len(entries), "an entry stands outside the chain"
    return walked
