"""What a committed decision leaves behind: reservations, modes, sleeves, crosses, orders under way."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.commitment import account_snapshot, cross_trades, decision_events, reserved, with_orders
from backend.domain.decide import decide
from backend.domain.decision import Decision, DecisionInputs
from backend.domain.guard import Breaker, Guard
from backend.domain.journal import Filled, ModeEntered, PaperTraded, StrategyOpened, VirtuallyFilled, WeightSet, folded
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.lots import Fill, Lot
from backend.domain.mode import Mode, ModeState
from backend.domain.order import ClientOrderId, OrderState, OrderStatus, Side
from backend.domain.paper import PaperTrade, Step
from backend.domain.policy import DecisionPolicy
from backend.domain.sighting import Trip, Watched
from backend.domain.signal import StrategyId, StrategySignal
from backend.domain.sleeve import Sleeve
from backend.domain.trading_state import Restriction, Trading, TradingState, WorkingOrder
from tests.unit.domain.decision_inputs import (
    AAPL,
    HOLD,
    LOSING,
    MSFT,
    NOW,
    PRICES,
    account_of,
    book_of,
    buy,
    inputs_of,
    open_order,
    record_of,
    sell,
    sleeve,
)

A, B = StrategyId("a"), StrategyId("b")
ACCOUNT = account_of({AAPL: "10"})


def inputs_on(signal: StrategySignal, held: StrategyBook | None = None, *, loses: bool = False) -> DecisionInputs:
    return inputs_of(
        {"a": signal},
        record=record_of(a=LOSING) if loses else record_of(),
        book=PortfolioBook(strategies={} if held is None else {A: held}),
        account=ACCOUNT,
        prices=PRICES,
    )


def decided_on(signal: StrategySignal, held: StrategyBook | None = None, *, loses: bool = False) -> Decision:
    return decide(inputs_on(signal, held, loses=loses))


def committed(inputs: DecisionInputs) -> PortfolioBook:
    return folded(inputs.book, decision_events(inputs, decide(inputs), inputs.book))


def book_after(signal: StrategySignal, held: StrategyBook | None = None, *, loses: bool = False) -> StrategyBook:
    return committed(inputs_on(signal, held, loses=loses)).strategies[A]


def working(symbol: Any, side: Side, held: str) -> WorkingOrder:
    return WorkingOrder(symbol=symbol, side=side, reserved=Decimal(held))


def test_account_snapshot_shows_plain_numbers() -> None:
    book = PortfolioBook(
        strategies={
            A: book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90"))),
            StrategyId("s"): book_of(Mode.SHADOW_MODE, sleeve(AAPL=("1", "90")), sleeve(MSFT=("2.5", "40"))),
        }
    )
    assert account_snapshot(account_of({AAPL: "11"}, buying_power="5"), book) == {
        "equity": 100_000.0,
        "cash": 5.0,
        "buying_power": 5.0,
        "positions": {"AAPL": 11.0},
        "sleeves": {"a": {"AAPL": 10.0}, "s": {"MSFT": 2.5}},
    }


def test_reserved_holds_entries_beside_what_is_held_already() -> None:
    decision = decided_on(buy(MSFT, 0.25))
    (intent,) = decision.intents
    earlier = {ClientOrderId("mae-0"): working(AAPL, Side.BUY, "7")}
    trading = Trading(epoch=4, working=earlier)
    after = reserved(trading, decision, "f" * 64)
    assert after.working == {**earlier, intent.client_order_id: working(MSFT, Side.BUY, "25000.00")}
    assert (after.reserved, after.log_head, after.epoch) == (Decimal(25_007), "f" * 64, 4)
    assert trading.working == earlier


def test_reserved_notes_an_exit_that_holds_nothing() -> None:
    decision = decided_on(sell(), book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90"))))
    (intent,) = decision.intents
    after = reserved(Trading(), decision, "0")
    assert after.working == {intent.client_order_id: working(AAPL, Side.SELL, "0")}
    assert (after.reserved, after.sides()) == (0, {AAPL: {Side.SELL}})


def test_reserved_keeps_what_the_breakers_saw_and_puts_in_force_what_they_ask_for() -> None:
    decision = decided_on(HOLD)
    guard = Guard(high_water_mark=Decimal(7))
    trip = Trip(breaker=Breaker.DRAWDOWN, state=TradingState.HALTED, reason="22 %")
    watched = Watched(guard=guard, trips=(trip,))
    before = Trading(epoch=4, restrictions={"drawdown": restriction(TradingState.REDUCING), "operator": OPERATORS})
    after = reserved(before, replace(decision, watched=watched), "0")
    expected = Restriction(state=TradingState.HALTED, reason="22 %", by="breaker", since=decision.decided_at)
    assert after.restrictions == {"drawdown": expected, "operator": OPERATORS}
    assert (after.epoch, after.guard, after.state) == (5, guard, TradingState.HALTED)
    assert reserved(before, decision, "0").epoch == 4


def restriction(state: TradingState) -> Restriction:
    return Restriction(state=state, reason="why", by="ann", since=NOW)


OPERATORS = restriction(TradingState.REDUCING)


UNSCORED = ModeState(
    mode=Mode.ACTIVE, since=NOW, reason="insufficient data: 0 daily returns, 5 needed; default allocation"
)


def test_decision_events_open_a_strategy_with_its_base_weight_of_the_equity() -> None:
    inputs = replace(inputs_on(HOLD), policy=DecisionPolicy(allocation=AllocationPolicy(base_weights={"a": 0.3})))
    assert decision_events(inputs, decide(inputs), inputs.book) == (
        StrategyOpened(at=NOW, strategy=A, capital=Decimal("30000.0")),
        WeightSet(at=NOW, strategy=A, weight=Decimal("0.3")),
        ModeEntered(at=NOW, strategy=A, state=UNSCORED),
    )
    assert committed(inputs).strategies == {
        A: StrategyBook(mode=UNSCORED, weight=Decimal("0.3"), capital=Decimal("30000.0"))
    }


@pytest.mark.parametrize(("stood", "told"), [("1", 1), ("0.5", 1), ("0.3", 0), ("0.30", 0)])
def test_decision_events_tell_of_a_base_weight_when_it_changes(stood: str, told: int) -> None:
    held = replace(book_of(Mode.ACTIVE), weight=Decimal(stood))
    inputs = replace(inputs_on(HOLD, held), policy=DecisionPolicy(allocation=AllocationPolicy(base_weights={"a": 0.3})))
    events = decision_events(inputs, decide(inputs), inputs.book)
    assert events == (WeightSet(at=NOW, strategy=A, weight=Decimal("0.3")),) * told
    after = committed(inputs).of(A)
    assert (after.weight, after.capital) == (Decimal("0.3"), held.capital)  # the day's capital stays


def test_decision_events_of_a_newcomer_change_everybodys_equal_weight() -> None:
    policy = DecisionPolicy(allocation=AllocationPolicy(method=AllocationMethod.EQUAL_WEIGHT))
    book = PortfolioBook(strategies={A: book_of(Mode.ACTIVE)})
    inputs = inputs_of({"a": HOLD, "b": HOLD}, policy=policy, book=book, account=ACCOUNT)
    after = folded(book, decision_events(inputs, decide(inputs), book)).strategies
    assert [(each.weight, each.capital) for each in after.values()] == [
        (Decimal("0.5"), Decimal(100_000)),
        (Decimal("0.5"), Decimal(50_000)),
    ]


def test_decision_events_without_an_account_open_a_strategy_without_capital() -> None:
    inputs = replace(inputs_on(buy()), account=None)
    assert committed(inputs).strategies == {A: StrategyBook(mode=UNSCORED)}


def test_decision_events_of_a_quiet_tick_are_none() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    inputs = inputs_on(HOLD, held)
    assert decision_events(inputs, decide(inputs), inputs.book) == ()
    assert committed(inputs).strategies == {A: held}


def test_decision_events_leave_capital_and_mode_as_they_stand() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    assert book_after(buy(MSFT, 0.25), held) == held  # until the venue has answered


def test_decision_events_keep_strategies_that_said_nothing() -> None:
    silent = book_of(Mode.REDUCED, sleeve(MSFT=("3", "40")))
    inputs = replace(inputs_on(HOLD), book=PortfolioBook(strategies={StrategyId("silent"): silent}))
    assert committed(inputs).strategies[StrategyId("silent")] is silent


def test_decision_events_demote_with_a_copy_of_the_real_sleeve() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    after = book_after(HOLD, held, loses=True)
    assert after.mode is not None
    assert (after.mode.mode, after.mode.since, after.virtual, after.real) == (
        Mode.SHADOW_MODE,
        NOW,
        held.real,
        held.real,
    )


def test_decision_events_demote_anew_over_an_old_virtual_sleeve() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")), sleeve(MSFT=("99", "1")))
    assert book_after(HOLD, held, loses=True).virtual == held.real


def test_decision_events_enter_virtual_fills_of_the_day_of_demotion_into_the_copy() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    after = book_after(sell(), held, loses=True)
    # 10 × (100 × 0.9995 − 90); it cost 10 × 100 × 0.0005
    assert after.virtual == Sleeve(lots={}, realised=Decimal("99.5"), slippage=Decimal("0.5"))
    assert after.real == held.real


def test_decision_events_enter_virtual_fills_into_the_virtual_sleeve() -> None:
    held = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(MSFT=("1", "45")))
    after = book_after(buy(AAPL, 0.1), held, loses=True)
    assert after.virtual is not None
    assert after.virtual.lots == {
        MSFT: (Lot(quantity=Decimal(1), price=Decimal(45)),),
        AAPL: (Lot(quantity=Decimal(100), price=Decimal("100.05")),),
    }
    assert (after.real, after.mode) == (held.real, held.mode)


def test_decision_events_promote_and_leave_the_virtual_sleeve_to_the_close() -> None:
    held = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(MSFT=("1", "45")))
    after = book_after(HOLD, held)
    assert after.mode is not None
    assert (after.mode.mode, after.virtual) == (Mode.ACTIVE, held.virtual)
    assert (after.traded, after.scored) == (held.real, held.virtual)


def test_decision_events_trade_the_paper_accounts_of_an_entry() -> None:
    # 0.25 of 100,000 at 50: 500 shares in every account
    inputs = inputs_on(buy(MSFT, 0.25))
    (*_, traded) = decision_events(inputs, decide(inputs), inputs.book)
    share: dict[str, Any] = {"symbol": MSFT, "quantity": Decimal(500), "price": Decimal(50)}
    assert traded == PaperTraded(at=NOW, strategy=A, trades=tuple(PaperTrade(step=step, **share) for step in Step))


def test_decision_events_come_in_the_order_in_which_they_must_be_folded() -> None:
    # A new strategy that is in shadow from the first and buys: its virtual sleeve must be there before its fill.
    inputs = inputs_on(buy(AAPL, 0.1), loses=True)
    kinds = [type(event) for event in decision_events(inputs, decide(inputs), inputs.book)]
    assert kinds == [StrategyOpened, ModeEntered, VirtuallyFilled, PaperTraded]
    assert committed(inputs).strategies[A].traded.quantity(AAPL) == 100


def crossing_inputs(held: Mapping[StrategyId, StrategyBook] | None = None) -> DecisionInputs:
    """Strategy a leaves its 10 AAPL, b wants 1,500 of it; slippage counts 5 basis points."""
    books = held or {A: book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90"))), B: book_of(Mode.ACTIVE)}
    signals = {"a": sell(), "b": buy(AAPL, 0.015)}
    return inputs_of(signals, book=PortfolioBook(strategies=books), account=ACCOUNT, prices=PRICES)


def test_decision_events_cross_fills_both_sleeves_at_the_observed_price() -> None:
    inputs = crossing_inputs()
    decision = decide(inputs)
    (cross,) = decision.crosses
    # spared on each side: 10 × 100 × 0.0005
    shared: dict[str, Any] = {"symbol": AAPL, "quantity": Decimal(10), "price": Decimal(100), "spared": Decimal("0.5")}
    fills = [each for each in decision_events(inputs, decision, inputs.book) if isinstance(each, Filled)]
    assert fills == [
        Filled(
            at=NOW, strategy=A, fill=Fill(side=Side.SELL, **shared), trade_id=f"{cross.cross_id}-sell", is_cross=True
        ),
        Filled(at=NOW, strategy=B, fill=Fill(side=Side.BUY, **shared), trade_id=f"{cross.cross_id}-buy", is_cross=True),
    ]
    after = committed(inputs).strategies
    # 10 × (100 − 90)
    assert after[A].real == Sleeve(realised=Decimal(100), spared=Decimal("0.5"))
    assert after[B].real == replace(sleeve(AAPL=("10", "100")), spared=Decimal("0.5"))


def test_decision_events_cross_of_a_demoted_seller_leaves_its_virtual_sleeve_to_the_virtual_fill() -> None:
    inputs = replace(crossing_inputs(), record=record_of(a=LOSING))
    after = committed(inputs).strategies[A]
    assert (after.real.lots, after.real.realised) == ({}, Decimal(100))
    # 10 × (99.95 − 90)
    assert after.virtual == Sleeve(lots={}, realised=Decimal("99.5"), slippage=Decimal("0.5"))


def test_cross_trades_are_both_sides_as_the_ledger_has_them() -> None:
    decision = decide(crossing_inputs())
    (cross,) = decision.crosses
    sold, bought = cross_trades(decision, uid="anna", account_id="A1")
    assert sold == LedgerTrade(
        trade_id=f"{cross.cross_id}-sell",
        tenant_id="acme",
        uid="anna",
        strategy_id=A,
        run_id="main-1",
        symbol=AAPL,
        side=Side.SELL,
        qty=Decimal(10),
        price=Decimal(100),
        ts=NOW,
        order_id=ClientOrderId(cross.cross_id),
        account_id="A1",
        kind=TradeKind.CROSS,
    )
    assert bought == replace(sold, trade_id=f"{cross.cross_id}-buy", strategy_id=B, side=Side.BUY)


def test_cross_trades_are_the_fills_of_the_journal() -> None:
    inputs = crossing_inputs()
    decision = decide(inputs)
    fills = [each for each in decision_events(inputs, decision, inputs.book) if isinstance(each, Filled)]
    trades = cross_trades(decision, uid="anna", account_id="A1")
    assert [(each.trade_id, each.strategy, each.at) for each in fills] == [
        (each.trade_id, each.strategy_id, each.ts) for each in trades
    ]
    assert [(e.fill.side, e.fill.quantity, e.fill.price, e.fill.fees, e.fill.slippage) for e in fills] == [
        (e.side, e.qty, e.price, e.fees, e.slippage) for e in trades
    ]


def test_with_orders_adds_the_orders_under_way() -> None:
    decision = decided_on(buy(MSFT, 0.25))
    (intent,) = decision.intents
    earlier = open_order("a")
    order = OrderState(intent=intent, tick_id="main-1", decided_at=NOW, status=OrderStatus.INTENT)
    book = PortfolioBook(open_orders={earlier.intent.client_order_id: earlier}, entries=3)
    after = with_orders(book, (order,))
    assert after.open_orders == {earlier.intent.client_order_id: earlier, intent.client_order_id: order}
    assert after.entries == 3
