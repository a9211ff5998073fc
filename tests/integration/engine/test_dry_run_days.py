"""Days of a dry run through the real cycle and the real closing: its books explain every cent of its equity."""

from decimal import Decimal
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.dry_run import DryRunAccount, DryRunBroker, DryRunStatements
from backend.domain.closing import ClosedDay
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.tick import TickRecord, Versions
from backend.engine.cycle import Cycle
from backend.engine.reconciling import Desk, reconcile
from backend.engine.snapshots import DayClose
from tests.fakes.cycle import AAPL, KEY, MSFT, buy, sell
from tests.integration.engine.trading_days import CASH, MONDAY, TUESDAY, TradingDays, utc


class DryDays(TradingDays):
    """The same days, with the real account behind a dry run."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(DocumentStore(documents))
        self.clock.time = utc(MONDAY, 12)
        self.account = DryRunAccount(documents, self.bars, self.clock)
        self.account.open("real", CASH)
        self.dry = DryRunBroker(self.broker, self.account)

    def cycle(self, store: Any = None, broker: Any = None) -> Cycle:
        return super().cycle(store, broker or self.dry)

    def parts(self, **changes: Any) -> DayClose:
        return super().parts(statements=DryRunStatements(self.account, self.calendar), **changes)


@pytest.fixture
def days(documents: Documents) -> DryDays:
    return DryDays(documents)


def figures(closed: ClosedDay) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    day = closed.portfolio
    return day.equity, day.strategies, day.external, day.residual


def test_days_of_a_dry_run_close_without_external_and_residual(days: DryDays) -> None:
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1), b=buy("MSFT", 0.2))  # 100 and 400 shares
    days.closes_at(MONDAY, AAPL=103, MSFT=49)
    (monday,) = days.close(utc(MONDAY, 22))
    assert figures(monday) == (Decimal(99_900), Decimal(-100), 0, 0)  # +300 − 400
    days.price(AAPL, 105)
    days.tick(utc(TUESDAY, 15), a=sell("AAPL"), b=buy("MSFT", 0.2))
    days.closes_at(TUESDAY, AAPL=90, MSFT=50)
    (tuesday,) = days.close(utc(TUESDAY, 22))
    assert figures(tuesday) == (Decimal(100_500), Decimal(600), 0, 0)  # +200 and +400
    assert days.broker.submitted == []


def test_split_and_dividend_in_a_dry_run_are_the_strategies(days: DryDays) -> None:
    days.bars.actions = [
        CorporateAction(
            symbol=AAPL, kind=ActionKind.SPLIT, ex_day=TUESDAY, new_shares=Decimal(4), old_shares=Decimal(1)
        ),
        CorporateAction(symbol=MSFT, kind=ActionKind.DIVIDEND, ex_day=TUESDAY, per_share=Decimal("0.25")),
    ]
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1), b=buy("MSFT", 0.2))
    days.close(utc(MONDAY, 22))
    days.price(AAPL, 25)
    days.closes_at(TUESDAY, AAPL=25)
    (tuesday,) = days.close(utc(TUESDAY, 22))
    assert figures(tuesday) == (Decimal(100_100), Decimal(100), 0, 0)  # 400 × 0.25
    assert days.held("a", AAPL) == 400


def test_reconciling_a_dry_run_chases_nothing_at_the_broker(days: DryDays) -> None:
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.clock.time = utc(MONDAY, 16)
    found = reconcile(
        KEY, Desk(cycle=days.cycle(), store=days.store, statements=DryRunStatements(days.account, days.calendar))
    )
    assert (found.moved, found.open_orders, found.external, found.differences, found.trips) == ((), (), {}, (), ())


class DiesBeforeItRecords(DocumentStore):
    def record(self, record: TickRecord) -> Versions:
        raise KeyboardInterrupt


def test_tick_of_a_dry_run_that_died_before_it_recorded_is_resumed_from_its_own_store(
    days: DryDays, documents: Documents
) -> None:
    store, days.store = days.store, DiesBeforeItRecords(documents)
    with pytest.raises(KeyboardInterrupt):
        days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.1))
    days.store = store
    again = days.tick(utc(MONDAY, 15))
    assert (again.was_resumed, [each.status.value for each in again.orders]) == (True, ["filled"])
    assert days.dry.account().positions[AAPL].quantity == 100
    assert days.tick(utc(TUESDAY, 15)).orders == ()
    assert days.broker.submitted == []
