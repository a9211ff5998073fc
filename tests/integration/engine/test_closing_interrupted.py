"""Closing that is killed anywhere, or that a tick gets into, ends in the documents of one that ran undisturbed."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.engine.snapshots import DayClose, close_days
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, buy, sell
from tests.fakes.faults import Countdown, Killed, Meanwhile, Mortal
from tests.integration.engine.trading_days import MONDAY, TUESDAY, WEDNESDAY, TradingDays, utc, written

CALLS = 14  # of store, broker, prices, calendar and statements while two days are closed


def prepared(documents: Documents) -> TradingDays:
    """Leave two days to close: an order found filled, fees, and a tick after the first close."""
    days = TradingDays(DocumentStore(documents))
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3), b=buy("MSFT", 0.2))
    days.tick(utc(MONDAY, 21, 30), a=HOLD, b=sell("MSFT"))
    days.closes_at(MONDAY, AAPL="101.7", MSFT="49.3")
    days.closes_at(TUESDAY, AAPL="103.1", MSFT="52.9")
    days.clock.time = utc(TUESDAY, 16)
    for order in list(days.broker.orders.values())[:2]:
        days.statements.fee(Decimal("0.21"), order_id=order.broker_order_id)
    days.broker.is_filling = False
    days.tick(utc(TUESDAY, 20, 58), a=sell("AAPL"), b=HOLD)
    days.broker.match()
    return days


def disturbed(days: TradingDays, wrap: Callable[[str, Any], Any]) -> DayClose:
    """Put every part of closing into a wrapper, by its name."""
    store = wrap("store", days.store)
    cycle = replace(days.cycle(store), broker=wrap("broker", days.broker), bars=wrap("bars", days.bars))
    return days.parts(
        store=store,
        cycle=cycle,
        calendar=wrap("calendar", days.calendar),
        statements=wrap("statements", days.statements),
    )


def all_written(documents: Documents) -> dict[str, dict[str, Any]]:
    """Return what closing wrote and what it booked."""
    books = {each.path: dict(each.fields) for each in documents.query("tenants/acme/ledger_trades")}
    return {**written(documents), **books}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(CALLS))
def test_closing_killed_at_any_call_and_run_again_equals_one_that_was_not(
    empty_documents: Callable[[], Documents], calls: int, after: bool
) -> None:
    expected, found = empty_documents(), empty_documents()
    prepared(expected).close(utc(TUESDAY, 21, 15))
    days = prepared(found)
    days.clock.time = utc(TUESDAY, 21, 15)
    countdown = Countdown(calls, after=after)
    with pytest.raises(Killed):
        close_days(KEY, TUESDAY, disturbed(days, lambda _, part: Mortal(part, countdown)))
    days.close(utc(TUESDAY, 21, 16))
    assert all_written(found) == all_written(expected)


def test_kill_points_cover_the_whole_closing(empty_documents: Callable[[], Documents]) -> None:
    days = prepared(empty_documents())
    days.clock.time = utc(TUESDAY, 21, 15)
    countdown = Countdown(CALLS, after=False)
    closed = close_days(KEY, TUESDAY, disturbed(days, lambda _, part: Mortal(part, countdown)))
    assert (countdown.has_struck, countdown.left) == (False, 0)
    assert [each.portfolio.day for each in closed] == [MONDAY, TUESDAY]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("part", "method"),
    [
        ("store", "closing"),
        ("store", "observe_book"),
        ("broker", "account"),
        ("statements", "activities"),
        ("broker", "find"),
        ("store", "commit_book"),
        ("store", "close_day"),
    ],
)
def test_tick_in_the_middle_of_closing_changes_nothing_of_the_days(
    empty_documents: Callable[[], Documents], part: str, method: str, after: bool
) -> None:
    def trade(days: TradingDays) -> None:
        at, said = days.clock.time, days.strategies.signals
        days.tick(utc(TUESDAY, 21, 10), a=buy("AAPL", 0.1), b=buy("MSFT", 0.1), c=buy("AAPL", 0.1))
        days.clock.time, days.strategies.signals = at, said

    results = []
    for is_disturbed in (False, True):
        documents = empty_documents()
        days = prepared(documents)
        days.broker.is_filling = True
        days.clock.time = utc(TUESDAY, 21, 15)
        if is_disturbed:
            parts = disturbed(
                days,
                lambda name, inner, days=days: (
                    Meanwhile(inner, method, lambda: trade(days), after=after) if name == part else inner
                ),
            )
            closed = close_days(KEY, TUESDAY, parts)
        else:
            closed = close_days(KEY, TUESDAY, days.parts())
            trade(days)
        assert [each.portfolio.day for each in closed] == [MONDAY, TUESDAY]
        days.close(utc(WEDNESDAY, 21, 15))
        assert days.held("c", AAPL) == days.held("a", AAPL) > 0
        assert days.held("b", MSFT) > 0
        results.append({path: fields for path, fields in written(documents).items() if "closing_" not in path})
    assert results[1] == results[0]
    assert len(results[0]) == 2 * 2 + 3 + 3 + 1


@pytest.mark.parametrize(
    ("part", "method", "after"),
    [("broker", "account", False), ("broker", "account", True), ("statements", "activities", True)],
)
def test_trade_while_the_account_is_read_is_in_no_days_external(
    store: DocumentStore, part: str, method: str, after: bool
) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3))
    days.close(utc(MONDAY, 21, 15))
    days.tick(utc(TUESDAY, 15))
    days.clock.time = utc(WEDNESDAY, 15)  # late, in the middle of a session
    days.price(MSFT, 48)
    parts = disturbed(
        days,
        lambda name, inner: (
            Meanwhile(inner, method, lambda: days.broker.trade_by_hand(MSFT, Decimal(10)), after=after)
            if name == part
            else inner
        ),
    )
    (tuesday,) = close_days(KEY, TUESDAY, parts)
    assert (tuesday.portfolio.external, tuesday.portfolio.residual) == (0, 0)
    days.closes_at(WEDNESDAY, MSFT=51)
    (wednesday,) = days.close(utc(WEDNESDAY, 21, 15))
    assert (wednesday.portfolio.external, wednesday.portfolio.residual) == (30, 0)
