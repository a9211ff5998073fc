"""What an operator has sold is sold whatever the mode and the state, EXTERNAL is not, and no crash loses the order."""

from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.seam import replace
from backend.domain.command import Flatten, Halt, Resume
from backend.domain.errors import PortfolioPaused
from backend.domain.mode import Mode
from backend.domain.order import OrderStatus, Side
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.trading_state import TradingState
from backend.engine.flattening import ordered
from tests.fakes.cycle import AAPL, AT, HOLD, KEY, MSFT, buy, write_returns
from tests.fakes.faults import Countdown, Killed, Meanwhile, Mortal
from tests.integration.engine.commanding import CommandPost

SECOND = PortfolioKey(tenant_id="acme", portfolio_id="second")
A, B, C = map(StrategyId, "abc")


def order_of(*names: StrategyId, portfolio: str = "main", is_all: bool = False) -> Flatten:
    return Flatten(by="ann", reason="out", strategies={portfolio: frozenset(names)}, is_all=is_all)


def invested(store: DocumentStore, policy: DecisionPolicy | None = None) -> CommandPost:
    """Two strategies with 200 AAPL and 400 MSFT, beside 7 AAPL of the owner."""
    post = CommandPost(store, policy=policy)
    post.broker.trade_by_hand(AAPL, Decimal(7))
    post.tick(a=buy("AAPL", 0.2), b=buy("MSFT", 0.2))
    assert {symbol: each.quantity for symbol, each in post.broker.positions.items()} == {AAPL: 207, MSFT: 400}
    return post


def holdings(store: DocumentStore, key: PortfolioKey = KEY) -> dict[str, dict[str, Decimal]]:
    book = store.observe_book(key).book
    return {name: {**each.real.holdings()} for name, each in book.strategies.items() if each.real.holdings()}


def test_one_strategy_is_sold_and_the_others_are_not(store: DocumentStore) -> None:
    post = invested(store)
    kept = holdings(store)["b"]
    post.order(order_of(A))
    done = post.flatten()
    assert done.is_flat
    assert [(e.order.intent.strategy, e.order.intent.side, e.order.status) for e in done.exits] == [
        (A, Side.SELL, OrderStatus.FILLED)
    ]
    assert holdings(store) == {"b": kept}
    trading = store.observe_book(KEY).trading
    assert (trading.liquidation, trading.state, trading.external) == ({}, TradingState.ACTIVE, {AAPL: Decimal(7)})


@pytest.mark.parametrize("state", ["paused", "suspended"])
def test_everything_is_sold_of_a_portfolio_that_rests(store: DocumentStore, documents: Documents, state: str) -> None:
    post = invested(store)
    documents.commit([replace(paths.portfolio("acme", "main"), {"state": state})])
    with pytest.raises(PortfolioPaused):
        post.tick(a=HOLD)
    post.order(order_of(A, B, is_all=True))
    assert (post.flatten().is_flat, holdings(store)) == (True, {})


def test_everything_is_sold_of_every_portfolio_and_external_stays(store: DocumentStore) -> None:
    post = invested(store)
    post.tick(SECOND, c=buy("AAPL", 0.1))
    everything = {"main": frozenset({A, B}), "second": frozenset({C})}
    post.order(Flatten(by="ann", reason="out", strategies=everything, is_all=True))
    assert post.flatten().is_flat
    assert (holdings(store), holdings(store, SECOND)) == ({}, {})
    assert {symbol: each.quantity for symbol, each in post.broker.positions.items()} == {AAPL: Decimal(7)}
    assert store.observe_book(KEY).trading.state is TradingState.REDUCING  # so that it stays flat
    assert post.tick(a=buy("AAPL", 0.2)).orders == ()


def test_strategy_that_enters_while_all_is_being_flattened_is_sold_with_it(store: DocumentStore) -> None:
    post, rival = invested(store), CommandPost(store)
    rival.broker, rival.clock = post.broker, post.clock
    hurried = Meanwhile(store, "control", lambda: rival.tick(a=HOLD, b=HOLD, late=buy("MSFT", 0.1)))
    ordered(
        order_of(A, B, is_all=True),
        tenant_id="acme",
        control=hurried,
        book_of=lambda key: store.observe_book(key).book,
        now=post.clock.now,
    )
    assert store.observe_book(KEY).trading.liquidation == {"main": {A, B, StrategyId("late")}}
    assert post.flatten().is_flat
    assert holdings(store) == {}


def test_while_halted_only_what_was_ordered_is_sold(store: DocumentStore) -> None:
    post = invested(store)
    post.order(Halt(by="ann", reason="stop"))
    post.order(order_of(A))
    assert post.flatten().is_flat
    assert list(holdings(store)) == ["b"]
    assert store.observe_book(KEY).trading.state is TradingState.HALTED


def test_scheduled_tick_carries_out_what_was_ordered_and_holds_the_strategys_entries(store: DocumentStore) -> None:
    post = invested(store)
    post.order(order_of(A))
    result = post.tick(a=buy("MSFT", 0.2), b=HOLD)
    assert [(order.intent.side, order.intent.symbol) for order in result.orders] == [(Side.SELL, AAPL)]
    assert result.decision is not None
    decided = {each.strategy: each for each in result.decision.strategies}
    assert decided[A].action == "CLOSE_ALL"
    assert "operator" in str(decided[A].override_reason)
    assert decided[B].override_reason is None
    assert (list(holdings(store)), store.observe_book(KEY).trading.liquidation) == (["b"], {})


@pytest.mark.parametrize("on_demotion", OnDemotion)
def test_strategy_in_shadow_is_sold_and_its_virtual_book_goes_on(
    store: DocumentStore, documents: Documents, on_demotion: OnDemotion
) -> None:
    post = invested(store, DecisionPolicy(on_demotion=OnDemotion.HOLD))
    write_returns(documents, "a", [-0.01, -0.02, 0.001, -0.01, -0.02, -0.01], AT.date())
    post.tick(a=HOLD, b=HOLD)
    assert store.observe_book(KEY).book.of(A).is_in_shadow
    post.policy = DecisionPolicy(on_demotion=on_demotion)
    virtual = store.observe_book(KEY).book.of(A).traded.holdings()
    assert virtual
    post.order(order_of(A))
    assert post.flatten().is_flat
    book = store.observe_book(KEY).book.of(A)
    assert (book.real.holdings(), book.traded.holdings()) == ({}, virtual)


def test_disabled_strategy_is_sold(store: DocumentStore) -> None:
    post = invested(store)
    post.policy = DecisionPolicy(disabled=frozenset({"a"}))
    post.order(order_of(A))
    assert post.flatten().is_flat
    mode = store.observe_book(KEY).book.of(A).mode
    assert (list(holdings(store)), mode and mode.mode) == (["b"], Mode.DISABLED)


def test_entry_under_way_is_cancelled_before_the_sale(store: DocumentStore) -> None:
    post = invested(store)
    post.broker.is_filling = False
    post.tick(a=buy("AAPL", 0.4), b=HOLD)
    post.broker.is_filling = True
    post.order(order_of(A))
    done = post.flatten()
    assert [each.order.status for each in done.withdrawn.orders] == [OrderStatus.CANCELLED]
    assert (done.is_flat, list(holdings(store))) == (True, ["b"])


def test_closed_market_leaves_the_exit_working_and_a_later_run_finishes(store: DocumentStore) -> None:
    post = invested(store)
    post.broker.is_filling = False
    post.order(order_of(A))
    done = post.flatten(seconds=5)
    assert (done.is_flat, dict(done.left)) == (False, {"main": {A}})
    assert [each.order.status for each in done.exits] == [OrderStatus.SUBMITTED]
    assert post.tick(a=buy("MSFT", 0.1)).orders == ()  # it neither sells twice nor enters meanwhile
    post.broker.match()
    again = post.flatten(seconds=5)
    assert (again.is_flat, again.exits, list(holdings(store))) == (True, (), ["b"])
    assert sum(1 for each in post.broker.submitted if each.side is Side.SELL) == 1


def test_order_of_another_portfolio_that_has_ended_is_not_in_the_way(store: DocumentStore) -> None:
    """Both sides of a symbol are never at the broker together, so an entry that nobody looks up holds up the exit."""
    post = invested(store)
    post.tick(SECOND, c=buy("AAPL", 0.1))
    post.broker.is_filling = False
    post.tick(a=buy("AAPL", 0.4), b=HOLD)
    post.broker.is_filling = True
    post.broker.match()
    post.order(order_of(C, portfolio="second"))
    assert post.flatten().is_flat
    assert holdings(store, SECOND) == {}


def test_resume_calls_off_what_is_left(store: DocumentStore) -> None:
    post = invested(store)
    post.order(order_of(A, B, is_all=True))
    post.order(Resume(by="ann", reason="no, stay"))
    trading = store.observe_book(KEY).trading
    assert (trading.liquidation, trading.state) == ({}, TradingState.ACTIVE)
    assert post.tick(a=HOLD, b=HOLD).orders == ()


CALLS = range(16)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("calls", CALLS)
def test_flatten_killed_at_any_call_is_finished_by_running_it_again(
    store: DocumentStore, calls: int, after: bool
) -> None:
    post = invested(store)
    post.order(order_of(A, B))
    countdown = Countdown(calls, after=after)
    whole_store, whole_broker = post.store, post.broker
    post.store, post.broker = Mortal(whole_store, countdown), Mortal(whole_broker, countdown)
    with pytest.raises(Killed):
        post.flatten()
    post.store, post.broker = whole_store, whole_broker
    assert post.flatten().is_flat
    assert holdings(store) == {}
    assert {symbol: each.quantity for symbol, each in post.broker.positions.items()} == {AAPL: Decimal(7)}
    assert store.observe_book(KEY).trading.working == {}
