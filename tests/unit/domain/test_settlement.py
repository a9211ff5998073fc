"""Fills out of cumulative answers, by hand: every share is booked once, at what it cost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from backend.domain.book import PortfolioBook
from backend.domain.journal import Filled
from backend.domain.ledger import LedgerTrade
from backend.domain.lots import Fill, Lot
from backend.domain.order import BrokerOrder, ClientOrderId, OrderState, OrderStatus, Side
from backend.domain.settlement import Settled, ended, settle, settled_trading, settlement_events
from backend.domain.signal import StrategyId
from backend.domain.sleeve import Sleeve
from backend.domain.trading_state import Trading, WorkingOrder
from tests.unit.domain.decision_inputs import AAPL, MSFT, NOW, after_settling, book_of, open_order, sleeve

TREND = StrategyId("trend")
LATER = NOW + timedelta(minutes=5)
ORDER = open_order("trend")
PARTIAL, FILLED = OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED


def answer(
    status: OrderStatus, quantity: str = "0", average: str | None = None, order: OrderState = ORDER
) -> BrokerOrder:
    return BrokerOrder(
        client_order_id=order.intent.client_order_id,
        broker_order_id="venue-1",
        status=status,
        filled_quantity=Decimal(quantity),
        average_price=None if average is None else Decimal(average),
        reason="said the venue",
    )


def settled(order: OrderState, given: BrokerOrder) -> Settled:
    return settle(order, given, tenant_id="acme", uid="anna", account_id="A1", now=NOW)


def booked(quantity: str, value: str, order: OrderState = ORDER, status: OrderStatus = PARTIAL) -> OrderState:
    return replace(order, booked_quantity=Decimal(quantity), booked_value=Decimal(value), status=status)


def traded(each: Settled) -> LedgerTrade:
    assert each.trade is not None
    return each.trade


def test_settlement_of_a_fill_is_a_trade_with_everything_it_must_say() -> None:
    after = settled(ORDER, replace(answer(FILLED, "10.00", "100.25"), updated_at=LATER))
    assert after.trade == LedgerTrade(
        trade_id="mae-trend-AAPL-10",
        tenant_id="acme",
        uid="anna",
        strategy_id=TREND,
        run_id="main-0",
        symbol=AAPL,
        side=Side.BUY,
        qty=Decimal(10),
        price=Decimal("100.25"),
        ts=LATER,
        order_id=ORDER.intent.client_order_id,
        slippage=Decimal("2.5"),
        broker_fill_id="venue-1",
        account_id="A1",
    )
    assert after.order == replace(
        booked("10", "1002.5", status=FILLED), broker_order_id="venue-1", reason="said the venue"
    )


def test_settlement_of_an_answer_without_a_time_is_stamped_now() -> None:
    assert traded(settled(ORDER, answer(FILLED, "10", "100"))).ts == NOW


@pytest.mark.parametrize(
    ("side", "answers", "trades"),
    [
        # 4 at 100.50 = 402; 10 at 101.10 = 1011, so 6 more cost 609, 101.50 each
        (Side.BUY, [("4", "100.50"), ("10", "101.10")], [("4", "100.50", "2"), ("6", "101.50", "9")]),
        # 4 at 99.50 = 398; 10 at 98.90 = 989, so 6 more brought 591, 98.50 each
        (Side.SELL, [("4", "99.50"), ("10", "98.90")], [("4", "99.50", "2"), ("6", "98.50", "9")]),
        # 2 at 99 = 198; 5 at 98.40 = 492: 3 at 98; 10 at 99.20 = 992: 5 at 100
        (
            Side.BUY,
            [("2", "99"), ("5", "98.40"), ("10", "99.20")],
            [("2", "99", "-2"), ("3", "98", "-6"), ("5", "100", "0")],
        ),
        (Side.SELL, [("0.5", "102"), ("1.5", "101")], [("0.5", "102", "-1"), ("1", "100.5", "-0.5")]),
    ],
    ids=["buy-dearer", "sell-cheaper", "buy-cheaper", "sell-dearer"],
)
def test_settlement_of_cumulative_answers(
    side: Side, answers: list[tuple[str, str]], trades: list[tuple[str, str, str]]
) -> None:
    order = open_order("trend", side=side)
    found = []
    for quantity, average in answers:
        after = settled(order, answer(PARTIAL, quantity, average, order))
        order = after.order
        trade = traded(after)
        found.append((trade.qty, trade.price, trade.slippage))
    assert found == [tuple(map(Decimal, trade)) for trade in trades]
    total, mean = map(Decimal, answers[-1])
    assert (order.booked_quantity, order.booked_value) == (total, total * mean)


@pytest.mark.parametrize(
    ("quantity", "average"), [("4", "100.50"), ("3", "100"), ("0", None), ("0", "100"), ("9", None)]
)
def test_settlement_of_an_answer_that_adds_nothing_books_nothing(quantity: str, average: str | None) -> None:
    order = booked("4", "402")
    after = settled(order, answer(PARTIAL, quantity, average))
    assert after.trade is None
    assert (after.order.booked_quantity, after.order.booked_value) == (Decimal(4), Decimal(402))


def test_settlement_of_the_same_answer_again_books_it_once() -> None:
    given = answer(FILLED, "10", "101")
    first = settled(ORDER, given)
    again = settled(first.order, given)
    assert (again.trade, again.order) == (None, first.order)


def test_settlement_of_an_order_without_an_observed_price_knows_no_slippage() -> None:
    order = replace(ORDER, intent=replace(ORDER.intent, observed_price=Decimal(0)))
    assert traded(settled(order, answer(FILLED, "10", "101"))).slippage == 0


@pytest.mark.parametrize("status", [OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.SUBMITTED])
def test_settlement_without_a_fill_moves_the_status_only(status: OrderStatus) -> None:
    after = settled(ORDER, answer(status))
    assert after == Settled(order=replace(ORDER, status=status, broker_order_id="venue-1", reason="said the venue"))


def test_settlement_of_a_cancelled_order_books_what_was_filled() -> None:
    after = settled(ORDER, answer(OrderStatus.CANCELLED, "4", "100.50"))
    assert (traded(after).qty, after.order.status) == (Decimal(4), OrderStatus.CANCELLED)


@pytest.mark.parametrize("quantity", ["10", "10.000", "1E+1"])
def test_settlement_names_a_trade_by_its_cumulative_quantity(quantity: str) -> None:
    assert traded(settled(ORDER, answer(FILLED, quantity, "100"))).trade_id == "mae-trend-AAPL-10"


def book_with(*orders: OrderState, real: Sleeve | None = None) -> PortfolioBook:
    return PortfolioBook(
        strategies={TREND: book_of(real=real or Sleeve())},
        open_orders={order.intent.client_order_id: order for order in orders},
    )


def test_settled_book_enters_the_fill_and_keeps_a_working_order() -> None:
    after = settled(ORDER, answer(PARTIAL, "4", "100.50"))
    book = after_settling(book_with(ORDER), [after])
    assert book.of(TREND).real.lots == {AAPL: (Lot(quantity=Decimal(4), price=Decimal("100.50")),)}
    assert book.open_orders == {ORDER.intent.client_order_id: after.order}


def test_settled_book_drops_an_order_that_is_final_and_no_other() -> None:
    other = open_order("trend", MSFT)
    book = after_settling(book_with(ORDER, other), [settled(ORDER, answer(FILLED, "10", "100"))])
    assert book.open_orders == {other.intent.client_order_id: other}


def test_settled_book_realises_what_a_sale_brought() -> None:
    order = open_order("trend", side=Side.SELL)
    after = settled(order, answer(FILLED, "10", "95", order))
    # 10 of 14 bought at 90 are sold at 95
    real = after_settling(book_with(order, real=sleeve(AAPL=("14", "90"))), [after]).of(TREND).real
    assert (real.quantity(AAPL), real.realised) == (Decimal(4), Decimal(50))


def test_settled_book_enters_real_fills_into_the_real_sleeve_of_a_shadowed_strategy() -> None:
    held = book_of(real=Sleeve(), virtual=sleeve(MSFT=("1", "50")))
    book = replace(book_with(ORDER), strategies={TREND: held})
    after = after_settling(book, [settled(ORDER, answer(FILLED, "10", "100"))]).of(TREND)
    assert (after.real.quantity(AAPL), after.virtual) == (Decimal(10), held.virtual)


def test_settled_book_opens_a_strategy_that_it_did_not_know() -> None:
    order = open_order("new")
    book = PortfolioBook(open_orders={order.intent.client_order_id: order})
    after = after_settling(book, [settled(order, answer(FILLED, "10", "100", order))])
    assert after.of(StrategyId("new")).real.quantity(AAPL) == 10


@pytest.mark.parametrize(("first", "quantity"), [(PARTIAL, "4"), (FILLED, "10")])
def test_settled_book_enters_an_outcome_once_though_two_ticks_found_it(first: OrderStatus, quantity: str) -> None:
    # Two ticks look one order up before either has recorded; the second records over what the first left.
    found = settled(ORDER, answer(first, quantity, "100"))
    once = after_settling(book_with(ORDER), [found])
    assert after_settling(once, [found]) == once


def test_settled_book_enters_only_what_an_outcome_adds_to_what_another_tick_found() -> None:
    # One tick found 4 at 100.50, the other 10 at 101.10: together 4 at 100.50 and 6 at 101.50.
    some, whole = settled(ORDER, answer(PARTIAL, "4", "100.50")), settled(ORDER, answer(FILLED, "10", "101.10"))
    some_first = after_settling(after_settling(book_with(ORDER), [some]), [whole])
    assert some_first.of(TREND).real.lots[AAPL] == (
        Lot(quantity=Decimal(4), price=Decimal("100.50")),
        Lot(quantity=Decimal(6), price=Decimal("101.50")),
    )
    whole_first = after_settling(after_settling(book_with(ORDER), [whole]), [some])
    assert (whole_first.of(TREND).real.quantity(AAPL), whole_first.open_orders) == (Decimal(10), {})


def test_settlement_events_say_what_was_filled_when_and_where() -> None:
    found = settled(ORDER, replace(answer(FILLED, "10", "100.25"), updated_at=LATER))
    assert settlement_events(book_with(ORDER), [found]) == (
        Filled(
            at=LATER,
            strategy=TREND,
            fill=Fill(
                symbol=AAPL, side=Side.BUY, quantity=Decimal(10), price=Decimal("100.25"), slippage=Decimal("2.5")
            ),
            trade_id="mae-trend-AAPL-10",
            order_id="venue-1",
        ),
    )


@pytest.mark.parametrize("status", [OrderStatus.SUBMITTED, OrderStatus.REJECTED, OrderStatus.CANCELLED])
def test_settlement_events_of_an_answer_without_a_fill_are_none(status: OrderStatus) -> None:
    assert settlement_events(book_with(ORDER), [settled(ORDER, answer(status))]) == ()


def test_settlement_events_of_an_order_that_is_not_open_any_more_are_none() -> None:
    assert settlement_events(book_with(), [settled(ORDER, answer(FILLED, "10", "100"))]) == ()


def test_settled_book_keeps_what_orders_do_not_touch() -> None:
    before = replace(book_with(ORDER), entries=7, actions_through=NOW.date(), charged={"fee-1": NOW.date()})
    after = after_settling(before, [settled(ORDER, answer(FILLED, "10", "100"))])
    assert replace(after, strategies=before.strategies, open_orders=before.open_orders) == before


def test_settled_book_adds_up_the_slippage_of_fills() -> None:
    # 4 × 0.50 and 6 × 1.50
    some, whole = settled(ORDER, answer(PARTIAL, "4", "100.50")), settled(ORDER, answer(FILLED, "10", "101.10"))
    real = after_settling(after_settling(book_with(ORDER), [some]), [whole]).of(TREND).real
    assert real.slippage == 11


def working(reserved: str) -> WorkingOrder:
    return WorkingOrder(symbol=AAPL, side=Side.BUY, reserved=Decimal(reserved))


@pytest.mark.parametrize("status", list(OrderStatus))
def test_settled_trading_frees_what_a_final_order_held(status: OrderStatus) -> None:
    held = {ORDER.intent.client_order_id: working("1000"), ClientOrderId("mae-other"): working("7")}
    after = settled_trading(Trading(working=held, epoch=3), [ended(ORDER, status, "why")])
    is_free = status in {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.DENIED}
    assert after.reserved == (7 if is_free else 1007)
    assert (after.epoch, ORDER.intent.client_order_id in after.working) == (3, not is_free)
    assert after.working[ClientOrderId("mae-other")] == working("7")


def test_settled_trading_keeps_the_whole_reservation_of_a_partial_fill() -> None:
    trading = Trading(working={ORDER.intent.client_order_id: working("1000")})
    assert settled_trading(trading, [settled(ORDER, answer(PARTIAL, "9", "100"))]) == trading


def test_ended_order_keeps_what_was_booked() -> None:
    order = booked("4", "402")
    after = ended(order, OrderStatus.DENIED, "proven absent")
    assert after == Settled(order=replace(order, status=OrderStatus.DENIED, reason="proven absent"))
