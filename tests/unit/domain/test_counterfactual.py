"""What the four paper accounts trade: an account of 100,000, AAPL at 100, MSFT at 50, numbers by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.account import Asset
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.counterfactual import paper_trades
from backend.domain.decide import decide
from backend.domain.mode import ThresholdPolicy, UnscoredMode
from backend.domain.paper import PaperAccount, PaperTrade, Step
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import Action, StrategyId, StrategySignal, Symbol
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    AAPL,
    CLOSE_ALL,
    GOOG,
    HOLD,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    buy,
    inputs_of,
    record_of,
    sell,
    signal,
)

EQUAL_WEIGHT = AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT)

A = StrategyId("a")
PROBATION = ThresholdPolicy(unscored=UnscoredMode.PROBATION)  # ×0.25 of a strategy without a record


def holding(**quantities: str) -> dict[Step, PaperAccount]:
    """All four accounts hold the same."""
    held = PaperAccount(quantities={Symbol(name): Decimal(quantity) for name, quantity in quantities.items()})
    return dict.fromkeys(Step, held)


def traded(
    signals: Mapping[str, StrategySignal], paper: Mapping[Step, PaperAccount] | None = None, **more: Any
) -> dict[StrategyId, tuple[PaperTrade, ...]]:
    book = PortfolioBook(strategies={A: StrategyBook()}, paper={A: paper} if paper else {})
    inputs = inputs_of(signals, **{"account": account_of(), "prices": PRICES, **more})
    return paper_trades(inputs, decide(inputs), book)


def quantities(trades: Mapping[StrategyId, tuple[PaperTrade, ...]], symbol: Symbol = AAPL) -> dict[Step, Decimal]:
    return {each.step: each.quantity for each in trades.get(A, ()) if each.symbol == symbol}


def test_paper_entry_under_no_rule_is_the_same_in_every_account() -> None:
    assert traded({"a": buy(AAPL, 0.5)}) == {
        A: tuple(PaperTrade(step=step, symbol=AAPL, quantity=Decimal(500), price=Decimal(100)) for step in Step)
    }


def test_paper_entry_steps_from_neutral_weight_to_own_weight_to_mode() -> None:
    # two strategies: neutral 1/2, own 0.2, on probation ×0.25 · 0.5 × 100,000 × each ÷ 100
    policy = DecisionPolicy(allocation=replace(EQUAL_WEIGHT, base_weights={"a": 0.2}), scoring=PROBATION)
    assert quantities(traded({"a": buy(AAPL, 0.5), "b": HOLD}, policy=policy)) == {
        Step.NEUTRAL: Decimal(250),
        Step.WEIGHTED: Decimal(100),
        Step.SCALED: Decimal(25),
        Step.ALLOWED: Decimal(25),
    }


def test_paper_neutral_weight_does_not_count_the_disabled() -> None:
    policy = DecisionPolicy(allocation=EQUAL_WEIGHT, disabled=frozenset({"b"}))
    trades = traded({"a": buy(AAPL, 0.5), "b": buy(AAPL, 0.5), "c": HOLD}, policy=policy)
    assert quantities(trades)[Step.NEUTRAL] == 250
    assert set(trades) == {A}


@pytest.mark.parametrize(
    "held_back",
    [
        {"trading_state": TradingState.REDUCING},
        {"trading_state": TradingState.HALTED},
        {"policy": DecisionPolicy(systemic_sell_threshold=1)},
    ],
    ids=["reducing", "halted", "systemic"],
)
def test_paper_entry_that_is_held_back_is_left_out_of_the_last_account_only(held_back: dict[str, Any]) -> None:
    trades = traded({"a": buy(AAPL, 0.5), "z": sell(MSFT)}, **held_back)
    assert quantities(trades) == {Step.NEUTRAL: 500, Step.WEIGHTED: 500, Step.SCALED: 500}


def test_paper_entry_that_has_expired_is_left_out_of_the_last_account_only() -> None:
    trades = traded({"a": buy(AAPL, 0.5, expires_at=NOW - timedelta(seconds=1))})
    assert Step.ALLOWED not in quantities(trades)
    assert len(quantities(trades)) == 3


def test_paper_entry_is_cut_to_no_limit_cent_or_whole_share() -> None:
    # The account has room for nothing, and MSFT is traded in whole shares; 0.3333 × 100,000 ÷ 50 = 666.6
    more: dict[str, Any] = {
        "account": account_of(buying_power="0"),
        "assets": {MSFT: Asset(symbol=MSFT, is_fractionable=False)},
        "policy": DecisionPolicy(risk=RiskLimits(gross_limit=0.1)),
    }
    assert set(quantities(traded({"a": buy(MSFT, 0.3333)}, **more), MSFT).values()) == {Decimal("666.6")}


def test_paper_entry_is_cut_to_the_smallest_part_of_a_share() -> None:
    # 10,000 ÷ 3 = 3333.333333333…
    trades = traded({"a": buy(AAPL, 0.1)}, prices={AAPL: Decimal(3)})
    assert set(quantities(trades).values()) == {Decimal("3333.333333333")}


@pytest.mark.parametrize(
    ("held", "bought"), [("500", None), ("600", None), ("450.01", None), ("450", "50"), ("100", "400")]
)
def test_paper_entry_tops_up_beyond_the_drift_band(held: str, bought: str | None) -> None:
    trades = traded({"a": buy(AAPL, 0.5)}, holding(AAPL=held))
    assert quantities(trades) == ({} if bought is None else dict.fromkeys(Step, Decimal(bought)))


@pytest.mark.parametrize(("equity", "count"), [("100", 4), ("99.99", 0)])
def test_paper_entry_is_no_smaller_than_the_smallest_order(equity: str, count: int) -> None:
    assert len(quantities(traded({"a": buy(AAPL, 0.01)}, account=account_of(equity=equity)))) == count


def test_paper_entry_looks_at_each_account_by_itself() -> None:
    paper = {**holding(), Step.NEUTRAL: PaperAccount(quantities={AAPL: Decimal(400)})}
    assert quantities(traded({"a": buy(AAPL, 0.5)}, paper)) == {
        Step.NEUTRAL: 100,
        Step.WEIGHTED: 500,
        Step.SCALED: 500,
        Step.ALLOWED: 500,
    }


def test_paper_exit_leaves_the_whole_position_in_every_account() -> None:
    paper = {**holding(AAPL="5", MSFT="7"), Step.NEUTRAL: PaperAccount(quantities={AAPL: Decimal(9)})}
    trades = traded({"a": sell()}, paper)
    assert quantities(trades) == {
        Step.NEUTRAL: Decimal(-9),
        Step.WEIGHTED: Decimal(-5),
        Step.SCALED: Decimal(-5),
        Step.ALLOWED: Decimal(-5),
    }
    assert quantities(trades, MSFT) == {}


def test_paper_close_all_leaves_every_symbol() -> None:
    trades = traded({"a": CLOSE_ALL}, holding(AAPL="5", MSFT="7"))
    assert quantities(trades) == dict.fromkeys(Step, Decimal(-5))
    assert quantities(trades, MSFT) == dict.fromkeys(Step, Decimal(-7))
    assert {each.price for each in trades[A]} == {Decimal(100), Decimal(50)}


def test_paper_exit_is_never_held_back() -> None:
    trades = traded({"a": sell()}, holding(AAPL="5"), trading_state=TradingState.REDUCING)
    assert quantities(trades) == dict.fromkeys(Step, Decimal(-5))


@pytest.mark.parametrize(
    ("said", "paper"),
    [(HOLD, holding(AAPL="5")), (signal(Action.HOLD, AAPL, 0.0), holding(AAPL="5")), (sell(), holding(MSFT="5"))],
    ids=["hold", "hold-it", "sell-what-is-not-held"],
)
def test_paper_strategy_with_nothing_to_trade_is_left_out(
    said: StrategySignal, paper: dict[Step, PaperAccount]
) -> None:
    assert traded({"a": said}, paper) == {}


@pytest.mark.parametrize("said", [buy(GOOG, 0.5), sell(GOOG), CLOSE_ALL], ids=["buy", "sell", "close-all"])
def test_paper_symbol_without_a_price_is_not_traded(said: StrategySignal) -> None:
    assert traded({"a": said}, holding(GOOG="5")) == {}


def test_paper_accounts_do_not_trade_without_an_account_or_when_disabled() -> None:
    assert traded({"a": buy(AAPL, 0.5)}, account=None) == {}
    assert traded({"a": buy(AAPL, 0.5)}, policy=DecisionPolicy(disabled=frozenset({"a"}))) == {}


FREE, REAL = (Step.NEUTRAL, Step.WEIGHTED), (Step.SCALED, Step.ALLOWED)


def in_shadow(said: StrategySignal, way: OnDemotion = OnDemotion.EXIT_ONLY, **held: str) -> dict[Step, Decimal]:
    policy = DecisionPolicy(on_demotion=way)
    return quantities(traded({"a": said}, holding(**held), record=record_of(a=LOSING), policy=policy))


@pytest.mark.parametrize("way", [OnDemotion.EXIT_ONLY, OnDemotion.HOLD])
def test_paper_entry_in_shadow_is_made_by_accounts_without_the_mode(way: OnDemotion) -> None:
    assert in_shadow(buy(AAPL, 0.5), way) == dict.fromkeys(FREE, Decimal(500))


@pytest.mark.parametrize("said", [sell(), CLOSE_ALL], ids=["sell", "close-all"])
@pytest.mark.parametrize(
    ("way", "leaving"),
    [(OnDemotion.EXIT_ONLY, FREE + REAL), (OnDemotion.FLATTEN, FREE + REAL), (OnDemotion.HOLD, FREE)],
)
def test_paper_exit_in_shadow_is_made_by_accounts_that_would_really_leave(
    said: StrategySignal, way: OnDemotion, leaving: tuple[Step, ...]
) -> None:
    assert in_shadow(said, way, AAPL="5") == dict.fromkeys(leaving, Decimal(-5))


@pytest.mark.parametrize(
    ("way", "leaving"), [(OnDemotion.EXIT_ONLY, ()), (OnDemotion.FLATTEN, REAL), (OnDemotion.HOLD, ())]
)
def test_paper_hold_in_shadow_leaves_only_what_is_flattened(way: OnDemotion, leaving: tuple[Step, ...]) -> None:
    assert in_shadow(HOLD, way, AAPL="5") == dict.fromkeys(leaving, Decimal(-5))


def test_paper_entry_in_shadow_that_is_flattened_is_made_and_left_at_once() -> None:
    # the account wants 500 and holds 5: the two without the mode buy the rest, the two with it leave
    assert in_shadow(buy(AAPL, 0.5), OnDemotion.FLATTEN, AAPL="5") == {
        **dict.fromkeys(FREE, Decimal(495)),
        **dict.fromkeys(REAL, Decimal(-5)),
    }


def test_paper_trades_do_not_depend_on_what_the_inputs_book_says_of_paper() -> None:
    # A decision's inputs carry no paper accounts; the book that they were taken from does.
    inputs = inputs_of({"a": sell()}, account=account_of(), prices=PRICES)
    book = PortfolioBook(paper={A: holding(AAPL="5")})
    assert inputs.book.paper == {}
    assert quantities(paper_trades(inputs, decide(inputs), book)) == dict.fromkeys(Step, Decimal(-5))
    assert decide(replace(inputs, book=book)).intents == decide(inputs).intents
