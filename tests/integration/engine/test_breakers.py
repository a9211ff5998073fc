"""Breakers look at every tick, hold across restarts, are reset with a reason, and do not trip on old evidence."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, audit_documents, paths
from backend.domain.audit import AuditKind
from backend.domain.breaker_limits import BreakerLimits
from backend.domain.command import Halt, Reset, Resume
from backend.domain.errors import ConfigurationError
from backend.domain.evaluation import Evaluation
from backend.domain.guard import Breaker
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId
from backend.domain.statement import ActivityKind
from backend.domain.tick import TickResult
from backend.domain.trading_state import TradingState
from backend.engine.cycle import run_cycle
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, FixedBars, ScriptedStrategies, buy, cycle_of, sell, tick_at
from tests.fakes.statements import FakeCalendar, FakeStatements
from tests.integration.engine.commanding import CommandPost

RESET = Reset(by="ann", reason="seen and understood")


class Fund(CommandPost):
    """One strategy that holds 800 AAPL at 100 of an account of 100,000: its price is the account's fate."""

    def __init__(self, store: Any, policy: DecisionPolicy | None = None) -> None:
        super().__init__(store, policy=policy)
        self.tick(a=buy("AAPL", 0.8))

    def tick(self, key: Any = KEY, store: Any = None, **signals: Any) -> TickResult:
        self.clock.time += timedelta(seconds=60)
        bars = FixedBars(self.broker.prices)
        strategies = ScriptedStrategies(**signals)
        cycle = cycle_of(store or self.store, strategies, self.broker, self.clock, self.policy, bars)
        statements = FakeStatements(self.broker, FakeCalendar(), bars)
        return run_cycle(tick_at(self.clock.time, key), replace(cycle, statements=statements))

    def at(self, price: str, **signals: Any) -> TickResult:
        self.broker.prices[AAPL] = Decimal(price)
        return self.tick(**(signals or {"a": HOLD}))

    @property
    def state(self) -> TradingState:
        state: TradingState = self.store.trading(KEY.tenant_id)[0].state
        return state

    def alerts(self, documents: Documents) -> list[str]:
        found = documents.query(paths.collection("acme", "alerts"))
        return sorted(f"{each.fields['severity']} {each.fields['kind']}" for each in found)


DAILY_LOSS_OFF = {"daily_loss_limit": 1.0}


def limits(**changes: Any) -> DecisionPolicy:
    return DecisionPolicy(breakers=BreakerLimits(**{**DAILY_LOSS_OFF, **changes}))


def test_drawdown_warns_then_reduces_then_halts_and_says_on_what_basis(
    store: DocumentStore, documents: Documents
) -> None:
    fund = Fund(store, limits())
    fund.at("87.5")  # 800 × 87.5 + 20,000 = 90,000: exactly 10 % below 100,000
    assert (fund.state, fund.alerts(documents)) == (TradingState.ACTIVE, ["warning drawdown_warning"])
    fund.at("81.25")  # 85,000: 15 %
    assert fund.state is TradingState.REDUCING
    held = fund.at("81.25", a=HOLD, b=buy("MSFT", 0.1))
    assert (held.orders, "REDUCING" in str(held.decision and held.decision.strategies[1].override_reason)) == ((), True)
    fund.at("75")  # 80,000: 20 %
    assert fund.state is TradingState.HALTED
    (restriction,) = store.trading("acme")[0].restrictions.values()
    assert restriction.reason == (
        "drawdown: equity 80,000.00 is 20 % below the high-water mark 100,000.00 of 2026-01-30; level 20 %"
    )
    assert fund.at("75", a=sell("AAPL")).orders == ()
    assert fund.alerts(documents) == ["error breaker_drawdown"] * 2 + ["warning drawdown_warning"]


def test_breaker_that_trips_holds_the_entries_of_that_very_tick(store: DocumentStore) -> None:
    fund = Fund(store, limits())
    result = fund.at("81.25", a=HOLD, b=buy("MSFT", 0.1))
    assert result.orders == ()
    (entry,) = store.decisions("acme", last=1)
    assert [(each["breaker"], each["state"]) for each in entry.body["trips"]] == [("drawdown", "REDUCING")]
    assert entry.body["trading_state"] == "REDUCING"


def test_breaker_holds_across_a_restart(store: DocumentStore, store_factory: Callable[[], DocumentStore]) -> None:
    fund = Fund(store, limits())
    fund.at("81.25")
    fund.store = store_factory()  # another process: nothing is remembered but what is stored
    assert fund.at("100", a=HOLD, b=buy("MSFT", 0.1)).orders == ()
    assert fund.state is TradingState.REDUCING


def test_reset_needs_a_reason_lifts_and_does_not_trip_on_old_evidence(
    store: DocumentStore, documents: Documents
) -> None:
    fund = Fund(store, limits())
    fund.at("81.25")
    with pytest.raises(ConfigurationError, match="reason"):
        Reset(by="ann", reason="")
    done = fund.order(RESET)
    assert (done.before.state, done.after.state, done.after.epoch) == (TradingState.REDUCING, TradingState.ACTIVE, 2)
    assert done.after.guard.high_water_mark == Decimal("85000.00")
    assert len(fund.at("81.25", a=HOLD, b=buy("MSFT", 0.1)).orders) == 1  # the same equity trips nothing
    fund.at("68")  # 85,000 × 0.85 = 72,250; 800 × 68 + 20,000 = 74,400 is above it
    assert fund.state is TradingState.ACTIVE
    fund.at("65")  # 72,000: new evidence
    assert fund.state is TradingState.REDUCING
    (entry,) = [audit_documents.from_document(each) for each in documents.query(paths.collection("acme", "audit_log"))]
    assert (entry.kind, entry.actor, entry.reason) == (AuditKind.RESET, "ann", "seen and understood")


def test_reset_of_one_breaker_leaves_the_others_and_the_operators_halt(store: DocumentStore) -> None:
    fund = Fund(store, limits(daily_loss_limit=0.05))
    fund.at("81.25")
    assert set(store.trading("acme")[0].latched) == {Breaker.DRAWDOWN, Breaker.DAILY_LOSS}
    fund.order(Halt(by="ann", reason="wait"))
    fund.order(Reset(by="ann", reason="seen", breakers=frozenset({Breaker.DRAWDOWN})))
    trading, _ = store.trading("acme")
    assert (set(trading.restrictions), trading.state) == ({"daily_loss", "operator"}, TradingState.HALTED)
    fund.order(Resume(by="ann", reason="go"))
    assert fund.state is TradingState.REDUCING
    fund.order(RESET)
    assert fund.state is TradingState.ACTIVE
    with pytest.raises(ConfigurationError, match="found none that has"):
        fund.order(RESET)


def test_daily_loss_counts_from_the_last_equity_before_the_day(store: DocumentStore) -> None:
    fund = Fund(store, limits(daily_loss_limit=0.05))
    fund.at("104")  # 103,200 at the end of the first day
    fund.clock.time += timedelta(days=3)
    fund.at("97.7")  # 98,160: 4.88 % below
    assert fund.state is TradingState.ACTIVE
    fund.at("97.5")  # 98,000: 5.04 % below
    assert fund.state is TradingState.REDUCING


def test_three_strategies_that_fail_within_an_hour_trip_and_one_that_fails_ever_again_does_not(
    store: DocumentStore,
) -> None:
    class Failing:
        def __init__(self, *names: str) -> None:
            self.names = names

        def evaluate(self, *_: Any) -> Evaluation:
            return Evaluation(failures={StrategyId(name): "KeyError" for name in self.names})

    fund = Fund(store, limits())

    def fail(*names: str) -> None:
        fund.clock.time += timedelta(seconds=60)
        cycle = cycle_of(store, ScriptedStrategies(), fund.broker, fund.clock, fund.policy)
        run_cycle(tick_at(fund.clock.time), replace(cycle, strategies=Failing(*names)))

    for _ in range(5):
        fail("x")
    assert fund.state is TradingState.ACTIVE
    fail("y")
    fail("z")
    assert fund.state is TradingState.REDUCING
    fund.order(RESET)
    fail("z")
    assert fund.state is TradingState.ACTIVE


def test_absurd_equity_of_one_tick_trips_nothing_and_buys_nothing(store: DocumentStore) -> None:
    fund = Fund(store, limits())
    result = fund.at("40", a=HOLD, b=buy("MSFT", 0.1))  # 52,000: 48 % less than a minute ago
    assert (result.orders, fund.state) == ((), TradingState.ACTIVE)
    assert "in doubt" in str(result.decision and result.decision.strategies[1].override_reason)
    assert len(fund.at("100", a=HOLD, b=buy("MSFT", 0.1)).orders) == 1
    assert store.trading("acme")[0].guard.high_water_mark == Decimal(100_000)


def test_real_crash_is_confirmed_by_the_third_look(store: DocumentStore) -> None:
    fund = Fund(store, limits())
    assert [(fund.at("51"), fund.state)[1] for _ in range(3)] == ["ACTIVE", "ACTIVE", "HALTED"]


def test_price_that_jumps_in_one_tick_holds_entries_and_trips_when_it_stays(store: DocumentStore) -> None:
    fund = Fund(store, limits(equity_jump_limit=10.0, drawdown_warning=1.0, drawdown_reduce=1.0, max_drawdown=1.0))
    fund.broker.prices[MSFT] = Decimal(120)  # nobody holds it: 140 % above its daily close would be, but it is flat
    assert len(fund.at("100", a=HOLD, b=buy("MSFT", 0.1)).orders) == 1
    held = fund.at("160", a=HOLD, b=buy("MSFT", 0.2))
    assert held.orders == ()
    fund.at("160")
    assert fund.state is TradingState.ACTIVE
    fund.at("160")
    assert fund.state is TradingState.REDUCING
    assert "AAPL from 100.00 to 160.00" in store.trading("acme")[0].reason


def test_withdrawal_is_no_loss_and_deposit_no_gain(store: DocumentStore) -> None:
    fund = Fund(store, limits(daily_loss_limit=0.05))
    fund.clock.time += timedelta(seconds=10)
    fund.broker.book(ActivityKind.TRANSFER, cash=Decimal(-15_000))
    fund.at("100")
    trading, _ = store.trading("acme")
    assert (trading.state, trading.guard.high_water_mark) == (TradingState.ACTIVE, Decimal(85_000))
    fund.clock.time += timedelta(seconds=10)
    fund.broker.book(ActivityKind.TRANSFER, cash=Decimal(17_000))
    fund.at("100")
    assert store.trading("acme")[0].guard.high_water_mark == Decimal(102_000)


def test_account_that_holds_less_than_the_sleeves_trips_at_the_third_look_and_a_reset_acknowledges(
    store: DocumentStore, documents: Documents
) -> None:
    fund = Fund(store, limits())
    fund.broker.trade_by_hand(AAPL, Decimal(-100))
    for _ in range(2):
        fund.tick(a=HOLD)
    assert fund.state is TradingState.ACTIVE
    fund.clock.time += timedelta(seconds=60)
    fund.reconcile()  # a job's look counts as much as a tick's
    assert fund.state is TradingState.REDUCING
    (entry,) = [audit_documents.from_document(each) for each in documents.query(paths.collection("acme", "audit_log"))]
    assert (entry.kind, entry.actor) == (AuditKind.BREAKER_TRIPPED, "reconcile")
    assert "AAPL: the account holds 100" in entry.reason
    fund.order(RESET)
    for _ in range(4):
        fund.tick(a=HOLD)
    assert fund.state is TradingState.ACTIVE
    fund.broker.trade_by_hand(AAPL, Decimal(-1))
    for _ in range(3):
        fund.tick(a=HOLD)
    assert fund.state is TradingState.REDUCING


def test_order_that_the_broker_forgets_stays_open_until_a_reset_acknowledges_it(store: DocumentStore) -> None:
    fund = Fund(store, limits())
    fund.broker.is_filling = False
    (order,) = fund.at("100", a=HOLD, b=buy("MSFT", 0.1)).orders
    fund.broker.hidden.add(order.intent.client_order_id)
    for _ in range(7):  # longer than it takes to prove absent what was never acknowledged
        fund.tick(a=HOLD)
    trading, _ = store.trading("acme")
    assert (trading.state, list(trading.working)) == (TradingState.REDUCING, [order.intent.client_order_id])
    fund.order(RESET)
    fund.tick(a=HOLD)
    trading, _ = store.trading("acme")
    assert (trading.state, trading.working) == (TradingState.ACTIVE, {})
