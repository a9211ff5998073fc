"""EXTERNAL is what the account holds beyond all sleeves, by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from backend.domain.account import Account, Position
from backend.domain.book import PortfolioBook
from backend.domain.mode import Mode
from backend.domain.order import ClientOrderId, Side
from backend.domain.reconciliation import external, owned, reconciled, with_holdings
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.trading_state import Restriction, Trading, TradingState, WorkingOrder
from tests.unit.domain.decision_inputs import AAPL, GOOG, KO, MSFT, book_of, sleeve

Quantities = Mapping[Symbol, Decimal]
REDUCE = Restriction(state=TradingState.REDUCING, reason="holiday", by="ann", since=datetime(2026, 1, 2, tzinfo=UTC))


def shares(**quantities: str) -> dict[Symbol, Decimal]:
    return {Symbol(name): Decimal(quantity) for name, quantity in quantities.items()}


def account(**quantities: str) -> Account:
    positions = {
        symbol: Position(symbol=symbol, quantity=quantity, average_price=Decimal(1), price=Decimal(1))
        for symbol, quantity in shares(**quantities).items()
    }
    zero = Decimal(0)
    return Account(account_id="A1", equity=zero, cash=zero, buying_power=zero, positions=positions)


def book(**lots: tuple[str, str]) -> PortfolioBook:
    return PortfolioBook(strategies={StrategyId("a"): book_of(Mode.ACTIVE, sleeve(**lots))})


def working(*symbols: Symbol) -> dict[ClientOrderId, WorkingOrder]:
    return {ClientOrderId(f"mae-{symbol}"): WorkingOrder(symbol=symbol, side=Side.BUY) for symbol in symbols}


@pytest.mark.parametrize(
    ("positions", "held", "beyond"),
    [
        ({}, {}, {}),
        (shares(AAPL="10"), shares(AAPL="10"), {}),
        (shares(AAPL="10.000"), shares(AAPL="10"), {}),
        (shares(AAPL="12"), shares(AAPL="10"), shares(AAPL="2")),
        (shares(AAPL="4"), shares(AAPL="10"), shares(AAPL="-6")),  # somebody sold ours
        ({}, shares(AAPL="10"), shares(AAPL="-10")),
        (shares(AAPL="-3"), {}, shares(AAPL="-3")),  # a short position of somebody else's
        (shares(AAPL="-3"), shares(AAPL="-5"), shares(AAPL="2")),
        (shares(MSFT="1", AAPL="2"), shares(KO="3"), shares(AAPL="2", KO="-3", MSFT="1")),
    ],
)
def test_external_is_position_less_sleeves(positions: Quantities, held: Quantities, beyond: Quantities) -> None:
    found = external(positions, held)
    assert found == beyond
    assert list(found) == sorted(found)
    everything = {*positions, *held}
    for symbol in everything:  # Σ sleeves + EXTERNAL = broker position
        assert held.get(symbol, 0) + found.get(symbol, 0) == positions.get(symbol, 0)


def test_owned_adds_up_portfolios() -> None:
    trading = Trading(sleeves={"main": shares(AAPL="10", MSFT="1"), "second": shares(AAPL="-4"), "third": {}})
    assert owned(trading) == shares(AAPL="6", MSFT="1")
    assert owned(Trading()) == {}


def test_with_holdings_notes_one_portfolio_and_leaves_the_others() -> None:
    trading = Trading(sleeves={"main": shares(AAPL="10"), "second": shares(AAPL="4")}, external=shares(KO="1"))
    after = with_holdings(trading, book(MSFT=("3", "50")), "main")
    assert after == replace(trading, sleeves={"main": shares(MSFT="3"), "second": shares(AAPL="4")})


def test_reconciled_account_of_ours_alone_has_nothing_external() -> None:
    trading = reconciled(Trading(external=shares(AAPL="5")), book(AAPL=("10", "90")), "main", account(AAPL="10"))
    assert (trading.sleeves, trading.external) == ({"main": shares(AAPL="10")}, {})


def test_reconciled_two_portfolios_share_what_the_account_holds() -> None:
    other = Trading(sleeves={"second": shares(AAPL="4", MSFT="1")}, restrictions={"operator": REDUCE}, epoch=7)
    trading = reconciled(other, book(AAPL=("10", "90")), "main", account(AAPL="15", MSFT="1"))
    assert trading.sleeves == {"main": shares(AAPL="10"), "second": shares(AAPL="4", MSFT="1")}
    assert trading.external == shares(AAPL="1")
    assert (trading.state, trading.epoch) == (TradingState.REDUCING, 7)


def test_reconciled_account_that_holds_less_than_the_sleeves_is_negative_external() -> None:
    trading = reconciled(Trading(), book(AAPL=("10", "90")), "main", account(AAPL="4"))
    assert trading.external == shares(AAPL="-6")


def test_reconciled_virtual_holdings_are_no_bodys() -> None:
    shadow = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(AAPL=("10", "90")))
    trading = reconciled(Trading(), PortfolioBook(strategies={StrategyId("s"): shadow}), "main", account(AAPL="10"))
    assert (trading.sleeves, trading.external) == ({"main": {}}, shares(AAPL="10"))


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, {}),
        (shares(AAPL="1"), shares(AAPL="1")),
        (shares(AAPL="1", GOOG="9"), shares(AAPL="1")),  # GOOG has no order under way, and is gone
    ],
)
def test_reconciled_symbol_with_an_order_under_way_is_left_as_it_was(known: Quantities, expected: Quantities) -> None:
    # 5 of the 15 may be the fill of the order that the sleeve does not have yet.
    before = Trading(external=known, working=working(AAPL))
    trading = reconciled(before, book(AAPL=("10", "90")), "main", account(AAPL="15"))
    assert trading.external == expected
    assert GOOG not in trading.external


def test_reconciled_looks_again_once_the_order_is_final() -> None:
    before = Trading(external=shares(AAPL="1"), working=working(MSFT))
    trading = reconciled(before, book(AAPL=("10", "90")), "main", account(AAPL="15", MSFT="3"))
    assert trading.external == shares(AAPL="5")


def test_reconciled_order_of_another_portfolio_is_under_way_too() -> None:
    before = Trading(working={**working(KO), **working(AAPL)})
    trading = reconciled(before, book(), "main", account(AAPL="15", KO="1", MSFT="3"))
    assert trading.external == shares(MSFT="3")
    assert KO not in trading.external
