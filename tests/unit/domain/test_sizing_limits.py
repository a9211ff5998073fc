"""Orders at the limits of a position and of a symbol: an account of 100,000, AAPL at 100, MSFT at 50."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.account import Asset
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.decide import decide
from backend.domain.decision import Decision
from backend.domain.mode import Mode
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import StrategyId, StrategySignal
from tests.unit.domain.decision_inputs import (
    AAPL,
    LOSING,
    MSFT,
    PRICES,
    account_of,
    book_of,
    buy,
    decided,
    inputs_of,
    record_of,
    sell,
    sleeve,
)


def sized(
    signals: Mapping[str, StrategySignal],
    limits: Mapping[str, float],
    books: Mapping[str, StrategyBook] | None = None,
    **more: Any,
) -> Decision:
    book = PortfolioBook(strategies={StrategyId(name): each for name, each in (books or {}).items()})
    policy = DecisionPolicy(risk=RiskLimits(**limits))
    fields: dict[str, Any] = {"book": book, "account": account_of(), "prices": PRICES, "policy": policy, **more}
    return decide(inputs_of(signals, **fields))


def bought(decision: Decision) -> dict[str, str]:
    return {str(each.strategy): str(each.notional) for each in decision.intents}


def reasons(decision: Decision) -> list[tuple[str, str]]:
    return [(each.strategy, each.reason) for each in decision.denials]


def test_entry_beyond_the_limit_of_a_position_is_cut_to_it_and_says_why() -> None:
    decision = sized({"a": buy(AAPL, 0.5)}, {"position_size_limit": 0.05})
    assert bought(decision) == {"a": "5000.00"}
    assert reasons(decision) == [("a", "50.0% of equity in AAPL is cut to the limit of a position, 5.0%")]
    assert decided(decision, "a").final_allocation == 0.05
    assert decided(decision, "a").reasoning.endswith("; 50.0% cut to the limit of a position, 5.0%")


@pytest.mark.parametrize(("held", "expected"), [("20", "3000.00"), ("50", None), ("80", None)])
def test_entry_brings_a_position_up_to_its_limit_and_trims_nothing(held: str, expected: str | None) -> None:
    books = {"a": book_of(Mode.ACTIVE, sleeve(AAPL=(held, "90")))}
    account = account_of({AAPL: held})
    decision = sized({"a": buy(AAPL, 0.5)}, {"position_size_limit": 0.05}, books, account=account)
    assert bought(decision) == ({"a": expected} if expected else {})


@pytest.mark.parametrize("allocation", [0.05, 0.04])
def test_entry_within_the_limit_of_a_position_is_made_as_it_is(allocation: float) -> None:
    decision = sized({"a": buy(AAPL, allocation)}, {"position_size_limit": 0.05})
    assert bought(decision) == {"a": f"{allocation * 100_000:.2f}"}
    assert decision.denials == ()


def test_limit_of_a_position_is_of_each_strategy() -> None:
    decision = sized({"a": buy(AAPL), "b": buy(AAPL), "c": buy(MSFT)}, {"position_size_limit": 0.05})
    assert bought(decision) == {"a": "5000.00", "b": "5000.00", "c": "5000.00"}


def test_limit_of_a_position_comes_before_the_gross_limit() -> None:
    # What a may not have must not crowd out the others: 10 % for a, and the 90 % of b and c as they ask.
    decision = sized({"a": buy(AAPL, 1.0), "b": buy(MSFT, 0.1), "c": buy(MSFT, 0.1)}, {"position_size_limit": 0.1})
    assert bought(decision) == {"a": "10000.00", "b": "10000.00", "c": "10000.00"}
    both = {"position_size_limit": 0.4, "gross_limit": 0.6}
    scaled = sized({"a": buy(AAPL, 1.0), "b": buy(MSFT, 0.4)}, both)
    assert bought(scaled) == {"a": "30000.00", "b": "30000.00"}
    assert decided(scaled, "a").reasoning.endswith(
        "; 100.0% cut to the limit of a position, 40.0%; entries ×0.750 to the gross limit"
    )


def test_limit_of_a_position_holds_for_signals_without_an_account() -> None:
    decision = sized({"a": buy(AAPL, 0.5)}, {"position_size_limit": 0.05}, account=None)
    assert decided(decision, "a").final_allocation == 0.05


def test_limit_of_a_position_holds_in_shadow() -> None:
    record = record_of(a=LOSING)
    decision = sized({"a": buy(AAPL, 0.5)}, {"position_size_limit": 0.05}, record=record)
    assert decided(decision, "a").mode is Mode.SHADOW_MODE
    (fill,) = decision.virtual_fills
    assert fill.fill.quantity * Decimal(100) <= Decimal(5000)
    assert fill.fill.quantity > Decimal(49)


def test_concentration_cuts_entries_in_a_symbol_together() -> None:
    decision = sized({"a": buy(AAPL, 0.3), "b": buy(AAPL, 0.1), "c": buy(MSFT, 0.2)}, {"max_concentration": 0.2})
    assert bought(decision) == {"a": "15000.00", "b": "5000.00", "c": "20000.00"}
    said = "entries in AAPL ask for 40000.00, its limit of 20.0% leaves 20000.00: cut to it"
    assert reasons(decision) == [("a", said), ("b", said)]


@pytest.mark.parametrize(
    ("held", "reserved", "expected"),
    [
        ("50", "0", "15000.00"),  # 5,000 of 20,000 are held, by whomever
        ("0", "12000", "8000.00"),  # orders under way count
        ("50", "12000", "3000.00"),
        ("50", "15000", None),
        ("500", "0", None),
    ],
)
def test_concentration_leaves_what_is_not_held_and_not_under_way(
    held: str, reserved: str, expected: str | None
) -> None:
    decision = sized(
        {"a": buy(AAPL, 0.5)},
        {"max_concentration": 0.2},
        account=account_of({AAPL: held}),
        reserved=Decimal(reserved),
        reserved_in={AAPL: Decimal(reserved)},
    )
    assert bought(decision) == ({"a": expected} if expected else {})


def test_concentration_counts_no_crosses_twice() -> None:
    # b sells a its 200 shares: the account holds no more than before, and 20 % is all it may.
    books = {"b": book_of(Mode.ACTIVE, sleeve(AAPL=("200", "90")))}
    decision = sized(
        {"a": buy(AAPL, 0.5), "b": sell(AAPL)}, {"max_concentration": 0.2}, books, account=account_of({AAPL: "200"})
    )
    assert [str(each.quantity) for each in decision.crosses] == ["200"]
    assert decision.intents == ()


def test_concentration_buys_whole_shares_within_the_limit() -> None:
    assets = {AAPL: Asset(symbol=AAPL, is_fractionable=False)}
    decision = sized({"a": buy(AAPL, 0.5)}, {"max_concentration": 0.2}, assets=assets)
    (order,) = decision.intents
    assert order.quantity == 198  # 20,000 at 101, one per cent above the price


def test_limits_at_one_are_off() -> None:
    one = sized({"a": buy(AAPL, 0.9)}, {})
    assert bought(one) == {"a": "90000.00"}
    assert replace(one, denials=()) == one
