"""Strategies of opposite mind trade with each other first, and Maestro is never on both sides of a symbol."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from random import Random

import pytest

from backend.adapters.documents import Documents, DocumentStore, ledger_documents
from backend.domain.errors import OrderUnresolved
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.order import BrokerOrder, OrderIntent, OrderStatus, Side
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.reconciliation import owned
from backend.domain.tick import PortfolioKey, TickStatus
from backend.engine.cycle import run_cycle
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, ScriptedStrategies, buy, cycle_of, sell, tick_at, write_returns
from tests.fakes.faults import Countdown, Killed, Meanwhile, Mortal
from tests.integration.engine.trading_days import MONDAY, TUESDAY, TradingDays, utc

OTHER = PortfolioKey(tenant_id="acme", portfolio_id="second")
LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01]


class OneSided(FakeBroker):
    """Refuses to be the venue of an account that stands on both sides of a symbol."""

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        sides = {each.side for each in self._working.values() if each.symbol == intent.symbol}
        assert sides <= {intent.side}, f"{intent.symbol} on both sides"
        return super().submit(intent)


def held_by_a(store: DocumentStore) -> TradingDays:
    """Let strategy a hold 500 AAPL."""
    days = TradingDays(store, broker=OneSided)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5), b=HOLD)
    return days


def crosses(documents: Documents) -> list[LedgerTrade]:
    found = [ledger_documents.from_document(each) for each in documents.query("tenants/acme/ledger_trades")]
    return sorted((each for each in found if each.kind is TradeKind.CROSS), key=lambda each: each.trade_id)


def reconciles(days: TradingDays) -> None:
    """Check Σ sleeves + EXTERNAL = broker, for every symbol without an order under way."""
    trading = days.store.observe_book(KEY).trading
    busy = {order.symbol for order in trading.working.values()}
    sleeves = owned(trading)
    for symbol in {*sleeves, *trading.external, *days.broker.positions} - busy:
        position = days.broker.positions.get(symbol)
        at_broker = position.quantity if position else Decimal(0)
        assert sleeves.get(symbol, Decimal(0)) + trading.external.get(symbol, Decimal(0)) == at_broker, symbol


def test_opposite_signals_of_one_size_reach_no_broker(store: DocumentStore, documents: Documents) -> None:
    days = held_by_a(store)
    result = days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"), b=buy("AAPL", 0.5))
    assert (result.status, result.orders, len(days.broker.submitted)) == (TickStatus.DONE, (), 1)
    assert (days.held("a", AAPL), days.held("b", AAPL)) == (0, 500)
    bought, sold = crosses(documents)
    assert (bought.strategy_id, bought.side, sold.strategy_id, sold.side) == ("b", Side.BUY, "a", Side.SELL)
    assert bought.trade_id == f"{bought.order_id}-buy"
    assert sold.trade_id == f"{sold.order_id}-sell"
    for trade in (bought, sold):
        assert (trade.qty, trade.price, trade.fees, trade.slippage) == (500, 100, 0, 0)
        assert (trade.ts, trade.run_id) == (utc(MONDAY, 15, 5), result.tick_id)
    trading = days.store.observe_book(KEY).trading
    assert trading.sleeves == {"main": {AAPL: 500}}
    assert trading.external == {}


@pytest.mark.parametrize(("wanted", "side", "rest"), [(0.3, Side.SELL, 200), (0.8, Side.BUY, 300)])
def test_only_the_rest_of_opposite_signals_reaches_the_broker(
    store: DocumentStore, documents: Documents, wanted: float, side: Side, rest: int
) -> None:
    days = held_by_a(store)
    (order,) = days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"), b=buy("AAPL", wanted)).orders
    assert (order.intent.side, order.booked_quantity) == (side, rest)
    assert (days.held("a", AAPL), days.held("b", AAPL)) == (0, 1000 * Decimal(str(wanted)))
    assert {each.qty for each in crosses(documents)} == {min(500, 1000 * Decimal(str(wanted)))}
    reconciles(days)


def test_several_sellers_and_buyers_cross_in_their_order(store: DocumentStore, documents: Documents) -> None:
    days = TradingDays(store, broker=OneSided)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.2), b=buy("AAPL", 0.3), c=HOLD, d=HOLD)
    days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"), b=sell("AAPL"), c=buy("AAPL", 0.25), d=buy("AAPL", 0.15))
    parties = {(each.strategy_id, each.side.value, each.qty) for each in crosses(documents)}
    # a's 200 go to c; of b's 300 c takes 50, d 150, the broker the rest
    assert parties == {
        ("a", "sell", 200),
        ("c", "buy", 200),
        ("b", "sell", 50),
        ("c", "buy", 50),
        ("b", "sell", 150),
        ("d", "buy", 150),
    }
    assert [(each.side, each.quantity) for each in days.broker.submitted[2:]] == [(Side.SELL, 100)]
    reconciles(days)


def test_crossed_shares_are_credited_with_the_slippage_that_they_were_spared(store: DocumentStore) -> None:
    days = held_by_a(store)
    days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"), b=buy("AAPL", 0.5))
    days.closes_at(MONDAY, AAPL=103)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    a, b = monday.strategies
    assert (a.real_pnl, b.real_pnl, monday.portfolio.strategies) == (0, 1500, 1500)
    for each in (a, b):
        assert each.attribution is not None
        assert (each.attribution.crossing, each.attribution.slippage) == (25, -25)  # 5 bps of 50,000
        assert each.attribution.total == each.real_pnl
    assert monday.portfolio.residual == 0


def test_demoted_strategys_exit_crosses_with_an_entry(store: DocumentStore, documents: Documents) -> None:
    days = TradingDays(store, DecisionPolicy(on_demotion=OnDemotion.FLATTEN), broker=OneSided)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5), b=HOLD)
    write_returns(documents, "a", LOSING, MONDAY - timedelta(days=1))
    days.tick(utc(MONDAY, 15, 5), a=HOLD, b=buy("AAPL", 0.5))
    assert (days.held("a", AAPL), days.held("b", AAPL), len(days.broker.submitted)) == (0, 500, 1)
    assert days.book().strategies["a"].traded.quantity(AAPL) == 500  # type: ignore[index]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", range(6))  # observe, account, assets, commit, the submit of the rest, record
def test_cross_is_booked_once_wherever_the_tick_is_killed(
    store: DocumentStore, documents: Documents, calls: int, after: bool
) -> None:
    days = held_by_a(store)
    days.clock.time = utc(MONDAY, 15, 5)
    days.strategies.signals = {"a": sell("AAPL"), "b": buy("AAPL", 0.8)}
    countdown = Countdown(calls, after=after)
    cycle = days.cycle(Mortal(store, countdown), Mortal(days.broker, countdown))
    with pytest.raises(Killed):
        run_cycle(tick_at(utc(MONDAY, 15, 5)), cycle)
    result = run_cycle(tick_at(utc(MONDAY, 15, 5)), days.cycle())
    assert result.status is TickStatus.DONE
    assert [(each.strategy_id, each.qty) for each in crosses(documents)] == [("b", 500), ("a", 500)]
    assert (days.held("a", AAPL), days.held("b", AAPL)) == (0, 800)
    assert days.broker.positions[AAPL].quantity == 800
    assert len(days.broker.orders) == 2
    days.tick(utc(MONDAY, 15, 10), a=HOLD, b=HOLD)
    reconciles(days)


def test_cross_of_a_tick_that_lost_its_commit_is_booked_by_the_next_attempt_only(
    store: DocumentStore, documents: Documents
) -> None:
    days = held_by_a(store)
    days.clock.time = utc(MONDAY, 15, 5)
    days.strategies.signals = {"a": sell("AAPL"), "b": buy("AAPL", 0.5)}
    other = cycle_of(store, days.strategies, days.broker, days.clock)
    disturbed = Meanwhile(store, "commit", lambda: run_cycle(tick_at(utc(MONDAY, 15, 5), OTHER), other))
    run_cycle(tick_at(utc(MONDAY, 15, 5)), replace(days.cycle(), store=disturbed))
    assert [each.qty for each in crosses(documents)] == [500, 500]
    assert (days.held("a", AAPL), days.held("b", AAPL)) == (0, 500)


def test_crossed_shares_are_whole_where_the_asset_has_no_fractions(store: DocumentStore, documents: Documents) -> None:
    """Seller or buyer would be left with a fraction that the venue never takes."""
    days = TradingDays(store, broker=OneSided)
    days.broker.whole_share_symbols.add(AAPL)
    days.price(AAPL, 333)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5), b=HOLD)
    result = days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"), b=buy("AAPL", 0.1))
    assert [order.status for order in result.orders] == [OrderStatus.FILLED]
    assert all(each.qty % 1 == 0 for each in crosses(documents))


def test_entry_waits_while_another_portfolios_exit_is_under_way(store: DocumentStore) -> None:
    days = held_by_a(store)
    days.broker.is_filling = False
    days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"))
    result = days.tick(utc(MONDAY, 15, 6), OTHER, b=buy("AAPL", 0.2), c=buy("MSFT", 0.1))
    assert result.decision is not None
    assert [(each.strategy, each.reason) for each in result.decision.denials] == [
        ("b", "a sell of AAPL is not settled yet: never both sides of a symbol")
    ]
    assert [each.symbol for each in days.broker.submitted[2:]] == [MSFT]
    days.broker.is_filling = True
    days.broker.match()
    days.tick(utc(MONDAY, 15, 7), a=HOLD)  # its own portfolio finds it settled
    days.tick(utc(MONDAY, 15, 8), OTHER, b=buy("AAPL", 0.2))
    assert days.held("b", AAPL, OTHER) == 200
    reconciles(days)


def test_exit_waits_while_another_portfolios_entry_is_in_doubt(store: DocumentStore) -> None:
    days = held_by_a(store)
    days.broker.fail_next(OrderUnresolved("timed out"))
    days.tick(utc(MONDAY, 15, 5), OTHER, b=buy("AAPL", 0.2))
    assert days.tick(utc(MONDAY, 15, 6), a=sell("AAPL")).orders == ()
    days.tick(utc(MONDAY, 15, 11), OTHER, b=HOLD)  # proven absent
    (exit_,) = days.tick(utc(MONDAY, 15, 12), a=sell("AAPL")).orders
    assert exit_.status is OrderStatus.FILLED
    reconciles(days)


def test_two_portfolios_that_decide_at_once_do_not_meet_at_the_broker(store: DocumentStore) -> None:
    days = held_by_a(store)
    days.broker.is_filling = False
    days.clock.time = utc(MONDAY, 15, 5)
    seller = replace(days.cycle(), strategies=ScriptedStrategies(a=sell("AAPL")))
    buyer = replace(days.cycle(), strategies=ScriptedStrategies(b=buy("AAPL", 0.2)))
    disturbed = Meanwhile(store, "commit", lambda: run_cycle(tick_at(utc(MONDAY, 15, 5), OTHER), buyer))
    result = run_cycle(tick_at(utc(MONDAY, 15, 5)), replace(seller, store=disturbed))
    assert result.orders == ()
    assert [each.side for each in days.broker.submitted[1:]] == [Side.BUY]


@pytest.mark.parametrize("seed", range(3))
def test_two_portfolios_of_one_account_are_never_on_both_sides(
    empty_documents: Callable[[], Documents], seed: int
) -> None:
    """Random signals, orders that fill at once, later or get lost; the books agree with the broker throughout."""
    random, minutes = Random(seed), count()
    days = TradingDays(DocumentStore(empty_documents()), broker=OneSided)
    days.statements.shares(AAPL, Decimal(11))
    for _ in range(60):
        key = random.choice([KEY, OTHER])
        names = "abc" if key is KEY else "xyz"
        days.broker.is_filling = random.random() < 0.5
        if days.broker.is_filling:
            days.broker.match()
        if random.random() < 0.15:
            days.broker.fail_next(OrderUnresolved("timed out"), accept_first=random.random() < 0.5)
        symbol, other = random.sample(["AAPL", "MSFT"], 2)
        choices = [HOLD, buy(symbol, round(random.uniform(0.05, 0.5), 3)), sell(symbol), sell(other), buy(other, 0.1)]
        at = utc(MONDAY, 14, 30) + timedelta(minutes=2 * next(minutes))
        days.tick(at, key, **{name: random.choice(choices) for name in names})
        reconciles(days)
    days.broker.is_filling = True
    days.broker.match()
    for key in (KEY, OTHER, KEY, OTHER):
        days.tick(utc(MONDAY, 20, next(minutes) % 60), key, **dict.fromkeys("abc" if key is KEY else "xyz", HOLD))
    assert days.store.observe_book(KEY).trading.external == {AAPL: 11}
    for key in (KEY, OTHER):
        days.close(utc(MONDAY, 21, 15), key=key)
        (tuesday,) = days.close(utc(TUESDAY, 21, 15), key=key)
        assert abs(tuesday.portfolio.residual) <= Decimal("0.01")
