"""Days closed on time, twice, late or after a missed week end in the same documents."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.seam import merge
from backend.domain.book import PortfolioBook
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.journal import folded
from backend.domain.mode import ThresholdPolicy
from backend.domain.policy import DecisionPolicy
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, buy, sell, write_returns
from tests.integration.engine.trading_days import (
    FRIDAY,
    MONDAY,
    SATURDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    TradingDays,
    utc,
    written,
)

LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01, -0.01, -0.02, 0.005, -0.01, -0.015]
CENT = Decimal("0.01")


def newest_order(broker: FakeBroker) -> str:
    return list(broker.orders.values())[-1].broker_order_id


class Week:
    """One week of everything: ticks in and after sessions, orders overnight, crosses, shadow, splits, cash, fees."""

    def __init__(self, documents: Documents, *, fees: bool = True) -> None:
        self.has_fees = fees
        write_returns(documents, "shadowed", LOSING, MONDAY - timedelta(days=1))
        # so many returns are needed that closing late changes nobody's mode
        self.days = TradingDays(DocumentStore(documents), DecisionPolicy(scoring=ThresholdPolicy(min_returns=10)))
        self.days.calendar.half_days.add(WEDNESDAY)
        self.days.calendar.holidays.add(THURSDAY)
        self.days.bars.actions = (
            CorporateAction(symbol=MSFT, kind=ActionKind.SPLIT, ex_day=WEDNESDAY, new_shares=Decimal(3)),
            CorporateAction(symbol=AAPL, kind=ActionKind.DIVIDEND, ex_day=TUESDAY, per_share=Decimal("0.53")),
        )
        self.days.statements.shares(AAPL, Decimal(7))  # were there before
        self.days.closes_at(MONDAY, AAPL="101.37", MSFT="50.11")
        self.days.closes_at(TUESDAY, AAPL="99.03", MSFT="52.7")
        self.days.closes_at(WEDNESDAY, AAPL="97.41", MSFT="17.83")
        self.days.closes_at(FRIDAY, AAPL="103.3", MSFT="18.09")

    def steps(self) -> list[tuple[datetime, Callable[[], Any]]]:
        """Return what happens, in order; every step may be preceded by closing days."""
        days, broker, statements = self.days, self.days.broker, self.days.statements
        hold, grow = HOLD, buy("AAPL", 0.3)

        def say(**signals: Any) -> Callable[[], Any]:
            return lambda: days.tick(days.clock.time, **signals)

        fees = [
            (utc(MONDAY, 18, 2), lambda: statements.fee(Decimal("0.37"), order_id=newest_order(broker))),
            (utc(MONDAY, 22), lambda: statements.fee(Decimal("1.23"))),  # for all of the day's trades
            (utc(WEDNESDAY, 16), lambda: statements.fee(Decimal("0.11"), symbol=MSFT)),
        ]
        return [
            *(fees if self.has_fees else []),
            (utc(MONDAY, 15), say(one=buy("MSFT", 0.311), two=grow, shadowed=buy("AAPL", 0.2))),
            (utc(MONDAY, 18), lambda: (days.price(AAPL, "101.1"), days.price(MSFT, "50.03"))),
            (utc(MONDAY, 18, 1), say(one=sell("MSFT"), two=buy("MSFT", 0.17), shadowed=buy("MSFT", 0.3))),
            (utc(MONDAY, 21, 20), lambda: setattr(broker, "is_filling", False)),
            (utc(MONDAY, 21, 30), say(one=buy("AAPL", 0.123), two=hold, shadowed=hold)),  # queued overnight
            (utc(TUESDAY, 14, 31), lambda: (setattr(broker, "is_filling", True), broker.match())),
            (utc(TUESDAY, 15), say(one=hold, two=hold, shadowed=sell("AAPL"))),
            (utc(TUESDAY, 16), lambda: statements.deposit(Decimal("2500.00"))),
            (utc(TUESDAY, 17), say(one=sell("AAPL"), two=buy("AAPL", 0.4), shadowed=hold)),  # a cross, and a rest
            (utc(WEDNESDAY, 5), lambda: statements.split(MSFT, 3)),
            (utc(WEDNESDAY, 15), say(one=buy("MSFT", 0.1), two=hold, late=buy("AAPL", 0.05), shadowed=hold)),
            (utc(WEDNESDAY, 19), lambda: broker.trade_by_hand(AAPL, Decimal(-3))),  # after the half day's close
            (utc(WEDNESDAY, 19, 30), say(one=hold, two=sell("MSFT"), late=hold, shadowed=buy("AAPL", 0.1))),
            (utc(THURSDAY, 15), say(one=hold, two=hold, late=hold, shadowed=hold)),  # holiday
            (utc(FRIDAY, 10), lambda: statements.dividend(AAPL, Decimal("158.97"))),
            (utc(FRIDAY, 15), say(one=buy("MSFT", 0.2), two=hold, late=sell("AAPL"), shadowed=sell("MSFT"))),
            (utc(FRIDAY, 16), lambda: statements.interest(Decimal("0.42"))),
        ]

    def run(self, closings: list[tuple[datetime, date]]) -> None:
        """Play the week, closing days at these instants, through these days."""
        days = self.days
        todo: list[tuple[datetime, Callable[[], Any]]] = [
            *self.steps(),
            *((at, lambda through=through: days.close(days.clock.time, through)) for at, through in closings),
        ]
        for at, step in sorted(todo, key=lambda each: each[0]):
            days.clock.time = at
            step()


SESSIONS = (MONDAY, TUESDAY, WEDNESDAY, FRIDAY)
ON_TIME = [(utc(day, 21, 15), day) for day in SESSIONS]
TWICE = [(at + timedelta(minutes=minutes), day) for at, day in ON_TIME for minutes in (0, 5)]
DAY_LATE = [
    (utc(TUESDAY, 16, 30), MONDAY),
    (utc(WEDNESDAY, 15, 30), TUESDAY),
    (utc(FRIDAY, 15, 30), WEDNESDAY),
    (utc(SATURDAY, 12), FRIDAY),
]
MISSED_WEEK = [(utc(SATURDAY, 12), SATURDAY)]


CLOSINGS = {"on time": ON_TIME, "twice": TWICE, "late": DAY_LATE, "missed": MISSED_WEEK}


def test_days_closed_late_or_twice_equal_those_closed_on_time(empty_documents: Callable[[], Documents]) -> None:
    results = {}
    for name, closings in CLOSINGS.items():
        documents = empty_documents()
        Week(documents, fees=False).run(closings)
        results[name] = written(documents)
    assert len(results["on time"]) == 3 * 4 + 2 + 4 + 2  # three strategies, one more from Wednesday on
    assert results["twice"] == results["on time"]
    assert results["late"] == results["on time"]
    assert results["missed"] == results["on time"]


def test_fees_charged_late_leave_the_same_days(empty_documents: Callable[[], Documents]) -> None:
    """Fees are charged when days are closed, in entries of their own: as many as there were runs that found some."""
    days, closings = {}, {}
    for name, runs in CLOSINGS.items():
        documents = empty_documents()
        Week(documents).run(runs)
        days[name] = {path: fields for path, fields in written(documents).items() if "/closing_" not in path}
        closings[name] = replace(DocumentStore(documents).closing(KEY)[0], entries=0)
    assert days["twice"] == days["late"] == days["missed"] == days["on time"]
    assert closings["twice"] == closings["late"] == closings["missed"] == closings["on time"]
    charged = [Decimal(each["attribution"]["fees"]) for each in days["on time"].values() if "attribution" in each]
    assert sum(charged) == Decimal("-1.71")


def test_book_is_the_fold_of_its_journal(empty_documents: Callable[[], Documents]) -> None:
    documents = empty_documents()
    week = Week(documents)
    week.run(ON_TIME)
    book = week.days.book()
    entries = week.days.store.journal(KEY, after=0, through=book.entries)
    events = sorted((event for entry in entries for event in entry.events), key=lambda event: event.at)
    added = folded(PortfolioBook(), events)
    assert added.holdings() == book.holdings()
    assert {name: each.traded.holdings() for name, each in added.strategies.items()} == {
        name: each.traded.holdings() for name, each in book.strategies.items()
    }
    assert {name: each.real.realised for name, each in added.strategies.items()} == {
        name: each.real.realised for name, each in book.strategies.items()
    }
    assert added.paper == book.paper


@pytest.mark.parametrize("closings", [ON_TIME, MISSED_WEEK], ids=["on time", "missed"])
def test_every_days_parts_add_up(
    empty_documents: Callable[[], Documents], closings: list[tuple[datetime, date]]
) -> None:
    documents = empty_documents()
    Week(documents).run(closings)
    found = written(documents).values()
    strategies = [each for each in found if "attribution" in each]
    portfolio = sorted((each for each in found if "residual" in each), key=lambda each: each["day"])
    assert len(strategies) == 14
    for each in strategies:
        assert sum(map(Decimal, each["attribution"].values())) == pytest.approx(
            Decimal(each["real_pnl"]), abs=Decimal("1e-18")
        )
    assert [each["day"] for each in portfolio] == [str(day) for day in SESSIONS]
    for before, each in pairwise(portfolio):
        assert each["previous_equity"] == before["equity"]
        change = Decimal(each["equity"]) - Decimal(before["equity"])
        parts = [Decimal(each[name]) for name in ("strategies", "external", "residual")]
        assert change == pytest.approx(sum(parts), abs=Decimal("1e-18"))
        assert abs(parts[2]) <= CENT


def fees_of(documents: Documents) -> dict[str, Decimal]:
    """Return the fees of each day, over all strategies."""
    found: dict[str, Decimal] = {}
    for each in written(documents).values():
        if "attribution" in each:
            day = each["period_start"]
            found[day] = found.get(day, Decimal(0)) + Decimal(each["attribution"]["fees"])
    return found


def with_a_fee_of_the_night(documents: Documents, closings: list[tuple[datetime, date]]) -> None:
    """Trade on Monday; the night after, the broker books a fee that it dates Monday, as Alpaca does."""
    days = TradingDays(DocumentStore(documents))
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1), b=buy("MSFT", 0.3))
    for at, through in closings:
        if days.clock.time < utc(TUESDAY, 9) <= at:
            days.clock.time = utc(TUESDAY, 9)
            days.statements.fee(Decimal("0.40"), dated=MONDAY)
        days.close(at, through)


def test_fee_booked_the_night_after_is_charged_to_who_traded(empty_documents: Callable[[], Documents]) -> None:
    documents = empty_documents()
    with_a_fee_of_the_night(documents, ON_TIME[:2])
    charged = {
        path.split("__")[1]: Decimal(each["attribution"]["fees"])
        for path, each in written(documents).items()
        if "attribution" in each and each["period_start"] == str(TUESDAY)
    }
    assert charged == {"a": Decimal("-0.10"), "b": Decimal("-0.30")}


def test_fee_booked_the_night_after_counts_on_one_day_whenever_days_are_closed(
    empty_documents: Callable[[], Documents],
) -> None:
    results = []
    for closings in (ON_TIME[:2], [(utc(WEDNESDAY, 12), TUESDAY)]):
        documents = empty_documents()
        with_a_fee_of_the_night(documents, closings)
        results.append(fees_of(documents))
    assert results[0] == results[1]


def test_capital_of_days_closed_late_is_by_the_weights_of_their_time(empty_documents: Callable[[], Documents]) -> None:
    results = []
    for first in (utc(MONDAY, 21, 15), utc(TUESDAY, 12)):
        documents = empty_documents()
        days = TradingDays(DocumentStore(documents))
        days.tick(utc(MONDAY, 15), a=HOLD)
        weights = merge("tenants/acme/config/orchestrator", {"allocation": {"base_weights": {"a": 0.25}}})
        for at, step in sorted(
            [
                (utc(TUESDAY, 10), lambda documents=documents, weights=weights: documents.commit([weights])),
                (first, lambda days=days, first=first: days.close(first, MONDAY)),
            ],
            key=lambda each: each[0],
        ):
            days.clock.time = at
            step()
        days.close(utc(TUESDAY, 21, 15))
        results.append({path: each["capital"] for path, each in written(documents).items() if "capital" in each})
    assert results[0] == results[1]
