"""How trading, strategies and decisions stand, as JSON-ready values: what commands print and the HTTP API answers.

Money and quantities are decimal text, statistics are numbers, instants are ISO text in UTC.
"""

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.domain.book import StrategyBook
    from backend.domain.tick import LogEntry, Observation
    from backend.domain.trading_state import Trading
    from functions.strategies.base import BaseStrategy


def standing(observed: "Observation", newest: "LogEntry | None") -> dict[str, Any]:
    """Return trading, strategies and open orders; ``newest`` is the newest decision, which has the scores."""
    return {
        **_trading(observed.trading),
        "last_decision": newest.log_id if newest else None,
        "last_decision_at": newest.timestamp.isoformat() if newest else None,
        "strategies": strategies(observed, newest),
        "open_orders": [
            {
                "client_order_id": order_id,
                "strategy": order.intent.strategy,
                "symbol": order.intent.symbol,
                "side": order.intent.side.value,
                "status": order.status.value,
                "reason": order.reason,
            }
            for order_id, order in observed.book.open_orders.items()
        ],
    }


def strategies(observed: "Observation", newest: "LogEntry | None") -> list[dict[str, Any]]:
    """Return every strategy of the book, by name: its mode, its holdings, its score in the newest decision."""
    scored = {each["strategy_name"]: each for each in newest.body["allocation_decisions"]} if newest else {}
    return [
        {"strategy": name, **_strategy(book), **_score(scored.get(name, {}))}
        for name, book in sorted(observed.book.strategies.items())
    ]


def decision(entry: "LogEntry") -> dict[str, Any]:
    """Return a decision whole, with its place in the chain."""
    return {
        "log_id": entry.log_id,
        **entry.body,
        "summary": entry.summary,
        "summary_source": entry.summary_source,
        "previous_hash": entry.previous_hash,
        "entry_hash": entry.entry_hash,
    }


def parameters(strategy: "BaseStrategy") -> dict[str, Any]:
    """Return the constructor's parameters that the strategy keeps under their names."""
    names = [name for name in inspect.signature(type(strategy)).parameters if hasattr(strategy, name)]
    values = {name: getattr(strategy, name) for name in names}
    plain = (str, int, float, bool, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in values.items()}


def _trading(trading: "Trading") -> dict[str, Any]:
    return {
        "trading_state": trading.state.value,
        "epoch": trading.epoch,
        "restrictions": {
            source: {"state": each.state.value, "reason": each.reason, "by": each.by, "since": each.since.isoformat()}
            for source, each in trading.restrictions.items()
        },
        "liquidation": {portfolio: sorted(names) for portfolio, names in trading.liquidation.items()},
        "high_water_mark": str(trading.guard.high_water_mark),
        "reserved": str(trading.reserved),
        "external": {symbol: str(quantity) for symbol, quantity in trading.external.items()},
    }


def _strategy(book: "StrategyBook") -> dict[str, Any]:
    return {
        "mode": book.mode.mode.value if book.mode else None,
        "since": book.mode.since.isoformat() if book.mode else None,
        "positions": {symbol: str(quantity) for symbol, quantity in book.real.holdings().items()},
        "virtual_positions": {
            symbol: str(quantity) for symbol, quantity in book.traded.holdings().items() if book.is_in_shadow
        },
    }


def _score(allocation: "Mapping[str, Any]") -> dict[str, Any]:
    return {
        "sharpe_ratio": allocation.get("sharpe_ratio"),
        "returns": allocation.get("n", 0),
        "reason": allocation.get("reasoning", "no signal in the last decision"),
    }
