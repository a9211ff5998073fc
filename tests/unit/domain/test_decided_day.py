"""One day from decision to close: what each part of the attribution is when the rules themselves make the trades.

An account of 100,000; AAPL is observed at 100 and closes at 110, MSFT at 50 and closes at 50.
"""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.closing import Closing
from backend.domain.commitment import decision_events, with_orders
from backend.domain.decide import decide
from backend.domain.decision import DecisionInputs
from backend.domain.journal import Event, folded
from backend.domain.mode import Mode, ThresholdPolicy, UnscoredMode
from backend.domain.order import BrokerOrder, OrderState, OrderStatus, Side
from backend.domain.paper import PaperAccount, Step
from backend.domain.policy import DecisionPolicy, OnDemotion
from backend.domain.settlement import settle, settlement_events
from backend.domain.signal import StrategyId, StrategySignal
from backend.domain.snapshot import Attribution, StrategyPerformanceSnapshot
from backend.domain.trading_state import TradingState
from tests.unit.domain.closing_days import FRIDAY, BrokersBooks, closed, session
from tests.unit.domain.decision_inputs import (
    AAPL,
    HOLD,
    LOSING,
    MSFT,
    PRICES,
    account_of,
    book_of,
    buy,
    inputs_of,
    record_of,
    sell,
    sleeve,
)

A, B = StrategyId("a"), StrategyId("b")
CLOSES = {**PRICES, AAPL: Decimal(110)}
AT_CLOSE = session(FRIDAY).closes_at


def day_of(
    signals: Mapping[str, StrategySignal], *, filled_at: str = "100", last: Closing | None = None, **more: Any
) -> dict[StrategyId, StrategyPerformanceSnapshot]:
    """Decide once, fill every order whole, and close the day; the equity must be explained."""
    before = last or Closing(equity=Decimal(100_000), cash=Decimal(100_000))
    held = before.book.holdings()
    positions = {symbol: str(quantity) for symbol, quantity in held.items()}
    inputs = inputs_of(
        signals, **{"book": before.book, "account": account_of(positions), "prices": PRICES, "now": AT_CLOSE, **more}
    )
    events = happened(inputs, filled_at)
    broker = BrokersBooks(cash=before.cash, positions=held)
    for event in events:
        if hasattr(event, "trade_id"):
            broker.traded(event.fill)  # type: ignore[union-attr]
    day = closed(before, FRIDAY, events, CLOSES, broker.at_close(CLOSES))
    assert day.portfolio.residual == 0
    assert all(each.attribution and each.attribution.total == each.real_pnl for each in day.strategies)
    return {each.strategy_id: each for each in day.strategies}


def happened(inputs: DecisionInputs, filled_at: str) -> tuple[Event, ...]:
    decision = decide(inputs)
    caused = decision_events(inputs, decision, inputs.book)
    orders = tuple(
        OrderState(intent=intent, tick_id="main-1", decided_at=inputs.now, status=OrderStatus.INTENT)
        for intent in decision.intents
    )
    book = with_orders(folded(inputs.book, caused), orders)
    outcomes = []
    for order in orders:
        intent = order.intent
        price = Decimal(filled_at) if intent.symbol == AAPL else PRICES[intent.symbol]
        quantity = intent.quantity if intent.quantity is not None else (intent.notional or Decimal(0)) / price
        answer = BrokerOrder(
            client_order_id=intent.client_order_id,
            broker_order_id="v",
            status=OrderStatus.FILLED,
            filled_quantity=quantity,
            average_price=price,
        )
        outcomes.append(settle(order, answer, tenant_id="acme", uid="anna", account_id="A1", now=inputs.now))
    return (*caused, *settlement_events(book, outcomes))


def parts(**named: str) -> Attribution:
    return Attribution(**{name: Decimal(amount) for name, amount in named.items()})


def holding(strategy: StrategyBook, name: StrategyId = A) -> Closing:
    """A close at which the strategy's paper accounts hold what its real sleeve does, all worth what they cost."""
    real = {symbol: strategy.real.quantity(symbol) for symbol in strategy.real.lots}
    cost = strategy.real.cost()
    account = PaperAccount(cash=-cost, quantities=real)
    book = PortfolioBook(strategies={name: strategy}, paper={name: dict.fromkeys(Step, account)})
    return Closing(equity=Decimal(100_000), cash=100_000 - cost, book=book)


def test_decided_day_of_one_strategy_is_its_signals() -> None:
    # 500 shares × 10
    assert day_of({"a": buy(AAPL, 0.5)})[A].attribution == parts(signal="5000")


def test_decided_day_with_a_weight_of_its_own() -> None:
    # neutral 1/2 of 2, own 0.2: (100 − 250) × 10
    policy = DecisionPolicy(allocation=AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT, base_weights={"a": 0.2}))
    found = day_of({"a": buy(AAPL, 0.5), "b": HOLD}, policy=policy)
    assert found[A].attribution == parts(signal="2500", allocation="-1500")
    assert found[B].attribution == parts()


def test_decided_day_on_probation() -> None:
    policy = DecisionPolicy(scoring=ThresholdPolicy(unscored=UnscoredMode.PROBATION))
    # 125 instead of 500 shares
    assert day_of({"a": buy(AAPL, 0.5)}, policy=policy)[A].attribution == parts(signal="5000", mode="-3750")


@pytest.mark.parametrize(
    "held_back",
    [{"trading_state": TradingState.REDUCING}, {"policy": DecisionPolicy(systemic_sell_threshold=1)}],
    ids=["reducing", "systemic"],
)
def test_decided_day_whose_entry_is_held_back(held_back: dict[str, Any]) -> None:
    found = day_of({"a": buy(AAPL, 0.5), "z": sell(MSFT)}, **held_back)
    assert found[A].attribution == parts(signal="5000", override="-5000")


def test_decided_day_with_less_room_than_was_asked_for() -> None:
    # 20,000 of buying power for 50,000
    found = day_of({"a": buy(AAPL, 0.5)}, account=account_of(buying_power="20000"))
    assert found[A].attribution == parts(signal="5000", allocation="-3000")


def test_decided_day_scaled_to_the_gross_limit_together() -> None:
    # 0.8 + 0.8 against 1.0: 500 instead of 800 shares each
    found = day_of({"a": buy(AAPL, 0.8), "b": buy(AAPL, 0.8)})
    assert [each.attribution for each in found.values()] == [parts(signal="8000", allocation="-3000")] * 2


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        # 50,000 ÷ 125 = 400 shares: 400 × −15 = −6,000; slippage 400 × 25; the 100 fewer shares cost 100 × 10
        ("125", parts(signal="5000", allocation="-1000", slippage="-10000")),
        # 50,000 ÷ 80 = 625 shares: 625 × 30 = 18,750; slippage 625 × −20
        ("80", parts(signal="5000", allocation="1250", slippage="12500")),
    ],
)
def test_decided_day_with_slippage(price: str, expected: Attribution) -> None:
    assert day_of({"a": buy(AAPL, 0.5)}, filled_at=price)[A].attribution == expected


def test_decided_day_on_which_one_sells_to_another() -> None:
    # a hands b its 500 shares at 100, which spares each 500 × 100 × 0.0005
    last = holding(book_of(Mode.ACTIVE, sleeve(AAPL=("500", "100"))))
    found = day_of({"a": sell(), "b": buy(AAPL, 0.5)}, last=last)
    assert found[A].attribution == parts(crossing="25", slippage="-25")
    assert found[B].attribution == parts(signal="5000", crossing="25", slippage="-25")
    assert (found[A].real_pnl, found[B].real_pnl) == (0, 5000)


def test_decided_day_in_shadow_is_what_the_mode_kept_out() -> None:
    found = day_of({"a": buy(AAPL, 0.5)}, record=record_of(a=LOSING))[A]
    assert found.attribution == parts(signal="5000", mode="-5000")
    # virtually 500 shares bought at 100.05
    assert (found.pnl, found.real_pnl, found.is_virtual) == (Decimal("4975.00"), 0, True)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        # 500 shares are kept and gain 10 each, or are sold at 100 before they do
        (OnDemotion.EXIT_ONLY, parts(signal="5000")),
        (OnDemotion.HOLD, parts(signal="5000")),
        (OnDemotion.FLATTEN, parts(signal="5000", mode="-5000")),
    ],
)
def test_decided_day_of_a_demotion(way: OnDemotion, expected: Attribution) -> None:
    last = holding(book_of(Mode.ACTIVE, sleeve(AAPL=("500", "100"))))
    policy = DecisionPolicy(on_demotion=way)
    found = day_of({"a": HOLD}, last=last, record=record_of(a=LOSING), policy=policy)[A]
    assert found.attribution == expected
    assert found.pnl == 5000  # virtually it keeps them


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (OnDemotion.EXIT_ONLY, parts()),
        (OnDemotion.FLATTEN, parts()),
        (OnDemotion.HOLD, parts(mode="5000")),  # its own exit would have missed the rise
    ],
)
def test_decided_day_of_an_exit_in_shadow(way: OnDemotion, expected: Attribution) -> None:
    held = sleeve(AAPL=("500", "100"))
    last = holding(book_of(Mode.SHADOW_MODE, held, held))
    policy = DecisionPolicy(on_demotion=way)
    found = day_of({"a": sell()}, last=last, record=record_of(a=LOSING), policy=policy)[A]
    assert found.attribution == expected
    # virtually sold at 99.95
    assert found.pnl == -25


def test_decided_day_of_a_short_account_denies_and_attributes_to_limits() -> None:
    # The account holds 200 of the sleeve's 500: 300 stay and gain 10 each.
    last = holding(book_of(Mode.ACTIVE, sleeve(AAPL=("500", "100"))))
    found = day_of({"a": sell()}, last=last, account=account_of({AAPL: "200"}))[A]
    assert found.attribution == parts(allocation="3000")


def test_decided_day_order_that_is_not_filled_is_allocation() -> None:
    inputs = inputs_of({"a": buy(AAPL, 0.5)}, account=account_of(), prices=PRICES, now=AT_CLOSE)
    events = decision_events(inputs, decide(inputs), inputs.book)
    (found,) = closed(Closing(), FRIDAY, events, CLOSES).strategies
    assert found.attribution == parts(signal="5000", allocation="-5000")
    assert replace(found, attribution=None).real_pnl == 0


def test_decided_day_orders_are_filled_on_their_side() -> None:
    last = holding(book_of(Mode.ACTIVE, sleeve(AAPL=("500", "100"))))
    inputs = inputs_of({"a": sell()}, book=last.book, account=account_of({AAPL: "500"}), prices=PRICES, now=AT_CLOSE)
    (*_, sold) = happened(inputs, "99")
    assert (sold.fill.side, sold.fill.slippage) == (Side.SELL, 500)  # type: ignore[union-attr]
