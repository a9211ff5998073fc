"""The change of equity, part by part: worked out by hand, and against days that the engine's own rules closed."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.closing import AccountAtClose, ClosedDay, Closing, closed_day, open_day
from backend.domain.equity_change import EquityChange, equity_changes, together
from backend.domain.errors import TrackRecordError
from backend.domain.journal import Event, FeeCharged, Filled, ModeEntered, PaperTraded, StrategyOpened, VirtuallyFilled
from backend.domain.lots import Fill
from backend.domain.mode import Mode, ModeState
from backend.domain.order import Side
from backend.domain.paper import PaperTrade, Step
from backend.domain.session import Session
from backend.domain.signal import StrategyId, Symbol
from backend.domain.snapshot import Attribution
from backend.domain.tick import PortfolioKey
from tests.fakes.performances import portfolio_day, strategy_day

MONDAY = date(2026, 3, 2)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
TREND, CARRY = StrategyId("trend"), StrategyId("carry")
ZERO = Decimal(0)


def parts(**amounts: str) -> Attribution:
    return Attribution(**{name: Decimal(amount) for name, amount in amounts.items()})


def change_of(first: str, last: str, **more: Any) -> EquityChange:
    return EquityChange(first_day=MONDAY, last_day=MONDAY, equity_from=Decimal(first), equity_to=Decimal(last), **more)


def test_change_of_a_day_is_that_of_its_strategies_external_and_residual() -> None:
    portfolio = portfolio_day(
        TUESDAY,
        previous_equity=Decimal("100000.00"),
        equity=Decimal("100100.01"),
        strategies=Decimal("90.00"),
        external=Decimal("10.00"),
    )
    strategies = [
        strategy_day(TUESDAY, strategy_id=TREND, attribution=parts(signal="120.00", mode="-25.00", fees="-0.50")),
        strategy_day(TUESDAY, strategy_id=CARRY, attribution=parts(crossing="0.75", slippage="-5.25")),
        strategy_day(WEDNESDAY, strategy_id=CARRY, attribution=parts(signal="1000.00")),
    ]
    (change,) = equity_changes([portfolio], strategies)
    # trend 120 − 25 − 0.50 = 94.50, carry 0.75 − 5.25 = −4.50, together 90.00; 100.01 − 90.00 − 10.00 = 0.01
    assert change.change == Decimal("100.01")
    assert {name: each.total for name, each in change.strategies.items()} == {
        TREND: Decimal("94.50"),
        CARRY: Decimal("-4.50"),
    }
    assert change.attribution == parts(signal="120", mode="-25", crossing="0.75", slippage="-5.25", fees="-0.5")
    assert (change.unattributed, change.external, change.residual) == (ZERO, Decimal(10), Decimal("0.01"))


def test_change_whose_strategy_was_recorded_by_someone_else_is_unattributed() -> None:
    portfolio = portfolio_day(
        TUESDAY,
        previous_equity=Decimal(1000),
        equity=Decimal(1070),
        strategies=Decimal(70),
        external=ZERO,
    )
    split = strategy_day(TUESDAY, strategy_id=TREND, attribution=parts(signal="45"))
    older = strategy_day(TUESDAY, strategy_id=CARRY, attribution=None, real_pnl=Decimal(25))
    (change,) = equity_changes([portfolio], [split, older])
    assert (change.attribution.total, change.unattributed, change.residual) == (Decimal(45), Decimal(25), ZERO)


def test_first_day_has_no_equity_before_it_and_no_change() -> None:
    days = [
        portfolio_day(MONDAY, previous_equity=None, equity=Decimal(500)),
        portfolio_day(TUESDAY, previous_equity=Decimal(500), equity=Decimal(501)),
    ]
    assert [(each.first_day, each.change) for each in equity_changes(days, [])] == [(TUESDAY, Decimal(1))]


def test_changes_together_go_from_the_first_equity_to_the_last() -> None:
    monday = change_of("1000", "1010", strategies={TREND: parts(signal="9", fees="-1")}, external=Decimal(1))
    tuesday = EquityChange(
        first_day=TUESDAY,
        last_day=TUESDAY,
        equity_from=Decimal(1010),
        equity_to=Decimal(990),
        strategies={CARRY: parts(signal="-15"), TREND: parts(signal="-4")},
        unattributed=Decimal("-1.5"),
    )
    whole = together([monday, tuesday])
    assert (whole.first_day, whole.last_day) == (MONDAY, TUESDAY)
    assert (whole.equity_from, whole.equity_to, whole.change) == (Decimal(1000), Decimal(990), Decimal(-10))
    assert list(whole.strategies.items()) == [(CARRY, parts(signal="-15")), (TREND, parts(signal="5", fees="-1"))]
    # residual: Monday 10 − 8 − 1 = 1, Tuesday −20 + 19 + 1.5 = 0.5
    assert (whole.unattributed, whole.external, whole.residual) == (Decimal("-1.5"), Decimal(1), Decimal("1.5"))


def test_changes_with_a_day_missing_between_them_are_refused() -> None:
    with pytest.raises(TrackRecordError, match=r"2026-03-02: expected to begin with the equity of 2026-03-02, 1010"):
        together([change_of("1000", "1010"), change_of("1020", "1030")])


def test_no_change_is_refused() -> None:
    with pytest.raises(TrackRecordError, match="at least one closed day"):
        together([])


SYMBOLS = [Symbol("AAA"), Symbol("BBB")]
KEY = PortfolioKey(tenant_id="acme")


@dataclass(slots=True)
class Venue:
    """A broker that keeps its own cash and positions, to the last digit."""

    cash: Decimal = Decimal(100_000)
    positions: dict[Symbol, Decimal] | None = None

    def trade(self, fill: Fill) -> None:
        held = self.positions = self.positions or {}
        held[fill.symbol] = held.get(fill.symbol, ZERO) + fill.signed_quantity
        self.cash -= fill.signed_quantity * fill.price + fill.fees

    def at(self, prices: dict[Symbol, Decimal]) -> AccountAtClose:
        held = {symbol: quantity for symbol, quantity in (self.positions or {}).items() if quantity}
        value = sum((quantity * prices[symbol] for symbol, quantity in held.items()), ZERO)
        return AccountAtClose(equity=self.cash + value, cash=self.cash, positions=held)


def amount(chance: Random, low: int, high: int, digits: int = 2) -> Decimal:
    return Decimal(chance.randint(low * 10**digits, high * 10**digits)).scaleb(-digits)


def fill_of(chance: Random) -> Fill:
    return Fill(
        symbol=chance.choice(SYMBOLS),
        side=chance.choice(list(Side)),
        quantity=amount(chance, 1, 50, 3),
        price=amount(chance, 5, 200, 4),
        fees=amount(chance, 0, 2),
        slippage=amount(chance, -3, 3),
        spared=amount(chance, 0, 1),
    )


def events_of(chance: Random, at: datetime, venue: Venue) -> list[Event]:
    found: list[Event] = []
    for strategy in (TREND, CARRY):
        for number in range(chance.randint(0, 3)):
            fill = fill_of(chance)
            venue.trade(fill)
            found.append(Filled(at=at, strategy=strategy, fill=fill, trade_id=f"{at}-{strategy}-{number}"))
        trades = tuple(
            PaperTrade(step=step, symbol=fill.symbol, quantity=fill.signed_quantity, price=fill.price)
            for step in Step
            for fill in [fill_of(chance)]
        )
        found.append(PaperTraded(at=at, strategy=strategy, trades=trades))
        if chance.random() < 0.5:
            fee = amount(chance, 0, 5)
            venue.cash -= fee
            found.append(FeeCharged(at=at, strategy=strategy, amount=fee, trade_id=f"{at}-{strategy}-fee"))
        if chance.random() < 0.4:
            mode = chance.choice([Mode.SHADOW_MODE, Mode.ACTIVE])
            found.append(ModeEntered(at=at, strategy=strategy, state=ModeState(mode=mode, since=at, reason="")))
            if mode is Mode.SHADOW_MODE:
                found.append(VirtuallyFilled(at=at, strategy=strategy, fill=fill_of(chance)))
    return found


def closed(chance: Random, days: int) -> list[ClosedDay]:
    venue, last, found = Venue(), Closing(), list[ClosedDay]()
    opening = datetime.combine(MONDAY, time(14, 30), UTC)
    opened: list[Event] = [
        StrategyOpened(at=opening, strategy=each, capital=Decimal(50_000)) for each in (TREND, CARRY)
    ]
    for number in range(days):
        opens_at = opening + timedelta(days=number)
        session = Session(day=opens_at.date(), opens_at=opens_at, closes_at=opens_at + timedelta(hours=6))
        events = [*opened, *events_of(chance, opens_at, venue)]
        venue.cash += amount(chance, -100, 100)  # a deposit or withdrawal
        prices = {symbol: amount(chance, 5, 200, 4) for symbol in SYMBOLS}
        day = open_day(last, session, events, number + 1)
        done = closed_day(day, venue.at(prices), prices, key=KEY, recorded=(), now=session.closes_at)
        found.append(done)
        last, opened = done.closing, []
    return found


@settings(max_examples=60, deadline=None)
@given(chance=st.randoms(use_true_random=False), days=st.integers(2, 6))
def test_parts_of_closed_days_add_up_to_the_change_of_equity(chance: Random, days: int) -> None:
    done = closed(chance, days)
    changes = equity_changes((each.portfolio for each in done), (one for each in done for one in each.strategies))
    whole = together(changes)
    assert len(changes) == days - 1
    assert whole.change == done[-1].portfolio.equity - done[0].portfolio.equity
    assert whole.attribution.total + whole.external == whole.change
    for change, each in zip(changes, done[1:], strict=True):
        assert change.attribution.total == sum(one.real_pnl for one in each.strategies)
        assert (change.unattributed, change.external) == (ZERO, each.portfolio.external)
        assert change.residual == each.portfolio.residual == 0
