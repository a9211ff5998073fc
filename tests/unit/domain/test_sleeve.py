"""Sleeves by hand: fills, corporate actions, fees and marks, and money conserved to the last digit."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.corporate_action import CorporateAction
from backend.domain.errors import MarketDataError
from backend.domain.lots import Fill
from backend.domain.order import Side
from backend.domain.signal import Symbol
from backend.domain.sleeve import EMPTY_SLEEVE, Mark, Sleeve, price_of
from tests.unit.domain.ledger_inputs import (
    AAPL,
    APPLE_DIVIDEND,
    APPLE_SPLIT,
    GE,
    GE_REVERSE_SPLIT,
    MSFT,
    fill,
    lot,
)


def money(text: str) -> Decimal:
    return Decimal(text)


def after(*fills: Fill) -> Sleeve:
    sleeve = EMPTY_SLEEVE
    for each in fills:
        sleeve = sleeve.filled(each)
    return sleeve


def test_sleeve_keeps_symbols_apart() -> None:
    # Known fault: a sale of MSFT was matched against the older lot of AAPL. 10 × (310 − 300), AAPL untouched.
    sleeve = after(fill(AAPL, "10", "100"), fill(MSFT, "10", "300"), fill(MSFT, "-10", "310"))
    assert sleeve.realised == 100
    assert sleeve.lots == {AAPL: (lot("10", "100"),)}
    assert sleeve.holdings() == {AAPL: Decimal(10)}


def test_sleeve_pays_fees_on_both_sides() -> None:
    # 10 × (110 − 100) − 1.25 − 0.75
    sleeve = after(fill(AAPL, "10", "100", "1.25"), fill(AAPL, "-10", "110", "0.75"))
    assert sleeve.realised == 98
    assert sleeve.pnl({}) == 98


def test_sleeve_fees_alone_are_a_loss() -> None:
    sleeve = after(fill(AAPL, "10", "100", "1.25"))
    assert sleeve.realised == money("-1.25")
    assert sleeve.pnl({AAPL: Decimal(100)}) == money("-1.25")


def test_sleeve_in_partial_fills_equals_one_fill() -> None:
    parts = after(fill(AAPL, "3", "100"), fill(AAPL, "7", "100"), fill(AAPL, "-4", "105"), fill(AAPL, "-6", "105"))
    whole = after(fill(AAPL, "10", "100"), fill(AAPL, "-10", "105"))
    assert parts.realised == whole.realised == 50
    assert parts.lots == whole.lots == {}


def test_sleeve_values_long_and_short_lots() -> None:
    # 10 × (90 − 100) and −2 × (280 − 300)
    sleeve = after(fill(AAPL, "10", "100"), fill(MSFT, "-2", "300"))
    assert sleeve.unrealised({AAPL: Decimal(90), MSFT: Decimal(280)}) == -60
    assert sleeve.quantity(MSFT) == -2
    assert sleeve.quantity(Symbol("KO")) == 0


def test_sleeve_without_a_price_for_what_it_holds_is_an_error() -> None:
    sleeve = after(fill(AAPL, "10", "100"), fill(MSFT, "2", "300"))
    with pytest.raises(MarketDataError, match="expected a price for MSFT, which is held, found none"):
        sleeve.unrealised({AAPL: Decimal(90)})


def test_sleeve_that_holds_nothing_needs_no_price() -> None:
    assert after(fill(AAPL, "1", "10"), fill(AAPL, "-1", "12")).unrealised({}) == 0


def test_sleeve_filled_leaves_its_predecessor_alone() -> None:
    before = after(fill(AAPL, "10", "100"))
    before.filled(fill(AAPL, "-10", "110"))
    assert before.lots == {AAPL: (lot("10", "100"),)}
    assert EMPTY_SLEEVE.lots == {}


def test_sleeve_adds_up_fees_slippage_and_what_was_spared() -> None:
    sleeve = after(
        fill(AAPL, "10", "100", "1.25", "0.50"),
        fill(AAPL, "-4", "110", "0.75", "-0.20"),
        fill(AAPL, "2", "100", spared="0.10"),
    )
    assert (sleeve.fees, sleeve.slippage, sleeve.spared) == (2, money("0.30"), money("0.10"))
    assert sleeve.realised == 38  # 4 × 10 − 2: slippage is in the prices already, what was spared never left


def test_sleeve_charged_pays_fees_that_came_apart_from_a_fill() -> None:
    sleeve = after(fill(AAPL, "10", "100", "1")).charged(money("0.03"))
    assert (sleeve.realised, sleeve.fees, sleeve.lots) == (money("-1.03"), money("1.03"), {AAPL: (lot("10", "100"),)})


def test_sleeve_after_apples_split_has_four_shares_for_one_and_gained_nothing() -> None:
    # The close of 2020-08-28 was 499.23, a quarter of it is 124.8075.
    before = after(fill(AAPL, "10.5", "480"), fill(AAPL, "2", "500"), fill(MSFT, "3", "228"))
    sleeve = before.after(APPLE_SPLIT)
    assert sleeve.lots == {AAPL: (lot("42", "120"), lot("8", "125")), MSFT: (lot("3", "228"),)}
    assert sleeve.realised == 0
    marks = {AAPL: money("499.23"), MSFT: money("228.91")}
    assert sleeve.pnl({**marks, AAPL: money("124.8075")}) == before.pnl(marks)


def test_sleeve_after_a_reverse_split_that_leaves_dust_holds_nothing_of_it() -> None:
    # 0.000000003 ÷ 8 is less than half of the smallest part of a share; it had cost 0.000000003 × 13.
    sleeve = after(fill(GE, "0.000000003", "13")).after(GE_REVERSE_SPLIT)
    assert sleeve == Sleeve(lots={}, realised=money("-0.000000039"))


@pytest.mark.parametrize(("held", "gained"), [("10", "8.20"), ("-10", "-8.20"), ("0.5", "0.410")])
def test_sleeve_after_apples_dividend_is_owed_it_or_owes_it(held: str, gained: str) -> None:
    before = after(fill(AAPL, held, "440"))
    sleeve = before.after(APPLE_DIVIDEND)
    assert (sleeve.realised, sleeve.lots) == (money(gained), before.lots)


@pytest.mark.parametrize("action", [APPLE_SPLIT, APPLE_DIVIDEND, GE_REVERSE_SPLIT])
def test_sleeve_after_what_does_not_concern_it_is_the_same(action: CorporateAction) -> None:
    sleeve = after(fill(MSFT, "10", "228"))
    assert sleeve.after(action) is sleeve


def test_sleeve_cost_is_what_open_lots_cost() -> None:
    # 10 × 100 + 5 × 120 − 2 × 300
    assert after(fill(AAPL, "10", "100"), fill(AAPL, "5", "120"), fill(MSFT, "-2", "300")).cost() == 1000
    assert EMPTY_SLEEVE.cost() == 0


def test_sleeve_mark_is_where_the_totals_stood() -> None:
    sleeve = after(fill(AAPL, "10", "100", "1.25", "0.50", "0.05"), fill(AAPL, "-4", "110", "0.75"))
    marked = sleeve.marked_at({AAPL: Decimal(105)})
    # 4 × 10 − 2 realised, and 6 × 5 unrealised
    mark = Mark(pnl=Decimal(68), realised=Decimal(38), fees=Decimal(2), slippage=money("0.50"), spared=money("0.05"))
    assert marked == replace(sleeve, mark=mark)
    later = marked.filled(fill(AAPL, "-6", "106"))
    assert (later.pnl({}) - later.mark.pnl, later.realised - later.mark.realised) == (6, 36)


def test_sleeve_mark_without_a_price_is_an_error() -> None:
    with pytest.raises(MarketDataError, match="expected a price for AAPL"):
        after(fill(AAPL, "10", "100")).marked_at({})


def test_price_of_what_has_none_says_what_to_do() -> None:
    assert price_of(AAPL, {AAPL: Decimal(1)}) == 1
    with pytest.raises(MarketDataError, match="expected a price for AAPL, which is held, found none; load its bars"):
        price_of(AAPL, {MSFT: Decimal(1)})


quantities = st.decimals("0.000001", "10000", places=6, allow_nan=False, allow_infinity=False)
unit_prices = st.decimals("0.01", "5000", places=2, allow_nan=False, allow_infinity=False)
fills = st.lists(
    st.builds(
        Fill,
        symbol=st.sampled_from([AAPL, MSFT]),
        side=st.sampled_from(Side),
        quantity=quantities,
        price=unit_prices,
        fees=st.decimals("0", "10", places=2, allow_nan=False, allow_infinity=False),
    ),
    max_size=25,
)


@settings(deadline=None)
@given(fills, unit_prices, unit_prices)
def test_sleeve_conserves_money(trades: list[Fill], aapl: Decimal, msft: Decimal) -> None:
    # What was gained is the cash that came in, less fees, plus what the shares held are worth.
    marks = {AAPL: aapl, MSFT: msft}
    sleeve = after(*trades)
    cash = sum((-each.signed_quantity * each.price - each.fees for each in trades), Decimal(0))
    shares = {s: sum((t.signed_quantity for t in trades if t.symbol == s), Decimal(0)) for s in marks}
    value = sum((shares[symbol] * marks[symbol] for symbol in marks), Decimal(0))
    assert sleeve.realised + sleeve.unrealised(marks) == cash + value
    assert {symbol: sleeve.quantity(symbol) for symbol in marks} == shares


@settings(deadline=None)
@given(fills)
def test_sleeve_is_never_long_and_short_of_one_symbol(trades: list[Fill]) -> None:
    for lots in after(*trades).lots.values():
        assert lots
        assert all(each.quantity > 0 for each in lots) or all(each.quantity < 0 for each in lots)


@settings(deadline=None)
@given(fills)
def test_sleeve_is_the_same_whichever_symbol_came_first(trades: list[Fill]) -> None:
    grouped = sorted(trades, key=lambda each: each.symbol)
    assert after(*grouped).realised == after(*trades).realised
    assert after(*grouped).lots == after(*trades).lots
