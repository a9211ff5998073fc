"""The change of the broker's equity is what the strategies gained, what Maestro did not do, and nothing else."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.closing import ClosedDay, Closing
from backend.domain.journal import ActionTaken, Event, FeeCharged
from backend.domain.lots import Fill
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.sleeve import Sleeve
from backend.domain.snapshot import PortfolioPerformanceSnapshot
from tests.unit.domain.closing_days import (
    FRIDAY,
    KEY,
    LATER,
    MONDAY,
    THURSDAY,
    A,
    B,
    BrokersBooks,
    at,
    closed,
    entered,
    filled,
    opened,
    session,
    virtually,
)
from tests.unit.domain.decision_inputs import book_of, sleeve
from tests.unit.domain.ledger_inputs import AAPL, GE, MSFT, dividend, fill, split

AT_100, AT_104 = {AAPL: Decimal(100), MSFT: Decimal(50)}, {AAPL: Decimal(104), MSFT: Decimal(51)}
BOUGHT = fill(AAPL, "100", "100")


def first_day(broker: BrokersBooks) -> Closing:
    """Strategy a has bought 100 AAPL at 100, where they closed on Thursday."""
    broker.traded(BOUGHT)
    return closed(Closing(), THURSDAY, [opened(), filled(BOUGHT)], AT_100, broker.at_close(AT_100)).closing


def money(day: ClosedDay) -> tuple[Decimal, Decimal, Decimal]:
    """What the strategies gained, what was external, what is left unexplained."""
    return day.portfolio.strategies, day.portfolio.external, day.portfolio.residual


def test_portfolio_day_says_whose_when_and_how_much() -> None:
    broker = BrokersBooks()
    day = closed(first_day(broker), FRIDAY, [], AT_104, broker.at_close(AT_104))
    assert day.portfolio == PortfolioPerformanceSnapshot(
        tenant_id="acme",
        uid="anna",
        portfolio_id=KEY.portfolio_id,
        day=FRIDAY,
        closes_at=session(FRIDAY).closes_at,
        equity=Decimal(100_400),
        previous_equity=Decimal(100_000),
        strategies=Decimal(400),
        external=Decimal(0),
        residual=Decimal(0),
        computed_at=LATER,
    )


def test_portfolio_of_the_first_day_has_no_change_to_explain() -> None:
    broker = BrokersBooks()
    broker.traded(fill(AAPL, "100", "99"))
    day = closed(
        Closing(), THURSDAY, [opened(), filled(fill(AAPL, "100", "99"))], AT_100, broker.at_close(AT_100)
    ).portfolio
    assert (day.previous_equity, day.equity, day.strategies) == (None, 100_100, 100)
    assert (day.external, day.residual) == (0, 0)


@pytest.mark.parametrize("amount", ["5000", "-2500.50"])
def test_portfolio_deposit_or_withdrawal_is_external(amount: str) -> None:
    broker = BrokersBooks()
    last = first_day(broker)
    broker.cash += Decimal(amount)
    assert money(closed(last, FRIDAY, [], AT_104, broker.at_close(AT_104))) == (400, Decimal(amount), 0)


def test_portfolio_trade_of_somebody_else_is_external() -> None:
    # 20 MSFT bought at 50 by hand, with a fee of 1; they closed at 51: 20 × 1 − 1
    broker = BrokersBooks()
    last = first_day(broker)
    broker.traded(fill(MSFT, "20", "50", fees="1"))
    friday = closed(last, FRIDAY, [], AT_104, broker.at_close(AT_104))
    assert money(friday) == (400, 19, 0)
    # held over the week-end, it goes on: 20 × (54 − 51)
    marks = {AAPL: Decimal(104), MSFT: Decimal(54)}
    assert money(closed(friday.closing, MONDAY, [], marks, broker.at_close(marks))) == (0, 60, 0)


def test_portfolio_sale_of_our_shares_by_somebody_else_is_external() -> None:
    # The sleeve still counts 100; 40 of them were sold by hand at 102: 40 × (102 − 104) is not ours.
    broker = BrokersBooks()
    last = first_day(broker)
    broker.traded(fill(AAPL, "-40", "102"))
    assert money(closed(last, FRIDAY, [], AT_104, broker.at_close(AT_104))) == (400, -80, 0)


def test_portfolio_positions_held_before_the_first_close_are_external_from_then_on() -> None:
    broker = BrokersBooks(positions={MSFT: Decimal(20)})
    last = first_day(broker)
    assert (last.equity, last.external_value) == (101_000, 1_000)
    assert money(closed(last, FRIDAY, [], AT_104, broker.at_close(AT_104))) == (400, 20, 0)


def test_portfolio_dividend_is_ours_on_the_ex_day_and_no_gain_on_the_day_on_which_it_is_paid() -> None:
    # 100 × 0.82, owed from Friday on, paid on Monday; the price falls by as much on Friday.
    broker = BrokersBooks()
    last = first_day(broker)
    marks = {AAPL: Decimal("99.18")}
    owed = ActionTaken(at=at(FRIDAY, 5), action=dividend(AAPL, "0.82", FRIDAY))
    friday = closed(last, FRIDAY, [owed], marks, broker.at_close(marks))
    assert money(friday) == (0, -82, 0)
    broker.cash += 82
    assert money(closed(friday.closing, MONDAY, [], marks, broker.at_close(marks))) == (0, 82, 0)


def test_portfolio_dividend_that_is_paid_on_its_ex_day_is_ours_alone() -> None:
    broker = BrokersBooks()
    last = first_day(broker)
    broker.cash += 82
    owed = ActionTaken(at=at(FRIDAY, 5), action=dividend(AAPL, "0.82", FRIDAY))
    assert money(closed(last, FRIDAY, [owed], AT_100, broker.at_close(AT_100))) == (82, 0, 0)


def test_portfolio_split_is_neither_gain_nor_external() -> None:
    # 4 for 1: 100 at 104 become 400 at 26; the broker has them on the same morning.
    broker = BrokersBooks()
    last = first_day(broker)
    broker.positions[AAPL] = Decimal(400)
    marks = {AAPL: Decimal(26)}
    events = [ActionTaken(at=at(FRIDAY, 5), action=split(AAPL, 4, 1, FRIDAY))]
    assert money(closed(last, FRIDAY, events, marks, broker.at_close(marks))) == (400, 0, 0)


def test_portfolio_fraction_that_a_split_took_and_the_broker_paid_for_is_external() -> None:
    # 1 for 8 of 100 shares: the sleeve has 12.5, the broker keeps 12 and pays 0.5 × 104
    broker, bought, marks = BrokersBooks(), fill(GE, "100", "13"), {GE: Decimal(13)}
    broker.traded(bought)
    thursday = closed(Closing(), THURSDAY, [opened(), filled(bought)], marks, broker.at_close(marks))
    broker.positions[GE], broker.cash = Decimal(12), broker.cash + 52
    marks = {GE: Decimal(104)}
    events = [ActionTaken(at=at(FRIDAY, 5), action=split(GE, 1, 8, FRIDAY))]
    friday = closed(thursday.closing, FRIDAY, events, marks, broker.at_close(marks))
    assert money(friday) == (0, 0, 0)  # −0.5 × 104 in shares, + 52 in cash
    assert friday.closing.external_value == -52


def test_portfolio_fees_that_are_charged_are_the_strategies_and_the_rest_is_external() -> None:
    broker = BrokersBooks()
    last = first_day(broker)
    broker.cash -= Decimal("0.08")
    charged = FeeCharged(at=at(FRIDAY, 20), strategy=A, amount=Decimal("0.05"), trade_id="fee-1-a")
    found = money(closed(last, FRIDAY, [charged], AT_104, broker.at_close(AT_104)))
    assert found == (Decimal("399.95"), Decimal("-0.03"), 0)


def test_portfolio_interest_is_external() -> None:
    broker = BrokersBooks()
    last = first_day(broker)
    broker.cash += Decimal("1.23")
    assert money(closed(last, FRIDAY, [], AT_104, broker.at_close(AT_104))) == (400, Decimal("1.23"), 0)


def test_portfolio_other_portfolios_of_the_account_are_external_to_each_other() -> None:
    # One account, two portfolios: a holds 100 AAPL in the first, b 20 MSFT in the second.
    broker = BrokersBooks()
    mine = first_day(broker)
    broker.traded(fill(MSFT, "20", "50"))
    bought: list[Event] = [opened(B), filled(fill(MSFT, "20", "50"), name=B)]
    theirs = closed(Closing(), THURSDAY, bought, AT_100, broker.at_close(AT_100)).closing
    mine = replace(mine, cash=broker.cash, external_value=Decimal(1_000))
    account = broker.at_close(AT_104)
    assert money(closed(mine, FRIDAY, [], AT_104, account)) == (400, 20, 0)
    assert money(closed(theirs, FRIDAY, [], AT_104, account)) == (20, 400, 0)


def test_portfolio_crosses_move_neither_cash_nor_shares_of_the_account() -> None:
    broker = BrokersBooks()
    last = first_day(broker)
    handed: list[Event] = [
        filled(fill(AAPL, "-40", "102", spared="2"), at(FRIDAY)),
        opened(B, when=at(FRIDAY)),
        filled(fill(AAPL, "40", "102", spared="2"), at(FRIDAY), B),
    ]
    day = closed(last, FRIDAY, handed, AT_104, broker.at_close(AT_104))
    # a: 40 × 2 + 60 × 4; b: 40 × 2
    assert [each.real_pnl for each in day.strategies] == [320, 80]
    assert money(day) == (400, 0, 0)


def test_portfolio_knows_nothing_of_virtual_gains() -> None:
    broker = BrokersBooks()
    shadow = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(AAPL=("500", "90")))
    start = first_day(broker)
    last = replace(start, book=replace(start.book, strategies={**start.book.strategies, B: shadow}))
    events = [virtually(fill(AAPL, "-100", "103"), at(FRIDAY), B)]
    assert money(closed(last, FRIDAY, events, AT_104, broker.at_close(AT_104))) == (400, 0, 0)


def test_portfolio_what_nothing_explains_is_the_residual() -> None:
    broker = BrokersBooks()
    last = first_day(broker)
    account = broker.at_close(AT_104)
    told = replace(account, equity=account.equity + Decimal("0.37"))
    assert money(closed(last, FRIDAY, [], AT_104, told)) == (400, 0, Decimal("0.37"))


def test_portfolio_position_of_somebody_else_without_a_price_counts_for_nothing() -> None:
    broker = BrokersBooks(positions={GE: Decimal(3)})
    account = replace(broker.at_close({GE: Decimal(13)}), equity=Decimal(100_000))
    day = closed(Closing(), THURSDAY, [opened()], AT_100, account)
    assert day.closing.external_value == 0


# Whatever happens on an account, its equity is explained to the last digit.

strategies = st.sampled_from([A, B])
quantities = st.decimals("0.001", "40", places=3, allow_nan=False)
cents = st.decimals("1", "400", places=2, allow_nan=False)
our_fills = st.tuples(
    strategies,
    st.builds(
        Fill,
        symbol=st.sampled_from([AAPL, MSFT]),
        side=st.sampled_from(Side),
        quantity=quantities,
        price=cents,
        fees=st.decimals("0", "2", places=2, allow_nan=False),
    ),
)
flows = st.decimals("-900", "900", places=2, allow_nan=False)
days = st.tuples(st.lists(our_fills, max_size=5), st.lists(our_fills, max_size=2), flows, cents, cents)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(days, min_size=3, max_size=3), st.decimals("0", "3", places=2, allow_nan=False))
def test_portfolio_equity_is_explained_whatever_happens(week: list[Any], per_share: Decimal) -> None:
    broker, last = BrokersBooks(), Closing()
    opening: list[Event] = [opened(A), opened(B), entered(Mode.ACTIVE)]
    for day, (ours, theirs, flow, aapl, msft) in zip((THURSDAY, FRIDAY, MONDAY), week, strict=True):
        events: list[Event] = [*opening]
        opening = []
        if day == FRIDAY and per_share:
            events.append(ActionTaken(at=at(FRIDAY, 5), action=dividend(AAPL, str(per_share), FRIDAY)))
        for number, (name, each) in enumerate(ours):
            events.append(filled(each, at(day, 16, number), name))
            broker.traded(each)
        for _, each in theirs:
            broker.traded(each)
        broker.cash += flow
        marks = {AAPL: aapl, MSFT: msft}
        done = closed(last, day, events, marks, broker.at_close(marks))
        portfolio = done.portfolio
        assert portfolio.residual == 0
        assert portfolio.strategies == sum((each.real_pnl for each in done.strategies), Decimal(0))
        assert all(each.attribution and each.attribution.total == each.real_pnl for each in done.strategies)
        if portfolio.previous_equity is not None:
            change = portfolio.equity - portfolio.previous_equity
            assert change == portfolio.strategies + portfolio.external
        last = done.closing
