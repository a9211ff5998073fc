"""Entries held back by risk between strategies: who, why, and what trips for it; on real returns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.alert_rules import AlertRules
from backend.domain.book import PortfolioBook
from backend.domain.breaker_limits import BreakerLimits, EmergencyStop
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.guard import Breaker, Guard
from backend.domain.mode import Mode, ThresholdPolicy
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_figures import tail_losses
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import Action, StrategyId
from backend.domain.trading_state import TradingState
from backend.domain.watch import rebased
from tests.fakes.returns import daily_returns
from tests.unit.domain.decision_inputs import (
    AAPL,
    HOLD,
    KO,
    MSFT,
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
from tests.unit.domain.decision_inputs import signal as signal_of

WAVE = np.sin(np.arange(40))
OTHER = np.cos(np.arange(40) * 2.3)
# b goes with a (0.97), c with neither; the Sharpe ratio of a is the highest, that of c the lowest.
SERIES = {
    "a": (0.006 + 0.01 * WAVE).tolist(),
    "b": (0.004 + 0.01 * WAVE + 0.0025 * OTHER).tolist(),
    "c": (0.002 + 0.01 * OTHER).tolist(),
}
ALL_ACTIVE = ThresholdPolicy(shadow=-1000, reduce=-999)
ALL = frozenset(EmergencyStop)


def asked(series: Mapping[str, Sequence[float]] = SERIES, said: Any = None, **more: Any) -> DecisionInputs:
    risk = RiskLimits(**more.pop("limits", {}))
    breakers = BreakerLimits(**more.pop("breakers", {}))
    policy = DecisionPolicy(scoring=ALL_ACTIVE, risk=risk, breakers=breakers, lookback_days=60, **more.pop("rest", {}))
    signals = {name: buy(AAPL, 0.2) for name in series} if said is None else said
    record = more.pop("record", record_of(**series))
    return inputs_of(signals, policy=policy, record=record, account=account_of(), prices=PRICES, **more)


def held_back(decision: Decision) -> dict[str, str]:
    return {str(each.strategy): each.override_reason for each in decision.strategies if each.override_reason}


def test_correlation_beyond_the_limit_holds_back_the_lower_sharpe_ratio() -> None:
    correlation = float(np.corrcoef(SERIES["a"], SERIES["b"])[0, 1])
    decision = decide(asked(limits={"max_strategy_correlation": 0.8}))
    assert held_back(decision) == {"b": f"correlation {correlation:.2f} with a is above 0.80: no increase"}
    assert decided(decision, "b").action is Action.HOLD
    assert [intent.strategy for intent in decision.intents] == ["a", "c"]
    assert decision.watched.trips == ()


@pytest.mark.parametrize("limit", [0.98, 1.0])
def test_correlation_within_the_limit_holds_nobody_back(limit: float) -> None:
    decision = decide(asked(limits={"max_strategy_correlation": limit}))
    assert held_back(decision) == {}
    assert decision.risk.pair == ("a", "b")


def test_correlation_holds_back_whoever_moves_with_one_that_was_taken() -> None:
    # b goes with a and with c, which do not go with each other: only b stays out.
    series = {"a": (0.008 + 0.01 * WAVE).tolist(), "c": (0.007 + 0.01 * OTHER).tolist()}
    series["b"] = (0.005 + 0.01 * WAVE + 0.01 * OTHER).tolist()
    decision = decide(asked(series, limits={"max_strategy_correlation": 0.6}))
    assert held_back(decision).keys() == {"b"}
    best = {**series, "b": (0.02 + 0.01 * WAVE + 0.01 * OTHER).tolist()}
    assert held_back(decide(asked(best, limits={"max_strategy_correlation": 0.6}))).keys() == {"a", "c"}


def test_correlation_of_equal_sharpe_ratios_is_decided_by_name() -> None:
    series = {"b": SERIES["a"], "a": SERIES["a"]}
    assert held_back(decide(asked(series, limits={"max_strategy_correlation": 0.9}))).keys() == {"b"}


def test_correlation_never_holds_an_exit_back() -> None:
    said = {"a": buy(AAPL, 0.2), "b": sell(MSFT), "c": signal_of(Action.CLOSE_ALL, None)}
    decision = decide(asked(said=said, limits={"max_strategy_correlation": 0.8}))
    assert held_back(decision) == {}


def test_correlation_is_of_those_that_hold_capital() -> None:
    inputs = asked(limits={"max_strategy_correlation": 0.8}, rest={"disabled": frozenset("a")})
    decision = decide(inputs)
    assert held_back(decision) == {}
    assert decision.risk.pair != ("a", "b")


def test_correlation_is_also_with_who_failed_at_this_tick_and_holds_capital() -> None:
    said = {"b": buy(AAPL, 0.2), "c": buy(AAPL, 0.2)}
    book = PortfolioBook(strategies={StrategyId("a"): book_of(Mode.ACTIVE)})
    inputs = asked(said=said, limits={"max_strategy_correlation": 0.8}, failures={StrategyId("a"): "raised"})
    assert held_back(decide(inputs)) == {}  # it never held any
    decision = decide(replace(inputs, book=book))
    assert held_back(decision).keys() == {"b"}
    assert decision.risk.pair == ("a", "b")


@pytest.mark.parametrize("days", [19, 20])
def test_correlation_of_few_days_holds_nobody_back(days: int) -> None:
    series = {name: each[-days:] for name, each in SERIES.items()}
    decision = decide(asked(series, limits={"max_strategy_correlation": 0.8}))
    assert bool(held_back(decision)) is (days == 20)
    assert (decision.risk.correlation is None) is (days == 19)


def test_without_performance_tracking_returns_are_not_judged() -> None:
    limits = {"max_strategy_correlation": 0.8, "var_limit": 0.001, "cvar_limit": 0.001}
    decision = decide(asked(limits=limits, breakers={"emergency_stops": ALL}))
    assert decision.trading_state is TradingState.REDUCING
    untracked = {"alerts": AlertRules(performance_tracking=False)}
    decision = decide(asked(limits=limits, breakers={"emergency_stops": ALL}, rest=untracked))
    assert held_back(decision) == {}
    assert (decision.risk.correlation, decision.risk.var, decision.risk.leverage) == (None, None, 0.0)


REAL = daily_returns(3).to_numpy()[-60:]
LOSSES = tail_losses(REAL, np.ones(3), 0.95)  # beside Riskfolio-Lib in test_risk_figures
LEVELS = {"var_limit": LOSSES[0] if LOSSES else 0.0, "cvar_limit": LOSSES[1] if LOSSES else 0.0}


@pytest.mark.parametrize(("key", "name"), [("var_limit", "value at risk"), ("cvar_limit", "shortfall")])
@pytest.mark.parametrize("part", [0.99, 1.01])
def test_losses_in_the_tail_beyond_the_limit_hold_everybody_back(key: str, name: str, part: float) -> None:
    series = {each: REAL[:, j].tolist() for j, each in enumerate("abc")}
    level = LEVELS[key]
    inputs = asked(series, limits={key: level * part})
    decision = decide(inputs)
    said = f"{name} of one day at 95%, {level:.2%}, is above {level * part:.2%}: no increase"
    assert held_back(decision) == (dict.fromkeys("abc", said) if part < 1 else {})
    assert {"var_limit": decision.risk.var, "cvar_limit": decision.risk.cvar} == pytest.approx(LEVELS)
    assert decision.trading_state is TradingState.ACTIVE


def test_losses_of_a_reduced_strategy_are_not_halved_a_second_time() -> None:
    series = {"a": REAL[:, 0].tolist()}
    reduced = DecisionPolicy(scoring=ThresholdPolicy(shadow=-1000, reduce=1000), lookback_days=60)
    decision = decide(replace(asked(series), policy=reduced))
    assert decided(decision, "a").mode is Mode.REDUCED
    alone = tail_losses(REAL[:, :1], np.ones(1), 0.95)
    assert (decision.risk.var, decision.risk.cvar) == pytest.approx(alone)


def correlated(**more: Any) -> DecisionInputs:
    limits, breakers = {"max_strategy_correlation": 0.8}, {"emergency_stops": ALL}
    return asked(limits=limits, breakers=breakers, **more)


def test_correlation_that_is_an_emergency_stop_trips_a_breaker() -> None:
    decision = decide(correlated())
    (trip,) = decision.watched.trips
    assert (trip.breaker, trip.state) == (Breaker.CORRELATION, TradingState.REDUCING)
    assert trip.reason == f"correlation: {np.corrcoef(SERIES['a'], SERIES['b'])[0, 1]:.2f} of a and b; limit 0.80"
    assert set(held_back(decision).values()) == {"trading state REDUCING: no new entries"}
    latched = {Breaker.CORRELATION: TradingState.REDUCING}
    assert decide(correlated(latched=latched)).watched.trips == ()


@pytest.mark.parametrize(
    ("days_later", "trips"),
    [(0, False), (1, False), (2, True)],  # reset on the 30th, when returns up to the 29th were known
)
def test_reset_of_a_correlation_waits_for_returns_of_a_later_day(days_later: int, trips: bool) -> None:
    guard = rebased(Guard(), [Breaker.CORRELATION], at=NOW)
    assert guard.correlations_seen_on == TODAY
    record = record_of(TODAY + timedelta(days_later - 1), **SERIES)
    decision = decide(correlated(guard=guard, record=record, now=NOW + timedelta(days_later)))
    assert bool(decision.watched.trips) is trips
    assert "b" in held_back(decision)  # the limit itself holds, trip or no trip


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([-0.02, -0.01, 0.0, 0.005, 0.02]), min_size=22, max_size=22), min_size=1, max_size=6
    ),
    st.floats(0.01, 1.0),
)
def test_nobody_is_held_back_who_moves_with_no_one_that_may_enter(rows: list[list[float]], limit: float) -> None:
    series = dict(zip("abcdef", rows, strict=False))
    back = held_back(decide(asked(series, limits={"max_strategy_correlation": limit})))
    entering = [name for name in series if name not in back]
    assert entering

    def goes_with(one: str, other: str) -> float:
        varies = np.std(series[one]) > 1e-12 and np.std(series[other]) > 1e-12
        return float(np.corrcoef(series[one], series[other])[0, 1]) if varies else 0.0

    for one in entering:
        assert all(goes_with(one, other) <= limit + 1e-9 for other in entering if other != one)
    for one in back:
        assert any(goes_with(one, other) > limit - 1e-9 for other in entering)


def test_holds_and_exits_are_no_entries() -> None:
    assert held_back(decide(asked(said={"a": HOLD, "b": sell(KO)}, limits={"max_strategy_correlation": 0.1}))) == {}
