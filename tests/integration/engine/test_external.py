"""What the account holds beyond the sleeves stays the owner's: Σ sleeves + EXTERNAL = broker after every step."""

from datetime import timedelta
from decimal import Decimal

import pytest

from backend.adapters.documents import DocumentStore
from backend.domain.errors import ConfigurationError
from backend.domain.reconciliation import owned
from backend.domain.signal import Symbol
from backend.domain.tick import PortfolioKey
from tests.fakes.cycle import AAPL, HOLD, KEY, MSFT, buy, sell
from tests.integration.engine.trading_days import MONDAY, TUESDAY, TradingDays, utc

OTHER = PortfolioKey(tenant_id="acme", portfolio_id="second")
CLOSE_ALL = {**HOLD, "action": "CLOSE_ALL"}


def external(days: TradingDays) -> dict[Symbol, Decimal]:
    """Return EXTERNAL, after checking that it and the sleeves add up to what the broker holds."""
    trading = days.store.observe_book(KEY).trading
    sleeves, beyond = owned(trading), dict(trading.external)
    at_broker = {symbol: position.quantity for symbol, position in days.broker.positions.items()}
    added = {symbol: sleeves.get(symbol, 0) + beyond.get(symbol, 0) for symbol in {*sleeves, *beyond}}
    assert {symbol: quantity for symbol, quantity in added.items() if quantity} == at_broker
    return beyond


def test_positions_that_were_there_before_are_never_sold(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.statements.shares(AAPL, Decimal(7))
    days.statements.shares(MSFT, Decimal("0.5"))
    before = {AAPL: Decimal(7), MSFT: Decimal("0.5")}
    steps = [HOLD, sell("AAPL"), buy("AAPL", 0.2), HOLD, sell("AAPL"), sell("AAPL"), buy("MSFT", 0.3), CLOSE_ALL]
    for number, signal in enumerate([*steps, CLOSE_ALL, sell("MSFT"), HOLD]):
        days.tick(utc(MONDAY, 15) + timedelta(minutes=5 * number), a=signal)
        days.tick(utc(MONDAY, 15) + timedelta(minutes=5 * number + 1), a=HOLD)  # looks at the account again
        assert external(days) == before
    assert {symbol: each.quantity for symbol, each in days.broker.positions.items()} == before
    assert len(days.broker.submitted) == 4


def test_shares_that_the_owner_buys_and_sells_are_external(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.2))
    days.broker.trade_by_hand(AAPL, Decimal(30))
    days.tick(utc(MONDAY, 15, 5))
    assert external(days) == {AAPL: 30}
    days.broker.trade_by_hand(AAPL, Decimal(-10))
    days.tick(utc(MONDAY, 15, 10), a=sell("AAPL"))
    days.tick(utc(MONDAY, 15, 15), a=HOLD)
    assert external(days) == {AAPL: 20}
    assert days.held("a", AAPL) == 0


def test_shares_of_a_sleeve_that_the_owner_sold_are_missing_and_the_exit_sells_what_is_there(
    store: DocumentStore,
) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5))
    days.broker.trade_by_hand(AAPL, Decimal(-200))
    days.tick(utc(MONDAY, 15, 5))
    assert external(days) == {AAPL: -200}
    result = days.tick(utc(MONDAY, 15, 10), a=sell("AAPL"))
    assert [order.booked_quantity for order in result.orders] == [300]
    assert result.decision is not None
    assert "sleeve holds 500.000000000, the account only 300" in result.decision.denials[0].reason
    days.tick(utc(MONDAY, 15, 15), a=HOLD)
    assert external(days) == {AAPL: -200}
    assert AAPL not in days.broker.positions


def test_owners_trades_are_external_in_the_portfolios_day(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.5))
    days.broker.trade_by_hand(MSFT, Decimal(100))
    days.close(utc(MONDAY, 21, 15))
    days.clock.time = utc(TUESDAY, 16)
    days.price(MSFT, 54)
    days.broker.trade_by_hand(MSFT, Decimal(-100))
    days.closes_at(TUESDAY, AAPL=101, MSFT=60)
    (tuesday,) = days.close(utc(TUESDAY, 21, 15))
    portfolio = tuesday.portfolio
    assert (portfolio.strategies, portfolio.external, portfolio.residual) == (500, 400, 0)


def test_order_under_way_is_not_taken_for_external(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.statements.shares(AAPL, Decimal(7))
    days.tick(utc(MONDAY, 15), a=HOLD)
    days.broker.is_filling = False
    days.tick(utc(MONDAY, 15, 5), a=buy("AAPL", 0.2))
    days.broker.match()  # filled, and in no sleeve yet
    days.tick(utc(MONDAY, 15, 6), OTHER, z=HOLD)
    assert days.store.observe_book(KEY).trading.external == {AAPL: 7}
    days.tick(utc(MONDAY, 15, 7), a=HOLD)
    assert external(days) == {AAPL: 7}


def test_another_account_never_settles_what_the_sleeves_hold(store: DocumentStore) -> None:
    days = TradingDays(store)
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.2))
    days.broker.account_id = "another"
    with pytest.raises(ConfigurationError, match=r"expected the account fake, .* found another; use that account's"):
        days.tick(utc(MONDAY, 15, 5), a=sell("AAPL"))
    with pytest.raises(ConfigurationError, match=r"expected the account fake, .* found another"):
        days.close(utc(MONDAY, 21, 15))
    assert len(days.broker.submitted) == 1


def test_portfolio_that_holds_nothing_may_change_its_account(store: DocumentStore) -> None:
    days = TradingDays(store)
    for minute, account, signal in ((0, "fake", buy("AAPL", 0.2)), (5, "fake", sell("AAPL")), (10, "another", HOLD)):
        days.broker.account_id = account
        days.tick(utc(MONDAY, 15, minute), a=signal)
    assert days.book().account_id == "another"
