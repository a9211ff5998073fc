"""Three sessions of New York, what happens in them, and an account as its broker would tell of it at each close."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.closing import AccountAtClose, ClosedDay, Closing, closed_day, open_day
from backend.domain.journal import Event, Filled, ModeEntered, PaperTraded, StrategyOpened, VirtuallyFilled
from backend.domain.lots import Fill
from backend.domain.mode import Mode, ModeState
from backend.domain.paper import PaperTrade, Step
from backend.domain.session import Session
from backend.domain.signal import StrategyId, Symbol
from backend.domain.snapshot import StrategyPerformanceSnapshot
from backend.domain.tick import PortfolioKey
from tests.unit.domain.ledger_inputs import AAPL

KEY = PortfolioKey(tenant_id="acme", uid="anna")
A, B = StrategyId("a"), StrategyId("b")
THURSDAY, FRIDAY, MONDAY = date(2026, 1, 29), date(2026, 1, 30), date(2026, 2, 2)
LATER = datetime(2026, 2, 9, 12, tzinfo=UTC)


def session(day: date) -> Session:
    """9:30 to 16:00 in New York's winter."""
    return Session(
        day=day,
        opens_at=datetime.combine(day, time(14, 30), UTC),
        closes_at=datetime.combine(day, time(21), UTC),
    )


def at(day: date, hour: int = 15, minute: int = 0, second: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute, second), UTC)


MORNING = at(THURSDAY)


def opened(name: StrategyId = A, capital: str = "100000", when: datetime = MORNING) -> StrategyOpened:
    return StrategyOpened(at=when, strategy=name, capital=Decimal(capital))


def entered(mode: Mode, when: datetime = MORNING, name: StrategyId = A) -> ModeEntered:
    return ModeEntered(at=when, strategy=name, state=ModeState(mode=mode, since=when, reason="judged"))


def filled(traded: Fill, when: datetime = MORNING, name: StrategyId = A) -> Filled:
    return Filled(at=when, strategy=name, fill=traded, trade_id=f"t-{when:%d%H%M}", order_id="v-1")


def virtually(traded: Fill, when: datetime, name: StrategyId = A) -> VirtuallyFilled:
    return VirtuallyFilled(at=when, strategy=name, fill=traded)


def on_paper(quantity: str, price: str, when: datetime = MORNING, name: StrategyId = A) -> PaperTraded:
    """All four accounts trade the same."""
    trades = [PaperTrade(step=step, symbol=AAPL, quantity=Decimal(quantity), price=Decimal(price)) for step in Step]
    return PaperTraded(at=when, strategy=name, trades=tuple(trades))


@dataclass(slots=True, kw_only=True)
class BrokersBooks:
    """Cash and positions as a broker keeps them: moved by what happens to the account, and by nothing else."""

    cash: Decimal = Decimal(100_000)
    positions: dict[Symbol, Decimal] = field(default_factory=dict)

    def traded(self, traded: Fill) -> None:
        self.cash -= traded.signed_quantity * traded.price + traded.fees
        self.positions[traded.symbol] = self.positions.get(traded.symbol, Decimal(0)) + traded.signed_quantity

    def at_close(self, prices: Mapping[Symbol, Decimal]) -> AccountAtClose:
        held = {symbol: quantity for symbol, quantity in self.positions.items() if quantity}
        value = sum((quantity * prices[symbol] for symbol, quantity in held.items()), Decimal(0))
        return AccountAtClose(equity=self.cash + value, cash=self.cash, positions=held)


def closed(
    last: Closing,
    day: date,
    events: Iterable[Event],
    prices: Mapping[Symbol, Decimal],
    account: AccountAtClose | None = None,
    **more: Any,
) -> ClosedDay:
    """Close a day; without an account it holds what the sleeves hold, and 100,000 of equity."""
    read = tuple(events)
    opening = open_day(last, session(day), read, last.entries + len(read))
    if account is None:
        zero = Decimal(0)
        account = AccountAtClose(equity=Decimal(100_000), cash=zero, positions=opening.book.holdings())
    fields = {"key": KEY, "recorded": (), "now": LATER, **more}
    return closed_day(opening, account, prices, **fields)


def of(day: ClosedDay, name: StrategyId = A) -> StrategyPerformanceSnapshot:
    return {each.strategy_id: each for each in day.strategies}[name]


def closing_of(**strategies: StrategyBook) -> Closing:
    """A portfolio as of Thursday's close, worth 100,000."""
    return Closing(
        day=THURSDAY,
        closes_at=session(THURSDAY).closes_at,
        entries=5,
        book=PortfolioBook(strategies={StrategyId(name): each for name, each in strategies.items()}),
        equity=Decimal(100_000),
    )


def seconds_after_close(day: date, seconds: int) -> datetime:
    return session(day).closes_at + timedelta(seconds=seconds)
