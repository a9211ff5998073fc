"""What one sells and another buys changes hands inside; what is left over is on one side only."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.crossing import Cross, Interest, crossed
from backend.domain.signal import StrategyId, Symbol
from tests.unit.domain.decision_inputs import AAPL, GOOG, MSFT, PRICES


def seller(name: str, shares: str, symbol: Symbol = AAPL) -> Interest:
    return Interest(strategy=StrategyId(name), symbol=symbol, shares=Decimal(shares))


def buyer(name: str, money: str, symbol: Symbol = AAPL) -> Interest:
    return Interest(strategy=StrategyId(name), symbol=symbol, money=Decimal(money))


def met(sellers: Sequence[Interest], buyers: Sequence[Interest], run_id: str = "main-1") -> list[Cross]:
    return crossed(sellers, buyers, PRICES, run_id=run_id)


def brief(crosses: Sequence[Cross]) -> list[tuple[str, str, str, Decimal]]:
    return [(each.seller, each.buyer, each.symbol, each.quantity) for each in crosses]


def left(interests: Sequence[Interest]) -> list[tuple[Decimal, Decimal]]:
    return [(each.shares, each.money) for each in interests]


def test_crossing_hands_over_all_at_the_observed_price() -> None:
    sellers, buyers = [seller("a", "10")], [buyer("b", "1000")]
    (cross,) = met(sellers, buyers)
    assert (cross.seller, cross.buyer, cross.symbol, cross.quantity, cross.price) == ("a", "b", AAPL, 10, 100)
    assert (left(sellers), left(buyers)) == ([(0, 0)], [(0, 0)])


@pytest.mark.parametrize(
    ("shares", "money", "quantity", "shares_left", "money_left"),
    [
        ("10", "250", "2.5", "7.5", "0"),  # the buyer is served, 7.5 shares go to the venue
        ("2", "1000", "2", "0", "800"),  # the seller is served, 800 go to the venue
        ("0.000000001", "1000", "0.000000001", "0", "999.9999999"),
    ],
)
def test_crossing_in_part_leaves_one_side(
    shares: str, money: str, quantity: str, shares_left: str, money_left: str
) -> None:
    sellers, buyers = [seller("a", shares)], [buyer("b", money)]
    assert brief(met(sellers, buyers)) == [("a", "b", "AAPL", Decimal(quantity))]
    assert (left(sellers), left(buyers)) == ([(Decimal(shares_left), 0)], [(0, Decimal(money_left))])


def test_crossing_money_is_cut_to_the_smallest_part_of_a_share() -> None:
    # 100 ÷ 60 = 1.666666666…: money for less than a billionth of a share is left
    sellers, buyers = [seller("a", "10", Symbol("KO"))], [buyer("b", "100", Symbol("KO"))]
    assert brief(met(sellers, buyers)) == [("a", "b", "KO", Decimal("1.666666666"))]
    assert left(buyers) == [(0, Decimal("0.000000040"))]
    assert left(sellers) == [(Decimal("8.333333334"), 0)]


def test_crossing_of_several_goes_in_the_order_in_which_they_were_decided() -> None:
    sellers = [seller("a", "10"), seller("b", "5"), seller("c", "4")]
    buyers = [buyer("x", "1200"), buyer("y", "500")]
    assert brief(met(sellers, buyers)) == [
        ("a", "x", "AAPL", Decimal(10)),
        ("b", "x", "AAPL", Decimal(2)),
        ("b", "y", "AAPL", Decimal(3)),
        ("c", "y", "AAPL", Decimal(2)),
    ]
    assert (left(sellers), left(buyers)) == ([(0, 0), (0, 0), (2, 0)], [(0, 0), (0, 0)])


@pytest.mark.parametrize(
    ("shares", "money", "quantity"),
    [("10", "250", "2"), ("10", "99.99", None), ("2.5", "1000", "2"), ("0.5", "1000", None), ("3", "300", "3")],
)
def test_crossing_of_what_is_not_traded_in_fractions_is_in_whole_shares(
    shares: str, money: str, quantity: str | None
) -> None:
    crosses = crossed([seller("a", shares)], [buyer("b", money)], PRICES, whole={AAPL}, run_id="main-1")
    assert [each.quantity for each in crosses] == ([] if quantity is None else [Decimal(quantity)])


def test_crossing_keeps_symbols_apart() -> None:
    sellers = [seller("a", "10"), seller("b", "10", MSFT)]
    buyers = [buyer("x", "100", MSFT), buyer("y", "100")]
    assert brief(met(sellers, buyers)) == [("a", "y", "AAPL", Decimal(1)), ("b", "x", "MSFT", Decimal(2))]


def test_crossing_of_a_symbol_without_a_price_does_not_happen() -> None:
    sellers, buyers = [seller("a", "10", GOOG)], [buyer("b", "1000", GOOG)]
    assert (met(sellers, buyers), left(sellers), left(buyers)) == ([], [(10, 0)], [(0, 1000)])


@pytest.mark.parametrize(("sellers", "buyers"), [([seller("a", "10")], []), ([], [buyer("b", "1000")])])
def test_crossing_needs_both_sides(sellers: list[Interest], buyers: list[Interest]) -> None:
    assert met(sellers, buyers) == []


def test_crossing_is_named_by_run_parties_and_symbol() -> None:
    def name(run: str, left: str, right: str) -> str:
        (cross,) = met([seller(left, "1")], [buyer(right, "100")], run)
        return cross.cross_id

    names = [name("main-1", "a", "b"), name("main-2", "a", "b"), name("main-1", "b", "a"), name("main-1", "a", "c")]
    assert len(set(names)) == 4
    assert name("main-1", "a", "b") == names[0]
    assert all(each.startswith("crs-") and len(each) == 44 for each in names)


shares = st.decimals("0.000000001", "1000", places=9, allow_nan=False)
money = st.decimals("1", "100000", places=6, allow_nan=False)
symbols = st.sampled_from([AAPL, MSFT])


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(symbols, shares), max_size=5), st.lists(st.tuples(symbols, money), max_size=5))
def test_crossing_conserves_shares_and_money_and_leaves_one_side(
    sold: list[tuple[Symbol, Decimal]], wanted: list[tuple[Symbol, Decimal]]
) -> None:
    sellers = [seller(f"s{i}", str(quantity), symbol) for i, (symbol, quantity) in enumerate(sold)]
    buyers = [buyer(f"b{i}", str(amount), symbol) for i, (symbol, amount) in enumerate(wanted)]
    crosses = met(sellers, buyers)
    for symbol in (AAPL, MSFT):
        moved = sum((each.quantity for each in crosses if each.symbol == symbol), Decimal(0))
        shares_left = sum((each.shares for each in sellers if each.symbol == symbol), Decimal(0))
        money_left = sum((each.money for each in buyers if each.symbol == symbol), Decimal(0))
        assert shares_left == sum((quantity for each, quantity in sold if each == symbol), Decimal(0)) - moved
        assert money_left == sum((m for each, m in wanted if each == symbol), Decimal(0)) - moved * PRICES[symbol]
        crumb = PRICES[symbol] * Decimal("1e-9") * len(buyers)
        assert shares_left == 0 or money_left < max(crumb, Decimal("1e-9")) or not buyers
    assert all(each.shares >= 0 and each.money >= 0 for each in (*sellers, *buyers))
    assert all(each.quantity > 0 for each in crosses)
    assert len({each.cross_id for each in crosses}) == len(crosses)
