"""The account of a dry run: filled at observed prices, in a store of its own, and nothing at the broker."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.dry_run import DryRunAccount, DryRunBroker, DryRunStatements, is_dry_run_store
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import BrokerUnavailable, CommitConflict, ConfigurationError, DuplicateOrder, OrderRejected
from backend.domain.order import ClientOrderId, OrderIntent, OrderStatus, Side
from backend.domain.signal import StrategyId
from backend.domain.statement import ActivityKind
from tests.fakes.broker import FakeBroker
from tests.fakes.cycle import AAPL, MSFT, PRICES, FixedBars, SetClock
from tests.fakes.statements import FakeCalendar

MONDAY = date(2026, 2, 2)
OPEN = datetime(2026, 2, 2, 15, tzinfo=UTC)
CASH = Decimal(100_000)


class Desk:
    """A dry run over a fake broker, on a store in memory."""

    def __init__(self, actions: Sequence[CorporateAction] = (), path: Path | str = ":memory:") -> None:
        self.clock = SetClock(OPEN)
        self.real = FakeBroker(CASH, PRICES, self.clock)
        self.bars = FixedBars(dict(PRICES), actions)
        self.documents = SqliteDocuments(path)
        self.account = DryRunAccount(self.documents, self.bars, self.clock)
        self.account.open("real", CASH)
        self.broker = DryRunBroker(self.real, self.account)
        self.statements = DryRunStatements(self.account, FakeCalendar())

    def trade(self, number: int, side: Side = Side.BUY, **size: str) -> None:
        self.broker.submit(order(number, side, **size))

    def held(self) -> dict[str, Decimal]:
        return {symbol: each.quantity for symbol, each in self.broker.account().positions.items()}


def order(number: int, side: Side = Side.BUY, **size: str) -> OrderIntent:
    return OrderIntent(
        client_order_id=ClientOrderId(f"mae-{number}"),
        strategy=StrategyId("rsi"),
        symbol=AAPL,
        side=side,
        observed_price=PRICES[AAPL],
        **{name: Decimal(value) for name, value in size.items()},
    )


def test_dry_run_fills_at_the_observed_price_and_sends_nothing() -> None:
    desk = Desk()
    filled = desk.broker.submit(order(1, notional="1234.50"))
    assert (filled.status, filled.filled_quantity, filled.average_price) == (
        OrderStatus.FILLED,
        Decimal("12.345"),
        Decimal(100),
    )
    account = desk.broker.account()
    assert (account.account_id, account.cash, account.equity) == ("dry-run-fake", Decimal("98765.50"), CASH)
    assert desk.held() == {AAPL: Decimal("12.345")}
    assert (desk.real.submitted, desk.real.cash) == ([], CASH)


def test_dry_run_finds_what_it_filled_also_from_another_process(tmp_path: Path) -> None:
    desk = Desk(path=tmp_path / "dry-run.db")
    sent = desk.broker.submit(order(1, quantity="2"))
    later = DryRunAccount(SqliteDocuments(tmp_path / "dry-run.db"), desk.bars, desk.clock)
    broker = DryRunBroker(desk.real, later)
    assert broker.find(sent.client_order_id) == sent
    assert broker.find(ClientOrderId("mae-2")) is None
    with pytest.raises(DuplicateOrder):
        broker.submit(order(1, quantity="2"))
    broker.cancel(sent.client_order_id)
    assert broker.find(sent.client_order_id) == sent
    assert broker.account() == desk.broker.account()


def test_dry_run_never_takes_an_order_of_the_real_account_for_its_own() -> None:
    desk = Desk()
    desk.real.submit(order(1, quantity="2"))
    assert desk.broker.find(ClientOrderId("mae-1")) is None
    assert desk.held() == {}


@pytest.mark.parametrize(
    ("side", "size", "words"),
    [
        (Side.BUY, {"notional": "100000.01"}, "insufficient buying power"),
        (Side.BUY, {"quantity": "1001"}, "insufficient buying power"),
        (Side.SELL, {"quantity": "1"}, "sells nothing short"),
    ],
)
def test_dry_run_rejects_what_the_account_cannot_pay_or_deliver(side: Side, size: dict[str, str], words: str) -> None:
    desk = Desk()
    with pytest.raises(OrderRejected, match=words):
        desk.broker.submit(order(1, side, **size))
    with pytest.raises(OrderRejected, match="expected the price"):
        desk.broker.submit(replace(order(2, quantity="1"), observed_price=Decimal(0)))
    assert desk.broker.find(ClientOrderId("mae-1")) is None


def test_dry_run_stops_where_the_real_broker_cannot_be_read() -> None:
    desk = Desk()
    desk.real.fail_next(BrokerUnavailable("not now"), on="account")
    with pytest.raises(BrokerUnavailable):
        desk.broker.account()


def test_dry_run_is_opened_once_and_its_store_says_what_it_is() -> None:
    desk = Desk()
    assert is_dry_run_store(desk.documents)
    with pytest.raises(CommitConflict):
        desk.account.open("real", Decimal(1))
    other = SqliteDocuments(":memory:")
    assert not is_dry_run_store(other)
    with pytest.raises(ConfigurationError, match="maestro start --dry-run"):
        DryRunAccount(other, desk.bars, desk.clock).holdings(OPEN)


def test_dry_run_splits_and_pays_dividends_on_what_was_held_before_the_ex_day() -> None:
    tuesday, wednesday = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
    split = CorporateAction(
        symbol=AAPL, kind=ActionKind.SPLIT, ex_day=tuesday, new_shares=Decimal(4), old_shares=Decimal(1)
    )
    paid = CorporateAction(symbol=AAPL, kind=ActionKind.DIVIDEND, ex_day=wednesday, per_share=Decimal("0.25"))
    desk = Desk([split, paid])
    desk.trade(1, quantity="10")  # 1,000.00
    desk.clock.time = OPEN + timedelta(days=1)
    desk.trade(2, quantity="1")  # of the new shares, at the old price: 100.00
    assert desk.held() == {AAPL: Decimal(41)}
    desk.clock.time = OPEN + timedelta(days=2)
    assert desk.broker.account().cash == CASH - 1100 + Decimal("10.25")
    kinds = [each.kind for each in desk.statements.activities(MONDAY, wednesday)]
    assert kinds == [ActivityKind.FILL, ActivityKind.SPLIT, ActivityKind.FILL, ActivityKind.DIVIDEND]


def test_dry_run_statements_have_the_equity_of_every_close_since_the_opening() -> None:
    desk = Desk()
    desk.trade(1, quantity="10")
    desk.bars.prices = {AAPL: Decimal(110), MSFT: Decimal(50)}
    desk.clock.time = datetime(2026, 2, 3, 22, tzinfo=UTC)
    friday, tuesday = MONDAY - timedelta(days=3), MONDAY + timedelta(days=1)
    # 99,000 in cash and 10 shares at 110; Friday's close came before the opening, Wednesday's is not yet.
    expected = {MONDAY: Decimal("100100.00"), tuesday: Decimal("100100.00")}
    assert desk.statements.closing_equity(friday, tuesday + timedelta(days=1)) == expected
    assert [each.cash for each in desk.statements.activities(MONDAY, MONDAY)] == [Decimal("-1000.00")]
    assert desk.statements.activities(tuesday, tuesday) == []


@given(sizes=st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 400)), max_size=12))
def test_dry_run_conserves_money_at_one_price(sizes: list[tuple[Side, int]]) -> None:
    desk = Desk()
    for number, (side, quantity) in enumerate(sizes):
        try:
            desk.trade(number, side, quantity=str(quantity))
        except OrderRejected:
            continue
    account = desk.broker.account()
    assert account.equity == CASH
    assert account.cash >= 0
    assert all(each.quantity > 0 for each in account.positions.values())
