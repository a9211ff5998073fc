"""A portfolio of 200 strategies with a ledger of a given age, closed through one day and traded on the next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice

from backend.adapters.documents import DocumentStore, ledger_documents, paths
from backend.adapters.documents.journal_documents import journal_writes
from backend.adapters.documents.seam import Documents, Write, replace
from backend.adapters.template_summary import TemplateSummarizer
from backend.domain.book import PortfolioBook
from backend.domain.closing import AccountAtClose, closed_day, open_day
from backend.domain.journal import Event, Filled, StrategyOpened, folded, noted
from backend.domain.ledger import LedgerTrade
from backend.domain.lots import Fill
from backend.domain.order import ClientOrderId, Side
from backend.domain.policy import DecisionPolicy
from backend.domain.session import Session
from backend.domain.signal import StrategyId, Symbol
from backend.domain.statement import Activity
from backend.domain.tick import BookCommit, PortfolioKey
from backend.domain.trading_state import Trading
from backend.engine.cycle import Cycle
from backend.engine.snapshots import DayClose
from backend.ports.snapshots import ClosingVersions
from benchmarks.fund import CASH, bars, names
from functions.strategies.loader import StrategyLoader
from tests.fakes.broker import FakeBroker

STRATEGIES = 200
TENANT = "bench"
KEY = PortfolioKey(tenant_id=TENANT)
CLOSED, DUE = date(2022, 6, 14), date(2022, 6, 15)
FILLS_A_COMMIT = 20
_BATCH = 400
_CLOSE_HOUR = 20  # UTC, in summer


def session(day: date) -> Session:
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Session(day=day, opens_at=at.replace(hour=13, minute=30), closes_at=at.replace(hour=_CLOSE_HOUR))


@dataclass(frozen=True, slots=True)
class After:
    """A clock that stands a quarter of an hour after the close that is due."""

    def now(self) -> datetime:
        return session(DUE).closes_at + timedelta(minutes=15)


class OneDay:
    """A calendar that knows the day that is due."""

    def sessions(self, first: date, last: date) -> Sequence[Session]:
        return [session(DUE)] if first <= DUE <= last else []


class QuietStatements:
    """A broker's books that list nothing: what the account does is not what is measured."""

    def closing_equity(self, first: date, last: date) -> Mapping[date, Decimal]:
        return {DUE: CASH}

    def activities(self, first: date, last: date) -> Sequence[Activity]:
        return ()


class AgedLedger:
    """Trades of ``age`` fills before the last close, and one fill of every strategy after it."""

    def __init__(self, documents: Documents, age: int) -> None:
        self._documents = documents
        self._source = bars()
        self.prices = self._source.closes(self._source.symbols, day=DUE)
        self._opened = [
            StrategyOpened(at=_instant(age, 0), strategy=name, capital=CASH / STRATEGIES) for name in names(STRATEGIES)
        ]
        self._book = PortfolioBook(actions_through=DUE)
        self._write(self._opened, [])
        fills = _fills(age, age, self._source.symbols)
        while batch := list(islice(fills, FILLS_A_COMMIT)):
            self._write([event for event, _ in batch], [trade for _, trade in batch])
        self._close()
        today = list(_fills(STRATEGIES, 0, self._source.symbols))
        for start in range(0, STRATEGIES, FILLS_A_COMMIT):
            batch = today[start : start + FILLS_A_COMMIT]
            self._write([event for event, _ in batch], [trade for _, trade in batch])
        self._store_book()

    def parts(self) -> DayClose:
        """Return what closes the day that is due."""
        store = DocumentStore(self._documents)
        cycle = Cycle(
            store=store,
            broker=FakeBroker(CASH, self.prices),
            bars=self._source,
            strategies=StrategyLoader(tenant_id=TENANT, strategies=[]),
            summarizer=TemplateSummarizer(),
            clock=After(),
            policy=DecisionPolicy(),
            symbols=self._source.symbols,
        )
        return DayClose(cycle=cycle, store=store, calendar=OneDay(), statements=QuietStatements())

    def reopen(self) -> None:
        """Undo the day that was closed, so that it can be closed again."""
        self._documents.commit(self._closed)

    def _write(self, events: Sequence[Event], trades: Sequence[LedgerTrade]) -> None:
        book, entry = noted(folded(self._book, events), tuple(events), at=events[0].at, run_id="bench")
        self._book = book
        self._documents.commit(
            [
                *journal_writes(entry, KEY),
                *(
                    replace(paths.ledger_trade(TENANT, each.trade_id), ledger_documents.to_document(each))
                    for each in trades
                ),
            ]
        )

    def _close(self) -> None:
        store = DocumentStore(self._documents)
        last, _ = store.closing(KEY)
        entries = store.journal(KEY, after=0, through=self._book.entries)
        day = open_day(last, session(CLOSED), [e for each in entries for e in each.events], self._book.entries)
        done = closed_day(
            day,
            AccountAtClose(equity=CASH, cash=CASH, positions={}),
            self._source.closes(self._source.symbols, day=CLOSED),
            key=KEY,
            recorded=(),
            now=session(CLOSED).closes_at,
        )
        record = store.observe_book(KEY).record.extended(done.returns, checked_on=DUE)  # as a tick leaves it
        store.close_day(KEY, done, record, expected=ClosingVersions(closing=None, record=None))
        restored = [paths.closing(TENANT, KEY.portfolio_id), paths.track_record(TENANT, KEY.uid)]
        self._closed: list[Write] = [
            replace(path, dict(found.fields)) for path, found in self._documents.read(restored).items()
        ]

    def _store_book(self) -> None:
        store = DocumentStore(self._documents)
        store.commit_book(
            BookCommit(
                key=KEY,
                expected=store.observe_book(KEY).versions,
                trading=Trading(),
                book=self._book,
                orders=(),
                trades=(),
                journal=None,
            )
        )


def _fills(count: int, age: int, symbols: Sequence[Symbol]) -> Iterator[tuple[Filled, LedgerTrade]]:
    """Yield fills that buy two lots and sell one and a half, strategy by strategy, so that lots stay few."""
    everyone = names(STRATEGIES)
    for number in range(count):
        strategy, turn = everyone[number % STRATEGIES], number // STRATEGIES
        symbol = symbols[number % len(symbols)]
        side, quantity = ((Side.BUY, "2"), (Side.BUY, "1"), (Side.SELL, "3"))[turn % 3]
        price = Decimal(100) + Decimal(number % 997) / 100
        at = _instant(age, number) if age else session(DUE).opens_at + timedelta(minutes=number)
        yield _fill(strategy, symbol, side, Decimal(quantity), price, at, f"{'old' if age else 'new'}-{number}")


def _fill(
    strategy: StrategyId, symbol: Symbol, side: Side, quantity: Decimal, price: Decimal, at: datetime, trade_id: str
) -> tuple[Filled, LedgerTrade]:
    fill = Fill(symbol=symbol, side=side, quantity=quantity, price=price)
    trade = LedgerTrade(
        trade_id=trade_id,
        tenant_id=TENANT,
        uid=KEY.uid,
        strategy_id=strategy,
        run_id="bench",
        symbol=symbol,
        side=side,
        qty=quantity,
        price=price,
        ts=at,
        order_id=ClientOrderId(trade_id),
        account_id="bench",
    )
    return Filled(at=at, strategy=strategy, fill=fill, trade_id=trade_id), trade


def _instant(age: int, number: int) -> datetime:
    """Spread the past evenly, oldest first, up to the last close."""
    return session(CLOSED).closes_at - timedelta(minutes=age - number)
