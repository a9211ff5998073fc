"""One account on fakes over several days: one clock, prices by day, ticks and closes at any instant."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.adapters.documents import Documents, paths
from backend.domain.book import PortfolioBook
from backend.domain.closing import ClosedDay
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import Symbol
from backend.domain.tick import PortfolioKey, TickResult
from backend.engine.cycle import Cycle, run_cycle
from backend.engine.snapshots import DayClose, close_days
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import KEY, PRICES, DatedBars, ScriptedStrategies, SetClock, cycle_of, tick_at
from tests.fakes.statements import FakeCalendar, FakeStatements

MONDAY = date(2026, 2, 2)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY = (MONDAY + timedelta(days=i) for i in range(1, 6))
CASH = Decimal(100_000)


def utc(day: date, hour: int, minute: int = 0) -> datetime:
    """Return an instant of a day; in winter sessions last from 14:30 to 21:00 UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


class TradingDays:
    """An account with everything around it; several portfolios may share it."""

    def __init__(self, store: Any, policy: DecisionPolicy | None = None, broker: type[FakeBroker] = FakeBroker) -> None:
        self.store = store
        self.clock = SetClock(utc(MONDAY, 9))
        self.broker = broker(CASH, PRICES, self.clock)
        self.bars = DatedBars(self.broker.prices, {date(2026, 1, 1): PRICES})
        self.calendar = FakeCalendar()
        self.statements = FakeStatements(self.broker, self.calendar, self.bars)
        self.strategies = ScriptedStrategies()
        self.policy = policy

    def price(self, symbol: Symbol, price: int | str) -> None:
        """Let a symbol trade at another price from now on."""
        self.broker.prices[symbol] = Decimal(price)

    def closes_at(self, day: date, **closes: int | str) -> None:
        """Set the closes of a day; symbols that are not named keep theirs."""
        known = self.bars.closes(list(PRICES), day=day)
        self.bars.by_day[day] = {**known, **{Symbol(name): Decimal(close) for name, close in closes.items()}}

    def cycle(self, store: Any = None, broker: Any = None) -> Cycle:
        return cycle_of(store or self.store, self.strategies, broker or self.broker, self.clock, self.policy, self.bars)

    def parts(self, **changes: Any) -> DayClose:
        parts = {"store": self.store, "calendar": self.calendar, "statements": self.statements, **changes}
        cycle = parts.pop("cycle", None) or self.cycle()
        return DayClose(cycle=cycle, **parts)

    def tick(self, at: datetime, key: PortfolioKey = KEY, **signals: Mapping[str, Any]) -> TickResult:
        """Run a tick; with signals, the strategies say these from now on."""
        self.clock.time = at
        if signals:
            self.strategies.signals = dict(signals)
        return run_cycle(tick_at(at, key), self.cycle())

    def close(self, at: datetime, through: date | None = None, key: PortfolioKey = KEY) -> tuple[ClosedDay, ...]:
        """Close days, by default through the day on which it is done."""
        self.clock.time = at
        return close_days(key, through or at.date(), self.parts())

    def book(self, key: PortfolioKey = KEY) -> PortfolioBook:
        book: PortfolioBook = self.store.observe_book(key).book
        return book

    def held(self, strategy: str, symbol: Symbol, key: PortfolioKey = KEY) -> Decimal:
        """Return what a strategy's real sleeve holds."""
        return self.book(key).strategies[strategy].real.quantity(symbol)  # type: ignore[index]


def written(documents: Documents, key: PortfolioKey = KEY) -> dict[str, dict[str, Any]]:
    """Return all that closing days writes, by path, without the instant at which it was computed."""
    performance = [
        document
        for name in ("strategy_performance", "portfolio_performance")
        for document in documents.query(paths.collection(key.tenant_id, name))
    ]
    state = documents.read([paths.closing(key.tenant_id, key.portfolio_id), paths.track_record(key.tenant_id, key.uid)])
    return {
        each.path: {name: value for name, value in each.fields.items() if name != "computed_at"}
        for each in [*performance, *state.values()]
    }
