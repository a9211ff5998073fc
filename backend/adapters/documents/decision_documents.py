"""What a decision leaves for readers: ``shadow_pnl``, ``strategies/{s}``, ``alerts`` and ``dashboard/summary``."""

from typing import Any

from backend.adapters.documents import paths
from backend.adapters.documents.alert_documents import alert_write
from backend.adapters.documents.seam import Write, merge, replace
from backend.adapters.documents.tenant_summary_documents import committed_write
from backend.domain.alerts import alerts_of
from backend.domain.decision import Decision, StrategyDecision, VirtualFill
from backend.domain.identity import agent_id
from backend.domain.tick import PortfolioKey, TickCommit


def decision_writes(commit: TickCommit) -> list[Write]:
    key, decision = commit.request.key, commit.decision
    by_strategy = {each.strategy: each for each in decision.strategies}
    return [
        *(_shadow_fill(commit, fill, by_strategy[fill.strategy]) for fill in decision.virtual_fills),
        *_mode_changes(decision, key),
        *(alert_write(each) for each in alerts_of(commit.decision, commit.request.key.portfolio_id)),
        replace(paths.dashboard(key.tenant_id), _dashboard(commit)),
        committed_write(commit),
    ]


def _shadow_fill(commit: TickCommit, virtual: VirtualFill, each: StrategyDecision) -> Write:
    key, decision, fill = commit.request.key, commit.decision, virtual.fill
    sleeve = commit.book.of(virtual.strategy).scored
    fields = {
        "timestamp": decision.decided_at,
        "tenant_id": key.tenant_id,
        "uid": key.uid,
        "portfolio_id": key.portfolio_id,
        "tick_id": str(decision.tick_id),
        "strategy_name": str(virtual.strategy),
        "action": fill.side.value.upper(),
        "ticker": str(fill.symbol),
        "mode": each.mode.value,
        "reasoning": each.reasoning,
        "agent_id": agent_id(decision.tenant_id, virtual.strategy),
        "nonce": each.nonce,
        "session_id": decision.session_id,
        "sharpe_ratio": each.sharpe,
        "confidence": each.signal.confidence,
        "qty": str(fill.quantity),
        "price": str(fill.price),
        "fees": str(fill.fees),
        "virtual_pnl": str(sleeve.realised),  # of the virtual sleeve so far, after this tick's fills, net of fees
    }
    identifier = f"{decision.tick_id}__{virtual.strategy}__{fill.symbol}__{fill.side.value}"
    return replace(paths.shadow_fill(key.tenant_id, identifier), fields)


def _mode_changes(decision: Decision, key: PortfolioKey) -> list[Write]:
    """Merged, since a strategy's definition lives in the same document."""
    return [
        merge(
            paths.strategy(key.tenant_id, change.strategy),
            {
                "strategy_id": str(change.strategy),
                "portfolio_id": key.portfolio_id,
                "mode": change.after.mode.value,
                "since": change.after.since,
                "why": change.after.reason,
            },
        )
        for change in decision.mode_changes
    ]


def _dashboard(commit: TickCommit) -> dict[str, Any]:
    decision = commit.decision
    return {
        "tick_id": str(decision.tick_id),
        "portfolio_id": commit.request.key.portfolio_id,
        "timestamp": decision.decided_at,
        "session_id": decision.session_id,
        "correlation_id": commit.request.correlation_id,
        "log_id": commit.log.log_id,
        "trading_state": commit.trading.state.value,
        "trading_reason": commit.trading.reason,
        "high_water_mark": str(commit.trading.guard.high_water_mark),
        "reserved": str(commit.trading.reserved),
        "modes": decision.modes,
        "order_count": len(commit.tick.orders),
        "systemic_risk_detected": decision.systemic_risk_detected,
        "systemic_risk_details": decision.systemic_risk_details,
        "signals_modified": decision.signals_modified,
        "summary": commit.log.summary,
        "strategies": [
            {
                "strategy": str(each.strategy),
                "mode": each.mode.value,
                "sharpe_ratio": each.sharpe,
                "final_allocation": each.final_allocation,
            }
            for each in decision.strategies
        ],
    }
