"""Which sessions are closed, what belongs to which, and what closing them costs."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.seam import replace
from backend.domain.errors import BrokerUnavailable, MarketDataError
from backend.domain.tick import PortfolioKey
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, buy, sell
from tests.fakes.faults import Counted
from tests.integration.engine.trading_days import (
    FRIDAY,
    MONDAY,
    SATURDAY,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    TradingDays,
    utc,
    written,
)


def closed_through(days: TradingDays) -> date | None:
    closing, _ = days.store.closing(KEY)
    day: date | None = closing.day
    return day


def test_tick_after_the_close_belongs_to_the_next_session(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))  # 100 shares
    days.tick(utc(MONDAY, 21, 1), a=sell("AAPL"))
    days.closes_at(MONDAY, AAPL=103)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    assert [each.strategies[0].pnl for each in (monday, tuesday)] == [300, -300]
    assert [each.strategies[0].realized_pnl for each in (monday, tuesday)] == [0, 0]


def test_first_session_is_the_one_that_the_first_event_fell_into(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 21, 1), a=buy("AAPL", 0.1))
    assert days.close(utc(MONDAY, 21, 15)) == ()
    (first,) = days.close(utc(TUESDAY, 21, 15))
    assert first.portfolio.day == TUESDAY
    assert first.portfolio.previous_equity is None
    assert first.strategies[0].capital == Decimal(100_000)


def test_event_at_the_close_belongs_to_the_session(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 21), a=buy("AAPL", 0.1))
    days.closes_at(MONDAY, AAPL=101)
    (monday,) = days.close(utc(MONDAY, 21, 15))
    assert monday.strategies[0].pnl == 100


def test_half_day_is_cut_at_its_early_close(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.calendar.half_days.add(TUESDAY)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.close(utc(MONDAY, 21, 15))
    days.price(AAPL, 110)
    days.tick(utc(TUESDAY, 18, 30), a=sell("AAPL"))  # half an hour after the close
    days.closes_at(TUESDAY, AAPL=102)
    (tuesday,) = days.close(utc(TUESDAY, 18, 45))
    assert tuesday.portfolio.closes_at == utc(TUESDAY, 18)
    assert (tuesday.strategies[0].realized_pnl, tuesday.strategies[0].pnl) == (0, 200)
    (wednesday,) = days.close(utc(WEDNESDAY, 21, 15))
    assert (wednesday.strategies[0].realized_pnl, wednesday.strategies[0].pnl) == (1000, 800)


def test_holiday_has_no_day_and_what_happens_on_it_waits(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.calendar.holidays.add(TUESDAY)
    days.tick(utc(MONDAY, 15), a=HOLD)
    days.close(utc(MONDAY, 21, 15))
    days.tick(utc(TUESDAY, 15), a=buy("AAPL", 0.1))
    assert days.close(utc(TUESDAY, 21, 15)) == ()
    days.closes_at(WEDNESDAY, AAPL=105)
    (wednesday,) = days.close(utc(WEDNESDAY, 21, 15))
    assert wednesday.strategies[0].pnl == 500


def test_days_on_both_sides_of_a_months_end_keep_to_their_month(store: DocumentStore, documents: Documents) -> None:
    days = TradingDays(store)
    friday = date(2026, 1, 30)
    days.tick(utc(friday, 15), a=buy("AAPL", 0.1))
    days.price(AAPL, 104)
    days.tick(utc(friday, 21, 30), a=sell("AAPL"))  # realised on the last day of the month, after its last close
    days.closes_at(friday, AAPL=102)
    closed = days.close(utc(MONDAY, 21, 15))
    assert [each.portfolio.day for each in closed] == [friday, MONDAY]
    fields = {path.rpartition("__")[2]: each for path, each in written(documents).items() if "strategy_perf" in path}
    assert {day: each["realized_pnl"] for day, each in fields.items()} == {
        "2026-01-30": "0",
        "2026-02-02": "400.000000000",
    }
    assert {day: Decimal(each["pnl"]) for day, each in fields.items()} == {"2026-01-30": 200, "2026-02-02": 200}


def test_nothing_is_closed_before_the_first_event(store: DocumentStore, documents: Documents) -> None:
    days = TradingDays(store)
    assert days.close(utc(FRIDAY, 21, 15)) == ()
    assert not [path for path in written(documents) if "performance" in path]
    assert closed_through(days) is None


def test_days_are_closed_through_the_one_asked_for(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=HOLD)
    closed = days.close(utc(SATURDAY, 12), WEDNESDAY)
    assert [each.portfolio.day for each in closed] == [MONDAY, TUESDAY, WEDNESDAY]
    assert days.close(utc(SATURDAY, 12), TUESDAY) == ()
    assert [each.portfolio.day for each in days.close(utc(SATURDAY, 12))] == [THURSDAY, FRIDAY]


def test_closing_twice_writes_nothing(documents: Documents) -> None:
    counted = Counted(documents)
    days = TradingDays(DocumentStore(counted))
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.close(utc(MONDAY, 21, 15))
    commits = counted.calls["commit"]
    assert days.close(utc(MONDAY, 21, 20)) == ()
    assert counted.calls["commit"] == commits


def test_day_without_the_brokers_equity_waits_and_those_before_it_are_closed(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.statements.equity[TUESDAY] = None
    with pytest.raises(MarketDataError, match="2026-02-03: expected the account's equity at the close"):
        days.close(utc(WEDNESDAY, 21, 15))
    assert closed_through(days) == MONDAY
    del days.statements.equity[TUESDAY]
    assert [each.portfolio.day for each in days.close(utc(WEDNESDAY, 21, 20))] == [TUESDAY, WEDNESDAY]


def test_unreachable_broker_closes_nothing_and_the_day_is_closed_later(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.broker.fail_next(BrokerUnavailable("down"), on="account")
    with pytest.raises(BrokerUnavailable):
        days.close(utc(MONDAY, 21, 15))
    assert len(days.close(utc(MONDAY, 21, 20))) == 1


def test_capital_is_the_base_weight_of_the_brokers_equity_at_the_close_before(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=HOLD)
    days.statements.deposit(Decimal(5000))
    days.close(utc(MONDAY, 21, 15))
    days.tick(utc(TUESDAY, 15), a=HOLD, b=HOLD)  # b joins: its capital is that of the moment
    days.statements.deposit(Decimal(1000))
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    assert [each.capital for each in tuesday.strategies] == [Decimal(105_000), Decimal(105_000)]
    (wednesday,) = days.close(utc(WEDNESDAY, 21, 15))
    assert [each.capital for each in wednesday.strategies] == [Decimal(106_000), Decimal(106_000)]


def test_deposit_is_external_and_nobodys_gain(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.close(utc(MONDAY, 21, 15))
    days.clock.time = utc(TUESDAY, 16)
    days.statements.deposit(Decimal(5000))
    days.statements.interest(Decimal("0.42"))
    days.closes_at(TUESDAY, AAPL=101)
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    portfolio = tuesday.portfolio
    assert (portfolio.strategies, portfolio.external, portfolio.residual) == (100, Decimal("5000.42"), 0)


def test_two_portfolios_of_one_account_are_external_to_each_other(store: DocumentStore) -> None:
    days = TradingDays(store)
    other = PortfolioKey(tenant_id="acme", portfolio_id="second")
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.tick(utc(MONDAY, 15), other, b=buy("MSFT", 0.1))
    for key in (KEY, other):
        days.close(utc(MONDAY, 21, 15), key=key)
    days.closes_at(TUESDAY, AAPL=101, MSFT=53)
    (first,), (second,) = (days.close(utc(TUESDAY, 21, 15), key=key) for key in (KEY, other))
    assert (first.portfolio.strategies, first.portfolio.external, first.portfolio.residual) == (100, 600, 0)
    assert (second.portfolio.strategies, second.portfolio.external, second.portfolio.residual) == (600, 100, 0)


def test_fee_of_an_account_is_shared_by_its_portfolios_in_books_and_ledger(
    store: DocumentStore, documents: Documents
) -> None:
    days = TradingDays(store)
    other = PortfolioKey(tenant_id="acme", portfolio_id="second", uid="other")
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.tick(utc(MONDAY, 15), other, a=buy("AAPL", 0.3))
    days.statements.fee(Decimal("0.40"))
    first, second = (days.close(utc(MONDAY, 21, 15), key=key)[0].strategies[0] for key in (KEY, other))
    assert (first.pnl, second.pnl) == (Decimal("-0.10"), Decimal("-0.30"))
    fees = [Decimal(each.fields["fees"]) for each in documents.query("tenants/acme/ledger_trades")]
    assert sum(fees) == Decimal("0.40")


def test_track_record_that_was_lost_is_rebuilt_from_the_daily_documents(
    store: DocumentStore, documents: Documents
) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.close(utc(MONDAY, 21, 15))
    documents.commit([replace(paths.track_record("acme", "default"), {"shards": "damaged"})])
    days.close(utc(TUESDAY, 21, 15))
    assert store.observe_book(KEY).record.days == (MONDAY, TUESDAY)


def test_round_trips_are_as_promised(documents: Documents) -> None:
    counted = Counted(documents)
    days = TradingDays(DocumentStore(counted))

    def cost(action: Callable[[], object]) -> int:
        before = counted.calls.total()
        action()
        return counted.calls.total() - before

    # the first of a day looks for returns that were written elsewhere: two queries
    assert cost(lambda: days.tick(utc(MONDAY, 15), a=HOLD, b=HOLD)) == 4
    assert cost(lambda: days.tick(utc(MONDAY, 15, 5))) == 2
    assert cost(lambda: days.tick(utc(MONDAY, 15, 10), a=buy("AAPL", 0.1), b=buy("MSFT", 0.1))) == 3
    assert cost(lambda: days.tick(utc(MONDAY, 15, 15), a=sell("AAPL"), b=buy("AAPL", 0.1))) == 2  # a cross alone
    # the last close, the book, the journal since, and one commit
    assert cost(lambda: days.close(utc(MONDAY, 21, 15))) == 4
    # nothing traded: there is no journal to be read
    days.tick(utc(TUESDAY, 15), a=HOLD, b=HOLD)
    assert cost(lambda: days.close(utc(TUESDAY, 21, 15))) == 3
    days.tick(utc(WEDNESDAY, 15))
    days.broker.is_filling = False
    days.tick(utc(WEDNESDAY, 15, 5), b=sell("AAPL"))
    days.broker.is_filling = True
    days.broker.match()
    # found filled: the book is committed and read again
    assert cost(lambda: days.close(utc(WEDNESDAY, 21, 15))) == 6
    days.tick(utc(THURSDAY, 15))
    days.tick(utc(FRIDAY, 15))
    assert cost(lambda: days.close(utc(FRIDAY, 21, 15))) == 4  # two days at once: a commit each
    assert days.held("a", MSFT) == 0
