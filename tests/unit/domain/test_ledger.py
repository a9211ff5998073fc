"""The ledger's entries, read back one by one, make the same sleeve as the events they were written with."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.adjustment import Origin, action_adjustment, fee_adjustment
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.corporate_action import CorporateAction
from backend.domain.journal import Filled, folded
from backend.domain.ledger import LedgerTrade, TradeKind, match_trade
from backend.domain.lots import Fill, Lot, total
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId
from backend.domain.sleeve import EMPTY_SLEEVE, Sleeve
from backend.domain.statement import Activity, ActivityKind
from backend.domain.tick import PortfolioKey
from tests.unit.domain.ledger_inputs import (
    AAPL,
    APPLE_DIVIDEND,
    APPLE_SPLIT,
    GE,
    GE_REVERSE_SPLIT,
    dividend,
    fill,
    lot,
    split,
)

A = StrategyId("a")
AT = datetime(2025, 3, 14, 15, tzinfo=UTC)
ORIGIN = Origin(key=PortfolioKey(tenant_id="acme"), account_id="A1", run_id="main-1")


def trade(traded: Fill, kind: TradeKind = TradeKind.FILL) -> LedgerTrade:
    return LedgerTrade(
        trade_id="t-1",
        tenant_id="acme",
        uid="anna",
        strategy_id=A,
        run_id="main-1",
        symbol=traded.symbol,
        side=traded.side,
        qty=traded.quantity,
        price=traded.price,
        ts=AT,
        order_id=ClientOrderId("mae-1"),
        fees=traded.fees,
        kind=kind,
    )


def actions(sleeve: Sleeve, action: CorporateAction) -> tuple[LedgerTrade, ...]:
    book = PortfolioBook(strategies={A: StrategyBook(real=sleeve)})
    return action_adjustment(book, action, ORIGIN).trades


def read(lots: Iterable[Lot], trades: Iterable[LedgerTrade]) -> tuple[tuple[Lot, ...], Decimal]:
    held, realised = tuple(lots), Decimal(0)
    for each in trades:
        held, gained = match_trade(held, each)
        realised += gained
    return held, realised


@pytest.mark.parametrize("kind", [TradeKind.FILL, TradeKind.CROSS])
@pytest.mark.parametrize("signed", ["10", "-4", "-10", "-25"])
def test_ledger_fill_or_cross_does_what_it_does_to_a_sleeve(kind: TradeKind, signed: str) -> None:
    traded = fill(AAPL, signed, "110", fees="0.75")
    before = EMPTY_SLEEVE.filled(fill(AAPL, "10", "100"))
    after = before.filled(traded)
    assert read(before.lots[AAPL], [trade(traded, kind)]) == (after.lots.get(AAPL, ()), after.realised)


@pytest.mark.parametrize(
    ("action", "held"),
    [
        (APPLE_SPLIT, ["10.5", "0.333333333", "7"]),
        (APPLE_SPLIT, ["-10.5", "-3"]),
        (GE_REVERSE_SPLIT, ["12", "5"]),
        (GE_REVERSE_SPLIT, ["0.000000003"]),  # dust: nothing is left
        (GE_REVERSE_SPLIT, ["8", "0.000000003"]),
        (APPLE_DIVIDEND, ["10.5", "7"]),
        (APPLE_DIVIDEND, ["-2"]),
    ],
)
def test_ledger_corporate_action_does_what_it_does_to_a_sleeve(action: CorporateAction, held: list[str]) -> None:
    before = Sleeve(lots={action.symbol: tuple(lot(quantity, "13.10") for quantity in held)})
    after = before.after(action)
    found = read(before.lots[action.symbol], actions(before, action))
    assert found == (after.lots.get(action.symbol, ()), after.realised)


def test_ledger_split_of_odd_lots_leaves_as_many_shares_as_the_sleeve_has() -> None:
    # 0.1 + 0.2 + … of a share, 1 for 7: every lot by itself would be rounded, and the sums would part.
    quantities = ["0.000800799", "2.374513803", "0.000709728", "8.384826104", "0.899342504", "70.532412506"]
    before = Sleeve(lots={GE: tuple(lot(quantity, "13") for quantity in quantities)})
    action = split(GE, 1, 7, date(2025, 1, 2))
    lots, _ = read(before.lots[GE], actions(before, action))
    # 82.192605444 ÷ 7 = 11.741800777714…
    assert total(lots) == before.after(action).quantity(GE) == Decimal("11.741800778")


def test_ledger_split_of_what_is_not_held_does_nothing() -> None:
    made = actions(Sleeve(lots={AAPL: (lot("10", "480"),)}), APPLE_SPLIT)
    assert read([], made) == ((), Decimal(0))


def test_ledger_fee_does_what_it_does_to_a_sleeve() -> None:
    ours = Filled(at=AT, strategy=A, fill=fill(AAPL, "10", "100"), trade_id="t-1", order_id="v-1")
    fee = Activity(activity_id="f", kind=ActivityKind.FEE, at=AT, symbol=AAPL, cash=Decimal("-0.02"), order_id="v-1")
    adjustment = fee_adjustment(fee, [], [ours], ORIGIN)
    before = EMPTY_SLEEVE.filled(ours.fill)
    after = folded(PortfolioBook(strategies={A: StrategyBook(real=before)}), adjustment.events).of(A).real
    assert read(before.lots[AAPL], adjustment.trades) == (after.lots[AAPL], after.realised)
    assert after.realised == Decimal("-0.02")


def test_ledger_of_publication_550() -> None:
    # IRS Publication 550, "Identification not possible": 100 at 12, 200 at 11, 50 given away, 100 at 9, 130 sold;
    # the basis of the sale is 50 × 12 + 80 × 11 = 1,480.
    bought = [trade(fill(AAPL, *each)) for each in (("100", "12"), ("200", "11"), ("-50", "12"), ("100", "9"))]
    lots, before = read([], bought)
    lots, gained = read(lots, [trade(fill(AAPL, "-130", "20"))])
    assert (before, gained, lots) == (0, 2_600 - 1_480, (lot("120", "11"), lot("100", "9")))


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, 3), (Side.SELL, -3)])
def test_ledger_entry_side_gives_its_quantity_the_sign(side: Side, expected: int) -> None:
    assert trade(Fill(symbol=AAPL, side=side, quantity=Decimal(3), price=Decimal(1))).signed_quantity == expected


positive = st.decimals("0.000000001", "1000", places=9, allow_nan=False)
fills = st.builds(
    Fill,
    symbol=st.just(AAPL),
    side=st.sampled_from(Side),
    quantity=positive,
    price=st.decimals("0.01", "900", places=2, allow_nan=False),
    fees=st.decimals("0", "5", places=2, allow_nan=False),
)
numbers = st.integers(1, 12)
splits = st.tuples(numbers, numbers).filter(lambda terms: terms[0] != terms[1])
dividends = st.decimals("0.01", "5", places=4, allow_nan=False)
happenings = st.lists(fills | splits | dividends, max_size=14)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(happenings)
def test_ledger_read_back_holds_and_gained_what_the_sleeve_did(happened: list[Any]) -> None:
    sleeve, trades = EMPTY_SLEEVE, []
    for number, each in enumerate(happened):
        day = date(2025, 1, 1) + timedelta(days=number)
        if isinstance(each, Fill):
            trades.append(trade(each))
            sleeve = sleeve.filled(each)
            continue
        action = split(AAPL, each[0], each[1], day) if isinstance(each, tuple) else dividend(AAPL, str(each), day)
        trades += actions(sleeve, action)
        sleeve = sleeve.after(action)
    lots, realised = read([], trades)
    assert total(lots) == sleeve.quantity(AAPL)
    # A smallest part of a share may stand in the neighbouring lot: what was gained may differ by its price.
    mark = {AAPL: Decimal(100)}
    gained = realised + sum((each.quantity * (mark[AAPL] - each.price) for each in lots), Decimal(0))
    assert abs(gained - sleeve.pnl(mark)) < Decimal("0.0001")
