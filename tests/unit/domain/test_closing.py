"""Days closed by hand: one return a strategy and day, and the same figures however late it is asked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.closing import (
    SOURCE,
    AccountAtClose,
    ClosedDay,
    Closing,
    OpenDay,
    closed_day,
    open_day,
    sleeve_cash,
)
from backend.domain.errors import MarketDataError
from backend.domain.journal import ActionTaken, Event, FeeCharged, WeightSet, folded
from backend.domain.mode import Mode
from backend.domain.paper import PaperAccount, Step
from backend.domain.session import Session
from backend.domain.sleeve import Mark, Sleeve
from backend.domain.snapshot import Attribution, Period, StrategyPerformanceSnapshot
from backend.domain.track_record import DailyReturn
from tests.unit.domain.closing_days import (
    FRIDAY,
    KEY,
    LATER,
    MONDAY,
    THURSDAY,
    A,
    B,
    at,
    closed,
    closing_of,
    entered,
    filled,
    of,
    on_paper,
    opened,
    seconds_after_close,
    session,
    virtually,
)
from tests.unit.domain.decision_inputs import book_of, sleeve
from tests.unit.domain.ledger_inputs import AAPL, MSFT, fill, lot, split

AT_110 = {AAPL: Decimal(110)}
FIRST_DAY: tuple[Event, ...] = (
    opened(),
    entered(Mode.ACTIVE),
    on_paper("500", "100"),
    filled(fill(AAPL, "500", "100.05", fees="1", slippage="25")),
)


def test_closing_the_first_day_says_what_was_gained_on_it() -> None:
    day = closed(Closing(), THURSDAY, FIRST_DAY, AT_110)
    # 500 × (110 − 100.05) − 1
    assert day.strategies == (
        StrategyPerformanceSnapshot(
            tenant_id="acme",
            uid="anna",
            strategy_id=A,
            period=Period.DAY,
            period_start=THURSDAY,
            period_end=THURSDAY,
            realized_pnl=Decimal(-1),
            unrealized_pnl=Decimal("4975.00"),
            capital=Decimal(100_000),
            daily_return=0.04974,
            computed_at=LATER,
            source=SOURCE,
            is_virtual=False,
            pnl=Decimal("4974.00"),
            real_realized_pnl=Decimal(-1),
            real_unrealized_pnl=Decimal("4975.00"),
            real_pnl=Decimal("4974.00"),
            mode=Mode.ACTIVE,
            attribution=Attribution(signal=Decimal(5000), slippage=Decimal(-25), fees=Decimal(-1)),
            closes_at=datetime(2026, 1, 29, 21, tzinfo=UTC),
        ),
    )
    assert day.returns == (DailyReturn(strategy=A, day=THURSDAY, value=0.04974),)
    assert of(day).perf_id == "anna__a__2026-01-29"


def test_closing_is_where_the_next_day_begins() -> None:
    day = closed(Closing(), THURSDAY, FIRST_DAY, AT_110)
    closing = day.closing
    assert (closing.day, closing.closes_at, closing.entries) == (THURSDAY, session(THURSDAY).closes_at, 4)
    assert (closing.equity, closing.pending) == (Decimal(100_000), ())
    held = closing.book.of(A)
    assert held.real.mark == Mark(
        pnl=Decimal("4974.00"), realised=Decimal(-1), fees=Decimal(1), slippage=Decimal(25), spared=Decimal(0)
    )
    assert {account.mark for account in closing.book.paper[A].values()} == {Decimal(5000)}


def test_closing_the_next_day_counts_from_the_last_close() -> None:
    last = closed(Closing(), THURSDAY, FIRST_DAY, AT_110).closing
    sold: list[Event] = [on_paper("-500", "112", at(FRIDAY)), filled(fill(AAPL, "-500", "112"), at(FRIDAY))]
    day = of(closed(last, FRIDAY, sold, {}))
    # 500 × (112 − 110) on 100,000; realised over cost: 500 × (112 − 100.05)
    assert (day.pnl, day.daily_return, day.capital) == (1000, 0.01, 100_000)
    assert (day.realized_pnl, day.unrealized_pnl) == (Decimal("5975.00"), 0)
    assert day.attribution == Attribution(signal=Decimal(1000))


@pytest.mark.parametrize(
    ("weights", "capital"),
    [
        ({}, {A: "120000", B: "120000"}),
        ({A: "0.5", B: "0.5"}, {A: "60000", B: "60000"}),
        ({A: "0.3"}, {A: "36000", B: "120000"}),
    ],
)
def test_closing_gives_each_strategy_its_weight_of_the_brokers_equity(
    weights: dict[Any, str], capital: dict[Any, str]
) -> None:
    account = AccountAtClose(equity=Decimal(120_000), cash=Decimal(120_000), positions={})
    before = closing_of(a=book_of(Mode.ACTIVE), b=book_of(Mode.ACTIVE))
    events = [WeightSet(at=at(FRIDAY, 15), strategy=name, weight=Decimal(each)) for name, each in weights.items()]
    day = closed(before, FRIDAY, events, {}, account)
    assert {name: each.capital for name, each in day.closing.book.strategies.items()} == {
        name: Decimal(amount) for name, amount in capital.items()
    }
    assert of(day).capital == 100_000  # Friday's own was set at Thursday's close


def test_closing_follows_a_weight_that_changed_after_the_close_from_the_next_day_on() -> None:
    account = AccountAtClose(equity=Decimal(120_000), cash=Decimal(120_000), positions={})
    changed = WeightSet(at=seconds_after_close(FRIDAY, 60), strategy=A, weight=Decimal("0.25"))
    friday = closed(closing_of(a=book_of(Mode.ACTIVE)), FRIDAY, [changed], {}, account)
    monday = closed(friday.closing, MONDAY, [], {}, account)
    assert [each.closing.book.of(A).capital for each in (friday, monday)] == [120_000, 30_000]


def test_closing_a_strategy_without_capital_has_no_return() -> None:
    events: list[Event] = [opened(capital="0"), filled(fill(AAPL, "500", "100"))]
    day = closed(Closing(), THURSDAY, events, AT_110)
    assert (of(day).pnl, of(day).daily_return, of(day).capital, day.returns) == (5000, None, 0, ())


def test_closing_leaves_what_is_recorded_already_and_marks_it_all_the_same() -> None:
    events: list[Event] = [
        opened(A),
        opened(B),
        filled(fill(AAPL, "10", "100"), name=A),
        filled(fill(AAPL, "20", "100"), name=B),
    ]
    free, held = (closed(Closing(), THURSDAY, events, AT_110, recorded=recorded) for recorded in ((), {A}))
    assert [each.strategy_id for each in held.strategies] == [B]
    assert [each.strategy for each in held.returns] == [B]
    assert (held.closing, held.portfolio) == (free.closing, free.portfolio)
    assert held.portfolio.strategies == 300


@pytest.mark.parametrize("where", ["real", "virtual", "paper"])
def test_closing_without_a_price_for_what_is_held_is_an_error(where: str) -> None:
    owns = sleeve(AAPL=("1", "100"))
    books = {
        "real": book_of(Mode.ACTIVE, owns),
        "virtual": book_of(Mode.SHADOW_MODE, Sleeve(), owns),
        "paper": book_of(Mode.ACTIVE),
    }
    last = closing_of(a=books[where])
    if where == "paper":
        paper = {A: {Step.NEUTRAL: PaperAccount(quantities={AAPL: Decimal(1)})}}
        last = replace(last, book=replace(last.book, paper=paper))
    with pytest.raises(MarketDataError, match="expected a price for AAPL, which is held"):
        closed(last, FRIDAY, [], {MSFT: Decimal(1)})


# The session's close is the cut.


@pytest.mark.parametrize(("seconds", "is_today"), [(-1, True), (0, True), (1, False), (60, False)])
def test_closing_cuts_at_the_sessions_close(seconds: int, is_today: bool) -> None:
    event = filled(fill(AAPL, "10", "100"), seconds_after_close(THURSDAY, seconds))
    day = open_day(Closing(), session(THURSDAY), [opened(), event], 2)
    assert day.book.of(A).real.quantity(AAPL) == (10 if is_today else 0)
    assert (day.pending, day.entries) == (() if is_today else (event,), 2)


def test_closing_keeps_what_comes_later_for_the_day_that_it_belongs_to() -> None:
    tick = at(THURSDAY, 21, 1)  # 16:01, after the close: Friday's
    events: list[Event] = [
        opened(),
        entered(Mode.ACTIVE),
        on_paper("500", "100", tick),
        filled(fill(AAPL, "500", "100"), tick),
    ]
    thursday = closed(Closing(), THURSDAY, events, {})
    assert (of(thursday).pnl, thursday.closing.pending) == (0, tuple(events[2:]))
    friday = closed(thursday.closing, FRIDAY, [], AT_110)
    assert (of(friday).pnl, friday.closing.pending, friday.closing.entries) == (5000, (), 4)


def test_closing_books_what_was_found_after_its_day_was_closed_on_the_next() -> None:
    thursday = closed(Closing(), THURSDAY, [opened()], {})
    found_late = filled(fill(AAPL, "500", "100"), at(THURSDAY, 20, 59))
    friday = closed(thursday.closing, FRIDAY, [found_late], AT_110)
    assert (of(friday).pnl, of(friday).daily_return) == (5000, 0.05)


def test_closing_of_a_strategy_that_joins_after_the_close_is_the_next_days() -> None:
    tick = seconds_after_close(THURSDAY, 60)
    thursday = closed(Closing(), THURSDAY, [opened(A), opened(B, "50000", tick)], {})
    assert [each.strategy_id for each in thursday.strategies] == [A]
    friday = closed(thursday.closing, FRIDAY, [], {})
    assert of(friday, B).capital == 50_000


# Promotion and demotion: one return a day.


def test_closing_the_day_of_a_demotion_has_one_return() -> None:
    # 500 held at 100. Demoted at 104; virtually sold at 103, really at 102 (left as it is until the day's end: 101).
    last = closing_of(a=book_of(Mode.ACTIVE, sleeve(AAPL=("500", "100")).marked_at({AAPL: Decimal(100)})))
    events: list[Event] = [
        entered(Mode.SHADOW_MODE, at(FRIDAY, 15)),
        virtually(fill(AAPL, "-500", "103"), at(FRIDAY, 16)),
        filled(fill(AAPL, "-200", "102"), at(FRIDAY, 17)),
    ]
    day = closed(last, FRIDAY, events, {AAPL: Decimal(101)})
    # virtual 500 × 3; real 200 × 2 + 300 × 1
    snapshot = of(day)
    assert (snapshot.pnl, snapshot.daily_return, snapshot.is_virtual) == (1500, 0.015, True)
    assert (snapshot.real_pnl, snapshot.real_realized_pnl, snapshot.real_unrealized_pnl) == (700, 400, 300)
    assert day.returns == (DailyReturn(strategy=A, day=FRIDAY, value=0.015, is_virtual=True),)
    assert day.portfolio.strategies == 700
    kept = day.closing.book.of(A)
    assert kept.virtual is not None
    assert (kept.virtual.mark.pnl, kept.real.mark.pnl) == (1500, 700)


def test_closing_the_day_of_a_promotion_counts_the_virtual_sleeve_and_then_drops_it() -> None:
    at_100 = {AAPL: Decimal(100)}
    shadow = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(AAPL=("500", "90")).marked_at(at_100))
    # promoted at 104, and bought for real at 105
    events: list[Event] = [entered(Mode.ACTIVE, at(FRIDAY)), filled(fill(AAPL, "400", "105"), at(FRIDAY, 16))]
    friday = closed(closing_of(a=shadow), FRIDAY, events, AT_110)
    snapshot = of(friday)
    # virtual 500 × (110 − 100), real 400 × (110 − 105)
    assert (snapshot.pnl, snapshot.is_virtual, snapshot.mode, snapshot.real_pnl) == (5000, True, Mode.ACTIVE, 2000)
    assert friday.closing.book.of(A).virtual is None
    monday = closed(friday.closing, MONDAY, [], {AAPL: Decimal(111)})
    assert (of(monday).pnl, of(monday).is_virtual) == (400, False)


def test_closing_days_in_shadow_go_on_from_the_virtual_mark() -> None:
    shadow = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(AAPL=("500", "90")).marked_at({AAPL: Decimal(100)}))
    friday = closed(closing_of(a=shadow), FRIDAY, [], AT_110)
    monday = closed(friday.closing, MONDAY, [], {AAPL: Decimal(99)})
    # 500 × 10, then 500 × (99 − 110)
    assert [of(day).pnl for day in (friday, monday)] == [5000, -5500]
    assert [of(day).real_pnl for day in (friday, monday)] == [0, 0]


def test_closing_a_disabled_strategy_drops_its_virtual_sleeve() -> None:
    shadow = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(AAPL=("500", "90")))
    friday = closed(closing_of(a=shadow), FRIDAY, [entered(Mode.DISABLED, at(FRIDAY))], AT_110)
    assert friday.closing.book.of(A).virtual is None


# Late and on time end in the same figures.


def figures(days: Sequence[ClosedDay]) -> list[ClosedDay]:
    """Everything but when it was computed."""
    return [
        replace(
            day,
            strategies=tuple(replace(each, computed_at=LATER) for each in day.strategies),
            portfolio=replace(day.portfolio, computed_at=LATER),
        )
        for day in days
    ]


DAYS = (THURSDAY, FRIDAY, MONDAY)
CLOSES = {
    THURSDAY: {AAPL: Decimal(103), MSFT: Decimal(52)},
    FRIDAY: {AAPL: Decimal(99), MSFT: Decimal(51)},
    MONDAY: {AAPL: Decimal("24.50"), MSFT: Decimal(55)},
}
JOURNAL: tuple[tuple[Event, ...], ...] = (
    (opened(A, when=at(THURSDAY, 14, 40)), opened(B, "50000", at(THURSDAY, 14, 40))),
    (on_paper("100", "100"), filled(fill(AAPL, "100", "100.05", slippage="5"))),
    (filled(fill(MSFT, "30", "50"), at(THURSDAY, 20, 59), B),),
    # a tick at 16:01: of Friday's session
    (entered(Mode.SHADOW_MODE, at(THURSDAY, 21, 1), A), filled(fill(MSFT, "5", "52"), at(THURSDAY, 21, 1), B)),
    (virtually(fill(AAPL, "-100", "98"), at(FRIDAY, 16)), filled(fill(MSFT, "-35", "51"), at(FRIDAY, 16), B)),
    # 4 for 1 on Monday, booked from the start of the day, and a fee of Friday's fill
    (
        ActionTaken(at=at(MONDAY, 5), action=split(AAPL, 4, 1, MONDAY)),
        FeeCharged(at=at(FRIDAY, 20), strategy=B, amount=Decimal("0.05"), trade_id="fee-1-b"),
    ),
    (entered(Mode.ACTIVE, at(MONDAY, 15), A), filled(fill(AAPL, "7", "25"), at(MONDAY, 16), A)),
)


def closed_in_turn(read_until: Sequence[int]) -> list[ClosedDay]:
    """Close the three days, having read that many entries of the journal by the time each is closed."""
    last, days = Closing(), []
    for day, until in zip(DAYS, read_until, strict=True):
        events = [event for entry in JOURNAL[last.entries : until] for event in entry]
        opening = open_day(last, session(day), events, until)
        days.append(_closed_at(opening, day))
        last = days[-1].closing
    return days


def _closed_at(opening: OpenDay, day: date) -> ClosedDay:
    account = AccountAtClose(equity=Decimal(100_000), cash=Decimal(1), positions=opening.book.holdings())
    return closed_day(opening, account, CLOSES[day], key=KEY, recorded=(), now=session(day).closes_at)


LATE = closed_in_turn([7, 7, 7])  # after a missed week, with all of the journal


@pytest.mark.parametrize("read_until", [(3, 6, 7), (4, 6, 7), (5, 7, 7), (7, 7, 7), (3, 7, 7)])
def test_closing_late_ends_in_the_same_figures_as_closing_on_time(read_until: tuple[int, ...]) -> None:
    on_time = closed_in_turn(read_until)
    assert [day.strategies for day in figures(on_time)] == [day.strategies for day in figures(LATE)]
    assert [day.portfolio for day in figures(on_time)] == [day.portfolio for day in figures(LATE)]
    assert [day.returns for day in on_time] == [day.returns for day in LATE]
    assert [day.closing.book for day in on_time] == [day.closing.book for day in LATE]
    assert on_time[-1].closing == LATE[-1].closing


def test_closing_figures_of_that_week_by_hand() -> None:
    pnl = {(day.portfolio.day, each.strategy_id): (each.pnl, each.real_pnl) for day in LATE for each in day.strategies}
    assert pnl == {
        # 100 × (103 − 100.05); 30 × (52 − 50)
        (THURSDAY, A): (Decimal(295), Decimal(295)),
        (THURSDAY, B): (Decimal(60), Decimal(60)),
        # virtually sold at 98: 100 × (98 − 103), really kept: 100 × (99 − 103); 30 × (51 − 52) + 5 × (51 − 52) − 0.05
        (FRIDAY, A): (Decimal(-500), Decimal(-400)),
        (FRIDAY, B): (Decimal("-35.05"), Decimal("-35.05")),
        # virtually nothing is left; really 400 × (24.50 − 24.75) − 7 × 0.50
        (MONDAY, A): (Decimal(0), Decimal("-103.50")),
        (MONDAY, B): (Decimal(0), Decimal(0)),
    }


def test_closing_a_day_twice_ends_in_the_same_figures() -> None:
    again = closed_in_turn([3, 6, 7])
    assert figures(again) == figures(closed_in_turn([3, 6, 7]))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(st.permutations(range(4)))
def test_closing_does_not_depend_on_the_order_in_which_fills_were_found(order: list[int]) -> None:
    fills = [
        filled(fill(AAPL, "10", "100"), at(THURSDAY, 15)),
        filled(fill(AAPL, "20", "101"), at(THURSDAY, 16)),
        filled(fill(AAPL, "-15", "102"), at(THURSDAY, 17)),
        filled(fill(AAPL, "5", "103"), at(THURSDAY, 21, 30)),
    ]
    day = closed(Closing(), THURSDAY, [opened(when=at(THURSDAY, 14)), *(fills[i] for i in order)], AT_110)
    # first in, first out by when they happened: 10 × 2 + 5 × 1 realised, 15 × (110 − 101) not
    assert (of(day).realized_pnl, of(day).unrealized_pnl) == (25, 135)
    assert day.closing.book.of(A).real.lots == {AAPL: (lot("15", "101"),)}


def test_closing_is_the_running_book_but_for_marks_and_capital() -> None:
    running = folded(PortfolioBook(), [event for entry in JOURNAL for event in entry])
    closing = LATE[-1].closing.book
    for name, book in running.strategies.items():
        assert replace(closing.of(name).real, mark=Mark()) == book.real
    unmarked = {
        name: {step: replace(account, mark=Decimal(0)) for step, account in accounts.items()}
        for name, accounts in closing.paper.items()
    }
    assert unmarked == running.paper


def test_closing_holds_the_same_virtual_sleeve_as_the_running_book() -> None:
    events: list[Event] = [
        opened(when=at(THURSDAY, 14, 30)),
        entered(Mode.SHADOW_MODE, at(THURSDAY, 14, 30, 20)),
        filled(fill(AAPL, "10", "100"), at(THURSDAY, 14, 30, 5)),  # at the opening, found by the next tick
    ]
    running = folded(PortfolioBook(), events).of(A)
    assert open_day(Closing(), session(THURSDAY), events, 3).book.of(A).virtual == running.virtual


def test_session_must_open_before_it_closes_in_aware_instants() -> None:
    opens, closes = session(THURSDAY).opens_at, session(THURSDAY).closes_at
    for first, last in ((closes, opens), (opens, opens), (opens.replace(tzinfo=None), closes)):
        with pytest.raises(MarketDataError, match="expected an aware opening before an aware close"):
            Session(day=THURSDAY, opens_at=first, closes_at=last)


def test_sleeve_cash_is_what_came_in_less_what_was_paid() -> None:
    # a bought for 1,000 and sold for 300 with a fee of 1; b sold 2 short at 50
    a = Sleeve().filled(fill(AAPL, "10", "100")).filled(fill(AAPL, "-3", "100", fees="1"))
    b = Sleeve().filled(fill(MSFT, "-2", "50"))
    book = PortfolioBook(strategies={A: StrategyBook(real=a, virtual=b), B: StrategyBook(real=b)})
    assert sleeve_cash(book) == -1000 + 300 - 1 + 100
