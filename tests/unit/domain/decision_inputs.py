"""Inputs of a decision in a few words: who says what, on which record, with what in the books."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.domain.account import Account, Position
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.decision import Decision, DecisionInputs, StrategyDecision
from backend.domain.journal import folded
from backend.domain.lots import Lot
from backend.domain.mode import Mode, ModeState
from backend.domain.order import ClientOrderId, OrderIntent, OrderState, OrderStatus, Side
from backend.domain.policy import DecisionPolicy
from backend.domain.settlement import Settled, settled_orders, settlement_events
from backend.domain.signal import Action, StrategyId, StrategySignal, Symbol
from backend.domain.sleeve import EMPTY_SLEEVE, Sleeve
from backend.domain.track_record import EMPTY_TRACK_RECORD, DailyReturn, TrackRecord

NOW = datetime(2026, 1, 30, 21, 1, tzinfo=UTC)
TODAY = NOW.date()
ENTROPY = bytes(range(32))
AAPL, MSFT, KO, GOOG = Symbol("AAPL"), Symbol("MSFT"), Symbol("KO"), Symbol("GOOG")
PRICES = {AAPL: Decimal(100), MSFT: Decimal(50), KO: Decimal(60)}  # GOOG has none
LOSING = (-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01)


def signal(action: Action, ticker: Symbol | None = AAPL, allocation: float = 0.5, **more: Any) -> StrategySignal:
    return StrategySignal(action=action, ticker=ticker, allocation=allocation, confidence=0.8, reasoning="test", **more)


def buy(ticker: Symbol = AAPL, allocation: float = 0.5, **more: Any) -> StrategySignal:
    return signal(Action.BUY, ticker, allocation, **more)


def sell(ticker: Symbol = AAPL, **more: Any) -> StrategySignal:
    return signal(Action.SELL, ticker, 1.0, **more)


HOLD = signal(Action.HOLD, None, 0.0)
CLOSE_ALL = signal(Action.CLOSE_ALL, None, 1.0)


def record_of(last: date = TODAY - timedelta(days=1), **returns: Sequence[float]) -> TrackRecord:
    """A record whose series all end on ``last``, one return a calendar day."""
    return EMPTY_TRACK_RECORD.extended(
        DailyReturn(strategy=StrategyId(name), day=last - timedelta(days=len(series) - 1 - i), value=value)
        for name, series in returns.items()
        for i, value in enumerate(series)
    )


def inputs_of(signals: Mapping[str, StrategySignal], **more: Any) -> DecisionInputs:
    fields: dict[str, Any] = {
        "now": NOW,
        "record": EMPTY_TRACK_RECORD,
        "policy": DecisionPolicy(),
        "entropy": ENTROPY,
        **more,
    }
    return DecisionInputs(
        tenant_id="acme",
        tick_id="main-1",
        signals={StrategyId(name): each for name, each in signals.items()},
        **fields,
    )


def decided(decision: Decision, name: str) -> StrategyDecision:
    return {each.strategy: each for each in decision.strategies}[StrategyId(name)]


def sleeve(**lots: tuple[str, str]) -> Sleeve:
    """One lot a symbol: ``sleeve(AAPL=("10", "90"))``."""
    return Sleeve(
        lots={
            Symbol(s): (Lot(quantity=Decimal(quantity), price=Decimal(price)),) for s, (quantity, price) in lots.items()
        }
    )


def book_of(mode: Mode | None = None, real: Sleeve = EMPTY_SLEEVE, virtual: Sleeve | None = None) -> StrategyBook:
    state = None if mode is None else ModeState(mode=mode, since=NOW - timedelta(days=3), reason="earlier")
    return StrategyBook(mode=state, real=real, virtual=virtual, capital=Decimal(100_000))


def account_of(
    positions: Mapping[Symbol, str] | None = None, *, equity: str = "100000", buying_power: str | None = None
) -> Account:
    held = {
        symbol: Position(symbol=symbol, quantity=Decimal(q), average_price=PRICES[symbol], price=PRICES[symbol])
        for symbol, q in (positions or {}).items()
    }
    power = Decimal(buying_power if buying_power is not None else equity)
    return Account(account_id="A1", equity=Decimal(equity), cash=power, buying_power=power, positions=held)


def open_order(strategy: str, symbol: Symbol = AAPL, side: Side = Side.BUY, quantity: str = "10") -> OrderState:
    intent = OrderIntent(
        client_order_id=ClientOrderId(f"mae-{strategy}-{symbol}"),
        strategy=StrategyId(strategy),
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        reserved=Decimal(1000) if side is Side.BUY else Decimal(0),
        observed_price=Decimal(100),
    )
    return OrderState(intent=intent, tick_id="main-0", decided_at=NOW, status=OrderStatus.SUBMITTED)


def after_settling(book: PortfolioBook, outcomes: Iterable[Settled]) -> PortfolioBook:
    """Bring a book up to date with what the venue said, as ticks do."""
    found = list(outcomes)
    return folded(settled_orders(book, found), settlement_events(book, found))
