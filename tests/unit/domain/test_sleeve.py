"""First-in-first-out lots by hand, and money conserved to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import MarketDataError
from backend.domain.identity import client_order_id
from backend.domain.order import OrderIntent, OrderState, OrderStatus, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import (
    EMPTY_SLEEVE,
    EMPTY_STRATEGY_BOOK,
    Fill,
    Lot,
    PortfolioBook,
    Sleeve,
    StrategyBook,
    match_lots,
)

AAPL, MSFT = Symbol("AAPL"), Symbol("MSFT")
TREND = StrategyId("trend")


def money(text: str) -> Decimal:
    return Decimal(text)


def lot(quantity: str, price: str) -> Lot:
    return Lot(quantity=Decimal(quantity), price=Decimal(price))


def fill(symbol: Symbol, signed: str, price: str, fees: str = "0") -> Fill:
    quantity = Decimal(signed)
    side = Side.BUY if quantity > 0 else Side.SELL
    return Fill(symbol=symbol, side=side, quantity=abs(quantity), price=Decimal(price), fees=Decimal(fees))


def after(*fills: Fill) -> Sleeve:
    sleeve = EMPTY_SLEEVE
    for each in fills:
        sleeve = sleeve.filled(each)
    return sleeve


@pytest.mark.parametrize(
    ("lots", "quantity", "price", "remaining", "realised"),
    [
        ([], "10", "100", [("10", "100")], "0"),
        ([("10", "100")], "5", "120", [("10", "100"), ("5", "120")], "0"),
        # the oldest first: 10 × (130 − 100), and the lot at 120 stays
        ([("10", "100"), ("5", "120")], "-10", "130", [("5", "120")], "300"),
        # across two lots: 10 × 30 + 2 × 10
        ([("10", "100"), ("5", "120")], "-12", "130", [("3", "120")], "320"),
        # through zero: 10 × (90 − 100), and 5 sold short at 90
        ([("10", "100")], "-15", "90", [("-5", "90")], "-100"),
        ([], "-4", "50", [("-4", "50")], "0"),
        # a short bought back cheaper gains: 4 × (50 − 45)
        ([("-4", "50")], "4", "45", [], "20"),
        ([("-4", "50"), ("-2", "60")], "5", "55", [("-1", "60")], "-15"),
        # through zero from below: 4 × (50 − 70), and 6 bought at 70
        ([("-4", "50")], "10", "70", [("6", "70")], "-80"),
        # fractions: 0.3 × (200 − 100.10)
        ([("0.7", "100.10")], "-0.3", "200", [("0.4", "100.10")], "29.97"),
        ([("10", "100")], "0", "130", [("10", "100")], "0"),
    ],
)
def test_match_lots_by_hand(
    lots: list[tuple[str, str]], quantity: str, price: str, remaining: list[tuple[str, str]], realised: str
) -> None:
    left, gained = match_lots([lot(*each) for each in lots], Decimal(quantity), Decimal(price))
    assert left == tuple(lot(*each) for each in remaining)
    assert gained == Decimal(realised)


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


def test_strategy_book_scores_the_virtual_sleeve_in_shadow() -> None:
    real, virtual = after(fill(AAPL, "10", "100")), after(fill(AAPL, "5", "100"))
    assert StrategyBook(real=real).scored is real
    assert StrategyBook(real=real, virtual=virtual).scored is virtual
    assert StrategyBook(real=real, virtual=EMPTY_SLEEVE).scored is EMPTY_SLEEVE


def test_portfolio_book_gives_an_unknown_strategy_an_empty_book() -> None:
    book = StrategyBook(capital=Decimal(5))
    portfolio = PortfolioBook(strategies={TREND: book})
    assert portfolio.of(TREND) is book
    assert portfolio.of(StrategyId("other")) is EMPTY_STRATEGY_BOOK


@pytest.mark.parametrize(
    ("strategy", "symbol", "expected"), [("trend", "AAPL", True), ("trend", "MSFT", False), ("revert", "AAPL", False)]
)
def test_portfolio_book_finds_open_orders_of_strategy_and_symbol(strategy: str, symbol: str, expected: bool) -> None:
    named: dict[str, Any] = {"strategy": TREND, "symbol": AAPL, "side": Side.BUY}
    made = client_order_id(tenant_id="t", tick="main-1", sequence=0, **named)
    intent = OrderIntent(client_order_id=made, quantity=Decimal(1), **named)
    decided_at = datetime(2025, 3, 14, tzinfo=UTC)
    order = OrderState(intent=intent, tick_id="main-1", decided_at=decided_at, status=OrderStatus.SUBMITTED)
    portfolio = PortfolioBook(open_orders={made: order})
    assert portfolio.has_open_order(StrategyId(strategy), Symbol(symbol)) is expected


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
