"""What a committed decision leaves behind: reservations, modes, sleeves, orders under way."""

from decimal import Decimal

import pytest

from backend.domain.commitment import account_snapshot, decided_book, reserved
from backend.domain.decide import decide
from backend.domain.decision import Decision
from backend.domain.mode import Mode, ModeState
from backend.domain.order import OrderState, OrderStatus
from backend.domain.policy import DecisionPolicy
from backend.domain.signal import StrategyId, StrategySignal
from backend.domain.sleeve import Lot, PortfolioBook, Sleeve, StrategyBook
from backend.domain.trading_state import Trading, TradingState
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

A = StrategyId("a")
POLICY = DecisionPolicy()
ACCOUNT = account_of({AAPL: "10"})


def decided_on(signal: StrategySignal, held: StrategyBook | None = None, *, loses: bool = False) -> Decision:
    return decide(
        inputs_of(
            {"a": signal},
            record=record_of(a=LOSING) if loses else record_of(),
            book=PortfolioBook(strategies={} if held is None else {A: held}),
            account=ACCOUNT,
            prices=PRICES,
        )
    )


def book_after(decision: Decision, held: StrategyBook | None = None) -> StrategyBook:
    book = PortfolioBook(strategies={} if held is None else {A: held})
    return decided_book(book, decision, (), ACCOUNT, POLICY).strategies[A]


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
    trading = Trading(epoch=4, state=TradingState.ACTIVE, reservations={"mae-0": Decimal(7)})
    after = reserved(trading, decision, ACCOUNT, "f" * 64)
    assert after.reservations == {"mae-0": Decimal(7), intent.client_order_id: Decimal(25_000)}
    assert (after.reserved, after.log_head, after.epoch) == (Decimal(25_007), "f" * 64, 4)
    assert trading.reservations == {"mae-0": Decimal(7)}


def test_reserved_holds_nothing_for_an_exit() -> None:
    decision = decided_on(sell(), book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90"))))
    assert len(decision.intents) == 1
    assert reserved(Trading(), decision, ACCOUNT, "0").reservations == {}


@pytest.mark.parametrize(("mark", "expected"), [("90000", "100000"), ("110000", "110000")])
def test_reserved_raises_the_high_water_mark_and_never_lowers_it(mark: str, expected: str) -> None:
    after = reserved(Trading(high_water_mark=Decimal(mark)), decided_on(HOLD), ACCOUNT, "0")
    assert after.high_water_mark == Decimal(expected)


def test_decided_book_opens_a_strategy_with_its_base_weight_of_the_equity() -> None:
    policy = DecisionPolicy(base_weights={"a": 0.3})
    book = decided_book(PortfolioBook(), decided_on(HOLD), (), ACCOUNT, policy)
    unscored = "insufficient data: 0 daily returns, 5 needed; default allocation"
    mode = ModeState(mode=Mode.ACTIVE, since=NOW, reason=unscored)
    assert book.strategies == {A: StrategyBook(mode=mode, capital=Decimal("30000.0"))}


def test_decided_book_leaves_capital_and_mode_as_they_stand() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    assert book_after(decided_on(HOLD, held), held) == held


def test_decided_book_keeps_strategies_that_said_nothing() -> None:
    silent = book_of(Mode.REDUCED, sleeve(MSFT=("3", "40")))
    book = PortfolioBook(strategies={StrategyId("silent"): silent})
    after = decided_book(book, decided_on(HOLD), (), ACCOUNT, POLICY)
    assert after.strategies[StrategyId("silent")] is silent


def test_decided_book_demotes_with_a_copy_of_the_real_sleeve() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    after = book_after(decided_on(HOLD, held, loses=True), held)
    assert after.mode is not None
    assert (after.mode.mode, after.mode.since, after.virtual, after.real) == (
        Mode.SHADOW_MODE,
        NOW,
        held.real,
        held.real,
    )


def test_decided_book_demotes_anew_over_an_old_virtual_sleeve() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")), sleeve(MSFT=("99", "1")))
    assert book_after(decided_on(HOLD, held, loses=True), held).virtual == held.real


def test_decided_book_enters_virtual_fills_of_the_day_of_demotion_into_the_copy() -> None:
    held = book_of(Mode.ACTIVE, sleeve(AAPL=("10", "90")))
    after = book_after(decided_on(sell(), held, loses=True), held)
    # 10 × (100 × 0.9995 − 90)
    assert after.virtual == Sleeve(lots={}, realised=Decimal("99.5"))
    assert after.real == held.real


def test_decided_book_enters_virtual_fills_into_the_virtual_sleeve() -> None:
    held = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(MSFT=("1", "45")))
    after = book_after(decided_on(buy(AAPL, 0.1), held, loses=True), held)
    assert after.virtual is not None
    assert after.virtual.lots == {
        MSFT: (Lot(quantity=Decimal(1), price=Decimal(45)),),
        AAPL: (Lot(quantity=Decimal(100), price=Decimal("100.05")),),
    }
    assert (after.real, after.mode) == (held.real, held.mode)


def test_decided_book_promotes_and_leaves_the_virtual_sleeve_to_the_snapshot() -> None:
    held = book_of(Mode.SHADOW_MODE, Sleeve(), sleeve(MSFT=("1", "45")))
    after = book_after(decided_on(HOLD, held), held)
    assert after.mode is not None
    assert (after.mode.mode, after.virtual) == (Mode.ACTIVE, held.virtual)
    assert (after.traded, after.scored) == (held.real, held.virtual)


def test_decided_book_adds_the_orders_under_way() -> None:
    decision = decided_on(buy(MSFT, 0.25))
    (intent,) = decision.intents
    earlier = open_order("a")
    order = OrderState(intent=intent, tick_id="main-1", decided_at=NOW, status=OrderStatus.INTENT)
    book = PortfolioBook(open_orders={earlier.intent.client_order_id: earlier})
    after = decided_book(book, decision, (order,), ACCOUNT, POLICY)
    assert after.open_orders == {earlier.intent.client_order_id: earlier, intent.client_order_id: order}
