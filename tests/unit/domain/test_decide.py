"""Every stage of a decision by hand: score, weigh, restrain, limit, identify."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.book import PortfolioBook
from backend.domain.decide import decide
from backend.domain.decision import Decision, ModeChange, published_signals
from backend.domain.mode import Mode, ModeState, ThresholdPolicy, UnscoredMode
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import Action, StrategyId, StrategySignal
from backend.domain.track_record import TrackRecord
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    CLOSE_ALL,
    ENTROPY,
    HOLD,
    LOSING,
    NOW,
    PRICES,
    TODAY,
    account_of,
    book_of,
    buy,
    decided,
    inputs_of,
    record_of,
    sell,
)

EQUAL_WEIGHT = AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT)

# With one period a year the ratio is mean ÷ deviation. Of a − d, a − d, a, a + d, a + d the mean is a and the
# sample deviation √(4d²/4) = d; in powers of two all of it is exact in floats.
D = 2.0**-6
YEARLY = DecisionPolicy(periods_per_year=1)


def series(sharpe: float) -> list[float]:
    a = sharpe * D
    return [a - D, a - D, a, a + D, a + D]


def lowered(returns: Sequence[float]) -> list[float]:
    """A lower lowest return: the mean falls, the deviation rises."""
    return [returns[0] - 2.0**-40, *returns[1:]]


def decide_on(signals: dict[str, StrategySignal], **more: Any) -> Decision:
    return decide(inputs_of(signals, **more))


@pytest.mark.parametrize(
    ("returns", "mode", "multiplier"),
    [
        (series(2.0), Mode.ACTIVE, 1.0),
        (series(1.0), Mode.ACTIVE, 1.0),
        (lowered(series(1.0)), Mode.REDUCED, 0.5),
        (series(0.5), Mode.REDUCED, 0.5),
        (lowered(series(0.5)), Mode.SHADOW_MODE, 0.0),
        (series(-3.0), Mode.SHADOW_MODE, 0.0),
    ],
    ids=["above", "at-reduce", "below-reduce", "at-shadow", "below-shadow", "losing"],
)
def test_decide_mode_at_the_thresholds(returns: list[float], mode: Mode, multiplier: float) -> None:
    decision = decide_on({"a": buy(allocation=0.5)}, record=record_of(a=returns), policy=YEARLY)
    each = decided(decision, "a")
    assert (each.mode, each.multiplier, each.final_allocation) == (mode, multiplier, 0.5 * multiplier)
    assert (each.n, each.base_weight) == (5, 1.0)


def test_decide_sharpe_is_the_number_by_hand() -> None:
    assert decided(decide_on({"a": HOLD}, record=record_of(a=series(0.75)), policy=YEARLY), "a").sharpe == 0.75


@pytest.mark.parametrize(
    ("returns", "mode", "reason"),
    [
        ([-0.05] * 4, Mode.ACTIVE, "insufficient data: 4 daily returns, 5 needed; default allocation"),
        ([0.01] * 5, Mode.ACTIVE, "Sharpe undefined: 5 returns without variation; default allocation"),
        ([0.0] * 5, Mode.ACTIVE, "Sharpe undefined: 5 returns without variation; default allocation"),
        ([-0.01] * 5, Mode.SHADOW_MODE, "Sharpe undefined: 5 equal losses"),
    ],
    ids=["short", "equal-gains", "flat", "equal-losses"],
)
def test_decide_without_a_sharpe_ratio_says_why(returns: list[float], mode: Mode, reason: str) -> None:
    # Known faults: a losing record passing for no record, and a constant return for an infinite ratio.
    each = decided(decide_on({"a": buy()}, record=record_of(a=returns)), "a")
    assert (each.mode, each.sharpe, each.reasoning) == (mode, None, reason)


def test_decide_losing_record_of_seven_days_is_shadowed() -> None:
    each = decided(decide_on({"a": buy()}, record=record_of(a=LOSING)), "a")
    assert (each.mode, each.n, each.final_allocation) == (Mode.SHADOW_MODE, 7, 0.0)


def test_decide_equal_losses_beside_other_records_are_found_by_name() -> None:
    signals = {"unknown": buy(), "loser": buy(), "good": buy()}
    decision = decide_on(signals, record=record_of(a_gone=[-0.02] * 6, good=series(2.0), loser=[-0.01] * 6))
    assert [each.mode for each in decision.strategies] == [Mode.ACTIVE, Mode.SHADOW_MODE, Mode.ACTIVE]


def test_decide_probation_gives_a_quarter_to_the_unscored_only() -> None:
    policy = DecisionPolicy(scoring=ThresholdPolicy(unscored=UnscoredMode.PROBATION), risk=RiskLimits(gross_limit=4.0))
    decision = decide_on({"a_new": buy(), "loser": buy()}, record=record_of(loser=[-0.01] * 6), policy=policy)
    assert [(s.mode, s.multiplier, s.final_allocation) for s in decision.strategies] == [
        (Mode.REDUCED, 0.25, 0.125),
        (Mode.SHADOW_MODE, 0.0, 0.0),
    ]


def test_decide_return_exactly_lookback_days_old_counts_and_an_older_one_does_not() -> None:
    record = record_of(TODAY - timedelta(days=28), edge=series(2.0)[:3], old=series(2.0)[:4])
    assert record.days == tuple(TODAY - timedelta(days=back) for back in (31, 30, 29, 28))
    decision = decide_on({"edge": HOLD, "old": HOLD}, record=record)
    assert [each.n for each in decision.strategies] == [3, 3]
    shorter = decide_on({"edge": HOLD, "old": HOLD}, record=record, policy=DecisionPolicy(lookback_days=29))
    assert [each.n for each in shorter.strategies] == [2, 2]


def test_decide_record_and_signals_need_not_name_the_same_strategies() -> None:
    record = record_of(alpha=series(2.0), beta=series(0.5), gone=series(-1.0), zeta=series(-2.0))
    signals = {"alpha": HOLD, "beta": HOLD, "new": HOLD, "zeta": HOLD}
    decision = decide_on(signals, record=record, policy=YEARLY)
    assert [(each.strategy, each.sharpe, each.n) for each in decision.strategies] == [
        ("alpha", 2.0, 5),
        ("beta", 0.5, 5),
        ("new", None, 0),
        ("zeta", -2.0, 5),
    ]


def test_decide_record_in_the_order_of_the_signals_or_another_decides_the_same() -> None:
    record = record_of(a=series(2.0), b=series(0.5), c=[-0.01] * 5)
    order = [2, 0, 1]
    turned = TrackRecord(
        strategies=tuple(record.strategies[j] for j in order),
        days=record.days,
        returns=np.ascontiguousarray(record.returns[:, order]),
        is_virtual=record.is_virtual[:, order],
    )
    signals = {"a": buy(), "b": buy(), "c": buy()}
    assert decide_on(signals, record=turned, policy=YEARLY) == decide_on(signals, record=record, policy=YEARLY)


def test_decide_equal_inputs_in_another_order_decide_the_same() -> None:
    # Mappings are equal whatever their order, and canonical inputs come back in the order of their names.
    allocations = {f"s{i}": 0.1 * (i + 1) for i in range(7)}
    signals = {name: buy(allocation=allocation) for name, allocation in allocations.items()}
    inputs = inputs_of({**signals, "out": sell()}, account=account_of(), prices=PRICES)
    turned = replace(inputs, signals=dict(reversed(list(inputs.signals.items()))))
    assert turned == inputs
    assert decide(turned) == decide(inputs)
    assert list(published_signals(decide(turned))) == list(published_signals(decide(inputs)))


def test_decide_without_any_strategy_decides_nothing() -> None:
    decision = decide_on({}, account=account_of())
    assert (decision.strategies, decision.intents, decision.systemic_risk_detected) == ((), (), False)


def test_decide_keeps_base_weight_and_multiplier_as_two_factors() -> None:
    policy = DecisionPolicy(periods_per_year=1, allocation=replace(EQUAL_WEIGHT, base_weights={"a": 0.3}))
    decision = decide_on({"a": buy(allocation=0.8), "b": buy()}, record=record_of(a=series(0.5)), policy=policy)
    a, b = decision.strategies
    assert (a.base_weight, a.multiplier, a.signal.allocation) == (0.3, 0.5, 0.8)
    assert a.final_allocation == pytest.approx(0.12, rel=1e-12)
    assert (b.base_weight, b.multiplier, b.final_allocation) == (0.5, 1.0, 0.25)


def test_decide_freed_weight_stays_cash() -> None:
    policy = DecisionPolicy(allocation=EQUAL_WEIGHT)
    signals = {"a": buy(allocation=1.0), "b": buy(allocation=1.0)}
    decision = decide_on(signals, record=record_of(a=LOSING), policy=policy)
    assert [each.final_allocation for each in decision.strategies] == [0.0, 0.5]


def test_decide_ten_default_signals_are_scaled_to_the_gross_limit() -> None:
    # Known fault: ten signals of 0.5 asked for 500 % of the account. 10 × 0.5 = 5, so each gets 0.5 ÷ 5.
    decision = decide_on({f"s{i}": buy() for i in range(10)})
    assert [each.final_allocation for each in decision.strategies] == [0.1] * 10
    assert all(each.reasoning.endswith("entries ×0.200 to the gross limit") for each in decision.strategies)
    assert decision.signals_modified == 10


def test_decide_scales_entries_only_and_each_by_the_same_factor() -> None:
    # a 0.6 + b 0.5 × 0.5 + c 0.75 = 1.6 against 0.8: one half of each; the exits ask for what they like
    signals = {
        "a": buy(allocation=0.6),
        "b": buy(allocation=0.5),
        "c": buy(allocation=0.75),
        "x": sell(),
        "y": CLOSE_ALL,
    }
    policy = DecisionPolicy(periods_per_year=1, risk=RiskLimits(gross_limit=0.8))
    decision = decide_on(signals, record=record_of(b=series(0.5)), policy=policy)
    assert [each.final_allocation for each in decision.strategies] == pytest.approx([0.3, 0.125, 0.375, 1.0, 1.0])
    assert [each.action for each in decision.strategies][3:] == [Action.SELL, Action.CLOSE_ALL]


@pytest.mark.parametrize(("last", "expected"), [(0.5, [0.25, 0.25, 0.5]), (0.25, [0.25, 0.25, 0.25])])
def test_decide_entries_within_the_gross_limit_are_left_as_they_are(last: float, expected: list[float]) -> None:
    signals = {"a": buy(allocation=0.25), "b": buy(allocation=0.25), "c": buy(allocation=last)}
    decision = decide_on(signals)
    assert [each.final_allocation for each in decision.strategies] == expected
    assert decision.signals_modified == 0


def sellers(count: int, **more: StrategySignal) -> dict[str, StrategySignal]:
    return {**{f"seller{i}": sell() for i in range(count)}, "buyer": buy(), **more}


@pytest.mark.parametrize(("count", "is_systemic"), [(2, False), (3, True), (4, True)])
def test_decide_systemic_override_from_the_threshold_on(count: int, is_systemic: bool) -> None:
    decision = decide_on(sellers(count, second=buy()))
    assert decision.systemic_risk_detected is is_systemic
    assert [decided(decision, name).action for name in ("buyer", "second")] == [
        Action.HOLD if is_systemic else Action.BUY
    ] * 2
    assert decision.systemic_sellers == tuple(f"seller{i}" for i in range(count))
    details = (
        f"systemic risk: {count} strategies sell at once (threshold 3): {', '.join(decision.systemic_sellers)}"
        if is_systemic
        else ""
    )
    assert decision.systemic_risk_details == details


def test_decide_systemic_override_counts_strategies_and_not_what_they_sell() -> None:
    decision = decide_on({"a": sell(), "b": sell(), "c": CLOSE_ALL, "buyer": buy()})
    assert (decision.systemic_sellers, decision.systemic_risk_detected) == (("a", "b"), False)


def test_decide_systemic_override_does_not_count_the_disabled() -> None:
    decision = decide_on(sellers(3), policy=DecisionPolicy(disabled=frozenset({"seller1"})))
    assert (decision.systemic_sellers, decision.systemic_risk_detected) == (("seller0", "seller2"), False)
    assert decided(decision, "buyer").action is Action.BUY


def test_decide_systemic_override_counts_the_shadowed() -> None:
    decision = decide_on(sellers(3), record=record_of(seller0=LOSING))
    assert decided(decision, "seller0").mode is Mode.SHADOW_MODE
    assert decision.systemic_risk_detected


def test_decide_systemic_override_leaves_exits_alone() -> None:
    decision = decide_on(sellers(3, the_closer=CLOSE_ALL))
    exits = [each for each in decision.strategies if each.strategy != "buyer"]
    assert [each.action for each in exits] == [Action.SELL] * 3 + [Action.CLOSE_ALL]
    assert all(each.override_reason is None and each.final_allocation == 1.0 for each in exits)
    assert not any(each.is_modified for each in exits)


def test_decide_systemic_threshold_is_the_policys() -> None:
    assert decide_on(sellers(1), policy=DecisionPolicy(systemic_sell_threshold=1)).systemic_risk_detected


@pytest.mark.parametrize(
    ("offset", "action"),
    [(timedelta(seconds=1), Action.BUY), (timedelta(0), Action.HOLD), (-timedelta(1), Action.HOLD)],
)
def test_decide_expired_entry_is_held(offset: timedelta, action: Action) -> None:
    each = decided(decide_on({"a": buy(expires_at=NOW + offset)}), "a")
    assert each.action is action
    expected = None if action is Action.BUY else f"signal expired at {(NOW + offset).isoformat()}"
    assert each.override_reason == expected


def test_decide_expired_exit_is_not_held() -> None:
    each = decided(decide_on({"a": sell(expires_at=NOW - timedelta(hours=1))}), "a")
    assert (each.action, each.override_reason) == (Action.SELL, None)


def test_decide_held_entry_takes_nothing_of_the_gross_limit() -> None:
    decision = decide_on({"late": buy(allocation=1.0, expires_at=NOW), "sound": buy(allocation=1.0)})
    assert [each.final_allocation for each in decision.strategies] == [0.0, 1.0]


@pytest.mark.parametrize("state", [TradingState.REDUCING, TradingState.HALTED])
def test_decide_restricted_trading_holds_entries_and_not_exits(state: TradingState) -> None:
    decision = decide_on({"in": buy(), "out": sell(), "out_of_all": CLOSE_ALL}, trading_state=state)
    assert [each.action for each in decision.strategies] == [Action.HOLD, Action.SELL, Action.CLOSE_ALL]
    assert decided(decision, "in").override_reason == f"trading state {state}: no new entries"


def test_decide_disabled_strategy_asks_for_nothing_whatever_its_record() -> None:
    policy = DecisionPolicy(disabled=frozenset({"a"}), periods_per_year=1)
    each = decided(decide_on({"a": buy()}, record=record_of(a=series(2.0)), policy=policy), "a")
    assert (each.mode, each.multiplier, each.final_allocation) == (Mode.DISABLED, 0.0, 0.0)


def test_decide_reports_modes_that_changed_and_only_those() -> None:
    book = PortfolioBook(
        strategies={
            StrategyId("same"): book_of(Mode.ACTIVE),
            StrategyId("fallen"): book_of(Mode.ACTIVE),
            StrategyId("unjudged"): book_of(None),
            StrategyId("silent"): book_of(Mode.REDUCED),
        }
    )
    signals = {"fallen": HOLD, "new": HOLD, "same": HOLD, "unjudged": HOLD}
    decision = decide_on(signals, record=record_of(fallen=series(0.25)), policy=YEARLY, book=book)
    unscored = "insufficient data: 0 daily returns, 5 needed; default allocation"
    fresh = ModeState(mode=Mode.ACTIVE, since=NOW, reason=unscored)
    fallen = ModeState(mode=Mode.SHADOW_MODE, since=NOW, reason="Sharpe 0.25 < 0.50 (n=5)")
    assert decision.mode_changes == (
        ModeChange(strategy=StrategyId("fallen"), before=Mode.ACTIVE, after=fallen),
        ModeChange(strategy=StrategyId("new"), before=None, after=fresh),
        ModeChange(strategy=StrategyId("unjudged"), before=None, after=fresh),
    )


SPOKEN = {"action", "ticker", "allocation", "confidence", "reasoning"}
# base_weight stands beside weight_multiplier because the two factors are never merged
SCORED = {"mode", "original_allocation", "weight_multiplier", "base_weight", "sharpe_ratio"}
IDENTIFIED = {"agent_id", "nonce", "session_id", "identity_timestamp"}


def test_published_signal_of_an_active_strategy() -> None:
    decision = decide_on({"a": buy(allocation=0.5)}, record=record_of(a=series(0.5)), policy=YEARLY)
    published = published_signals(decision)["a"]
    assert set(published) == SPOKEN | SCORED | IDENTIFIED
    assert {key: published[key] for key in SPOKEN | SCORED} == {  # type: ignore[literal-required]
        "action": "BUY",
        "ticker": "AAPL",
        "allocation": 0.25,
        "confidence": 0.8,
        "reasoning": "test",
        "mode": "REDUCED",
        "original_allocation": 0.5,
        "weight_multiplier": 0.5,
        "sharpe_ratio": 0.5,
        "base_weight": 1.0,
    }
    assert published["agent_id"] == "acme_a"
    assert re.fullmatch("[0-9a-f]{32}", published["nonce"])
    assert published["session_id"] == decision.session_id
    assert published["identity_timestamp"] == "2026-01-30T21:01:00+00:00"


def test_published_signal_in_shadow() -> None:
    published = published_signals(decide_on({"a": buy()}, record=record_of(a=LOSING)))["a"]
    assert set(published) == SPOKEN | SCORED | IDENTIFIED | {"shadow_mode"}
    assert (published["mode"], published["allocation"], published["shadow_mode"]) == ("SHADOW_MODE", 0.0, True)
    assert (published["action"], published["original_allocation"], published["confidence"]) == ("BUY", 0.5, 0.8)


@pytest.mark.parametrize("shadowed", [False, True])
def test_published_signal_overridden(shadowed: bool) -> None:
    record = record_of(buyer=LOSING) if shadowed else record_of()
    decision = decide_on(sellers(3), record=record)
    published = published_signals(decision)["buyer"]
    more = {"original_action", "override_reason", *(["shadow_mode"] if shadowed else [])}
    assert set(published) == SPOKEN | SCORED | IDENTIFIED | more
    assert (published["action"], published["original_action"]) == ("HOLD", "BUY")
    assert (published["allocation"], published["confidence"]) == (0.0, 0.0)
    assert published["original_allocation"] == 0.5
    assert published["override_reason"] == decision.systemic_risk_details


def test_published_signal_keeps_what_the_strategy_added() -> None:
    expires = NOW + timedelta(minutes=1)
    metadata = {"fast": 10}
    published = published_signals(decide_on({"a": buy(metadata=metadata, expires_at=expires)}))["a"]
    assert set(published) == SPOKEN | SCORED | IDENTIFIED | {"metadata", "expires_at"}
    assert (published["metadata"], published["expires_at"]) == (metadata, expires)
    published["metadata"]["fast"] = 0
    assert metadata == {"fast": 10}


def test_published_signals_have_one_nonce_each_and_one_session() -> None:
    decision = decide_on({f"s{i}": HOLD for i in range(50)})
    other = decide_on({f"s{i}": HOLD for i in range(50)}, entropy=ENTROPY[::-1])
    nonces = [each.nonce for each in (*decision.strategies, *other.strategies)]
    assert len(set(nonces)) == 100
    assert decision.session_id != other.session_id
    assert decision.session_id not in nonces
    assert [each.nonce for each in decide_on({"s1": buy()}).strategies] == [decided(decision, "s1").nonce]


def test_decide_carries_failures_into_the_decision() -> None:
    decision = decide_on({"a": HOLD}, failures={StrategyId("broken"): "evaluate() raised KeyError"})
    assert decision.failures == {"broken": "evaluate() raised KeyError"}
    assert [each.strategy for each in decision.strategies] == ["a"]
