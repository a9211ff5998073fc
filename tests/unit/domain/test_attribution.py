"""Where a day's P&L came from: each part alone in a scenario by hand, and all of them adding up."""

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.attribution import attribution
from backend.domain.errors import MarketDataError
from backend.domain.lots import Fill
from backend.domain.order import Side
from backend.domain.paper import EMPTY_PAPER_ACCOUNT, PaperAccount, Step
from backend.domain.sleeve import EMPTY_SLEEVE, Sleeve
from backend.domain.snapshot import Attribution
from tests.unit.domain.ledger_inputs import AAPL, APPLE_DIVIDEND, MSFT, fill

CLOSE = {AAPL: Decimal(110)}  # bought at 100 in the morning: 10 a share


def bought(quantity: str, price: str = "100") -> PaperAccount:
    return EMPTY_PAPER_ACCOUNT.traded(AAPL, Decimal(quantity), Decimal(price))


def accounts(neutral: str, weighted: str, scaled: str, allowed: str) -> dict[Step, PaperAccount]:
    """Shares of AAPL that each account bought at 100."""
    return dict(zip(Step, map(bought, (neutral, weighted, scaled, allowed)), strict=True))


def real(quantity: str, price: str = "100", **costs: str) -> Sleeve:
    return EMPTY_SLEEVE.filled(fill(AAPL, quantity, price, **costs))


def parts(**named: str) -> Attribution:
    return Attribution(**{name: Decimal(amount) for name, amount in named.items()})


@pytest.mark.parametrize(
    ("paper", "sleeve", "expected"),
    [
        # 500 shares at every step: 500 × 10
        (accounts("500", "500", "500", "500"), real("500"), parts(signal="5000")),
        # a neutral half of the account, an own fifth: (200 − 500) × 10
        (accounts("500", "200", "200", "200"), real("200"), parts(signal="5000", allocation="-3000")),
        # room for 300 of 500: (300 − 500) × 10
        (accounts("500", "500", "500", "500"), real("300"), parts(signal="5000", allocation="-2000")),
        # REDUCED, ×0.5: (250 − 500) × 10
        (accounts("500", "500", "250", "250"), real("250"), parts(signal="5000", mode="-2500")),
        # the entry was held back: −500 × 10
        (accounts("500", "500", "500", "0"), EMPTY_SLEEVE, parts(signal="5000", override="-5000")),
        # filled at 100.05: 500 × 0.05 worse than the observed price
        (
            accounts("500", "500", "500", "500"),
            real("500", "100.05", slippage="25"),
            parts(signal="5000", slippage="-25"),
        ),
        # filled at 99.98: 500 × 0.02 better
        (
            accounts("500", "500", "500", "500"),
            real("500", "99.98", slippage="-10"),
            parts(signal="5000", slippage="10"),
        ),
        (accounts("500", "500", "500", "500"), real("500", fees="1.25"), parts(signal="5000", fees="-1.25")),
        # crossed at 100: slippage of 25 was spared; with the venue there would have been 25 less
        (
            accounts("500", "500", "500", "500"),
            real("500", spared="25"),
            parts(signal="5000", crossing="25", slippage="-25"),
        ),
        ({}, EMPTY_SLEEVE, parts()),
        # what a strategy held before it was told apart counts as allocation
        ({}, real("500"), parts(allocation="5000")),
    ],
    ids=[
        "signal",
        "weight",
        "limits",
        "mode",
        "override",
        "slippage",
        "gain-on-price",
        "fees",
        "crossing",
        "nothing",
        "no-paper",
    ],
)
def test_attribution_of_each_part_alone(
    paper: Mapping[Step, PaperAccount], sleeve: Sleeve, expected: Attribution
) -> None:
    found = attribution(sleeve, paper, CLOSE)
    assert found == expected
    assert found.total == sleeve.pnl(CLOSE)


def test_attribution_of_everything_at_once() -> None:
    # Neutral 500, own weight 300, REDUCED 150, 150 allowed; the account's room cut it to 100, of which 40 were crossed
    # (spared 40 × 0.05) and 60 bought at 100.10 with a fee of 0.60.
    sleeve = EMPTY_SLEEVE.filled(fill(AAPL, "40", "100", spared="2"))
    sleeve = sleeve.filled(fill(AAPL, "60", "100.10", fees="0.60", slippage="6"))
    found = attribution(sleeve, accounts("500", "300", "150", "150"), CLOSE)
    assert found == parts(
        signal="5000",
        allocation="-2500",  # (300 − 500) × 10 and (100 − 150) × 10
        mode="-1500",  # (150 − 300) × 10
        crossing="2",
        slippage="-8",  # 60 × 0.10, and the 2 that were spared
        fees="-0.60",
    )
    # 40 × 10 + 60 × 9.90 − 0.60
    assert found.total == sleeve.pnl(CLOSE) == Decimal("993.40")


def test_attribution_counts_from_the_marks() -> None:
    # 500 shares at 110 yesterday, 10 a share made then; 112 today. Yesterday's costs are not today's.
    sleeve = real("500", "100.05", slippage="25", fees="1", spared="3").marked_at(CLOSE)
    paper = {step: account.marked_at(CLOSE) for step, account in accounts("500", "500", "500", "500").items()}
    assert attribution(sleeve, paper, {AAPL: Decimal(112)}) == parts(signal="1000")
    sold = sleeve.filled(fill(AAPL, "-500", "111.98", slippage="10", fees="1"))
    paper = {step: account.traded(AAPL, Decimal(-500), Decimal(112)) for step, account in paper.items()}
    assert attribution(sold, paper, {}) == parts(signal="1000", slippage="-10", fees="-1")


def test_attribution_of_a_dividend_is_the_signals() -> None:
    sleeve = real("500").after(APPLE_DIVIDEND)
    paper = {step: account.after(APPLE_DIVIDEND) for step, account in accounts("500", "500", "500", "500").items()}
    # 500 × 0.82, and the price is where it was
    assert attribution(sleeve, paper, {AAPL: Decimal(100)}) == parts(signal="410")


@pytest.mark.parametrize("held", ["real", "paper"])
def test_attribution_without_a_price_for_what_is_held_is_an_error(held: str) -> None:
    sleeve = real("1") if held == "real" else EMPTY_SLEEVE
    paper = {Step.SCALED: bought("1")} if held == "paper" else {}
    with pytest.raises(MarketDataError, match="expected a price for AAPL, which is held"):
        attribution(sleeve, paper, {MSFT: Decimal(1)})


def test_attributions_add_up_part_by_part() -> None:
    one = Attribution(**{each.name: Decimal(2) ** n for n, each in enumerate(fields(Attribution))})
    assert one.total == 127
    assert one + parts(signal="9") == replace(one, signal=Decimal(10))


amounts = st.decimals("-500", "500", places=3, allow_nan=False)
prices = st.decimals("0.01", "999", places=2, allow_nan=False)
costs = st.decimals("-9", "9", places=4, allow_nan=False)
fills = st.builds(
    Fill,
    symbol=st.just(AAPL),
    side=st.sampled_from(Side),
    quantity=st.decimals("0.001", "500", places=3, allow_nan=False),
    price=prices,
    fees=st.decimals("0", "9", places=4, allow_nan=False),
    slippage=costs,
    spared=costs,
)


@settings(derandomize=True, deadline=None)
@given(st.lists(fills, max_size=6), st.lists(fills, max_size=6), st.lists(amounts, max_size=4), prices, prices, prices)
def test_attribution_parts_always_add_up_to_the_real_gain(
    before: list[Fill], today: list[Fill], paper: list[Decimal], paid: Decimal, mark: Decimal, close: Decimal
) -> None:
    sleeve = EMPTY_SLEEVE
    for each in before:
        sleeve = sleeve.filled(each)
    sleeve = sleeve.marked_at({AAPL: mark})
    for each in today:
        sleeve = sleeve.filled(each)
    bought_at = {
        step: EMPTY_PAPER_ACCOUNT.traded(AAPL, quantity, paid) for step, quantity in zip(Step, paper, strict=False)
    }
    marks = {AAPL: close}
    assert attribution(sleeve, bought_at, marks).total == sleeve.pnl(marks) - sleeve.mark.pnl
