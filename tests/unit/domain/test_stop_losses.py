"""Stop-losses: AAPL at 100 in an account of 100,000; positions that cost more, figures by hand."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.commitment import decision_events
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.journal import folded
from backend.domain.lots import Lot
from backend.domain.mode import Mode
from backend.domain.order import Side
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.risk_limits import RiskLimits
from backend.domain.sighting import Sighting
from backend.domain.signal import Action, StrategyId, StrategySignal
from backend.domain.sleeve import Sleeve
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    AAPL,
    CLOSE_ALL,
    HOLD,
    KO,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    decided,
    inputs_of,
    open_order,
    record_of,
    sell,
    sleeve,
)

A = StrategyId("a")
TWO_PERCENT = DecisionPolicy(risk=RiskLimits(stop_loss_threshold=0.02))
FALLEN = sleeve(AAPL=("10", "102.05"))  # at 100 it is 2.01 % below its cost


def holding(own: StrategyBook, said: StrategySignal | None = HOLD, **more: Any) -> DecisionInputs:
    fields: dict[str, Any] = {
        "policy": TWO_PERCENT,
        "book": PortfolioBook(strategies={A: own}),
        "account": account_of({AAPL: "10", MSFT: "10"}),
        "prices": PRICES,
        **more,
    }
    return inputs_of({} if said is None else {"a": said}, **fields)


def sold(decision: Decision) -> list[tuple[str, str]]:
    return [(str(each.symbol), str(each.quantity)) for each in decision.intents if each.side is Side.SELL]


def virtually_sold(decision: Decision) -> list[tuple[str, str]]:
    return [(str(each.fill.symbol), str(each.fill.quantity)) for each in decision.virtual_fills]


@pytest.mark.parametrize(
    ("cost", "threshold", "is_stopped"),
    [
        ("102.04", 0.02, False),  # 100 ÷ 102.04 is 1.9992 % below
        ("102.05", 0.02, True),
        ("125", 0.2, True),  # exactly at the limit
        ("124.99", 0.2, False),
        ("80", 0.02, False),
        ("10000", 1.0, False),  # off
    ],
)
def test_stop_loss_sells_at_its_threshold_below_the_average_cost(cost: str, threshold: float, is_stopped: bool) -> None:
    policy = DecisionPolicy(risk=RiskLimits(stop_loss_threshold=threshold))
    decision = decide(holding(book_of(Mode.ACTIVE, sleeve(AAPL=("10", cost))), policy=policy))
    assert sold(decision) == ([("AAPL", "10")] if is_stopped else [])
    assert [stop.symbol for stop in decision.stopped] == ([AAPL] if is_stopped else [])


def test_stop_loss_compares_with_the_average_of_all_lots() -> None:
    def of(first: str, second: str) -> Decision:
        lots = (Lot(quantity=Decimal(6), price=Decimal(first)), Lot(quantity=Decimal(4), price=Decimal(second)))
        return decide(holding(book_of(Mode.ACTIVE, Sleeve(lots={AAPL: lots}))))

    assert sold(of("110", "92")) == [("AAPL", "10")]  # 102.80
    assert sold(of("110", "89")) == []  # 101.60


def test_stop_loss_says_why_and_the_strategy_keeps_its_other_positions() -> None:
    decision = decide(holding(book_of(Mode.ACTIVE, sleeve(AAPL=("10", "125"), MSFT=("10", "50")))))
    (stop,) = decision.stopped
    assert stop.reason == "stop-loss: AAPL at 100 is 20.0% below its average cost; limit 2.0%"
    assert sold(decision) == [("AAPL", "10")]


@pytest.mark.parametrize("said", [buy(AAPL), buy(MSFT, 0.1), sell(MSFT), HOLD, None], ids=str)
def test_stop_loss_sells_whatever_the_strategy_says_and_if_it_failed(said: StrategySignal | None) -> None:
    failures = {A: "StrategyTimeout"} if said is None else {}
    decision = decide(holding(book_of(Mode.ACTIVE, FALLEN), said, failures=failures))
    assert ("AAPL", "10") in sold(decision)
    assert [stop.strategy for stop in decision.stopped] == [A]
    if said == buy(AAPL):
        assert decided(decision, "a").action is Action.HOLD
        assert "is 2.0% below its average cost" in str(decided(decision, "a").override_reason)


@pytest.mark.parametrize("said", [sell(AAPL), CLOSE_ALL], ids=["sell", "close all"])
def test_stop_loss_of_what_the_strategy_leaves_by_itself_is_no_stop(said: StrategySignal) -> None:
    decision = decide(holding(book_of(Mode.ACTIVE, FALLEN), said))
    assert (sold(decision), decision.stopped) == ([("AAPL", "10")], ())


LATER = [
    (timedelta(minutes=5), True),
    (timedelta(hours=7, minutes=58), True),  # 30 January, 23:59 in New York
    (timedelta(hours=7, minutes=59), False),
    (timedelta(days=1), False),
]


@pytest.mark.parametrize(("later", "is_barred"), LATER, ids=str)
def test_stop_loss_bars_the_symbol_for_the_rest_of_the_new_york_day(later: timedelta, is_barred: bool) -> None:
    inputs = holding(book_of(Mode.ACTIVE, FALLEN))
    book = folded(inputs.book, decision_events(inputs, decide(inputs), inputs.book))
    empty = replace(book, strategies={A: replace(book.of(A), real=sleeve())})  # it was sold
    again = {"book": empty, "now": NOW + later, "account": account_of()}
    decision = decide(holding(book_of(), buy(AAPL, 0.1), **again))
    barred = "stop-loss: sold earlier today; not bought again before the next day"
    assert decided(decision, "a").override_reason == (barred if is_barred else None)
    assert bool(decision.intents) is not is_barred
    other = decide(holding(book_of(), buy(MSFT, 0.1), **again))
    assert [intent.symbol for intent in other.intents] == [MSFT]


def test_stop_loss_of_the_day_before_is_forgotten() -> None:
    inputs = holding(replace(book_of(Mode.ACTIVE, FALLEN), stopped={KO: NOW - timedelta(days=1)}))
    book = folded(inputs.book, decision_events(inputs, decide(inputs), inputs.book))
    assert book.of(A).stopped == {AAPL: NOW}


def test_stop_loss_in_shadow_sells_on_paper_and_really() -> None:
    book = book_of(Mode.SHADOW_MODE, FALLEN, sleeve(AAPL=("7", "125"), MSFT=("5", "60")))
    inputs = holding(book, buy(AAPL), record=record_of(a=LOSING))
    decision = decide(inputs)
    assert decided(decision, "a").mode is Mode.SHADOW_MODE
    assert sold(decision) == [("AAPL", "10")]
    assert virtually_sold(decision) == [("AAPL", "7"), ("MSFT", "5")]
    after = folded(inputs.book, decision_events(inputs, decision, inputs.book)).of(A)
    assert (after.virtual, after.stopped.keys()) != (None, set())
    assert after.virtual is not None
    assert after.virtual.holdings() == {}
    again = decide(replace(inputs, book=PortfolioBook(strategies={A: after}), now=NOW + timedelta(minutes=5)))
    assert again.virtual_fills == ()


def test_stop_loss_in_shadow_also_of_a_strategy_that_failed() -> None:
    book = book_of(Mode.SHADOW_MODE, virtual=FALLEN)
    decision = decide(holding(book, None, record=record_of(a=LOSING), failures={A: "raised"}))
    assert virtually_sold(decision) == [("AAPL", "10")]


@pytest.mark.parametrize("on_demotion", OnDemotion)
def test_stop_loss_of_a_real_position_in_shadow_whatever_becomes_of_it_on_demotion(on_demotion: OnDemotion) -> None:
    policy = replace(TWO_PERCENT, on_demotion=on_demotion)
    book = book_of(Mode.SHADOW_MODE, FALLEN, FALLEN)
    assert sold(decide(holding(book, policy=policy, record=record_of(a=LOSING)))) == [("AAPL", "10")]


def test_stop_loss_on_paper_of_a_strategy_that_is_promoted_at_this_tick_fills_nothing() -> None:
    decision = decide(holding(book_of(Mode.SHADOW_MODE, virtual=FALLEN)))
    assert decided(decision, "a").mode is Mode.ACTIVE
    assert (decision.virtual_fills, decision.stopped) == ((), ())


def looking(inputs: DecisionInputs, price: str, at: datetime = NOW) -> DecisionInputs:
    prices = {**PRICES, AAPL: Decimal(price)}
    sighting = Sighting(
        at=at, equity=Decimal(100_000), prices=prices, closes=PRICES, newest_bar=at.date(), held=frozenset({AAPL})
    )
    return replace(inputs, sighting=sighting, prices=prices, now=at)


def test_stop_loss_waits_while_the_price_is_in_doubt() -> None:
    policy = replace(TWO_PERCENT, breakers=BreakerLimits(price_jump_limit=0.5, jump_confirmations=2))
    inputs = looking(holding(book_of(Mode.ACTIVE, sleeve(AAPL=("10", "100"))), policy=policy), "40")
    first = decide(inputs)
    assert AAPL in first.watched.doubtful
    assert (sold(first), first.stopped) == ([], ())
    confirmed = decide(looking(replace(inputs, guard=first.watched.guard), "40", NOW + timedelta(minutes=5)))
    assert sold(confirmed) == [("AAPL", "10")]


def test_stop_loss_without_a_price_stops_nothing() -> None:
    decision = decide(holding(book_of(Mode.ACTIVE, FALLEN), prices={MSFT: Decimal(50)}))
    assert (sold(decision), decision.stopped) == ([], ())


def test_stop_loss_waits_for_an_earlier_order_to_settle() -> None:
    order = open_order("a", AAPL, Side.SELL)
    book = PortfolioBook(
        strategies={A: book_of(Mode.ACTIVE, FALLEN)}, open_orders={order.intent.client_order_id: order}
    )
    decision = decide(holding(book_of(), book=book))
    assert (sold(decision), decision.stopped) == ([], ())
    assert decision.denials[0].reason == "an earlier order in this symbol is not settled yet"


@pytest.mark.parametrize(("state", "expected"), [("REDUCING", [("AAPL", "10")]), ("HALTED", [])])
def test_stop_loss_is_an_exit_when_reducing_and_nothing_when_halted(
    state: str, expected: list[tuple[str, str]]
) -> None:
    decision = decide(holding(book_of(Mode.ACTIVE, FALLEN), trading_state=TradingState(state)))
    assert sold(decision) == expected


def test_stop_loss_of_a_disabled_strategy_places_no_order() -> None:
    policy = replace(TWO_PERCENT, disabled=frozenset("a"))
    assert decide(holding(book_of(Mode.ACTIVE, FALLEN), policy=policy)).intents == ()
