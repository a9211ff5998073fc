"""What committing a decision changes: the capital it reserves and the standing of every strategy."""

from dataclasses import replace
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.decision import Decision
from backend.domain.evaluation import AccountSnapshot
from backend.domain.mode import Mode
from backend.domain.order import OrderState
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.sleeve import PortfolioBook, StrategyBook
from backend.domain.trading_state import Trading


def account_snapshot(account: Account, book: PortfolioBook) -> AccountSnapshot:
    """Show strategies the account in plain numbers; each one's sleeve is the virtual one while in shadow."""
    return AccountSnapshot(
        equity=float(account.equity),
        cash=float(account.cash),
        buying_power=float(account.buying_power),
        positions={symbol: float(position.quantity) for symbol, position in account.positions.items()},
        sleeves={
            name: {symbol: float(quantity) for symbol, quantity in each.traded.holdings().items()}
            for name, each in book.strategies.items()
        },
    )


def reserved(trading: Trading, decision: Decision, account: Account, log_head: str) -> Trading:
    """Hold every entry's buying power, raise the high-water mark and move the head of the log."""
    held: dict[str, Decimal] = {
        intent.client_order_id: intent.reserved for intent in decision.intents if intent.reserved > 0
    }
    return replace(
        trading,
        reservations={**trading.reservations, **held},
        high_water_mark=max(trading.high_water_mark, account.equity),
        log_head=log_head,
    )


def decided_book(
    book: PortfolioBook,
    decision: Decision,
    orders: tuple[OrderState, ...],
    account: Account,
    policy: DecisionPolicy,
) -> PortfolioBook:
    """Enter new modes, the virtual fills and the orders under way."""
    strategies = dict(book.strategies)
    weights = policy.weights([each.strategy for each in decision.strategies])
    for name, weight in weights.items():
        strategy = StrategyId(name)
        if strategy not in strategies:
            strategies[strategy] = StrategyBook(capital=account.equity * Decimal(repr(weight)))
    for change in decision.mode_changes:
        held = strategies[change.strategy]
        starts_shadow = change.after.mode is Mode.SHADOW_MODE
        strategies[change.strategy] = replace(
            held, mode=change.after, virtual=held.real if starts_shadow else held.virtual
        )
    for each in decision.virtual_fills:
        held = strategies[each.strategy]
        strategies[each.strategy] = replace(held, virtual=held.scored.filled(each.fill))
    under_way = {order.intent.client_order_id: order for order in orders}
    return PortfolioBook(strategies=strategies, open_orders={**book.open_orders, **under_way})
