"""A month is the sum of its days, to the cent: through January, in a first month, with splits, dividends and fees."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.exchange_calendar import ExchangeCalendar
from backend.domain.adjustment import Origin, action_adjustment
from backend.domain.book import PortfolioBook
from backend.domain.closing import AccountAtClose, ClosedDay, Closing, closed_day, open_day
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.journal import Event, Filled, StrategyOpened, folded
from backend.domain.ledger import LedgerTrade
from backend.domain.lots import Fill
from backend.domain.order import ClientOrderId, Side
from backend.domain.signal import StrategyId, Symbol
from backend.domain.tick import PortfolioKey
from backend.domain.track_record import EMPTY_TRACK_RECORD
from backend.ports.snapshots import ClosingVersions
from tests.contract.sample_ledgers import booked, month_of

KEY = PortfolioKey(tenant_id="acme", uid="ann")
OLD, NEW = StrategyId("old_hand"), StrategyId("newcomer")
AAPL, KO = Symbol("AAPL"), Symbol("KO")
FIRST, LAST, NEWCOMER_JOINS = date(2020, 11, 16), date(2021, 2, 26), date(2021, 1, 12)
ACTIONS = (
    CorporateAction(symbol=KO, kind=ActionKind.DIVIDEND, ex_day=date(2020, 11, 30), per_share=Decimal("0.41")),
    CorporateAction(symbol=AAPL, kind=ActionKind.SPLIT, ex_day=date(2021, 1, 4), new_shares=Decimal(4)),
    CorporateAction(symbol=AAPL, kind=ActionKind.DIVIDEND, ex_day=date(2021, 2, 5), per_share=Decimal("0.205")),
)
CENT = Decimal("0.01")


def prices(day: date) -> dict[Symbol, Decimal]:
    turn = Decimal((day - FIRST).days % 17)
    split = 4 if day >= date(2021, 1, 4) else 1
    return {AAPL: (Decimal(120) + turn) / split, KO: Decimal(50) - turn / 10}


def happenings(seed: int) -> Iterator[tuple[Event, tuple[LedgerTrade, ...]]]:
    """Yield random fills at all hours of three months and more, also after the last close of a month, in time order."""
    random = Random(seed)
    book = PortfolioBook()
    newcomer_joins = datetime(NEWCOMER_JOINS.year, NEWCOMER_JOINS.month, NEWCOMER_JOINS.day, 15, tzinfo=UTC)
    at = datetime(FIRST.year, FIRST.month, FIRST.day, 15, tzinfo=UTC)
    pending = list(ACTIONS)
    for name, since in ((OLD, at), (NEW, newcomer_joins)):
        event = StrategyOpened(at=since, strategy=name, capital=Decimal(10_000))
        book = folded(book, [event])
        yield event, ()
    origin = Origin(key=KEY, account_id="paper-1", run_id="test")
    for number in range(150):
        at += timedelta(minutes=random.randint(5, 1900))
        while pending and at.date() >= pending[0].ex_day:
            adjustment = action_adjustment(book, pending.pop(0), origin)
            book = folded(book, adjustment.events)
            yield adjustment.events[0], adjustment.trades
        name = NEW if at >= newcomer_joins and random.random() < 0.5 else OLD
        symbol = random.choice((AAPL, KO))
        fill = Fill(
            symbol=symbol,
            side=random.choice((Side.BUY, Side.SELL)),
            quantity=Decimal(random.randint(1, 9_000)) / 1000,
            price=prices(at.date())[symbol] + Decimal(random.randint(-99, 99)) / 100,
            fees=Decimal(random.randint(0, 9)) / 100,
        )
        event = Filled(at=at, strategy=name, fill=fill, trade_id=f"t{number:04d}")
        book = folded(book, [event])
        yield event, (as_trade(event),)


def as_trade(event: Filled) -> LedgerTrade:
    return LedgerTrade(
        trade_id=event.trade_id,
        tenant_id=KEY.tenant_id,
        uid=KEY.uid,
        strategy_id=event.strategy,
        run_id="test",
        symbol=event.fill.symbol,
        side=event.fill.side,
        qty=event.fill.quantity,
        price=event.fill.price,
        ts=event.at,
        order_id=ClientOrderId(event.trade_id),
        fees=event.fill.fees,
        account_id="paper-1",
    )


def closed(store: DocumentStore, events: Sequence[Event]) -> list[ClosedDay]:
    """Close every session of the exchange, as the job does."""
    days: list[ClosedDay] = []
    last, record, expected = Closing(), EMPTY_TRACK_RECORD, ClosingVersions(closing=None, record=None)
    for session in ExchangeCalendar("XNYS").sessions(FIRST, LAST):
        done = closed_day(
            open_day(last, session, () if days else events, 0),
            AccountAtClose(equity=Decimal(10_000), cash=Decimal(10_000), positions={}),
            prices(session.day),
            key=KEY,
            recorded=(),
            now=session.closes_at,
        )
        record = record.extended(done.returns, checked_on=session.day)
        expected = store.close_day(KEY, done, record, expected=expected)
        days.append(done)
        last = done.closing
    return days


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_months_are_the_sums_of_their_days(documents: Documents, store: DocumentStore, seed: int) -> None:
    happened = list(happenings(seed))
    booked(documents, [trade for _, trades in happened for trade in trades])
    days = closed(store, [event for event, _ in happened])
    compared = 0
    for year, month in ((2020, 11), (2020, 12), (2021, 1), (2021, 2)):
        of_month = [
            each for day in days if day.portfolio.day.replace(day=1) == date(year, month, 1) for each in day.strategies
        ]
        marks = prices(of_month[-1].period_start)
        monthly = month_of(documents, month, year=year, mark_prices=marks)
        for name in (OLD, NEW):
            own = [each for each in of_month if each.strategy_id == name]
            found = monthly.get(f"ann__{name}__{year}-{month:02d}")
            if not any(each.real_pnl for each in own):
                assert found is None  # before it joined
                continue
            assert found is not None
            compared += 1
            assert abs(found.realized_pnl - sum(each.real_realized_pnl for each in own)) < CENT / 100
            assert abs(found.unrealized_pnl - own[-1].real_unrealized_pnl) < CENT / 100
            assert found.capital == own[0].capital
    assert compared == 6  # four months of one strategy, two of the other


def test_fill_after_the_last_close_of_a_month_belongs_to_the_next(documents: Documents, store: DocumentStore) -> None:
    # 2021-01-29 closed at 21:00 UTC; in UTC the fill at 22:00 is of January, in the days it is of February.
    opened = StrategyOpened(at=datetime(2020, 11, 16, 15, tzinfo=UTC), strategy=OLD, capital=Decimal(10_000))
    fills = [
        Filled(
            at=at,
            strategy=OLD,
            fill=Fill(symbol=KO, side=side, quantity=Decimal(10), price=Decimal(price)),
            trade_id=f"t{at}",
        )
        for at, side, price in (
            (datetime(2021, 1, 28, 15, tzinfo=UTC), Side.BUY, 48),
            (datetime(2021, 1, 29, 22, tzinfo=UTC), Side.SELL, 49),
        )
    ]
    booked(documents, map(as_trade, fills))
    closed(store, [opened, *fills])
    january, february = (
        month_of(documents, month, year=2021, mark_prices=prices(date(2021, 1, 29)))[f"ann__old_hand__2021-{month:02d}"]
        for month in (1, 2)
    )
    assert (january.realized_pnl, february.realized_pnl) == (0, Decimal(10))
    assert january.unrealized_pnl == 10 * (prices(date(2021, 1, 29))[KO] - 48)
