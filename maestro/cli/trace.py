"""``maestro trace``: one order from the signal that asked for it to the money that it made."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from backend.domain.audit import entry_hash
from backend.domain.canonical import digest, read_canonical_json
from backend.domain.errors import StoreCorrupt
from backend.domain.ledger import LedgerTrade
from backend.domain.order import ClientOrderId, OrderState, OrderStatus
from backend.domain.order_result import OrderResult, order_result
from backend.domain.tick import LogEntry, PlacedOrder
from backend.engine.log_entry import order_body
from maestro.cli.chosen_store import ChosenStore, JsonOption, StoreOption, TenantOption, choose_store
from maestro.cli.story import print_story
from maestro.cli.unknown import NEWEST, unknown

_ENDS = {
    OrderStatus.INTENT: "it was decided, and nobody has recorded yet that it was sent; the next tick looks it up",
    OrderStatus.DENIED: "Maestro never sent it",
    OrderStatus.REJECTED: "the broker refused it",
    OrderStatus.UNRESOLVED: "the broker may or may not have it; it keeps its reservation until a tick finds out",
    OrderStatus.CANCELLED: "it was cancelled",
    OrderStatus.SUBMITTED: "it is at the broker, and not filled yet",
    OrderStatus.PARTIALLY_FILLED: "it is at the broker, and part of it is filled",
}


def trace(
    client_order_id: Annotated[str, typer.Argument(metavar="CLIENT_ORDER_ID", help="The order: mae-… .")],
    store: StoreOption = None,
    tenant: TenantOption = None,
    as_json: JsonOption = False,
) -> None:
    """Follow one order: signal, identity, decision, intent, broker order, fills, P&L.

    P&L is the strategy's ledger, first in first out, as of now: what the order
    itself realised, what was realised later on the shares that it bought, and
    what of them is still open. Fees that the broker books apart from fills are
    the strategy's and in no order.

    The object of --json holds store, tenant, client_order_id, signal (given,
    became), identity, decision, intent, broker_order, fills, pnl, and end,
    which says why the order is not, or not wholly, filled; null when it is.
    Money is decimal text.

    Example: maestro trace mae-0123456789abcdef0123456789abcdef01234567
    """
    chosen = choose_store(store, tenant)
    said = _story(chosen, ClientOrderId(client_order_id))
    if as_json:
        print(json.dumps(said, indent=2))
    else:
        print_story(said, Console())


def _story(chosen: ChosenStore, identifier: ClientOrderId) -> dict[str, Any]:
    tenant = chosen.key.tenant_id
    placed = next(iter(chosen.control.placed(tenant, [identifier]) if identifier else ()), None)
    if placed is None:
        newest = [str(each.intent.client_order_id) for each in chosen.log.orders(tenant, last=NEWEST)]
        raise unknown("CLIENT_ORDER_ID", identifier, newest, listed_by="maestro orders")
    order = placed.order
    entry = chosen.log.decision(tenant, order.tick_id)
    if entry is None:
        raise StoreCorrupt(
            f"{identifier}: expected its decision {order.tick_id} in the log, found none; unless it expired "
            "(retention.logs_days), run maestro audit verify"
        )
    ledger = chosen.trail.trades(tenant, uid=entry.body["uid"], strategy=order.intent.strategy)
    result = order_result(identifier, ledger)
    return {
        "store": chosen.name,
        "tenant": tenant,
        "client_order_id": identifier,
        "signal": _signal(entry, order),
        "identity": {
            "agent_id": order.intent.agent_id,
            "nonce": order.intent.nonce,
            "session_id": entry.session_id,
            "correlation_id": entry.correlation_id or None,
        },
        "decision": _decision(entry, placed),
        "intent": _intent(order, entry),
        "broker_order": {
            "broker_order_id": order.broker_order_id or None,
            "status": order.status.value,
            "reason": order.reason or None,
            "filled_quantity": f"{order.booked_quantity:f}",
            "filled_value": f"{order.booked_value:f}",
            "decided_at": order.decided_at.isoformat(),
            "last_fill_at": result.trades[-1].ts.isoformat() if result.trades else None,
        },
        "fills": [_fill(trade) for trade in result.trades],
        "pnl": _pnl(result, order.intent.symbol),
        "end": _ENDS.get(order.status),
    }


def _signal(entry: LogEntry, order: OrderState) -> dict[str, Any]:
    """Return what the strategy said, which the inputs hold, and what the decision made of it."""
    name = order.intent.strategy
    became = entry.body["signals"][name]
    given = read_canonical_json(entry.inputs).signals.get(name)
    scored = next(each for each in entry.body["allocation_decisions"] if each["strategy_name"] == name)
    return {
        "strategy": name,
        "given": None
        if given is None
        else {
            "action": given.action.value,
            "ticker": given.ticker,
            "allocation": given.allocation,
            "confidence": given.confidence,
            "reasoning": given.reasoning,
            "expires_at": given.expires_at.isoformat() if given.expires_at else None,
        },
        "became": {
            "action": became["action"],
            "ticker": became["ticker"],
            "allocation": became["allocation"],
            "mode": became["mode"],
            "why": scored["reasoning"],
            "sharpe_ratio": became["sharpe_ratio"],
            "returns": scored["n"],
            "base_weight": became["base_weight"],
            "weight_multiplier": became["weight_multiplier"],
            "override_reason": became.get("override_reason"),
        },
    }


def _decision(entry: LogEntry, placed: PlacedOrder) -> dict[str, Any]:
    is_intact = entry_hash(entry.previous_hash, entry.body) == entry.entry_hash
    return {
        "log_id": entry.log_id,
        "portfolio_id": placed.portfolio_id,
        "at": entry.timestamp.isoformat(),
        "sequence": entry.sequence,
        "entry_hash": entry.entry_hash,
        "previous_hash": entry.previous_hash,
        "is_intact": is_intact and digest(entry.inputs) == entry.body["inputs_hash"],
        "code_version": entry.body["code_version"],
        "summary": entry.summary,
    }


def _intent(order: OrderState, entry: LogEntry) -> dict[str, Any]:
    intent = order.intent
    return {
        "side": intent.side.value,
        "symbol": intent.symbol,
        "quantity": None if intent.quantity is None else f"{intent.quantity:f}",
        "notional": None if intent.notional is None else f"{intent.notional:f}",
        "kind": intent.kind.value,
        "limit_price": None if intent.limit_price is None else f"{intent.limit_price:f}",
        "observed_price": f"{intent.observed_price:f}",
        "reserved": f"{intent.reserved:f}",
        "is_as_decided": _is_logged(order_body(intent, entry.tenant_id), entry.body["orders"]),
    }


def _is_logged(order: Mapping[str, Any], logged: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the decision in the log has this very order."""
    return any(all(order.get(name) == value for name, value in each.items()) for each in logged)


def _fill(trade: LedgerTrade) -> dict[str, Any]:
    return {
        "trade_id": trade.trade_id,
        "at": trade.ts.isoformat(),
        "quantity": f"{trade.qty:f}",
        "price": f"{trade.price:f}",
        "fees": f"{trade.fees:f}",
        "slippage": f"{trade.slippage:f}",
        "account_id": trade.account_id,
    }


def _pnl(result: OrderResult, symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "realised": f"{result.realised:f}",
        "open_quantity": f"{result.open_quantity:f}",
        "open_cost": f"{result.open_cost:f}",
        "parts": [
            {
                "trade_id": each.trade_id,
                "order_id": each.order_id,
                "kind": each.kind.value,
                "at": each.at.isoformat(),
                "quantity": f"{each.quantity:f}",
                "price": f"{each.price:f}",
                "realised": f"{each.realised:f}",
            }
            for each in result.parts
        ],
    }
