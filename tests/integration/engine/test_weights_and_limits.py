"""Weights, stop-losses and recoveries over ticks: what one tick commits is what the next goes by, in both stores."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.domain.allocation import Shrinkage
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy, RebalanceFrequency
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.command import SetWeights
from backend.domain.decision import Decision
from backend.domain.evaluation import Evaluation
from backend.domain.policy import DecisionPolicy
from backend.domain.risk_limits import RiskLimits
from backend.domain.signal import StrategyId
from backend.domain.trading_state import TradingState
from backend.engine.cycle import run_cycle
from tests.fakes.cycle import (
    AAPL,
    HOLD,
    KEY,
    MSFT,
    NO_BREAKERS,
    FixedBars,
    ScriptedStrategies,
    buy,
    cycle_of,
    tick_at,
    write_returns,
)
from tests.integration.engine.commanding import CommandPost

MONTHLY = AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT, rebalance=RebalanceFrequency.MONTHLY)
FAILED = {"failed": True}


class Failing(ScriptedStrategies):
    """Those who say ``FAILED`` have failed."""

    def evaluate(self, *asked: Any, **more: Any) -> Evaluation:
        failed = sorted(name for name, said in self.signals.items() if said is FAILED)
        self.signals = {name: said for name, said in self.signals.items() if said is not FAILED}
        found = super().evaluate(*asked, **more)
        return replace(found, failures={StrategyId(name): "StrategyTimeout: too slow" for name in failed})


class Fund(CommandPost):
    """Ticks a minute apart, at prices that a test sets."""

    def decided(self, minutes: float = 1, **signals: Any) -> Decision:
        self.clock.time += timedelta(minutes=minutes)
        strategies, bars = Failing(**signals), FixedBars(self.broker.prices)
        result = run_cycle(
            tick_at(self.clock.time),
            cycle_of(self.store, strategies, self.broker, self.clock, self.policy, bars),
        )
        assert result.decision is not None
        return result.decision

    def weights(self) -> dict[str, str]:
        book = self.store.observe_book(KEY).book
        return {str(name): str(each.weight) for name, each in sorted(book.strategies.items())}


def fund(store: DocumentStore, **fields: Any) -> Fund:
    return Fund(store, policy=DecisionPolicy(**{"breakers": NO_BREAKERS, "allocation": MONTHLY, **fields}))


def test_weights_stand_over_ticks_failures_and_restarts(store_factory: Callable[[], DocumentStore]) -> None:
    post = fund(store_factory())
    first = post.decided(a=HOLD, b=HOLD, c=FAILED, d=HOLD)
    assert first.weights.reason == "first weights"
    assert post.weights() == {"a": "0.25", "b": "0.25", "d": "0.25"}
    post.store = store_factory()
    second = post.decided(a=HOLD, b=FAILED, c=HOLD, d=HOLD)
    assert (second.weights.rebalance, second.weights.turnover) == (None, 0.0)
    assert post.weights() == dict.fromkeys("abcd", "0.25")
    assert post.decided(a=HOLD, b=HOLD, c=HOLD).weights.reason == "the strategies have changed"
    third = repr(1 / 3)  # d shares no more; its own weight is as it was
    assert post.weights() == {"a": third, "b": third, "c": third, "d": "0.25"}


def test_rebalance_that_is_ordered_is_carried_out_once(store: DocumentStore) -> None:
    post = fund(store)
    post.decided(a=buy("AAPL", 1.0), b=HOLD)
    assert post.broker.positions[AAPL].quantity == 500
    post.broker.prices[AAPL] = Decimal(150)  # 75,000 of 125,000: 10 % beyond its half
    assert post.decided(a=HOLD, b=HOLD).intents == ()
    post.order(SetWeights(by="ann", reason="too much of one", portfolios=frozenset({KEY.portfolio_id})))
    ordered = post.decided(a=HOLD, b=HOLD)
    assert ordered.weights.reason == "ordered by an operator"
    # 62,500 are 416.666… shares
    assert post.broker.positions[AAPL].quantity == Decimal("416.666667")
    assert post.decided(a=HOLD, b=HOLD).weights.rebalance is None


def test_stop_loss_sells_once_and_bars_the_symbol_until_the_next_day(store: DocumentStore) -> None:
    post = fund(store, allocation=AllocationPolicy(), risk=RiskLimits(stop_loss_threshold=0.02))
    post.decided(a=buy("AAPL", 0.5))
    post.broker.prices[AAPL] = Decimal("97.5")
    stopped = post.decided(a=FAILED)
    assert [(each.strategy, each.symbol) for each in stopped.stopped] == [("a", AAPL)]
    assert AAPL not in post.broker.positions
    again = post.decided(a=buy("AAPL", 0.5))
    assert (again.intents, "sold earlier today" in str(again.strategies[0].override_reason)) == ((), True)
    assert [each.symbol for each in post.decided(a=buy("MSFT", 0.1)).intents] == [MSFT]
    assert [each.symbol for each in post.decided(24 * 60, a=buy("AAPL", 0.5)).intents] == [AAPL]


@pytest.mark.parametrize(("is_automatic", "state"), [(True, TradingState.ACTIVE), (False, TradingState.REDUCING)])
def test_breaker_recovers_by_itself_where_that_is_allowed(
    store: DocumentStore, is_automatic: bool, state: TradingState
) -> None:
    limits = BreakerLimits(
        daily_loss_limit=1.0, equity_jump_limit=10, price_jump_limit=10, automatic_recovery=is_automatic
    )
    post = fund(store, allocation=AllocationPolicy(), breakers=limits)
    post.decided(a=buy("AAPL", 1.0))
    post.broker.prices[AAPL] = Decimal(84)
    assert post.decided(a=HOLD).trading_state is TradingState.REDUCING
    post.broker.prices[AAPL] = Decimal(95)
    post.decided(a=HOLD)
    post.decided(59, a=HOLD)
    assert store.trading("acme")[0].state is TradingState.REDUCING
    last = post.decided(1, a=HOLD)
    assert [each.value for each in last.watched.recovered] == (["drawdown"] if is_automatic else [])
    trading = store.trading("acme")[0]
    assert (trading.state, trading.guard.high_water_mark) == (state, 100_000)
    if is_automatic:
        post.broker.prices[AAPL] = Decimal(84)
        assert post.decided(a=HOLD).trading_state is TradingState.REDUCING


def test_weights_by_performance_come_from_the_record_in_the_store(documents: Documents) -> None:
    earned = AllocationPolicy(method=AllocationMethod.PERFORMANCE_BASED, shrinkage=Shrinkage.NONE)
    post = fund(DocumentStore(documents), allocation=earned)
    yesterday = post.clock.time.date() - timedelta(days=1)
    write_returns(documents, "a", [0.02, 0.0] * 5, yesterday)
    write_returns(documents, "b", [0.03, -0.01] * 5, yesterday)
    write_returns(documents, "c", [-0.02, 0.0] * 5, yesterday)
    weights = post.decided(a=HOLD, b=HOLD, c=HOLD).weights.by_strategy
    # Means of 1 %, deviations of 1 and of 2 %: Sharpe ratios as 2 to 1; c earned nothing.
    assert weights == pytest.approx({"a": 2 / 3, "b": 1 / 3, "c": 0.0})
