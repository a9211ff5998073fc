"""Fills that are found late, twice, in parts or out of order are booked once, at the time at which they happened."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore, ledger_documents
from backend.domain.book import PortfolioBook
from backend.domain.errors import BrokerUnavailable, OrderUnresolved
from backend.domain.journal import Filled, StrategyOpened, folded, noted
from backend.domain.ledger import LedgerTrade
from backend.domain.lots import Fill
from backend.domain.order import BrokerOrder, ClientOrderId, OrderStatus, Side
from backend.domain.signal import StrategyId
from backend.domain.tick import BookCommit
from backend.engine.cycle import run_cycle
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AAPL, HOLD, KEY, buy, sell, tick_at, write_returns
from tests.integration.engine.trading_days import MONDAY, TUESDAY, TradingDays, utc, written


def ledger(documents: Documents) -> list[LedgerTrade]:
    found = [ledger_documents.from_document(each) for each in documents.query("tenants/acme/ledger_trades")]
    return sorted(found, key=lambda trade: (trade.ts, trade.trade_id))


def lose_the_answer(days: TradingDays, at: datetime) -> ClientOrderId:
    """Buy 500 shares at 100 so that nobody knows whether the broker has the order; it has, and filled it."""
    days.broker.fail_next(OrderUnresolved("timed out"), accept_first=True)
    days.broker.fail_next(BrokerUnavailable("still down"), on="find")
    result = days.tick(at, a=buy("AAPL", 0.5))
    assert [order.status for order in result.orders] == [OrderStatus.UNRESOLVED]
    days.strategies.signals = {"a": HOLD}
    return result.orders[0].intent.client_order_id


def test_order_in_doubt_at_the_close_is_found_by_closing_and_counts_on_its_day(
    store: DocumentStore, documents: Documents
) -> None:
    days = TradingDays(store)
    lose_the_answer(days, utc(MONDAY, 20, 58))
    days.closes_at(MONDAY, AAPL=102)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    assert (monday.strategies[0].pnl, monday.portfolio.external) == (1000, 0)
    assert (days.held("a", AAPL), days.book().open_orders) == (500, {})
    assert days.store.observe_book(KEY).trading.reserved == 0
    (trade,) = ledger(documents)
    assert (trade.qty, trade.price, trade.ts, trade.run_id) == (
        500,
        100,
        utc(MONDAY, 20, 58),
        "main-20260202T205800.000000Z",
    )


def test_day_waits_while_an_order_in_doubt_cannot_be_looked_up(empty_documents: Callable[[], Documents]) -> None:
    results = []
    for failures in (0, 3):
        documents = empty_documents()
        days = TradingDays(DocumentStore(documents))
        lose_the_answer(days, utc(MONDAY, 20, 58))
        for _ in range(failures):
            days.broker.fail_next(BrokerUnavailable("still down"), on="find")
            with pytest.raises(BrokerUnavailable):
                days.close(utc(MONDAY, 21, 15))
        days.closes_at(MONDAY, AAPL=102)
        days.close(utc(MONDAY, 23))
        results.append(written(documents))
    assert results[0] == results[1]


def test_fill_that_nobody_could_know_of_at_the_close_counts_on_the_next_day_once(
    store: DocumentStore, documents: Documents
) -> None:
    days = TradingDays(store)
    order = lose_the_answer(days, utc(MONDAY, 20, 58))
    days.broker.hidden.add(order)
    days.closes_at(MONDAY, AAPL=102)
    (monday,) = days.close(utc(MONDAY, 21, 1))
    assert order in days.book().open_orders
    assert (monday.strategies[0].pnl, monday.portfolio.external, monday.portfolio.residual) == (0, 0, 0)
    days.broker.hidden.clear()
    days.tick(utc(MONDAY, 21, 2))
    days.closes_at(TUESDAY, AAPL=105)
    days.tick(utc(TUESDAY, 15))
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    assert (days.held("a", AAPL), len(ledger(documents)), len(days.broker.submitted)) == (500, 1, 1)
    assert tuesday.strategies[0].pnl == 2500
    # Monday's equity moved by the shares that no sleeve held yet; Tuesday takes it back
    assert tuesday.portfolio.external == -1000
    assert tuesday.portfolio.residual == 0


def test_fill_that_closing_booked_before_the_tick_recorded_it_is_booked_once(
    store: DocumentStore, documents: Documents
) -> None:
    """The tick is held up between submit and record; meanwhile the day is closed."""
    days = TradingDays(store)
    days.strategies.signals = {"a": buy("AAPL", 0.5)}
    days.clock.time = utc(MONDAY, 20, 59)

    class HeldUp:
        def summarize(self, decision: object) -> None:
            days.close(utc(MONDAY, 21, 15))

    run_cycle(tick_at(utc(MONDAY, 20, 59)), replace(days.cycle(), narrator=HeldUp()))
    observed = store.observe_book(KEY)
    assert observed.book.strategies[StrategyId("a")].real.quantity(AAPL) == 500
    assert (observed.book.open_orders, observed.trading.working) == ({}, {})
    assert [trade.qty for trade in ledger(documents)] == [500]
    assert store.closing(KEY)[0].book.strategies[StrategyId("a")].real.quantity(AAPL) == 500


def test_order_filled_in_parts_is_booked_part_by_part(store: DocumentStore, documents: Documents) -> None:
    days = TradingDays(store)
    days.broker.is_filling = False
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5)).orders
    identifier = order.intent.client_order_id
    days.clock.time = utc(MONDAY, 15, 1)
    days.broker.fill(identifier, Decimal(200))
    days.tick(utc(MONDAY, 15, 2))
    assert days.held("a", AAPL) == 200
    days.clock.time = utc(MONDAY, 15, 3)
    days.price(AAPL, 120)
    days.broker.fill(identifier)  # 30,000 buy 250 more
    days.tick(utc(MONDAY, 15, 4), a=HOLD)
    days.closes_at(MONDAY, AAPL=120)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    assert [(trade.qty, trade.price, trade.ts) for trade in ledger(documents)] == [
        (200, 100, utc(MONDAY, 15, 1)),
        (250, 120, utc(MONDAY, 15, 3)),
    ]
    assert monday.strategies[0].pnl == 200 * 20
    assert days.book().open_orders == {}


def test_answer_older_than_what_is_booked_books_nothing(store: DocumentStore, documents: Documents) -> None:
    class Forgetful(FakeBroker):
        older: BrokerOrder | None = None

        def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
            return self.older or super().find(client_order_id)

    days = TradingDays(store, broker=Forgetful)
    days.broker.is_filling = False
    (order,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5)).orders
    identifier = order.intent.client_order_id
    days.broker.fill(identifier, Decimal(100))
    older = days.broker.find(identifier)
    days.broker.fill(identifier, Decimal(100))
    days.tick(utc(MONDAY, 15, 1))
    days.broker.older = older  # type: ignore[attr-defined]
    days.tick(utc(MONDAY, 15, 2))
    assert days.held("a", AAPL) == 200
    days.broker.older = None  # type: ignore[attr-defined]
    days.broker.fill(identifier)
    days.close(utc(MONDAY, 21, 15))
    assert [trade.qty for trade in ledger(documents)] == [100 + 100, 300]
    assert days.held("a", AAPL) == 500 == days.broker.positions[AAPL].quantity


def test_order_that_arrives_after_it_was_proven_absent_is_external_and_never_sold(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.broker.fail_next(OrderUnresolved("timed out"))
    (lost,) = days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.4)).orders
    days.tick(utc(MONDAY, 15, 6))  # ends it, and orders anew
    days.broker.arrive(lost.intent.client_order_id)
    assert days.broker.positions[AAPL].quantity == 800
    days.tick(utc(MONDAY, 15, 10), a=HOLD)
    assert store.observe_book(KEY).trading.external == {AAPL: 400}
    days.tick(utc(MONDAY, 15, 15), a=sell("AAPL"))
    days.tick(utc(MONDAY, 15, 20), a={**sell("AAPL"), "action": "CLOSE_ALL"})
    assert days.broker.positions[AAPL].quantity == 400
    assert days.held("a", AAPL) == 0


def test_fills_are_matched_in_the_order_of_their_time_not_of_their_discovery(store: DocumentStore) -> None:
    days = TradingDays(store)
    name = StrategyId("a")

    def filled(hour: int, side: Side, price: int) -> Filled:
        fill = Fill(symbol=AAPL, side=side, quantity=Decimal(10), price=Decimal(price))
        return Filled(at=utc(MONDAY, hour), strategy=name, fill=fill, trade_id=f"t-{hour}")

    opened = StrategyOpened(at=utc(MONDAY, 14), strategy=name, capital=Decimal(100_000))
    found = [(opened,), (filled(17, Side.BUY, 110),), (filled(18, Side.SELL, 120),), (filled(15, Side.BUY, 100),)]
    book = PortfolioBook(actions_through=MONDAY)
    for events in found:
        observed = store.observe_book(KEY)
        book, entry = noted(folded(book, events), events, at=utc(MONDAY, 20), run_id="test")
        store.commit_book(
            BookCommit(
                key=KEY,
                expected=observed.versions,
                trading=observed.trading,
                book=book,
                orders=(),
                trades=(),
                journal=entry,
            )
        )
    days.closes_at(MONDAY, AAPL=130)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    # the shares of 15:00 were bought first, so they are sold first: 10 × (120 − 100); those of 17:00 are left
    assert (monday.strategies[0].realized_pnl, monday.strategies[0].unrealized_pnl) == (200, 200)


def test_virtual_sleeve_is_the_same_in_book_and_closing_after_a_fill_found_late(
    store: DocumentStore, documents: Documents
) -> None:
    """A fill of 15:00 is found at 15:04, after the strategy was demoted at 15:02."""
    days = TradingDays(store)
    order = lose_the_answer(days, utc(MONDAY, 15))
    days.broker.hidden.add(order)
    write_returns(documents, "a", [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01], MONDAY - timedelta(days=1))
    days.tick(utc(MONDAY, 15, 2))
    days.broker.hidden.clear()
    days.tick(utc(MONDAY, 15, 4))
    days.close(utc(MONDAY, 21, 15))
    closing, _ = store.closing(KEY)
    in_book, in_closing = (book.strategies[StrategyId("a")].virtual for book in (days.book(), closing.book))
    assert in_book is not None
    assert in_closing is not None
    assert in_book.holdings() == in_closing.holdings()
