"""A market in memory: a clock, sessions, prices that move by script, splits and dividends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import numpy as np

from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import MarketDataError
from backend.domain.market import MarketData, SymbolHistory
from backend.domain.session import Session
from backend.domain.signal import Symbol

NEW_YORK = ZoneInfo("America/New_York")
TICK_SIZE = Decimal("0.0001")
LOWEST, HIGHEST = Decimal("0.5"), Decimal(5000)
START = datetime(2026, 1, 5, 10, tzinfo=NEW_YORK).astimezone(UTC)  # a Monday, half an hour after the opening


class Moment(StrEnum):
    """What the clock passes on its way."""

    MIDNIGHT = "00:00"
    NIGHT = "02:00"
    OPEN = "09:30"
    CLOSE = "16:00"
    EVENING = "20:00"


def at_local(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), NEW_YORK).astimezone(UTC)


def local_day(at: datetime) -> date:
    return at.astimezone(NEW_YORK).date()


def is_session_day(day: date) -> bool:
    return day.weekday() < 5


@dataclass(slots=True)
class Market:
    """``Clock``, ``Calendar`` and ``Bars``; moved by :meth:`next_moment` alone."""

    prices: dict[str, Decimal]
    time: datetime = START
    printed: dict[date, dict[str, Decimal]] = field(default_factory=dict)
    actions: list[CorporateAction] = field(default_factory=list)

    def now(self) -> datetime:
        return self.time

    def next_moment(self, until: datetime) -> tuple[datetime, Moment] | None:
        """Return the first moment after now and up to ``until``."""
        day = local_day(self.time)
        while day <= local_day(until):
            for moment in Moment:
                at = at_local(day, moment)
                is_of_session = moment in (Moment.OPEN, Moment.CLOSE)
                if self.time < at <= until and (is_session_day(day) or not is_of_session):
                    return at, moment
            day += timedelta(days=1)
        return None

    @property
    def is_open(self) -> bool:
        day = local_day(self.time)
        return is_session_day(day) and at_local(day, Moment.OPEN) <= self.time < at_local(day, Moment.CLOSE)

    def move(self, symbol: str, factor: Decimal) -> None:
        self.prices[symbol] = min(max((self.prices[symbol] * factor).quantize(TICK_SIZE), LOWEST), HIGHEST)

    def print_closes(self) -> None:
        self.printed[local_day(self.time)] = dict(self.prices)

    def announce(self, action: CorporateAction) -> bool:
        """Add an action to come; False where the symbol has one of the kind on that day, or its price forbids it."""
        of_the_day = [each for each in self.actions if each.symbol == action.symbol and each.ex_day == action.ex_day]
        after = self.prices[action.symbol] * action.old_shares / action.new_shares
        if of_the_day or not LOWEST * 2 < after - action.per_share < HIGHEST / 2:
            return False
        self.actions.append(action)
        return True

    def actions_of(self, day: date) -> list[CorporateAction]:
        return [each for each in self.actions if each.ex_day == day]

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
        return [
            Session(day=day, opens_at=at_local(day, Moment.OPEN), closes_at=at_local(day, Moment.CLOSE))
            for day in days
            if is_session_day(day)
        ]

    def daily(self, symbols: Sequence[Symbol], *, until: datetime, days: int) -> MarketData:
        dates = tuple(local_day(until) - timedelta(days=back) for back in (2, 1, 0))
        return MarketData(
            {
                symbol: SymbolHistory(symbol=symbol, days=dates, close=flat, high=flat, low=flat)
                for symbol in symbols
                for flat in [np.full(3, float(self.prices[symbol]))]
            }
        )

    def intraday(self, symbols: Sequence[Symbol], *, minutes: int, until: datetime, count: int) -> MarketData:
        raise MarketDataError(f"expected bars of {minutes} minutes, found daily ones only; list strategies of 1d")

    def latest(self, symbols: Sequence[Symbol], *, at: datetime) -> Mapping[Symbol, Decimal]:
        return {symbol: self.prices[symbol] for symbol in symbols}

    def closes(self, symbols: Sequence[Symbol], *, day: date) -> Mapping[Symbol, Decimal]:
        return {symbol: self.printed[day][symbol] for symbol in symbols}

    def corporate_actions(self, symbols: Sequence[Symbol], first: date, last: date) -> Sequence[CorporateAction]:
        found = [each for each in self.actions if each.symbol in symbols and first <= each.ex_day <= last]
        return sorted(found, key=lambda each: (each.ex_day, each.symbol, each.kind))


def begins(action: CorporateAction, prices: dict[str, Decimal]) -> None:
    """Let a price follow its action at the start of the ex-day."""
    symbol = action.symbol
    if action.kind is ActionKind.SPLIT:
        prices[symbol] = (prices[symbol] * action.old_shares / action.new_shares).quantize(TICK_SIZE)
    else:
        prices[symbol] -= action.per_share
