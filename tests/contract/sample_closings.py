"""Days as they are closed and jobs as they are committed outside ticks, with every field away from its default."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from backend.adapters.documents import DocumentStore
from backend.domain.closing import ClosedDay, Closing
from backend.domain.mode import Mode
from backend.domain.signal import StrategyId
from backend.domain.snapshot import Attribution, Period, PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.tick import BookCommit, PortfolioKey, Versions
from backend.domain.track_record import TrackRecord
from backend.ports.snapshots import ClosingVersions
from tests.contract.sample_ticks import KEY, NOW, book, entry, order, request_at, trade, trading

DAY = date(2025, 3, 13)


def closes_at(day: date) -> datetime:
    """16:00 in New York's summer time."""
    return datetime(day.year, day.month, day.day, 20, tzinfo=UTC)


def strategy_day(name: str = "momentum", day: date = DAY, **changes: Any) -> StrategyPerformanceSnapshot:
    made = StrategyPerformanceSnapshot(
        tenant_id=KEY.tenant_id,
        uid=KEY.uid,
        strategy_id=StrategyId(name),
        period=Period.DAY,
        period_start=day,
        period_end=day,
        realized_pnl=Decimal("-12.30"),
        unrealized_pnl=Decimal("4.5"),
        capital=Decimal("1000.00"),
        daily_return=-0.0078,
        computed_at=NOW,
        source="maestro",
        is_virtual=True,
        pnl=Decimal("-7.80"),
        real_realized_pnl=Decimal("1.10"),
        real_unrealized_pnl=Decimal("2.20"),
        real_pnl=Decimal("3.30"),
        mode=Mode.SHADOW_MODE,
        attribution=Attribution(signal=Decimal("4.30"), fees=Decimal("-1.00")),
        closes_at=closes_at(day),
    )
    return replace(made, **changes)


def closing(day: date = DAY, **changes: Any) -> Closing:
    made = Closing(
        day=day,
        closes_at=closes_at(day),
        entries=7,
        book=book(strategies=2),
        pending=entry(8).events,
        equity=Decimal("101500.250"),
        cash=Decimal("-3.10"),
        external_value=Decimal("20.00"),
    )
    return replace(made, **changes)


def closed_day(
    day: date = DAY, *, strategies: Sequence[StrategyPerformanceSnapshot] | None = None, key: PortfolioKey = KEY
) -> ClosedDay:
    return ClosedDay(
        strategies=tuple([strategy_day(day=day)] if strategies is None else strategies),
        portfolio=PortfolioPerformanceSnapshot(
            tenant_id=key.tenant_id,
            uid=key.uid,
            portfolio_id=key.portfolio_id,
            day=day,
            closes_at=closes_at(day),
            equity=Decimal("101500.250"),
            previous_equity=Decimal("101400.00"),
            strategies=Decimal("3.30"),
            external=Decimal("96.95"),
            residual=Decimal("0.00"),
            computed_at=NOW,
        ),
        returns=(),
        closing=closing(day),
    )


def close(
    store: DocumentStore,
    record: TrackRecord,
    key: PortfolioKey = KEY,
    *,
    day: date = DAY,
    strategies: Sequence[StrategyPerformanceSnapshot] = (),
) -> ClosingVersions:
    """Close a day on what is stored now."""
    expected = ClosingVersions(closing=store.closing(key)[1], record=store.observe_book(key).versions.record)
    return store.close_day(key, closed_day(day, strategies=strategies, key=key), record, expected=expected)


def book_commit(number: int, expected: Versions, **changes: Any) -> BookCommit:
    """What a job found: an order filled, with its entry in the journal."""
    found = order(request_at(), 0)
    made = BookCommit(
        key=KEY,
        expected=expected,
        trading=trading("f" * 64),
        book=book(entries=number),
        orders=(found,),
        trades=(trade(found),),
        journal=entry(number, "close-day"),
    )
    return replace(made, **changes)
