"""A decision as it stands in the log: chained by hash, with the inputs it can be derived from again."""

from typing import Any

from backend.domain.audit import entry_hash
from backend.domain.canonical import canonical_json, digest
from backend.domain.decision import Decision, DecisionInputs, StrategyDecision, published_signals
from backend.domain.identity import agent_id
from backend.domain.order import OrderIntent
from backend.domain.tick import LogEntry, PortfolioKey
from backend.domain.trading_state import Trading
from backend.domain.weights import Weights
from backend.engine.code_version import code_version


def log_entry(
    inputs: DecisionInputs,
    decision: Decision,
    *,
    key: PortfolioKey,
    trading: Trading,
    summary: str,
    correlation_id: str = "",
) -> LogEntry:
    """Write the entry that follows the head that ``trading`` holds; its hash covers neither of the last two."""
    text = canonical_json(inputs)
    owner = {"portfolio_id": key.portfolio_id, "uid": key.uid}
    place = {"sequence": trading.log_count + 1, "code_version": code_version()}
    body = {**decision_body(decision), **owner, **place, "inputs_hash": digest(text)}
    return LogEntry(
        log_id=decision.tick_id,
        tenant_id=decision.tenant_id,
        portfolio_id=key.portfolio_id,
        timestamp=decision.decided_at,
        session_id=decision.session_id,
        body=body,
        inputs=text,
        sequence=trading.log_count + 1,
        previous_hash=trading.log_head,
        entry_hash=entry_hash(trading.log_head, body),
        summary=summary,
        correlation_id=correlation_id,
    )


def decision_body(decision: Decision) -> dict[str, Any]:
    """Return a decision as JSON-ready values, with the field names of the contract."""
    stamp = decision.decided_at.isoformat()
    return {
        "tenant_id": decision.tenant_id,
        "tick_id": decision.tick_id,
        "session_id": decision.session_id,
        "timestamp": stamp,
        "allocation_decisions": [_allocation(each, stamp) for each in decision.strategies],
        "signals": {name: _plain(signal) for name, signal in published_signals(decision).items()},
        "failures": dict(decision.failures),
        "systemic_risk_detected": decision.systemic_risk_detected,
        "systemic_risk_details": decision.systemic_risk_details,
        "signals_modified": decision.signals_modified,
        **_watched(decision),
        "allocation": _weights(decision.weights),
        "risk": _risk(decision),
        "mode_changes": [
            {
                "strategy_name": change.strategy,
                "before": change.before.value if change.before else None,
                "after": change.after.mode.value,
                "reason": change.after.reason,
            }
            for change in decision.mode_changes
        ],
        "orders": [order_body(intent, decision.tenant_id) for intent in decision.intents],
        "crosses": [
            {
                "cross_id": each.cross_id,
                "seller": each.seller,
                "buyer": each.buyer,
                "ticker": each.symbol,
                "qty": str(each.quantity),
                "price": str(each.price),
            }
            for each in decision.crosses
        ],
        "virtual_fills": [
            {
                "strategy_name": each.strategy,
                "ticker": each.fill.symbol,
                "side": each.fill.side.value,
                "qty": str(each.fill.quantity),
                "price": str(each.fill.price),
            }
            for each in decision.virtual_fills
        ],
        "denials": [
            {"strategy_name": each.strategy, "ticker": each.symbol, "reason": each.reason} for each in decision.denials
        ],
    }


def _watched(decision: Decision) -> dict[str, Any]:
    """Return what the breakers saw and what somebody should know."""
    return {
        "trading_state": decision.trading_state.value,
        "trips": [
            {"breaker": each.breaker.value, "state": each.state.value, "reason": each.reason}
            for each in decision.watched.trips
        ],
        "warnings": list(decision.watched.warnings),
        "doubt": decision.watched.doubt,
        "doubtful": {str(symbol): why for symbol, why in decision.watched.doubtful.items()},
        "notices": [
            {"kind": each.kind, "subject": each.subject, "severity": each.severity.value, "message": each.message}
            for each in decision.notices
        ],
        "recovered": [each.value for each in decision.watched.recovered],
    }


def _weights(weights: Weights) -> dict[str, Any]:
    return {
        "method": weights.method.value,
        "is_rebalanced": weights.rebalance is not None,
        "reason": weights.reason,
        "weights": {str(name): weight for name, weight in weights.by_strategy.items()},
        "cash": weights.cash,
        "turnover": weights.turnover,
        "cost": weights.cost,
        "notes": list(weights.notes),
    }


def _risk(decision: Decision) -> dict[str, Any]:
    risk = decision.risk
    return {
        "correlation_max": risk.correlation,
        "correlation_pair": None if risk.pair is None else list(risk.pair),
        "var": risk.var,
        "cvar": risk.cvar,
        "leverage": risk.leverage,
        "concentration": risk.concentration,
        "largest": risk.largest,
        "stopped": [{"strategy_name": s.strategy, "ticker": s.symbol, "reason": s.reason} for s in decision.stopped],
    }


def _allocation(each: StrategyDecision, stamp: str) -> dict[str, Any]:
    return {
        "strategy_name": each.strategy,
        "original_allocation": each.signal.allocation,
        "final_allocation": each.final_allocation,
        "mode": each.mode.value,
        "reasoning": each.reasoning,
        "sharpe_ratio": each.sharpe,
        "n": each.n,
        "timestamp": stamp,
    }


def order_body(intent: OrderIntent, tenant_id: str) -> dict[str, Any]:
    """Return an order as it stands in the log: everything that the venue is told, and whose it is."""
    return {
        "client_order_id": intent.client_order_id,
        "strategy_name": intent.strategy,
        "agent_id": agent_id(tenant_id, intent.strategy),
        "nonce": intent.nonce,
        "ticker": intent.symbol,
        "side": intent.side.value,
        "qty": None if intent.quantity is None else str(intent.quantity),
        "notional": None if intent.notional is None else str(intent.notional),
        "kind": intent.kind.value,
        "limit_price": None if intent.limit_price is None else str(intent.limit_price),
    }


def _plain(signal: Any) -> dict[str, Any]:
    """Keep of a signal what JSON can hold; metadata is kept in the canonical inputs."""
    return {
        key: value.isoformat() if key == "expires_at" else value for key, value in signal.items() if key != "metadata"
    }
