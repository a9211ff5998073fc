"""Splits and dividends between ticks: sleeves, virtual sleeves and EXTERNAL follow the broker."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore, ledger_documents
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.market import start_of
from backend.domain.order import OrderStatus
from backend.domain.signal import StrategyId, Symbol
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, buy, sell, write_returns
from tests.integration.engine.trading_days import (
    FRIDAY,
    MONDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    TradingDays,
    utc,
    written,
)

LOSING = [-0.01, -0.02, 0.005, -0.01, -0.015, 0.002, -0.01]


def split(symbol: Symbol, ex_day: date, new: int, old: int = 1) -> CorporateAction:
    return CorporateAction(
        symbol=symbol, kind=ActionKind.SPLIT, ex_day=ex_day, new_shares=Decimal(new), old_shares=Decimal(old)
    )


def dividend(symbol: Symbol, ex_day: date, per_share: str) -> CorporateAction:
    return CorporateAction(symbol=symbol, kind=ActionKind.DIVIDEND, ex_day=ex_day, per_share=Decimal(per_share))


def entries(documents: Documents, kind: TradeKind) -> list[LedgerTrade]:
    found = [ledger_documents.from_document(each) for each in documents.query("tenants/acme/ledger_trades")]
    return [each for each in found if each.kind is kind]


def with_seven_shares(store: DocumentStore) -> TradingDays:
    """Begin with 100,000 of equity, 700 of it in shares of the owner's."""
    days = TradingDays(store)
    days.statements.shares(AAPL, Decimal(7))
    days.statements.deposit(Decimal(-700))
    return days


def test_split_reaches_sleeves_virtual_sleeves_and_external(store: DocumentStore, documents: Documents) -> None:
    write_returns(documents, "shadowed", LOSING, MONDAY - timedelta(days=1))
    days = with_seven_shares(store)
    days.tick(utc(MONDAY, 15), real=buy("AAPL", 0.2), shadowed=buy("AAPL", 0.3), other=buy("MSFT", 0.1))
    days.bars.actions = (split(AAPL, TUESDAY, 4),)
    days.clock.time = utc(TUESDAY, 5)
    days.statements.split(AAPL, 4)
    days.tick(utc(TUESDAY, 15), real=HOLD, shadowed=HOLD, other=HOLD)

    book = days.book()
    virtual = book.strategies[StrategyId("shadowed")].traded
    assert (days.held("real", AAPL), virtual.quantity(AAPL), days.held("other", MSFT)) == (800, 1200, 200)
    assert book.strategies[StrategyId("real")].real.cost() == 20_000
    assert days.store.observe_book(KEY).trading.external == {AAPL: 28}
    (entry,) = entries(documents, TradeKind.SPLIT)
    assert (entry.trade_id, entry.qty, entry.price) == ("split-AAPL-2026-02-03-4for1-main-real", 600, 0)


def test_sleeve_can_be_sold_whole_after_a_split(store: DocumentStore) -> None:
    days = with_seven_shares(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.2))
    days.bars.actions = (split(AAPL, TUESDAY, 4),)
    days.clock.time = utc(TUESDAY, 5)
    days.statements.split(AAPL, 4)
    (order,) = days.tick(utc(TUESDAY, 15), a=sell("AAPL")).orders  # the first tick of the day
    assert (order.intent.quantity, order.status) == (800, OrderStatus.FILLED)
    assert days.broker.positions[AAPL].quantity == 28
    assert days.held("a", AAPL) == 0


def test_reverse_split_of_fractions_held_in_parts_can_be_sold_whole(store: DocumentStore) -> None:
    days = TradingDays(store)
    for number in range(4):  # four lots of one share each: a seventh of each rounds up, of all together down
        days.tick(utc(MONDAY, 15, number), a=buy("AAPL", 0.001 * (number + 1)))
    assert days.held("a", AAPL) == 4
    days.bars.actions = (split(AAPL, TUESDAY, 1, 7),)
    days.clock.time = utc(TUESDAY, 5)
    days.statements.split(AAPL, 1, 7)
    days.tick(utc(TUESDAY, 15), a=sell("AAPL"))
    assert days.held("a", AAPL) == 0
    assert AAPL not in days.broker.positions


def test_reverse_split_of_fractions_in_several_sleeves_leaves_no_crumb(store: DocumentStore) -> None:
    """Four sleeves hold 0.142857143 each, the broker 0.571428571: the last to sell keeps a billionth for ever."""
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), **{name: buy("AAPL", 0.001) for name in "abcd"})
    days.bars.actions = (split(AAPL, TUESDAY, 1, 7),)
    days.clock.time = utc(TUESDAY, 5)
    days.statements.split(AAPL, 1, 7)
    days.tick(utc(TUESDAY, 15), **{name: sell("AAPL") for name in "abcd"})
    assert AAPL not in days.broker.positions
    assert days.book().holdings() == {}


def test_split_and_dividend_are_booked_once_however_often_the_day_is_ticked(
    store: DocumentStore, documents: Documents
) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.2))
    days.bars.actions = (split(AAPL, TUESDAY, 2), dividend(AAPL, TUESDAY, "0.10"))
    days.clock.time = utc(TUESDAY, 5)
    days.statements.split(AAPL, 2)
    for hour in (15, 16, 17):
        days.tick(utc(TUESDAY, hour), a=HOLD)
    days.close(utc(TUESDAY, 21, 15))
    days.tick(utc(WEDNESDAY, 15), a=HOLD)
    assert days.held("a", AAPL) == 400
    assert len(entries(documents, TradeKind.SPLIT)) == len(entries(documents, TradeKind.DIVIDEND)) == 1


def test_dividend_belongs_to_who_held_the_shares_when_the_ex_day_began(
    store: DocumentStore, documents: Documents
) -> None:
    days = TradingDays(store)
    days.bars.actions = (dividend(AAPL, TUESDAY, "0.50"),)
    days.tick(utc(MONDAY, 15), before=buy("AAPL", 0.2), after=HOLD)
    days.close(utc(MONDAY, 21, 15))
    days.tick(utc(TUESDAY, 15), before=sell("AAPL"), after=buy("AAPL", 0.2))
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    after, before = tuesday.strategies
    assert (before.real_pnl, before.realized_pnl, after.real_pnl) == (100, 100, 0)
    assert before.attribution is not None
    assert before.attribution.signal == 100
    (entry,) = entries(documents, TradeKind.DIVIDEND)
    assert (entry.strategy_id, entry.qty, entry.price, entry.ts) == ("before", 200, Decimal("0.50"), start_of(TUESDAY))
    # owed, not paid: the cash is missing until Friday
    assert (tuesday.portfolio.external, tuesday.portfolio.residual) == (-100, 0)
    days.clock.time = utc(FRIDAY, 10)
    days.statements.dividend(AAPL, Decimal(100))
    *_, friday = days.close(utc(FRIDAY, 21, 15))
    assert (friday.portfolio.strategies, friday.portfolio.external, friday.portfolio.residual) == (0, 100, 0)


@pytest.mark.parametrize(
    "action", [split(AAPL, TUESDAY, 4), dividend(AAPL, TUESDAY, "0.50")], ids=["split", "dividend"]
)
def test_shares_bought_overnight_and_filled_on_the_ex_day_are_new_ones(
    store: DocumentStore, documents: Documents, action: CorporateAction
) -> None:
    """The order waits from Monday's close to Tuesday's opening, and Tuesday's first tick finds it filled."""
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), old=buy("AAPL", 0.2), new=HOLD)
    days.broker.is_filling = False
    days.tick(utc(MONDAY, 21, 30), old=HOLD, new=buy("AAPL", 0.2))
    days.bars.actions = (action,)
    if action.kind is ActionKind.SPLIT:
        days.clock.time = utc(TUESDAY, 5)
        days.statements.split(AAPL, 4)
    days.clock.time = utc(TUESDAY, 14, 30)
    days.broker.match()
    days.tick(utc(TUESDAY, 14, 35), old=HOLD, new=HOLD)
    assert days.held("old", AAPL) == days.held("new", AAPL) == (800 if action.kind is ActionKind.SPLIT else 200)
    assert days.store.observe_book(KEY).trading.external == {}
    assert days.book().strategies[StrategyId("new")].real.realised == 0
    assert [
        each.strategy_id for kind in (TradeKind.SPLIT, TradeKind.DIVIDEND) for each in entries(documents, kind)
    ] == ["old"]


def test_actions_of_days_without_a_tick_are_booked_by_the_next_one(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1), b=buy("MSFT", 0.1))
    days.bars.actions = (
        split(AAPL, TUESDAY, 2),
        split(MSFT, WEDNESDAY, 5),
        dividend(AAPL, WEDNESDAY, "0.25"),
        split(AAPL, THURSDAY, 3),
        split(AAPL, FRIDAY + timedelta(days=3), 7),
    )
    for day, symbol, new in ((TUESDAY, AAPL, 2), (WEDNESDAY, MSFT, 5), (THURSDAY, AAPL, 3)):
        days.clock.time = utc(day, 5)
        days.statements.split(symbol, new)
    days.tick(utc(FRIDAY, 15), a=HOLD, b=HOLD)
    assert (days.held("a", AAPL), days.held("b", MSFT)) == (600, 1000)
    assert days.book().strategies[StrategyId("a")].real.realised == 50  # on the 200 shares of Wednesday
    assert days.store.observe_book(KEY).trading.external == {}


def test_days_around_a_split_closed_late_equal_those_closed_on_time(empty_documents: Callable[[], Documents]) -> None:
    results = []
    for is_late in (False, True):
        documents = empty_documents()
        write_returns(documents, "shadowed", LOSING, MONDAY - timedelta(days=1))
        days = with_seven_shares(DocumentStore(documents))
        days.closes_at(TUESDAY, AAPL="25.5", MSFT=50)
        days.bars.actions = (split(AAPL, TUESDAY, 4),)
        days.tick(utc(MONDAY, 15), real=buy("AAPL", 0.2), shadowed=buy("AAPL", 0.3))
        if not is_late:
            days.close(utc(MONDAY, 21, 15))
        days.clock.time = utc(TUESDAY, 5)
        days.statements.split(AAPL, 4)
        days.tick(utc(TUESDAY, 15), real=HOLD, shadowed=HOLD)
        days.close(utc(TUESDAY, 21, 15))
        results.append(written(documents))
    assert results[0] == results[1]
    portfolio = results[0]["tenants/acme/portfolio_performance/main__2026-02-03"]
    # 800 shares and the owner's 28, each half a dollar dearer than a quarter of Monday's 100
    assert [Decimal(portfolio[name]) for name in ("strategies", "external", "residual")] == [400, 14, 0]
    shadowed = results[0]["tenants/acme/strategy_performance/default__shadowed__2026-02-03"]
    assert Decimal(shadowed["pnl"]) == 600
    assert MSFT not in days.broker.positions
