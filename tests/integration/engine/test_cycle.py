"""One tick from observation to record."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.seam import merge
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.audit import entry_hash
from backend.domain.canonical import read_canonical_json
from backend.domain.decide import decide
from backend.domain.errors import (
    BrokerRefused,
    BrokerUnavailable,
    ConfigurationError,
    MarketDataError,
    OrderRejected,
    OrderUnresolved,
    PortfolioPaused,
    TickExpired,
)
from backend.domain.mode import Mode
from backend.domain.order import BrokerOrder, OrderIntent, OrderStatus, Side
from backend.domain.policy import DecisionPolicy
from backend.domain.tick import PortfolioKey, TickStatus
from backend.domain.trading_state import TradingState
from backend.engine.cycle import run_cycle
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import (
    AAPL,
    AT,
    HOLD,
    KEY,
    MSFT,
    PRICES,
    ScriptedStrategies,
    SetClock,
    buy,
    cycle_of,
    restrict,
    sell,
    tick_at,
    write_returns,
)

EQUAL_WEIGHT = AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT)

YESTERDAY = date(2026, 1, 29)
LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01]
MIDDLING = [0.010, -0.0095, 0.010, -0.0095, 0.010, -0.0095, 0.0094, -0.0090]


class CrashingBroker(FakeBroker):
    """The process ends when it sends its first order."""

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        raise MemoryError


def fresh_broker() -> FakeBroker:
    return FakeBroker(Decimal(100_000), PRICES)


def test_tick_buys_sizes_and_books_the_fill(store: DocumentStore) -> None:
    broker = fresh_broker()
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker))

    assert result.status is TickStatus.DONE
    (order,) = result.orders
    assert order.status is OrderStatus.FILLED
    assert order.intent.notional == Decimal("50000.00")
    assert broker.positions[AAPL].quantity == Decimal(500)
    observed = store.observe_book(KEY)
    assert observed.book.strategies["trend"].real.quantity(AAPL) == Decimal(500)
    assert observed.book.open_orders == {}
    assert observed.trading.reserved == 0


def test_tick_without_orders_is_done_by_its_commit(store: DocumentStore) -> None:
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=HOLD)))
    assert result.status is TickStatus.DONE
    assert result.orders == ()
    assert store.observe(tick_at()).tick is not None


def test_tick_delivered_twice_orders_once(store: DocumentStore) -> None:
    broker = fresh_broker()
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL")), broker)
    first = run_cycle(tick_at(), cycle)
    again = run_cycle(tick_at(), cycle)

    assert len(broker.submitted) == 1
    assert again.was_resumed
    assert again.orders == first.orders


def test_repeated_target_is_not_bought_again(store: DocumentStore) -> None:
    broker = fresh_broker()
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL")), broker)
    run_cycle(tick_at(), cycle)
    run_cycle(tick_at(AT + timedelta(minutes=5)), cycle)
    assert len(broker.submitted) == 1


def test_sell_leaves_the_whole_position_of_its_own_strategy_only(store: DocumentStore) -> None:
    broker = fresh_broker()
    strategies = ScriptedStrategies(one=buy("AAPL", 0.2), two=buy("AAPL", 0.3))
    cycle = cycle_of(store, strategies, broker)
    run_cycle(tick_at(), cycle)
    strategies.signals = {"one": sell("AAPL"), "two": HOLD}
    run_cycle(tick_at(AT + timedelta(minutes=5)), cycle)
    assert broker.positions[AAPL].quantity == Decimal(300)


def test_external_position_is_never_sold(store: DocumentStore) -> None:
    broker = fresh_broker()
    cycle = cycle_of(store, ScriptedStrategies(one=buy("AAPL", 0.2)), broker)
    run_cycle(tick_at(), cycle)
    held = broker.positions[AAPL]
    broker.positions[AAPL] = replace(held, quantity=held.quantity + 1000)
    run_cycle(tick_at(AT + timedelta(minutes=5)), cycle_of(store, ScriptedStrategies(one=sell("AAPL")), broker))
    assert broker.positions[AAPL].quantity == Decimal(1000)


def test_losing_record_is_shadowed_and_never_reaches_the_broker(store: DocumentStore, documents: Documents) -> None:
    write_returns(documents, "loser", LOSING, YESTERDAY)
    broker = fresh_broker()
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(loser=buy("AAPL")), broker))

    assert result.decision is not None
    assert result.decision.strategies[0].mode is Mode.SHADOW_MODE
    assert broker.submitted == []
    book = store.observe_book(KEY).book.strategies["loser"]
    assert book.traded.quantity(AAPL) > 0
    assert book.real.quantity(AAPL) == 0


def test_demoted_strategy_still_carries_out_its_real_exit(store: DocumentStore, documents: Documents) -> None:
    clock = SetClock()
    broker = FakeBroker(Decimal(100_000), PRICES, clock)
    run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(s=buy("AAPL")), broker, clock))
    write_returns(documents, "s", LOSING, YESTERDAY)
    clock.time += timedelta(minutes=5)
    run_cycle(tick_at(clock.time), cycle_of(store, ScriptedStrategies(s=HOLD), broker, clock))
    assert store.observe_book(KEY).book.strategies["s"].is_in_shadow
    clock.time += timedelta(minutes=5)
    run_cycle(tick_at(clock.time), cycle_of(store, ScriptedStrategies(s=sell("AAPL")), broker, clock))

    book = store.observe_book(KEY).book.strategies["s"]
    assert AAPL not in broker.positions or broker.positions[AAPL].quantity == 0
    assert book.real.quantity(AAPL) == 0
    assert book.traded.quantity(AAPL) == 0


def test_halted_account_decides_and_sends_nothing(store: DocumentStore) -> None:
    broker = fresh_broker()
    restrict(store, TradingState.HALTED)
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=buy("AAPL")), broker))
    assert result.decision is not None
    assert result.decision.strategies[0].override_reason is not None
    assert broker.submitted == []


def test_unresolved_order_keeps_its_capital_until_a_later_tick_finds_it(store: DocumentStore) -> None:
    broker = fresh_broker()
    broker.fail_next(OrderUnresolved("timed out"), accept_first=True)
    broker.fail_next(BrokerUnavailable("still down"), on="find")
    strategies, clock = ScriptedStrategies(trend=buy("AAPL")), SetClock()
    result = run_cycle(tick_at(), cycle_of(store, strategies, broker, clock))
    assert [order.status for order in result.orders] == [OrderStatus.UNRESOLVED]
    assert store.observe_book(KEY).trading.reserved == Decimal("50000.00")

    clock.time += timedelta(minutes=1)
    run_cycle(tick_at(clock.time), cycle_of(store, strategies, broker, clock))
    observed = store.observe_book(KEY)
    assert observed.trading.reserved == 0
    assert observed.book.strategies["trend"].real.quantity(AAPL) == Decimal(500)
    assert len(broker.submitted) == 1


def test_order_that_never_arrived_is_ended_after_five_minutes_and_its_capital_freed(store: DocumentStore) -> None:
    broker = fresh_broker()
    broker.fail_next(OrderUnresolved("timed out"))
    strategies, clock = ScriptedStrategies(trend=buy("AAPL")), SetClock()
    run_cycle(tick_at(), cycle_of(store, strategies, broker, clock))
    clock.time += timedelta(minutes=4)
    run_cycle(tick_at(clock.time), cycle_of(store, strategies, broker, clock))
    assert len(broker.submitted) == 1  # in doubt: nothing new in this symbol
    clock.time += timedelta(minutes=1)
    run_cycle(tick_at(clock.time), cycle_of(store, strategies, broker, clock))
    assert len(broker.submitted) == 2
    assert broker.positions[AAPL].quantity == Decimal(500)


@pytest.mark.parametrize("error", [OrderRejected("422"), BrokerRefused("401")])
def test_rejected_order_frees_its_capital(store: DocumentStore, error: OrderRejected | BrokerRefused) -> None:
    broker = fresh_broker()
    broker.fail_next(error)
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=buy("AAPL")), broker))
    assert result.orders[0].status is OrderStatus.REJECTED
    assert result.orders[0].reason == str(error)
    assert store.observe_book(KEY).trading.reserved == 0


def test_unreachable_broker_commits_nothing_and_the_same_tick_runs_later(store: DocumentStore) -> None:
    broker = fresh_broker()
    broker.fail_next(BrokerUnavailable("no answer"), on="account")
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL")), broker)
    with pytest.raises(BrokerUnavailable):
        run_cycle(tick_at(), cycle)
    assert store.observe(tick_at()).tick is None
    assert run_cycle(tick_at(), cycle).status is TickStatus.DONE
    assert len(broker.submitted) == 1


def test_order_that_fills_later_is_booked_by_a_later_tick(store: DocumentStore) -> None:
    broker = fresh_broker()
    broker.is_filling = False
    strategies, clock = ScriptedStrategies(trend=buy("AAPL")), SetClock()
    result = run_cycle(tick_at(), cycle_of(store, strategies, broker, clock))
    assert result.orders[0].status is OrderStatus.SUBMITTED
    broker.is_filling = True
    broker.match()
    clock.time += timedelta(minutes=1)
    run_cycle(tick_at(clock.time), cycle_of(store, strategies, broker, clock))
    assert store.observe_book(KEY).book.strategies["trend"].real.quantity(AAPL) == Decimal(500)
    assert len(broker.submitted) == 1


def test_ten_default_signals_never_ask_for_more_than_the_account(store: DocumentStore) -> None:
    broker = fresh_broker()
    strategies = ScriptedStrategies(**{f"s{i}": buy("AAPL" if i % 2 else "MSFT", 0.5) for i in range(10)})
    result = run_cycle(tick_at(), cycle_of(store, strategies, broker))
    assert sum(order.intent.notional or 0 for order in result.orders) <= Decimal(100_000)
    assert broker.cash >= 0
    assert all(order.intent.notional == Decimal("10000.00") for order in result.orders)


def test_exits_are_sent_before_entries(store: DocumentStore) -> None:
    broker = fresh_broker()
    strategies = ScriptedStrategies(a=HOLD, z=buy("AAPL", 1.0))
    cycle = cycle_of(store, strategies, broker)
    run_cycle(tick_at(), cycle)
    strategies.signals = {"a": buy("MSFT", 0.5), "z": sell("AAPL")}
    run_cycle(tick_at(AT + timedelta(minutes=5)), cycle)
    assert next(intent.side for intent in broker.submitted[1:]) is Side.SELL


def test_equal_weight_is_a_share_of_the_enabled_strategies(store: DocumentStore) -> None:
    policy = DecisionPolicy(allocation=EQUAL_WEIGHT, disabled=frozenset({"off"}))
    strategies = ScriptedStrategies(a=buy("AAPL", 1.0), b=buy("MSFT", 1.0), off=buy("AAPL", 1.0))
    result = run_cycle(tick_at(), cycle_of(store, strategies, fresh_broker(), policy=policy))
    assert {o.intent.strategy: o.intent.notional for o in result.orders} == {
        "a": Decimal("50000.00"),
        "b": Decimal("50000.00"),
    }


def test_strategies_see_their_own_sleeve(store: DocumentStore) -> None:
    strategies = ScriptedStrategies(one=buy("AAPL", 0.2), two=buy("AAPL", 0.3))
    cycle = cycle_of(store, strategies, fresh_broker())
    run_cycle(tick_at(), cycle)
    run_cycle(tick_at(AT + timedelta(minutes=5)), cycle)
    assert strategies.seen[1]["sleeves"] == {"one": {"AAPL": 200.0}, "two": {"AAPL": 300.0}}
    assert strategies.seen[1]["positions"] == {"AAPL": 500.0}


def test_logged_decision_is_derived_again_from_its_entry(store: DocumentStore, documents: Documents) -> None:
    write_returns(documents, "mid", MIDDLING, YESTERDAY)
    strategies = ScriptedStrategies(mid=buy("AAPL", 0.4), new=buy("MSFT", 0.4))
    result = run_cycle(tick_at(), cycle_of(store, strategies))
    (entry,) = store.decisions("acme", last=5)
    assert decide(read_canonical_json(entry.inputs)) == result.decision
    assert entry.entry_hash == entry_hash(entry.previous_hash, entry.body)


def test_decisions_form_a_chain(store: DocumentStore) -> None:
    cycle = cycle_of(store, ScriptedStrategies(trend=HOLD))
    for minutes in range(3):
        run_cycle(
            tick_at(AT + timedelta(minutes=minutes)), replace(cycle, clock=SetClock(AT + timedelta(minutes=minutes)))
        )
    newest, middle, oldest = store.decisions("acme", last=5)
    assert newest.previous_hash == middle.entry_hash
    assert middle.previous_hash == oldest.entry_hash
    assert store.observe_book(KEY).trading.log_head == newest.entry_hash


def test_narrator_text_replaces_the_summary_and_nothing_else(store: DocumentStore) -> None:
    class Narrator:
        def summarize(self, decision: object) -> str:
            return "A calm day."

    cycle = replace(cycle_of(store, ScriptedStrategies(trend=HOLD)), narrator=Narrator())
    result = run_cycle(tick_at(), cycle)
    (entry,) = store.decisions("acme", last=1)
    assert result.summary == "A calm day."
    assert (entry.summary, entry.summary_source) == ("A calm day.", "model")
    assert entry.entry_hash == entry_hash(entry.previous_hash, entry.body)


def test_two_portfolios_of_one_account_share_its_buying_power(store: DocumentStore) -> None:
    broker = fresh_broker()
    broker.is_filling = False  # orders stay working, so only reservations keep them apart
    other = PortfolioKey(tenant_id="acme", portfolio_id="second")
    run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(a=buy("AAPL", 0.8)), broker))
    run_cycle(tick_at(key=other), cycle_of(store, ScriptedStrategies(b=buy("MSFT", 0.8)), broker))
    assert sum(intent.notional or 0 for intent in broker.submitted) <= Decimal(100_000)


def test_unknown_tenant_configuration_key_names_the_nearest(store: DocumentStore, documents: Documents) -> None:
    documents.commit([merge("tenants/acme/config/orchestrator", {"scoring": {"sharpe_treshold_reduce": 1.5}})])
    with pytest.raises(ConfigurationError, match=r"did you mean scoring\.sharpe_threshold_reduce"):
        run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=HOLD)))


def test_tenant_configuration_overrides_the_defaults(store: DocumentStore, documents: Documents) -> None:
    documents.commit([merge("tenants/acme/config/orchestrator", {"risk": {"gross_limit": 0.25}, "version": 3})])
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5))))
    assert result.orders[0].intent.notional == Decimal("25000.00")


def test_whole_shares_where_the_asset_has_no_fractions(store: DocumentStore) -> None:
    broker = FakeBroker(Decimal(100_000), {AAPL: Decimal("333"), MSFT: Decimal(50)})
    broker.whole_share_symbols.add(AAPL)
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker)
    cycle.bars.prices = broker.prices  # type: ignore[attr-defined]
    result = run_cycle(tick_at(), cycle)
    # 50,000 ÷ (333 × 1.01) = 148.66… → 148 shares; 148 × 336.33 = 49,776.84 is reserved
    assert result.orders[0].intent.quantity == Decimal(148)
    assert result.orders[0].intent.reserved == Decimal("49776.84")


def test_symbol_without_a_price_is_denied(store: DocumentStore) -> None:
    broker = fresh_broker()
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=buy("ZZZZ")), broker))
    assert result.decision is not None
    assert "no price for ZZZZ" in result.decision.denials[0].reason
    assert broker.submitted == []
    assert MSFT not in broker.positions


def test_tick_without_any_prices_is_refused_and_runs_later(store: DocumentStore) -> None:
    broker = fresh_broker()
    cycle = cycle_of(store, ScriptedStrategies(trend=buy("AAPL")), broker)
    cycle.bars.prices = {}  # type: ignore[attr-defined]
    with pytest.raises(MarketDataError, match="expected daily bars of at least one of AAPL, MSFT, found none"):
        run_cycle(tick_at(), cycle)
    cycle.bars.prices = PRICES  # type: ignore[attr-defined]
    assert run_cycle(tick_at(), cycle).status is TickStatus.DONE
    assert len(broker.submitted) == 1


def test_fill_that_a_later_tick_booked_first_is_not_booked_again(store: DocumentStore) -> None:
    """The first delivery is held up between submit and record; meanwhile the next tick finds its fill."""
    broker, clock = fresh_broker(), SetClock()
    strategies = ScriptedStrategies(trend=buy("AAPL"))
    later = cycle_of(store, strategies, broker, SetClock(AT + timedelta(minutes=5)))

    class HeldUp:
        def summarize(self, decision: object) -> None:
            run_cycle(tick_at(AT + timedelta(minutes=5)), later)

    run_cycle(tick_at(), replace(cycle_of(store, strategies, broker, clock), narrator=HeldUp()))
    observed = store.observe_book(KEY)
    assert observed.book.strategies["trend"].real.quantity(AAPL) == Decimal(500) == broker.positions[AAPL].quantity
    assert (observed.trading.reserved, observed.book.open_orders) == (0, {})
    assert len(broker.submitted) == 1


def test_text_that_is_no_unicode_does_not_stop_the_tick(store: DocumentStore) -> None:
    odd = {**buy("AAPL"), "reasoning": "up \ud800", "metadata": {"note": "\udfff", "\ud801": 1}}
    result = run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(odd=odd)))
    assert result.orders[0].status is OrderStatus.FILLED
    (entry,) = store.decisions("acme", last=1)
    assert decide(read_canonical_json(entry.inputs)) == result.decision


def test_metadata_of_any_kind_does_not_stop_the_tick(store: DocumentStore) -> None:
    own: list[object] = [object(), {1: {2}}, b"x", float("nan"), 1j, Decimal("NaN")]
    own.append(own)
    odd = {**buy("AAPL"), "metadata": {"own": own}}
    assert run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(odd=odd))).orders[0].status is OrderStatus.FILLED


def test_tick_of_a_paused_portfolio_is_not_begun(documents: Documents, store: DocumentStore) -> None:
    broker = fresh_broker()
    for state, error in (("paused", PortfolioPaused), ("suspended", PortfolioPaused), (7, ConfigurationError)):
        documents.commit([merge(paths.portfolio("acme", "main"), {"state": state})])
        with pytest.raises(error, match=str(state)):
            run_cycle(tick_at(), cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker))
    assert store.observe(tick_at()).tick is None
    assert broker.orders == {}


def test_tick_that_came_too_late_is_not_begun(store: DocumentStore) -> None:
    broker = fresh_broker()
    late = replace(tick_at(), expires_at=AT)
    with pytest.raises(TickExpired, match="nothing was decided"):
        run_cycle(late, cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker))
    assert broker.orders == {}
    in_time = replace(tick_at(), expires_at=AT + timedelta(seconds=1))
    assert run_cycle(in_time, cycle_of(store, ScriptedStrategies(trend=buy("AAPL", 0.5)), broker)).orders


def test_tick_that_was_begun_is_resumed_however_late(documents: Documents, store: DocumentStore) -> None:
    broker = CrashingBroker(Decimal(100_000), PRICES)
    request = replace(tick_at(), expires_at=AT + timedelta(seconds=1))
    strategies = ScriptedStrategies(trend=buy("AAPL", 0.5))
    with pytest.raises(MemoryError):
        run_cycle(request, cycle_of(store, strategies, broker))
    documents.commit([merge(paths.portfolio("acme", "main"), {"state": "paused"})])
    again = run_cycle(request, cycle_of(store, strategies, broker, clock=SetClock(AT + timedelta(hours=1))))
    assert again.was_resumed
    assert again.status is TickStatus.DONE
    assert [order.status for order in again.orders] == [OrderStatus.DENIED]  # too old to be sent, and that is recorded
