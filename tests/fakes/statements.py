"""When a venue trades, and what its books say: a calendar of weekdays, and statements of a ``FakeBroker``."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.domain.lots import split_quantity
from backend.domain.market import new_york_day
from backend.domain.session import Session
from backend.domain.signal import Symbol
from backend.domain.statement import Activity, ActivityKind
from backend.ports.bars import Bars
from tests.fakes.broker import CENT, FakeBroker

NEW_YORK = ZoneInfo("America/New_York")
OPEN, CLOSE, EARLY_CLOSE = time(9, 30), time(16), time(13)
SATURDAY = 5


class FakeCalendar:
    """Weekdays from 9:30 to 16:00 in New York (in winter 14:30 to 21:00 UTC), half days to 13:00, holidays none."""

    def __init__(self) -> None:
        self.holidays: set[date] = set()
        self.half_days: set[date] = set()

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        return [self._session(day) for day in days if day.weekday() < SATURDAY and day not in self.holidays]

    def _session(self, day: date) -> Session:
        close = EARLY_CLOSE if day in self.half_days else CLOSE
        opens_at, closes_at = (datetime.combine(day, each, NEW_YORK).astimezone(UTC) for each in (OPEN, close))
        return Session(day=day, opens_at=opens_at, closes_at=closes_at)


class FakeStatements:
    """``Statements`` of a broker's account, and the ways in which it changes without a trade of Maestro's.

    The equity at a close is what cash and positions, added up from the first entry of the broker's books, were worth
    at the closes of ``bars``; ``equity`` overrides single days, with None as one that the broker does not have.
    """

    def __init__(self, broker: FakeBroker, calendar: FakeCalendar, bars: Bars) -> None:
        self._broker = broker
        self._calendar = calendar
        self._bars = bars
        self.equity: dict[date, Decimal | None] = {}

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        found: dict[date, Decimal] = {}
        for session in self._calendar.sessions(first, last):
            if session.closes_at > self._broker.now():
                continue
            equity = self.equity[session.day] if session.day in self.equity else self._worth(session)
            if equity is not None:
                found[session.day] = equity
        return found

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        return [each for each in self._broker.books if first <= new_york_day(each.at) <= last]

    def deposit(self, amount: Decimal) -> None:
        """Move cash in, or out when it is negative."""
        self._broker.book(ActivityKind.TRANSFER, cash=amount)

    def interest(self, amount: Decimal) -> None:
        self._broker.book(ActivityKind.INTEREST, cash=amount)

    def shares(self, symbol: Symbol, quantity: Decimal) -> None:
        """Move shares in without a trade."""
        self._broker.book(ActivityKind.SHARES, symbol=symbol, quantity=quantity, price=self._broker.prices[symbol])

    def dividend(self, symbol: Symbol, amount: Decimal) -> None:
        """Pay a dividend."""
        self._broker.book(ActivityKind.DIVIDEND, symbol=symbol, cash=amount)

    def split(self, symbol: Symbol, new: int, old: int = 1) -> None:
        """Turn ``old`` shares into ``new`` ones: the old ones out and the new ones in, and the price with them."""
        price = self._broker.prices[symbol]
        held = self._broker.positions[symbol].quantity if symbol in self._broker.positions else Decimal(0)
        self._broker.prices[symbol] = price * old / new
        if held:
            after = split_quantity(held, Decimal(new), Decimal(old))
            for quantity in (-held, after):
                self._broker.book(ActivityKind.SPLIT, symbol=symbol, quantity=quantity, price=price * old / new)

    def fee(
        self, amount: Decimal, *, symbol: Symbol | None = None, order_id: str = "", dated: date | None = None
    ) -> None:
        """Charge a positive fee; one that is ``dated`` is for the trades of that day, and was not booked on it."""
        self._broker.book(ActivityKind.FEE, day=dated, symbol=symbol, cash=-amount, order_id=order_id)

    def _worth(self, session: Session) -> Decimal:
        cash, positions = self._broker.opening_cash, dict[Symbol, Decimal]()
        for entry in self._broker.books:
            if entry.at > session.closes_at:
                continue
            cash += entry.cash
            if entry.symbol is not None:
                positions[entry.symbol] = positions.get(entry.symbol, Decimal(0)) + entry.quantity
        held = {symbol: quantity for symbol, quantity in positions.items() if quantity}
        prices = self._bars.closes(sorted(held), day=session.day)
        return (cash + sum(quantity * prices[symbol] for symbol, quantity in held.items())).quantize(CENT)
