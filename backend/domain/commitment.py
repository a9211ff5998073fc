"""What committing a decision changes: the capital it reserves and the standing of every strategy."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from backend.domain.account import Account
from backend.domain.book import PortfolioBook
from backend.domain.counterfactual import paper_trades
from backend.domain.crossing import Cross
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.draft import BASIS_POINT
from backend.domain.evaluation import AccountSnapshot
from backend.domain.guard import Breaker
from backend.domain.journal import (
    Event,
    Filled,
    ModeEntered,
    PaperTraded,
    Rebalanced,
    StoppedOut,
    StrategyOpened,
    VirtuallyFilled,
    WeightSet,
)
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.lots import Fill
from backend.domain.order import ClientOrderId, OrderState, Side
from backend.domain.sighting import Trip
from backend.domain.signal import StrategyId
from backend.domain.trading_state import Restriction, Trading, WorkingOrder

BREAKER = "breaker"  # who restricts, where it is not a person


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


def reserved(trading: Trading, decision: Decision, entry_hash: str, correlation_id: str = "") -> Trading:
    """Note every order with the buying power it holds, what the breakers saw, and the new head of the log."""
    orders = {
        intent.client_order_id: WorkingOrder(
            symbol=intent.symbol, side=intent.side, reserved=intent.reserved, correlation_id=correlation_id
        )
        for intent in decision.intents
    }
    trading = tripped(trading, decision.watched.trips, decision.decided_at, decision.watched.recovered)
    guard = decision.watched.guard
    # What is bought is held at the next look: its price must have a reference by then.
    bought = {each.symbol: each.observed_price for each in decision.intents if each.side is Side.BUY}
    guard = replace(guard, accepted_prices={**guard.accepted_prices, **bought}) if bought else guard
    return replace(trading.logged(entry_hash), working={**trading.working, **orders}, guard=guard)


def tripped(trading: Trading, trips: Iterable[Trip], at: datetime, recovered: Iterable[Breaker] = ()) -> Trading:
    """Put in force what breakers ask for, until they are reset or recover, and lift what has recovered."""
    asked = {
        trip.breaker.value: Restriction(state=trip.state, reason=trip.reason, by=BREAKER, since=at) for trip in trips
    }
    lifted = {breaker.value for breaker in recovered}
    kept = {source: each for source, each in trading.restrictions.items() if source not in lifted}
    return trading.restricted({**kept, **asked})


def decision_events(inputs: DecisionInputs, decision: Decision, book: PortfolioBook) -> tuple[Event, ...]:
    """Return what a decision does to the book: newcomers, weights, modes, crosses, virtual fills, paper trades."""
    return tuple(_events(inputs, decision, book))


def _events(inputs: DecisionInputs, decision: Decision, book: PortfolioBook) -> Iterator[Event]:
    at = decision.decided_at
    equity = inputs.account.equity if inputs.account else Decimal(0)
    if decision.weights.rebalance is not None:
        yield Rebalanced(at=at, rebalance=decision.weights.rebalance)
    for strategy, weight in decision.weights.by_strategy.items():
        exact = Decimal(repr(weight))
        if strategy not in book.strategies:
            yield StrategyOpened(at=at, strategy=strategy, capital=equity * exact)
        if exact != book.of(strategy).weight:
            yield WeightSet(at=at, strategy=strategy, weight=exact)
    for stop in decision.stopped:
        yield StoppedOut(at=at, strategy=stop.strategy, symbol=stop.symbol)
    for change in decision.mode_changes:
        yield ModeEntered(at=at, strategy=change.strategy, state=change.after)
    rate = inputs.policy.shadow_slippage_bps * BASIS_POINT
    for cross in decision.crosses:
        for strategy, side in _parties(cross):
            fill = _cross_fill(cross, side, rate)
            yield Filled(at=at, strategy=strategy, fill=fill, trade_id=_trade_id(cross, side), is_cross=True)
    for virtual in decision.virtual_fills:
        yield VirtuallyFilled(at=at, strategy=virtual.strategy, fill=virtual.fill)
    for name, trades in paper_trades(inputs, decision, book).items():
        yield PaperTraded(at=at, strategy=name, trades=trades)


def _parties(cross: Cross) -> tuple[tuple[StrategyId, Side], ...]:
    return (cross.seller, Side.SELL), (cross.buyer, Side.BUY)


def _trade_id(cross: Cross, side: Side) -> str:
    return f"{cross.cross_id}-{side}"


def _cross_fill(cross: Cross, side: Side, rate: Decimal) -> Fill:
    """Fill at the observed price; what it spared is the slippage that virtual fills are charged."""
    spared = cross.quantity * cross.price * rate
    return Fill(symbol=cross.symbol, side=side, quantity=cross.quantity, price=cross.price, spared=spared)


def cross_trades(decision: Decision, *, uid: str, account_id: str) -> tuple[LedgerTrade, ...]:
    """Return both sides of every cross as they stand in the ledger."""
    return tuple(
        LedgerTrade(
            trade_id=_trade_id(cross, side),
            tenant_id=decision.tenant_id,
            uid=uid,
            strategy_id=strategy,
            run_id=decision.tick_id,
            symbol=cross.symbol,
            side=side,
            qty=cross.quantity,
            price=cross.price,
            ts=decision.decided_at,
            order_id=ClientOrderId(cross.cross_id),
            account_id=account_id,
            kind=TradeKind.CROSS,
        )
        for cross in decision.crosses
        for strategy, side in _parties(cross)
    )


def with_orders(book: PortfolioBook, orders: tuple[OrderState, ...]) -> PortfolioBook:
    """Return the book with new orders under way."""
    under_way = {order.intent.client_order_id: order for order in orders}
    return replace(book, open_orders={**book.open_orders, **under_way})
