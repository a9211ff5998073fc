"""When base weights are asked anew, what stands in between, and what a rebalance turns over; figures by hand."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.domain.allocation_policy import AllocationMethod, RebalanceFrequency
from backend.domain.book import PortfolioBook
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from tests.unit.domain.allocation_inputs import alternating, asked, committed, policy_of, weights_of
from tests.unit.domain.decision_inputs import AAPL, NOW, PRICES, account_of, book_of, record_of, sleeve

EQUAL, FULL, EARNED = AllocationMethod.EQUAL_WEIGHT, AllocationMethod.FULL, AllocationMethod.PERFORMANCE_BASED
PARITY = AllocationMethod.INVERSE_VOLATILITY


def after(first: DecisionInputs, names: str, policy: DecisionPolicy | None = None, **more: Any) -> Decision:
    """Decide again, on the book that the first decision left."""
    return decide(asked(names, policy or first.policy, book=committed(first), **more))


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({}, {"a": 1.0, "b": 1.0, "c": 1.0}),
        ({"max_weight": 0.4}, {"a": 0.4, "b": 0.4, "c": 0.4}),
        ({"caps": {"a": 0.15}}, {"a": 0.15, "b": 1.0, "c": 1.0}),
        ({"caps": {"g": 0.5}, "groups": {"g": frozenset("ab")}}, {"a": 0.25, "b": 0.25, "c": 1.0}),
        # nobody fills a group's cap who places no order, and who failed keeps his part of it
        ({"caps": {"g": 0.5}, "groups": {"g": frozenset({"a", "off"})}}, {"a": 0.5, "b": 1.0, "c": 1.0}),
        ({"caps": {"g": 0.5}, "groups": {"g": frozenset({"a", "f"})}}, {"a": 0.25, "b": 1.0, "c": 1.0}),
        ({"base_weights": {"a": 0.3}}, {"a": 0.3, "b": 1.0, "c": 1.0}),
        ({"base_weights": {"a": 0.3}, "max_weight": 0.2}, {"a": 0.3, "b": 0.2, "c": 0.2}),
        ({"base_weights": {"a": 0.3}, "caps": {"a": 0.2}}, {"a": 0.2, "b": 1.0, "c": 1.0}),
        ({"defined": {"a": 0.5, "b": 2.0}}, {"a": 0.5, "b": 1.0, "c": 1.0}),
    ],
    ids=str,
)
def test_weights_of_full_are_of_the_whole_account(own: dict[str, Any], expected: dict[str, float]) -> None:
    policy = policy_of(FULL, rest={"disabled": frozenset({"off"})}, **own)
    weights = decide(asked(["a", "b", "c", "off"], policy, failed="f")).weights
    assert {name: weights.by_strategy[StrategyId(name)] for name in "abc"} == pytest.approx(expected)
    assert (weights.rebalance, weights.reason, weights.turnover, weights.cash) == (None, "", 0.0, 0.0)


def test_weights_of_who_answers_do_not_depend_on_who_fails() -> None:
    everyone = decide(asked("abcd", policy_of(EQUAL))).weights
    one_failed = decide(asked("abc", policy_of(EQUAL), failed="d")).weights
    assert {one_failed.by_strategy[StrategyId(name)] for name in "abc"} == {0.25}
    assert one_failed.rebalance == everyone.rebalance


@pytest.mark.parametrize("method", [EQUAL, PARITY])
def test_weight_of_who_failed_at_the_rebalance_waits_for_him(method: AllocationMethod) -> None:
    record = record_of(a=alternating(0, 0.01, 30), b=alternating(0, 0.02, 30), c=[0.0, 0.03, -0.03] * 10)
    failing = asked("ab", policy_of(method), failed="c", record=record)
    expected = decide(asked("abc", policy_of(method), record=record)).weights.by_strategy
    back = after(failing, "abc", record=record)
    assert back.weights.by_strategy == pytest.approx(expected)
    assert sum(back.weights.by_strategy.values()) == pytest.approx(1.0)
    assert back.weights.rebalance is None


def test_weight_of_who_failed_is_set_when_the_book_knows_him() -> None:
    # Else his capital of the next day would be the 1/2 of before, on top of the thirds of the others.
    first = asked("ab", policy_of(EQUAL))
    joined = asked("bc", policy_of(EQUAL), failed="a", book=committed(first))
    book = committed(joined)
    assert {str(name): float(each.weight) for name, each in book.strategies.items()} == pytest.approx(
        {"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}
    )


def test_weight_of_who_never_answered_opens_no_book() -> None:
    assert committed(asked("a", policy_of(EQUAL), failed="b")).strategies.keys() == {"a"}


def test_weights_of_the_disabled_stay_and_the_others_share_everything() -> None:
    first = asked("abc", policy_of(EQUAL))
    policy = replace(first.policy, disabled=frozenset("c"))
    decision = after(first, "abc", policy)
    assert weights_of(decision) == pytest.approx({"a": 0.5, "b": 0.5, "c": 1 / 3})
    assert decision.weights.reason == "the strategies have changed"
    assert decision.weights.cash == pytest.approx(0.0)


def test_weights_are_shared_with_all_that_are_listed() -> None:
    decision = decide(asked("a", policy_of(EQUAL, defined=dict.fromkeys("abcd", 1.0))))
    assert weights_of(decision) == {"a": 0.25}
    assert decision.weights.rebalance is not None
    assert decision.weights.rebalance.weights == dict.fromkeys("abcd", 0.25)


@pytest.mark.parametrize("leaver", [{"liquidating": frozenset({StrategyId("old")})}, {}], ids=["sold", "stopped"])
def test_weights_are_not_shared_with_who_only_leaves(leaver: dict[str, Any]) -> None:
    # A strategy that runs no more is decided on while its position is sold; that changes nobody's weight.
    first = asked("ab", policy_of(EQUAL))
    policy = replace(first.policy, risk=replace(first.policy.risk, stop_loss_threshold=0.02))
    book = committed(first)
    old = {StrategyId("old"): book_of(real=sleeve(AAPL=("10", "200")))}
    book = replace(book, strategies={**book.strategies, **old})
    inputs = asked("ab", policy, book=book, account=account_of({AAPL: "10"}), prices=PRICES, **leaver)
    decision = decide(inputs)
    assert [intent.strategy for intent in decision.intents] == ["old"]
    assert (decision.weights.rebalance, weights_of(decision)["a"]) == (None, 0.5)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("frequency", "last", "now", "is_due"),
    [
        # New York's midnight is 05:00 UTC in winter, 04:00 in summer
        ("daily", "2026-01-30T21:01", "2026-01-31T04:59", False),
        ("daily", "2026-01-30T21:01", "2026-01-31T05:00", True),
        ("daily", "2026-07-01T20:01", "2026-07-02T03:59", False),
        ("daily", "2026-07-01T20:01", "2026-07-02T04:00", True),
        ("daily", "2026-01-30T05:00", "2026-01-31T04:59", False),
        # ISO weeks begin on Monday
        ("weekly", "2026-01-30T21:01", "2026-02-02T04:59", False),
        ("weekly", "2026-01-30T21:01", "2026-02-02T05:00", True),
        # Thursday, 31 December 2026 is of week 53, and so are the three days after it
        ("weekly", "2026-12-31T21:01", "2027-01-04T04:59", False),
        ("weekly", "2026-12-31T21:01", "2027-01-04T05:00", True),
        # the 31st of December 2025 is of week 1 of 2026
        ("weekly", "2025-12-31T21:01", "2026-01-02T21:01", False),
        ("weekly", "2025-01-30T21:01", "2026-01-29T21:01", True),  # week 5 of either year
        ("monthly", "2026-01-02T21:01", "2026-02-01T04:59", False),
        ("monthly", "2026-01-30T21:01", "2026-02-01T05:00", True),
        ("monthly", "2025-01-30T21:01", "2026-01-30T21:01", True),
        ("drift", "2025-01-30T21:01", "2026-01-30T21:01", False),
    ],
)
def test_weights_are_asked_anew_in_the_first_tick_of_a_new_york_period(
    frequency: str, last: str, now: str, is_due: bool
) -> None:
    policy = policy_of(EQUAL, rebalance=RebalanceFrequency(frequency))
    decision = after(asked("ab", policy, now=instant(last)), "ab", now=instant(now))
    assert (decision.weights.rebalance is not None) is is_due
    assert decision.weights.reason == (f"{frequency} rebalance" if is_due else "")


def test_weights_are_asked_anew_when_it_is_first_ordered_or_changed() -> None:
    policy = policy_of(EQUAL, rebalance=RebalanceFrequency.MONTHLY)
    first = asked("ab", policy)
    assert decide(first).weights.reason == "first weights"
    assert after(first, "ab").weights.reason == ""
    assert after(first, "ab", is_rebalance_ordered=True).weights.reason == "ordered by an operator"
    assert after(first, "abc").weights.reason == "the strategies have changed"
    assert after(first, "a").weights.reason == "the strategies have changed"
    changed = policy_of(EQUAL, rebalance=RebalanceFrequency.MONTHLY, max_weight=0.25)
    assert after(first, "ab", changed).weights.reason == "the configuration of the allocation has changed"
    factors = policy_of(EQUAL, rebalance=RebalanceFrequency.MONTHLY, defined={"a": 2.0, "b": 1.0})
    assert after(first, "ab", factors).weights.reason == "the configuration of the allocation has changed"
    # what has nothing to do with the allocation changes nothing
    assert after(first, "ab", replace(policy, lookback_days=20)).weights.reason == ""


def test_weights_stand_until_they_are_due_whatever_the_records_say() -> None:
    policy = policy_of(EARNED, rebalance=RebalanceFrequency.MONTHLY, shrinkage="none")
    before = record_of(a=alternating(0.01, 0.01), b=alternating(0.01, 0.01))
    since = record_of(a=alternating(0.01, 0.01), b=alternating(-0.02, 0.01))
    stood = after(asked("ab", policy, record=before), "ab", record=since)
    assert weights_of(stood) == pytest.approx({"a": 0.5, "b": 0.5})
    assert (stood.weights.turnover, stood.weights.cost, stood.weights.notes) == (0.0, 0.0, ())
    ordered = after(asked("ab", policy, record=before), "ab", record=since, is_rebalance_ordered=True)
    assert weights_of(ordered) == pytest.approx({"a": 1.0, "b": 0.0})


@pytest.mark.parametrize(("mean", "weight"), [(0.0085, 0.5), (0.008, 1 / 1.8)])
def test_weights_drift_until_one_would_move_by_more_than_the_drift(mean: float, weight: float) -> None:
    # Sharpe ratios of 1 and 0.85 give 54.05 %, a move of 4.05 %; of 1 and 0.8 55.56 %.
    policy = policy_of(EARNED, rebalance=RebalanceFrequency.DRIFT, drift=0.05, shrinkage="none")
    first = asked("ab", policy, record=record_of(a=alternating(0.01, 0.01), b=alternating(0.01, 0.01)))
    decision = after(first, "ab", record=record_of(a=alternating(0.01, 0.01), b=alternating(mean, 0.01)))
    assert weights_of(decision)["a"] == pytest.approx(weight)
    said = "drift: b would move by 5.6%, more than 5.0%" if weight > 0.5 else ""
    assert decision.weights.reason == said


def test_weights_of_nobody_drift_nowhere() -> None:
    policy = policy_of(EQUAL, rebalance=RebalanceFrequency.DRIFT)
    assert after(asked("", policy), "").weights.by_strategy == {}


def test_weights_of_full_in_between_do_not_stand() -> None:
    equal = policy_of(EQUAL, rebalance=RebalanceFrequency.MONTHLY)
    first = asked("ab", equal)
    whole = asked("ab", policy_of(FULL), book=committed(first))
    assert weights_of(decide(whole)) == {"a": 1.0, "b": 1.0}
    back = after(whole, "ab", equal)
    assert weights_of(back) == {"a": 0.5, "b": 0.5}
    assert back.weights.reason == "the configuration of the allocation has changed"


Case = tuple[str, str, dict[str, Any], float, float]


@pytest.mark.parametrize(
    ("before", "names", "own", "turnover", "traded"),
    [
        # From cash to two halves; two halves of three thirds: 2 · 1/6 sold, 1/3 bought.
        ("", "ab", {}, 1.0, 1.0),
        ("ab", "abc", {}, 1 / 3, 2 / 3),
        ("abc", "ab", {}, 1 / 3, 2 / 3),
        # From two halves to two quarters: one half is sold, and is cash.
        ("ab", "ab", {"max_weight": 0.25}, 0.5, 0.5),
        ("ab", "cd", {}, 1.0, 2.0),
    ],
)
def test_turnover_and_cost_of_a_rebalance(
    before: str, names: str, own: Mapping[str, Any], turnover: float, traded: float
) -> None:
    first = asked(before, policy_of(EQUAL))
    book = committed(first) if before else PortfolioBook()
    weights = decide(asked(names, policy_of(EQUAL, **own), book=book)).weights
    assert weights.turnover == pytest.approx(turnover)
    assert weights.cost == pytest.approx(traded * 0.0005)  # five basis points of slippage, no fee


def test_rebalance_is_in_the_journal_and_the_next_decision_goes_by_it() -> None:
    first = asked("ab", policy_of(EQUAL, base_weights={"a": 0.3}), account=account_of(), prices=PRICES)
    book = committed(first)
    assert book.rebalance is not None
    assert (book.rebalance.at, book.rebalance.weights) == (NOW, {"a": 0.3, "b": 0.5})
    assert {name: str(each.weight) for name, each in book.strategies.items()} == {"a": "0.3", "b": "0.5"}
    assert {name: str(each.capital) for name, each in book.strategies.items()} == {"a": "30000.0", "b": "50000.0"}
    again = after(first, "ab")
    assert again.weights.rebalance is None
    assert again.weights.by_strategy == decide(first).weights.by_strategy
