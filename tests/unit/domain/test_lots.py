"""First-in-first-out lots by hand, from the tax authority's own example, and from splits that happened."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.errors import LedgerError
from backend.domain.lots import Fill, Lot, match_lots, split_lots, split_quantity, total
from backend.domain.order import Side
from tests.unit.domain.ledger_inputs import AAPL, lot


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


def test_match_lots_of_publication_550() -> None:
    # IRS Publication 550, "Identification not possible": 100 shares bought at 12, 200 at 11, 50 given away, 100 bought
    # at 9, 130 sold. Basis of the gift 50 × 12 = 600, of the sale 50 × 12 + 80 × 11 = 1,480.
    lots, _ = match_lots([lot("100", "12"), lot("200", "11")], Decimal(-50), Decimal(0))
    lots, _ = match_lots(lots, Decimal(100), Decimal(9))
    lots, gained = match_lots(lots, Decimal(-130), Decimal(20))
    assert gained == 130 * 20 - 1_480
    assert lots == (lot("120", "11"), lot("100", "9"))


def test_split_lots_of_publication_550() -> None:
    # IRS Publication 550, "Stock dividends and stock rights": shares bought for 30 and for 45 become three each,
    # with a basis of 10 and of 15.
    lots, lost = split_lots([lot("1", "30"), lot("1", "45")], Decimal(3), Decimal(1))
    assert (lots, lost) == ((lot("3", "10"), lot("3", "15")), 0)


def test_split_lots_of_apple_in_2020() -> None:
    # Apple, 4 for 1 on 2020-08-31: 10.5 shares at 499.23, the close before, become 42 at 124.8075.
    lots, lost = split_lots([lot("10.5", "499.23"), lot("-2", "500.04")], Decimal(4), Decimal(1))
    assert (lots, lost) == ((lot("42", "124.8075"), lot("-8", "125.01")), 0)


def test_split_lots_of_general_electric_in_2021() -> None:
    # General Electric, 1 for 8 on 2021-08-02: odd lots of 12 and 5 become 1.5 and 0.625, 8 times as dear.
    lots, lost = split_lots([lot("12", "12.95"), lot("5", "13.00")], Decimal(1), Decimal(8))
    assert (lots, lost) == ((lot("1.5", "103.60"), lot("0.625", "104.00")), 0)


@pytest.mark.parametrize(
    ("quantity", "new", "old", "expected"),
    [
        ("100", "3", "2", "150"),
        ("1", "1", "3", "0.333333333"),
        ("2", "1", "3", "0.666666667"),
        ("-2", "1", "3", "-0.666666667"),
        ("0.000000003", "1", "2", "0.000000002"),  # 1.5 smallest parts: to the even one
        ("0.000000005", "1", "2", "0.000000002"),  # 2.5, to the even one
        ("0.000000004", "1", "8", "0"),  # half a smallest part
    ],
)
def test_split_quantity_is_rounded_to_the_smallest_part_of_a_share(
    quantity: str, new: str, old: str, expected: str
) -> None:
    assert split_quantity(Decimal(quantity), Decimal(new), Decimal(old)) == Decimal(expected)


@pytest.mark.parametrize(("quantity", "lost"), [("0.000000004", "-0.000000052"), ("-0.000000004", "0.000000052")])
def test_split_lots_that_leave_dust_realise_their_cost(quantity: str, lost: str) -> None:
    # 0.000000004 × 13: half a smallest part of a share after 1 for 8; a short one owes nothing any more
    lots, realised = split_lots([lot(quantity, "13"), lot("8", "13")], Decimal(1), Decimal(8))
    assert (lots, realised) == ((lot("1", "104"),), Decimal(lost))


@pytest.mark.parametrize(("quantity", "price"), [("0", "1"), ("-1", "1"), ("1", "-0.01")])
def test_fill_without_a_quantity_or_below_nothing_is_refused(quantity: str, price: str) -> None:
    with pytest.raises(LedgerError, match="expected a fill of a positive quantity at a price of 0 or more"):
        Fill(symbol=AAPL, side=Side.BUY, quantity=Decimal(quantity), price=Decimal(price))


def test_fill_side_gives_its_quantity_the_sign() -> None:
    terms = {"quantity": Decimal(3), "price": Decimal(0)}
    assert Fill(symbol=AAPL, side=Side.BUY, **terms).signed_quantity == 3
    assert Fill(symbol=AAPL, side=Side.SELL, **terms).signed_quantity == -3


positive = st.decimals("0.000000001", "10000", places=9, allow_nan=False)
prices = st.decimals("0.01", "5000", places=2, allow_nan=False)
one_way = st.tuples(st.sampled_from([1, -1]), st.lists(st.tuples(positive, prices), max_size=6)).map(
    lambda drawn: [Lot(quantity=drawn[0] * quantity, price=price) for quantity, price in drawn[1]]
)


def cost(lots: tuple[Lot, ...] | list[Lot]) -> Decimal:
    return sum((each.quantity * each.price for each in lots), Decimal(0))


@settings(derandomize=True, deadline=None)
@given(one_way, st.integers(1, 20), st.integers(1, 20))
def test_split_lots_keep_what_was_paid(lots: list[Lot], new: int, old: int) -> None:
    left, realised = split_lots(lots, Decimal(new), Decimal(old))
    assert abs(cost(left) - realised - cost(lots)) < Decimal("1e-18")  # a price has 28 digits


@settings(derandomize=True, deadline=None)
@given(one_way, positive, st.sampled_from([1, -1]), prices)
def test_match_lots_conserves_shares_and_money(lots: list[Lot], quantity: Decimal, side: int, price: Decimal) -> None:
    left, realised = match_lots(lots, side * quantity, price)
    assert total(left) == total(lots) + side * quantity
    assert cost(left) - realised == cost(lots) + side * quantity * price
