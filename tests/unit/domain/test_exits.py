"""What a rebalance sells: sleeves beyond their weight, in an account of 100,000, AAPL at 100, MSFT at 50, KO at 60."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.account import Asset
from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.guard import Guard
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.policy import OnDemotion
from backend.domain.risk_limits import RiskLimits
from backend.domain.sighting import Sighting
from backend.domain.signal import StrategyId, StrategySignal
from backend.domain.trading_state import TradingState
from tests.unit.domain.allocation_inputs import asked, committed, policy_of
from tests.unit.domain.decision_inputs import (
    AAPL,
    CLOSE_ALL,
    HOLD,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    inputs_of,
    open_order,
    record_of,
    sell,
    sleeve,
)

EQUAL = policy_of(AllocationMethod.EQUAL_WEIGHT, drift=0.05)  # two strategies: half of 100,000 each


def rebalancing(
    books: Mapping[str, StrategyBook], said: Mapping[str, StrategySignal] | None = None, **more: Any
) -> DecisionInputs:
    """A first tick, which rebalances; everybody holds who says nothing else."""
    book = PortfolioBook(strategies={StrategyId(name): each for name, each in books.items()})
    signals = {**dict.fromkeys("ab", HOLD), **(said or {})}
    fields: dict[str, Any] = {"policy": EQUAL, "account": account_of(dict(_held(book))), "prices": PRICES, **more}
    return inputs_of(signals, book=book, **fields)


def _held(book: PortfolioBook) -> dict[Any, str]:
    return {symbol: str(quantity) for symbol, quantity in book.holdings().items() if symbol in PRICES}


def real(**lots: tuple[str, str]) -> StrategyBook:
    return book_of(Mode.ACTIVE, sleeve(**lots))


def sold(decision: Decision) -> list[tuple[str, str, str]]:
    return [
        (each.strategy, str(each.symbol), f"{each.quantity.normalize():f}")
        for each in decision.intents
        if each.side is Side.SELL and each.quantity is not None
    ]


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ("500", []),  # 50 % of equity, its weight
        ("550", []),  # 55 %: within the drift
        ("550.01", [("a", "AAPL", "50.01")]),  # back to the weight, not to its edge
        ("600", [("a", "AAPL", "100")]),
    ],
)
def test_rebalance_trims_a_sleeve_to_its_weight_beyond_the_drift(
    shares: str, expected: list[tuple[str, str, str]]
) -> None:
    assert sold(decide(rebalancing({"a": real(AAPL=(shares, "90"))}))) == expected


def test_rebalance_trims_every_position_by_the_same_part() -> None:
    # 40,000 and 30,000 of a weight of 50,000: 2/7 of each.
    decision = decide(rebalancing({"a": real(AAPL=("400", "90"), MSFT=("600", "50"))}))
    assert sold(decision) == [("a", "AAPL", "114.285714"), ("a", "MSFT", "171.428571")]
    assert decision.denials[0].reason == (
        "rebalance: 70000.00 held, weight 50.0% of 100000.00; selling 114.285714 of it"
    )


def test_rebalance_trims_whole_shares_where_fractions_are_not_traded() -> None:
    assets = {AAPL: Asset(symbol=AAPL, is_fractionable=False)}
    decision = decide(rebalancing({"a": real(AAPL=("600.5", "90"))}, assets=assets))
    assert sold(decision) == [("a", "AAPL", "100")]


def test_rebalance_trims_nothing_in_between() -> None:
    first = asked("ab", EQUAL)
    book = committed(first)
    grown = replace(
        book,
        strategies={
            **book.strategies,
            StrategyId("a"): replace(book.of(StrategyId("a")), real=sleeve(AAPL=("600", "90"))),
        },
    )
    later = asked("ab", EQUAL, book=grown, account=account_of({AAPL: "600"}), prices=PRICES)
    assert sold(decide(later)) == []
    assert sold(decide(replace(later, is_rebalance_ordered=True))) == [("a", "AAPL", "100")]


def test_rebalance_by_drift_looks_at_sleeves_at_every_tick() -> None:
    drift = policy_of(AllocationMethod.EQUAL_WEIGHT, rebalance=RebalanceFrequency.DRIFT, drift=0.05)
    book = committed(asked("ab", drift))
    a = StrategyId("a")
    for shares, expected in (("550", []), ("560", [("a", "AAPL", "60")])):
        grown = replace(book.of(a), real=sleeve(AAPL=(shares, "90")))
        grown_book = replace(book, strategies={**book.strategies, a: grown})
        decision = decide(asked("ab", drift, book=grown_book, account=account_of({AAPL: shares}), prices=PRICES))
        assert decision.weights.rebalance is None
        assert sold(decision) == expected


def test_weights_of_the_whole_account_trim_nothing() -> None:
    full = policy_of(AllocationMethod.FULL, rebalance=RebalanceFrequency.DRIFT, base_weights={"a": 0.1})
    assert sold(decide(rebalancing({"a": real(AAPL=("600", "90"))}, policy=full))) == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        # 40,000 AAPL and 40,000 MSFT; leaving one of them already brings it below its weight
        (sell(AAPL), [("a", "AAPL", "400")]),
        (CLOSE_ALL, [("a", "AAPL", "400"), ("a", "MSFT", "800")]),
    ],
    ids=["sell", "close all"],
)
def test_rebalance_does_not_count_what_is_left_anyway(
    said: StrategySignal, expected: list[tuple[str, str, str]]
) -> None:
    books = {"a": real(AAPL=("400", "90"), MSFT=("800", "50"))}
    assert sold(decide(rebalancing(books, {"a": said}))) == expected


def test_rebalance_does_not_count_what_a_stop_loss_sells() -> None:
    policy = replace(EQUAL, risk=RiskLimits(stop_loss_threshold=0.02))
    books = {"a": real(AAPL=("400", "125"), MSFT=("800", "50"))}
    assert sold(decide(rebalancing(books, policy=policy))) == [("a", "AAPL", "400")]


def test_rebalance_never_sells_what_the_strategy_buys() -> None:
    decision = decide(rebalancing({"a": real(AAPL=("600", "90"))}, {"a": buy(AAPL, 1.0)}))
    assert decision.intents == ()


def test_rebalance_of_one_crosses_with_an_entry_of_another() -> None:
    # a is 100 shares beyond its weight, b enters with 25,000: the 100 change hands, 15,000 are ordered.
    account = account_of({AAPL: "600"})
    decision = decide(rebalancing({"a": real(AAPL=("600", "90"))}, {"b": buy(AAPL, 0.5)}, account=account))
    assert [(each.seller, each.buyer, str(each.quantity.normalize())) for each in decision.crosses] == [
        ("a", "b", "1E+2")
    ]
    (order,) = decision.intents
    assert (order.strategy, order.side, order.notional) == ("b", Side.BUY, Decimal("15000.00"))


@pytest.mark.parametrize(("state", "is_trimmed"), [("ACTIVE", True), ("REDUCING", True), ("HALTED", False)])
def test_rebalance_trims_when_reducing_and_not_when_halted(state: str, is_trimmed: bool) -> None:
    decision = decide(rebalancing({"a": real(AAPL=("600", "90"))}, trading_state=TradingState(state)))
    assert bool(sold(decision)) is is_trimmed


def test_rebalance_trims_nothing_by_an_equity_that_is_in_doubt() -> None:
    inputs = rebalancing({"a": real(AAPL=("400", "90"))})
    glitch = replace(inputs, account=account_of({AAPL: "400"}, equity="10000"))
    look = Sighting(at=NOW, equity=Decimal(10_000), prices=PRICES, closes=PRICES, newest_bar=NOW.date())
    doubted = decide(replace(glitch, sighting=look, guard=Guard(equity=Decimal(100_000))))
    assert doubted.watched.doubt is not None
    assert sold(doubted) == []
    assert sold(decide(glitch)) != []  # by a true equity of 10,000 it is far beyond its weight


@pytest.mark.parametrize("equity", ["0", "-5000"])
def test_rebalance_trims_nothing_without_equity(equity: str) -> None:
    inputs = rebalancing({"a": real(AAPL=("400", "90"))})
    assert sold(decide(replace(inputs, account=account_of({AAPL: "400"}, equity=equity)))) == []


def test_rebalance_trims_nothing_at_a_price_in_doubt_or_missing() -> None:
    inputs = rebalancing({"a": real(AAPL=("600", "90"), GOOG=("900", "100"))})
    assert sold(decide(inputs)) == [("a", "AAPL", "100")]  # GOOG has no price, and does not count
    jumped = {**PRICES, AAPL: Decimal(300)}
    look = Sighting(at=NOW, equity=Decimal(100_000), prices=jumped, closes=PRICES, newest_bar=NOW.date())
    doubted = decide(replace(inputs, sighting=look, prices=jumped))
    assert (AAPL in doubted.watched.doubtful, doubted.watched.doubt, sold(doubted)) == (True, None, [])


def test_rebalance_trims_nothing_in_shadow_and_nothing_unsettled() -> None:
    shadow = {"a": book_of(Mode.SHADOW_MODE, sleeve(AAPL=("600", "90")), sleeve())}
    hold = replace(EQUAL, on_demotion=OnDemotion.HOLD)
    assert sold(decide(rebalancing(shadow, record=record_of(a=LOSING), policy=hold))) == []
    inputs = rebalancing({"a": real(AAPL=("600", "90"))})
    order = open_order("a", AAPL)
    waiting = replace(inputs, book=replace(inputs.book, open_orders={order.intent.client_order_id: order}))
    assert sold(decide(waiting)) == []


def test_rebalance_sells_no_more_than_the_account_holds() -> None:
    inputs = rebalancing({"a": real(AAPL=("600", "90"))})
    short = replace(inputs, account=account_of({AAPL: "40"}))
    assert sold(decide(short)) == [("a", "AAPL", "40")]


def test_trim_leaves_msft_alone_when_it_is_bought() -> None:
    # 40,000 AAPL and 30,000 MSFT, which it buys more of: what counts is AAPL, within its weight.
    books = {"a": real(AAPL=("400", "90"), MSFT=("600", "50"))}
    decision = decide(rebalancing(books, {"a": buy(MSFT, 0.9)}))
    assert sold(decision) == []
    assert {intent.symbol for intent in decision.intents} <= {MSFT}
