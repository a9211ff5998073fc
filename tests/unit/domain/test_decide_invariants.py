"""What holds for every decision and every sequence of fills, whatever the inputs."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from backend.domain.book import PortfolioBook
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.commitment import decision_events
from backend.domain.decide import decide
from backend.domain.decision import DecisionInputs
from backend.domain.journal import folded
from backend.domain.mode import Mode
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, OrderState, OrderStatus, Side
from backend.domain.policy import OnDemotion
from backend.domain.settlement import rebased, settle
from backend.domain.signal import Action, StrategyId, Symbol
from backend.domain.trading_state import TradingState
from tests.unit.domain.decision_inputs import (
    NOW,
    after_settling,
    open_order,
)
from tests.unit.domain.drawn_inputs import SYMBOLS, inputs, meetings, money, quick
from tests.unit.domain.equal_inputs import reordered

CENT = Decimal("0.01")


def entries(intents: tuple[OrderIntent, ...]) -> list[OrderIntent]:
    return [intent for intent in intents if intent.side is Side.BUY]


@quick
@given(inputs())
def test_decision_never_raises_a_weight_above_its_cap(given_inputs: DecisionInputs) -> None:
    for each in decide(given_inputs).strategies:
        cap = each.signal.allocation * each.base_weight * each.multiplier
        assert 0.0 <= each.final_allocation <= cap * (1 + 1e-12)


@quick
@given(inputs())
def test_decision_entries_stay_within_the_gross_limit(given_inputs: DecisionInputs) -> None:
    decided = decide(given_inputs).strategies
    total = sum(each.final_allocation for each in decided if each.action is Action.BUY)
    assert total <= given_inputs.policy.risk.gross_limit * (1 + 1e-9)


@quick
@given(inputs())
def test_decision_entry_of_a_shadowed_or_disabled_strategy_never_becomes_an_order(given_inputs: DecisionInputs) -> None:
    decision = decide(given_inputs)
    modes = {each.strategy: each.mode for each in decision.strategies}
    assert all(modes[intent.strategy] is not Mode.DISABLED for intent in decision.intents)
    assert all(modes[intent.strategy] is not Mode.SHADOW_MODE for intent in entries(decision.intents))
    assert all(modes[each.strategy] is Mode.SHADOW_MODE for each in decision.virtual_fills)


@quick
@given(inputs())
def test_decision_orders_only_what_was_signalled_and_not_overridden(given_inputs: DecisionInputs) -> None:
    decision = decide(given_inputs)
    wanted = {(each.strategy, each.signal.ticker) for each in decision.strategies if each.action is Action.BUY}
    assert {(intent.strategy, intent.symbol) for intent in entries(decision.intents)} <= wanted
    if decision.systemic_risk_detected or given_inputs.trading_state is not TradingState.ACTIVE:
        assert wanted == set()
    if given_inputs.trading_state is TradingState.HALTED:
        assert (decision.intents, decision.virtual_fills) == ((), ())


@quick
@given(inputs() | meetings())
def test_decision_reserves_no_more_than_the_room(given_inputs: DecisionInputs) -> None:
    intents = decide(given_inputs).intents
    account = given_inputs.account
    if account is None:
        assert intents == ()
        return
    gross = sum((abs(each.quantity) * each.price for each in account.positions.values()), Decimal(0))
    limit = account.equity * Decimal(repr(given_inputs.policy.risk.gross_limit)) - gross
    room = max(min(limit, account.buying_power) - given_inputs.reserved, Decimal(0))
    assert sum((intent.reserved for intent in intents), Decimal(0)) <= room
    assert all(intent.reserved > 0 for intent in entries(intents))
    assert all(intent.reserved == 0 for intent in intents if intent.side is Side.SELL)


@quick
@given(inputs() | meetings())
def test_decision_sells_no_more_than_sleeve_and_account_hold(given_inputs: DecisionInputs) -> None:
    sold: dict[Symbol, Decimal] = {}
    for intent in decide(given_inputs).intents:
        if intent.side is Side.SELL:
            assert intent.quantity is not None
            assert intent.quantity <= given_inputs.book.of(intent.strategy).real.quantity(intent.symbol)
            sold[intent.symbol] = sold.get(intent.symbol, Decimal(0)) + intent.quantity
    positions = given_inputs.account.positions if given_inputs.account else {}
    assert all(quantity <= positions[symbol].quantity for symbol, quantity in sold.items())


@quick
@given(meetings())
def test_decision_crosses_what_one_holds_and_another_wants(given_inputs: DecisionInputs) -> None:
    decision = decide(given_inputs)
    judged = {each.strategy: each for each in decision.strategies}
    sold: dict[tuple[StrategyId, Symbol], Decimal] = {}
    for cross in decision.crosses:
        sold[cross.seller, cross.symbol] = sold.get((cross.seller, cross.symbol), Decimal(0)) + cross.quantity
        buyer = judged[cross.buyer]
        assert (buyer.action, buyer.signal.ticker, cross.seller != cross.buyer) == (Action.BUY, cross.symbol, True)
        assert buyer.mode not in (Mode.SHADOW_MODE, Mode.DISABLED)
        assert judged[cross.seller].mode is not Mode.DISABLED
        assert cross.price == given_inputs.prices[cross.symbol]
        asset = given_inputs.assets.get(cross.symbol)
        assert asset is None or asset.is_fractionable or cross.quantity == int(cross.quantity)
    for intent in decision.intents:
        if intent.side is Side.SELL and intent.quantity is not None:
            key = intent.strategy, intent.symbol
            sold[key] = sold.get(key, Decimal(0)) + intent.quantity
    for (name, symbol), quantity in sold.items():
        assert quantity <= given_inputs.book.of(name).real.quantity(symbol)
    positions = given_inputs.account.positions if given_inputs.account else {}
    for symbol in {symbol for _, symbol in sold}:
        total = sum((quantity for (_, each), quantity in sold.items() if each == symbol), Decimal(0))
        assert total <= positions[symbol].quantity


@quick
@given(inputs() | meetings())
def test_decision_never_stands_on_both_sides_of_a_symbol(given_inputs: DecisionInputs) -> None:
    sides = {symbol: set(each) for symbol, each in given_inputs.working.items()}
    for intent in decide(given_inputs).intents:
        other = Side.BUY if intent.side is Side.SELL else Side.SELL
        assert other not in sides.get(intent.symbol, set())
        sides.setdefault(intent.symbol, set()).add(intent.side)


@quick
@given(meetings())
def test_decision_moves_no_share_of_the_account_by_crossing(given_inputs: DecisionInputs) -> None:
    decision = decide(given_inputs)
    before = given_inputs.book
    after = folded(before, decision_events(given_inputs, decision, before))
    assert after.holdings() == before.holdings()
    spent = {name: each.real.cost() - each.real.realised for name, each in after.strategies.items()}
    paid = {name: each.real.cost() - each.real.realised for name, each in before.strategies.items()}
    assert abs(sum(spent.values(), Decimal(0)) - sum(paid.values(), Decimal(0))) < Decimal("1e-12")


@quick
@given(inputs() | meetings())
def test_decision_holds_real_positions_of_the_shadowed_when_it_is_told_to(given_inputs: DecisionInputs) -> None:
    policy = replace(given_inputs.policy, on_demotion=OnDemotion.HOLD)
    decision = decide(replace(given_inputs, policy=policy))
    shadowed = {each.strategy for each in decision.strategies if each.mode is Mode.SHADOW_MODE}
    stopped = {(stop.strategy, stop.symbol) for stop in decision.stopped}  # a stop-loss is no exit of its own
    assert not shadowed & {i.strategy for i in decision.intents if (i.strategy, i.symbol) not in stopped}
    assert not shadowed & {c.seller for c in decision.crosses if (c.seller, c.symbol) not in stopped}


@quick
@given(inputs())
def test_decision_names_every_order_and_signal_once(given_inputs: DecisionInputs) -> None:
    decision = decide(given_inputs)
    orders = [intent.client_order_id for intent in decision.intents]
    assert len(set(orders)) == len(orders)
    assert not set(orders) & set(given_inputs.book.open_orders)
    assert len({each.nonce for each in decision.strategies}) == len(decision.strategies) >= len(given_inputs.signals)
    nonces = {each.strategy: each.nonce for each in decision.strategies}
    assert all(intent.nonce == nonces[intent.strategy] for intent in decision.intents)


@quick
@given(inputs())
def test_decision_sends_nothing_while_an_earlier_order_is_in_doubt(given_inputs: DecisionInputs) -> None:
    waiting = {(each.intent.strategy, each.intent.symbol) for each in given_inputs.book.open_orders.values()}
    assert not waiting & {(intent.strategy, intent.symbol) for intent in decide(given_inputs).intents}


def assert_same_decision(given_inputs: DecisionInputs, again: Callable[[DecisionInputs], DecisionInputs]) -> None:
    first, second = decide(given_inputs), decide(again(given_inputs))
    assert canonical_json(second) == canonical_json(first)


@quick
@given(inputs() | meetings())
def test_decision_is_the_same_when_it_is_taken_again(given_inputs: DecisionInputs) -> None:
    assert_same_decision(given_inputs, lambda same: same)
    assert decide(given_inputs) == decide(given_inputs)


@quick
@given(inputs())
def test_decision_is_the_same_from_inputs_in_another_order(given_inputs: DecisionInputs) -> None:
    assert_same_decision(given_inputs, reordered)


@quick
@given(inputs())
def test_decision_is_the_same_from_its_logged_inputs(given_inputs: DecisionInputs) -> None:
    text = canonical_json(given_inputs)
    assert canonical_json(read_canonical_json(text)) == text
    assert_same_decision(given_inputs, lambda logged: read_canonical_json(canonical_json(logged)))


@st.composite
def venues(draw: st.DrawFn) -> tuple[list[OrderState], list[BrokerOrder], Decimal]:
    """Orders, everything the venue ever answered about them (late and twice, too), and the cash it took."""
    orders, answers, cash = [], [], Decimal(0)
    for number in range(draw(st.integers(1, 5))):
        side = draw(st.sampled_from(Side))
        order = open_order(draw(st.sampled_from("ab")), draw(st.sampled_from(SYMBOLS)), side)
        identifier = ClientOrderId(f"mae-{number}")
        orders.append(replace(order, intent=replace(order.intent, client_order_id=identifier)))
        quantity, value = Decimal(0), Decimal(0)
        fills = draw(st.lists(st.tuples(money("0.001", "500", 3), money("0.01", "900")), min_size=1, max_size=4))
        for index, (filled, price) in enumerate(fills):
            quantity, value = quantity + filled, value + filled * price
            is_last = index == len(fills) - 1
            answers.append(
                BrokerOrder(
                    client_order_id=identifier,
                    broker_order_id=f"v{number}",
                    status=OrderStatus.FILLED if is_last else OrderStatus.PARTIALLY_FILLED,
                    filled_quantity=quantity,
                    average_price=value / quantity,
                )
            )
        cash += value if side is Side.BUY else -value
    noise = draw(st.lists(st.sampled_from(answers), max_size=6))
    last = [each for each in answers if each.status is OrderStatus.FILLED]
    return orders, [*draw(st.permutations([*answers, *noise])), *last], cash


@quick
@given(venues(), st.randoms(use_true_random=False))
def test_settlements_conserve_money_to_the_cent(
    venue: tuple[list[OrderState], list[BrokerOrder], Decimal], chance: Random
) -> None:
    orders, answers, cash = venue
    first = {order.intent.client_order_id: order for order in orders}
    book = PortfolioBook(open_orders=first)
    traded: dict[str, Decimal] = {}
    for answer in answers:
        # a tick that observed the order before another one brought it further
        observed = chance.choice([first, book.open_orders]).get(answer.client_order_id)
        if observed is None:
            continue
        outcome = settle(observed, answer, tenant_id="acme", uid="anna", account_id="A1", now=NOW)
        for trade in (each.trade for each in rebased(book, [outcome]) if each.trade is not None):
            assert trade.trade_id not in traded
            traded[trade.trade_id] = trade.signed_quantity * trade.price
        book = after_settling(after_settling(book, [outcome]), [outcome])
    spent = sum((each.real.cost() - each.real.realised for each in book.strategies.values()), Decimal(0))
    assert abs(spent - cash) < CENT / 2
    assert abs(sum(traded.values(), Decimal(0)) - cash) < CENT / 2
    assert book.open_orders == {}
