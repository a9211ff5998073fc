"""Paper accounts by hand: cash and shares from nothing, worth what was gained."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import MarketDataError
from backend.domain.paper import EMPTY_PAPER_ACCOUNT, PaperAccount
from tests.unit.domain.ledger_inputs import AAPL, APPLE_DIVIDEND, APPLE_SPLIT, GE, GE_REVERSE_SPLIT, MSFT


def account(cash: str = "0", **quantities: str) -> PaperAccount:
    held = {AAPL if name == "AAPL" else MSFT: Decimal(quantity) for name, quantity in quantities.items()}
    return PaperAccount(cash=Decimal(cash), quantities=held)


def test_paper_account_pays_for_what_it_buys_and_is_paid_for_what_it_sells() -> None:
    bought = EMPTY_PAPER_ACCOUNT.traded(AAPL, Decimal(10), Decimal(100))
    assert bought == account("-1000", AAPL="10")
    assert bought.traded(AAPL, Decimal(-4), Decimal(110)) == account("-560", AAPL="6")


def test_paper_account_that_sells_all_holds_nothing_and_needs_no_price() -> None:
    sold = account("-1000", AAPL="10").traded(AAPL, Decimal(-10), Decimal(95))
    assert (sold, sold.pnl({})) == (account("-50"), -50)


def test_paper_account_is_worth_what_it_gained() -> None:
    # 10 × (104 − 100) and −2 × (280 − 300)
    held = account("-1000", AAPL="10").traded(MSFT, Decimal(-2), Decimal(300))
    assert held.pnl({AAPL: Decimal(104), MSFT: Decimal(280)}) == 80
    assert (held.quantity(MSFT), held.quantity(GE)) == (-2, 0)


def test_paper_account_without_a_price_for_what_it_holds_is_an_error() -> None:
    with pytest.raises(MarketDataError, match="expected a price for AAPL, which is held"):
        account("0", AAPL="1").pnl({MSFT: Decimal(1)})


def test_paper_account_mark_is_its_worth_at_the_close() -> None:
    marked = account("-1000", AAPL="10").marked_at({AAPL: Decimal(104)})
    assert (marked.mark, marked.cash, marked.quantities) == (40, -1000, {AAPL: 10})
    assert EMPTY_PAPER_ACCOUNT.marked_at({}) == EMPTY_PAPER_ACCOUNT


def test_paper_account_after_apples_split_is_worth_the_same() -> None:
    held = account("-4992.30", AAPL="10.5", MSFT="1").after(APPLE_SPLIT)
    assert held == account("-4992.30", AAPL="42", MSFT="1")


@pytest.mark.parametrize(("quantity", "cash"), [("10", "8.20"), ("-10", "-8.20")])
def test_paper_account_is_paid_or_pays_apples_dividend(quantity: str, cash: str) -> None:
    assert account("0", AAPL=quantity).after(APPLE_DIVIDEND) == account(cash, AAPL=quantity)


def test_paper_account_after_a_reverse_split_that_leaves_dust_holds_nothing_of_it() -> None:
    dust = PaperAccount(cash=Decimal(-1), quantities={GE: Decimal("0.000000003")})
    assert dust.after(GE_REVERSE_SPLIT) == account("-1")


def test_paper_account_after_what_does_not_concern_it_is_the_same() -> None:
    held = account("5", MSFT="1")
    assert held.after(APPLE_SPLIT) is held
    assert EMPTY_PAPER_ACCOUNT.after(APPLE_DIVIDEND) is EMPTY_PAPER_ACCOUNT


def test_paper_account_traded_leaves_its_predecessor_alone() -> None:
    before = account("0", AAPL="1")
    before.traded(AAPL, Decimal(5), Decimal(1))
    assert before == account("0", AAPL="1")


prices = st.decimals("0.01", "5000", places=2, allow_nan=False)
trades = st.lists(st.tuples(st.decimals("-100", "100", places=6, allow_nan=False), prices), max_size=12)


@settings(derandomize=True, deadline=None)
@given(trades, prices)
def test_paper_account_gains_what_each_trade_gained(trades: list[tuple[Decimal, Decimal]], mark: Decimal) -> None:
    held = EMPTY_PAPER_ACCOUNT
    for quantity, price in trades:
        held = held.traded(AAPL, quantity, price)
    assert held.pnl({AAPL: mark}) == sum((quantity * (mark - price) for quantity, price in trades), Decimal(0))
