"""Down into shadow and up again: what becomes of real positions, and how a strategy earns its way back."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.signal import StrategyId
from tests.fakes.cycle import AAPL, HOLD, KEY, SetClock, buy, sell, write_returns
from tests.integration.engine.trading_days import MONDAY, TradingDays, utc

LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01]
WINNING = [0.01, 0.02, -0.005, 0.01, 0.015, -0.002, 0.01]
YESTERDAY = MONDAY - timedelta(days=1)
S = StrategyId("s")


def demoted(store: DocumentStore, documents: Documents, on_demotion: OnDemotion) -> TradingDays:
    """Let a strategy buy 500 shares, and judge it by losses afterwards; it says hold when it is demoted."""
    days = TradingDays(store, DecisionPolicy(on_demotion=on_demotion))
    days.tick(utc(MONDAY, 15), s=buy("AAPL", 0.5))
    write_returns(documents, "s", LOSING, YESTERDAY)
    days.tick(utc(MONDAY, 15, 5), s=HOLD)
    assert days.book().strategies[S].is_in_shadow
    return days


class Behind:
    """A clock that is half a second late."""

    def __init__(self, clock: SetClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return self._clock.now() - timedelta(milliseconds=500)


def sides(days: TradingDays) -> list[Side]:
    return [each.side for each in days.broker.submitted]


def test_flatten_sells_at_once_and_the_virtual_book_goes_on(store: DocumentStore, documents: Documents) -> None:
    days = demoted(store, documents, OnDemotion.FLATTEN)
    assert sides(days) == [Side.BUY, Side.SELL]
    book = days.book().strategies[S]
    assert (book.real.quantity(AAPL), book.traded.quantity(AAPL)) == (0, 500)
    days.tick(utc(MONDAY, 15, 10), s=sell("AAPL"))
    days.tick(utc(MONDAY, 15, 15), s=buy("AAPL", 0.3))
    assert len(days.broker.submitted) == 2
    days.closes_at(MONDAY, AAPL=110)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    (snapshot,) = monday.strategies
    assert (snapshot.is_virtual, snapshot.real_pnl) == (True, 0)
    assert snapshot.pnl > Decimal(2900)  # 300 shares × 10, less slippage on paper


def test_venue_whose_clock_is_behind_sells_nothing_of_the_virtual_sleeve(
    store: DocumentStore, documents: Documents
) -> None:
    """The shares that a demotion sells seem to have been sold before it, by half a second."""
    days = TradingDays(store, DecisionPolicy(on_demotion=OnDemotion.FLATTEN))
    days.broker.clock = Behind(days.clock)
    days.tick(utc(MONDAY, 15), s=buy("AAPL", 0.5))
    write_returns(documents, "s", LOSING, YESTERDAY)
    days.tick(utc(MONDAY, 15, 5), s=HOLD)
    days.close(utc(MONDAY, 21, 15))
    closing, _ = store.closing(KEY)
    for book in (days.book(), closing.book):
        assert book.strategies[S].real.quantity(AAPL) == 0
        assert book.strategies[S].traded.quantity(AAPL) == 500


def test_flatten_waits_for_an_order_that_is_under_way(store: DocumentStore, documents: Documents) -> None:
    days = TradingDays(store, DecisionPolicy(on_demotion=OnDemotion.FLATTEN))
    days.broker.is_filling = False
    days.tick(utc(MONDAY, 15), s=buy("AAPL", 0.5))
    write_returns(documents, "s", LOSING, YESTERDAY)
    days.tick(utc(MONDAY, 15, 5), s=HOLD)
    days.broker.is_filling = True
    days.broker.match()  # after the demotion
    days.tick(utc(MONDAY, 15, 10), s=HOLD)
    assert sides(days) == [Side.BUY, Side.SELL]
    assert days.held("s", AAPL) == 0


def test_hold_keeps_real_positions_until_promotion(store: DocumentStore, documents: Documents) -> None:
    days = demoted(store, documents, OnDemotion.HOLD)
    days.tick(utc(MONDAY, 15, 10), s=sell("AAPL"))
    book = days.book().strategies[S]
    assert (book.real.quantity(AAPL), book.traded.quantity(AAPL)) == (500, 0)
    days.tick(utc(MONDAY, 15, 15), s={**HOLD, "action": "CLOSE_ALL"})
    assert sides(days) == [Side.BUY]
    write_returns(documents, "s", WINNING, YESTERDAY)
    days.tick(utc(MONDAY, 15, 20), s=HOLD)
    assert not days.book().strategies[S].is_in_shadow
    days.tick(utc(MONDAY, 15, 25), s=sell("AAPL"))
    assert sides(days) == [Side.BUY, Side.SELL]
    assert AAPL not in days.broker.positions


def test_exit_only_sells_when_the_strategy_does(store: DocumentStore, documents: Documents) -> None:
    days = demoted(store, documents, OnDemotion.EXIT_ONLY)
    assert sides(days) == [Side.BUY]
    days.tick(utc(MONDAY, 15, 10), s=sell("AAPL"))
    assert sides(days) == [Side.BUY, Side.SELL]
    book = days.book().strategies[S]
    assert (book.real.quantity(AAPL), book.traded.quantity(AAPL)) == (0, 0)


@pytest.mark.parametrize("on_demotion", list(OnDemotion))
def test_day_of_demotion_and_promotion_has_one_return_of_the_virtual_sleeve(
    store: DocumentStore, documents: Documents, on_demotion: OnDemotion
) -> None:
    days = demoted(store, documents, on_demotion)
    days.price(AAPL, 104)
    write_returns(documents, "s", WINNING, YESTERDAY)
    days.tick(utc(MONDAY, 18), s=HOLD)
    days.closes_at(MONDAY, AAPL=106)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    (snapshot,) = monday.strategies
    assert (snapshot.mode, snapshot.is_virtual, snapshot.pnl) == (Mode.ACTIVE, True, 3000)
    assert snapshot.daily_return == pytest.approx(0.03, abs=1e-15)
    assert snapshot.real_pnl == (0 if on_demotion is OnDemotion.FLATTEN else 3000)
    tuesday = MONDAY + timedelta(days=1)
    days.closes_at(tuesday, AAPL=107)
    (after,) = days.close(utc(tuesday, 21, 15))
    assert after.strategies[0].is_virtual is False
    assert after.strategies[0].pnl == after.strategies[0].real_pnl


def weekdays(count: int) -> Iterator[date]:
    day = MONDAY
    while count:
        if day.weekday() < 5:
            yield day
            count -= 1
        day += timedelta(days=1)


def test_regime_flip_brings_a_shadowed_strategy_back_by_itself(store: DocumentStore) -> None:
    """Prices fall for two weeks and rise afterwards; on every fifth day the strategy sells, on the others it buys."""
    days = TradingDays(store, DecisionPolicy(lookback_days=21))
    price, modes = Decimal(100), dict[date, Mode]()
    submitted: dict[date, list[Side]] = {}
    for number, day in enumerate(weekdays(40)):
        before = len(days.broker.submitted)
        days.price(AAPL, str(price))
        result = days.tick(utc(day, 15), s=sell("AAPL") if number % 5 == 4 else buy("AAPL", 0.5))
        assert result.decision is not None
        modes[day] = result.decision.strategies[0].mode
        submitted[day] = [each.side for each in days.broker.submitted[before:]]
        change = Decimal("0.985") if number < 10 else Decimal("1.012")
        price = (price * (change + Decimal("0.004") * (number % 2))).quantize(Decimal("0.01"))
        days.closes_at(day, AAPL=str(price))
        days.price(AAPL, str(price))
        (closed,) = days.close(utc(day, 21, 15))
        was_in_shadow = Mode.SHADOW_MODE in list(modes.values())[-2:]  # the day of promotion counts with them
        assert closed.strategies[0].is_virtual == was_in_shadow
        assert abs(closed.portfolio.residual) <= Decimal("0.01")
    path = [mode for mode, before in zip(modes.values(), [None, *modes.values()], strict=False) if mode is not before]
    assert path in (
        [Mode.ACTIVE, Mode.SHADOW_MODE, Mode.ACTIVE],
        [Mode.ACTIVE, Mode.SHADOW_MODE, Mode.REDUCED, Mode.ACTIVE],
    )
    in_shadow = [day for day, mode in modes.items() if mode is Mode.SHADOW_MODE]
    assert len(in_shadow) > 5
    assert [side for day in in_shadow for side in submitted[day]] in ([], [Side.SELL])
    promoted = next(day for day, mode in modes.items() if mode is not Mode.SHADOW_MODE and day > in_shadow[-1])
    assert Side.BUY in [side for day, sent in submitted.items() if day >= promoted for side in sent]
