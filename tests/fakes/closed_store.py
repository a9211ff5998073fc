"""A SQLite store in which days were closed as the engine closes them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import numpy as np

from backend.adapters.documents import DocumentStore
from backend.adapters.sqlite import SqliteDocuments
from backend.domain.book import PortfolioBook, StrategyBook
from backend.domain.closing import ClosedDay, Closing
from backend.domain.lots import Lot
from backend.domain.mode import Mode, ModeState
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Sleeve
from backend.domain.snapshot import PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import BookCommit, PortfolioKey
from backend.domain.track_record import TrackRecord
from backend.ports.snapshots import ClosingVersions

KEY = PortfolioKey(tenant_id="acme")
MONDAY = date(2026, 3, 2)
_SINCE = datetime(2026, 3, 4, 21, 1, tzinfo=UTC)


def weekdays(count: int) -> list[date]:
    every = (MONDAY + timedelta(days=n) for n in range(2 * count))
    return [day for day in every if day.weekday() < 5][:count]


def close_days(
    path: Path,
    strategies: Sequence[StrategyPerformanceSnapshot],
    portfolio: Sequence[PortfolioPerformanceSnapshot],
    *,
    others: Sequence[StrategyPerformanceSnapshot] = (),
    virtual: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]] | None = None,
) -> None:
    """Write each day in one commit, and the book.

    ``others`` are days of strategies that are not in it, ``virtual`` the lots (quantity, price) of those in shadow.
    """
    documents = SqliteDocuments(path, durable=False)
    store = DocumentStore(documents)
    written = sorted([*strategies, *others], key=lambda each: each.period_start)
    by_day = {day: tuple(own) for day, own in groupby(written, key=lambda each: each.period_start)}
    names = tuple(sorted({each.strategy_id for each in strategies}))
    record = TrackRecord(strategies=(), days=(), returns=np.empty((0, 0)), is_virtual=np.empty((0, 0), dtype=bool))
    versions = ClosingVersions(closing=None, record=None)
    for each in portfolio:
        closed = ClosedDay(
            strategies=by_day.get(each.day, ()),
            portfolio=each,
            returns=(),
            closing=Closing(day=each.day, closes_at=each.closes_at, equity=each.equity),
        )
        versions = store.close_day(KEY, closed, replace(record, checked_on=each.day), expected=versions)
    _write_book(store, names, virtual or {})
    documents.close()


def _write_book(
    store: DocumentStore, names: Sequence[str], virtual: Mapping[str, Mapping[str, Sequence[tuple[str, str]]]]
) -> None:
    observed = store.observe_book(KEY)
    store.commit_book(
        BookCommit(
            key=KEY,
            expected=observed.versions,
            trading=observed.trading,
            book=PortfolioBook(strategies={StrategyId(name): _standing(virtual.get(name)) for name in names}),
            orders=(),
            trades=(),
            journal=None,
        )
    )


def _standing(virtual: Mapping[str, Sequence[tuple[str, str]]] | None) -> StrategyBook:
    if virtual is None:
        return StrategyBook(mode=ModeState(mode=Mode.ACTIVE, since=_SINCE, reason="no record yet"))
    lots = {
        Symbol(symbol): tuple(Lot(quantity=Decimal(quantity), price=Decimal(price)) for quantity, price in held)
        for symbol, held in virtual.items()
    }
    state = ModeState(mode=Mode.SHADOW_MODE, since=_SINCE, reason="Sharpe 0.10 < 0.50 (n=20)")
    return StrategyBook(mode=state, virtual=Sleeve(lots=lots))
